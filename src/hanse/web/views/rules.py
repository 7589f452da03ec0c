"""Rules, templates and trials as the pages show them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Field, Id, Line, Option

TEXT_MAX = 100_000
Toml = Annotated[str, Meta(max_length=TEXT_MAX, description="TOML: one or more [[rule]] tables")]


class RuleRow(Struct, frozen=True, kw_only=True):
    """One rule: where it comes from, whether it counts. ``file`` is empty for a shipped one."""

    key: Id
    title: Text
    kind: Line
    asset_type: Line
    type_title: Text
    armed: bool
    pack: Line = ""
    file: Line = ""
    folder: bool = False
    version: Count = 0
    by: Line = ""
    at: Instant | None = None
    machines: Count = 0


class RuleVersion(Struct, frozen=True, kw_only=True):
    """A file of rules as it once was."""

    number: Count
    by: Line
    at: Instant | None
    text: Toml


class RuleFileView(Struct, frozen=True, kw_only=True):
    """A file of rules with its versions, newest first."""

    key: Id
    text: Toml
    folder: bool
    versions: tuple[RuleVersion, ...]
    rules: tuple[RuleRow, ...]


class TemplateRow(Struct, frozen=True, kw_only=True):
    """A kind of rule in plain words."""

    key: Id
    title: Text
    about: Text


class SignalChoice(Struct, frozen=True, kw_only=True):
    """A signal that a rule may be written for, with the templates that fit it."""

    name: Line
    title: Text
    unit: Line
    templates: tuple[TemplateRow, ...]


class TypeChoice(Struct, frozen=True, kw_only=True):
    """A type of asset of this node."""

    key: Id
    title: Text
    machines: tuple[Line, ...]
    signals: tuple[SignalChoice, ...] = ()


class TemplateForm(Struct, frozen=True, kw_only=True):
    """The form of a template for one signal; ``attributes`` are names a limit may be given by."""

    title: Text
    about: Text
    fields: tuple[Field, ...]
    attributes: tuple[Option, ...]


class TrialSpan(Struct, frozen=True, kw_only=True):
    """One time that an alarm would have stood; ``end`` None: to the end of the trial."""

    machine: Line
    machine_title: Line
    text: Text
    start: Instant
    end: Instant | None
    delay_s: float


class TrialLine(Struct, frozen=True, kw_only=True):
    """A signal of the trial: thinned points with their extremes, and the limits on it."""

    machine: Line
    machine_title: Line
    name: Line
    title: Text
    unit: Line
    at: tuple[Instant, ...]
    value: tuple[float | None, ...]
    limits: tuple[float, ...]


class TrialView(Struct, frozen=True, kw_only=True):
    """What rules would have done on history.

    ``chatter`` counts alarms that came as the third or later of their kind within a minute;
    delays are from when a condition began until its alarm.
    """

    start: Instant
    end: Instant
    rules: tuple[Line, ...]
    machines: Count
    samples: Count
    alarms: Count
    chatter: Count
    active_s: float
    delay_mean_s: float
    delay_worst_s: float
    by_machine: tuple[tuple[Line, Count], ...]
    told: tuple[TrialSpan, ...]
    lines: tuple[TrialLine, ...]
