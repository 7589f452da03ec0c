"""Collect (F1): what devices, files and people say becomes samples with time and quality.

For: the node, which gives each connection a `Collector`; pages and commands that look at
devices, set up mappings and show diagnostics.
In: a connector's settings, a mapping of signals to addresses, a sink, a world (clock, trust,
keys). Out: `model.sample.Frame` packed every 50-250 ms with ``(source, epoch, seq)``, every
period without samples as a `Gap`, what devices announce as events, `Diagnostics`.
A connection that is lost is tried again by itself at least every RETRY_MAX_S; bad values, rows
and points are counted and shown, and the good ones go on. Writing is off unless allowed.
Limits: POINTS_MAX signals a connection, BUFFER_SAMPLES_MAX samples waiting, then last values.
"""

from hanse.collect.collector import Collector, Connection, Start, epoch_of
from hanse.collect.diagnostics import Diagnostics, LineState, Trouble
from hanse.collect.doors import Delivery, Doors, Receipt
from hanse.collect.inspect import Look, look, look_with
from hanse.collect.job_doors import JobDoor, JobMessages, JobRegisters, JobSheet
from hanse.collect.jobs import Handed, JobAudit, JobGuard, doors_of
from hanse.collect.mapping import Bind, Line, Mapping, bind, from_toml, lines_of, to_toml
from hanse.collect.ports import (
    Calling,
    Certificate,
    Connector,
    Found,
    Intake,
    Memory,
    Point,
    Sink,
    Trust,
    World,
)
from hanse.collect.propose import AssetProposal, Proposal, propose
from hanse.collect.registry import connector, connector_of_url, names, settings_of
from hanse.collect.scan import Answered, scan
from hanse.collect.secrets import Hidden, hide, without_secrets
from hanse.collect.write import Audit, Guard, Seen

__all__ = [
    "Answered",
    "AssetProposal",
    "Audit",
    "Bind",
    "Calling",
    "Certificate",
    "Collector",
    "Connection",
    "Connector",
    "Delivery",
    "Diagnostics",
    "Doors",
    "Found",
    "Guard",
    "Handed",
    "Hidden",
    "Intake",
    "JobAudit",
    "JobDoor",
    "JobGuard",
    "JobMessages",
    "JobRegisters",
    "JobSheet",
    "Line",
    "LineState",
    "Look",
    "Mapping",
    "Memory",
    "Point",
    "Proposal",
    "Receipt",
    "Seen",
    "Sink",
    "Start",
    "Trouble",
    "Trust",
    "World",
    "bind",
    "connector",
    "connector_of_url",
    "doors_of",
    "epoch_of",
    "from_toml",
    "hide",
    "lines_of",
    "look",
    "look_with",
    "names",
    "propose",
    "scan",
    "settings_of",
    "to_toml",
    "without_secrets",
]
