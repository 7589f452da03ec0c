"""What the node itself keeps: connections as they are set up, rule files, trust, leases, meters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.time import Instant

RULE_FILE_BYTES_MAX = 1_000_000


class ConnectionSetup(Struct, frozen=True, kw_only=True):
    """A connection to equipment as its owner set it up.

    ``settings`` are the protocol's own; secrets stand in them as ``secret:NAME`` only.
    ``heard_ns`` is when the device was last heard from, so that the time since is a known gap.
    """

    key: Key
    protocol: Annotated[str, Meta(max_length=40)]
    settings: dict[str, Any]
    enabled: bool = True
    pack_s: Annotated[float, Meta(gt=0, le=5)] = 0.1
    heard_ns: int | None = None
    changed_at: Instant


class Mapped(Struct, frozen=True, kw_only=True):
    """Where one signal comes from: ``value = raw * scale + offset``."""

    connection: Key
    signal: Annotated[int, Meta(ge=1)]
    address: Annotated[str, Meta(min_length=1, max_length=1_000)]
    path: Annotated[str, Meta(max_length=200)] = ""
    type: Annotated[str, Meta(max_length=40)] = ""
    scale: float = 1.0
    offset: float = 0.0


class Trusted(Struct, frozen=True, kw_only=True):
    """A certificate a device showed, and what was decided about it; one a connection is trusted."""

    connection: Key
    fingerprint: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    subject: Annotated[str, Meta(max_length=400)]
    not_after: Instant
    shown_at: Instant
    state: Literal["asked", "trusted", "refused", "before"] = "asked"
    by: Annotated[str, Meta(max_length=300)] = ""


class RuleFile(Struct, frozen=True, kw_only=True):
    """A file of rules as it was written."""

    key: Key
    text: Annotated[str, Meta(max_length=RULE_FILE_BYTES_MAX)]
    armed: bool = True
    changed_at: Instant
    by: Annotated[str, Meta(max_length=300)] = "node"


class Lease(Struct, frozen=True, kw_only=True):
    """Who does a piece of work that only one may do at a time, and until when."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    holder: Annotated[str, Meta(min_length=1, max_length=120)]
    until_ns: int


class Meter(Struct, frozen=True, kw_only=True):
    """How much of something a node used in a period (``2026-11``, ``2026-11-22``)."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    period: Annotated[str, Meta(min_length=4, max_length=13)]
    value: int
