"""Connections to equipment and files read in."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.sample import Gap
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Deed, Fact, Field, Id, Line, State


class ConnectionRow(Struct, frozen=True, kw_only=True):
    """A connection as its diagnostics show it. ``remedy`` says what to do about the error."""

    name: Id
    kind: Line
    address: Line
    state: State
    since: Instant | None = None
    error: Text = Text("", "")
    remedy: Text = Text("", "")
    error_at: Instant | None = None
    rate_per_s: float = 0.0
    lag_ms: float | None = None
    round_trip_ms: float | None = None
    gaps: Count = 0
    samples: Count = 0
    signals: Count = 0
    certificate_days: int | None = None


class ConnectionView(Struct, frozen=True, kw_only=True):
    """A connection with its gaps, its mapped signals and what may be done now."""

    row: ConnectionRow
    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    signals: tuple[MappedSignal, ...] = ()
    deeds: tuple[Deed, ...] = ()
    troubles: tuple[TroubleRow, ...] = ()
    by_hand: bool = False
    """Whether it waits at a door of this node, so that there is a code or address to show."""


class TroubleRow(Struct, frozen=True, kw_only=True):
    """A point, row or value that could not be used, how often, and what to do."""

    at: Instant
    what: Line
    remedy: Line = ""
    times: Count = 1


class DoorSheet(Struct, frozen=True, kw_only=True):
    """A door for values: where it is, and what the sender shows. For the owner's eyes."""

    connection: Id
    url: Annotated[str, Meta(max_length=600)]
    token: Line = ""
    machines: tuple[str, ...] = ()


class Answering(Struct, frozen=True, kw_only=True):
    """A port in the local network that answered, and the address to look at."""

    host: Line
    port: Count
    url: Line


class MappedSignal(Struct, frozen=True, kw_only=True):
    """A device's variable and the signal it feeds."""

    path: Line
    asset: Line
    name: Line
    unit: Line = ""
    value: Line = ""


class ConnectorKind(Struct, frozen=True, kw_only=True):
    """A protocol this node speaks, with the form its settings need."""

    name: Id
    title: Text
    about: Text
    fields: tuple[Field, ...]
    browses: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """One node of a device's tree. ``chosen`` is proposed by the node, decided by the person."""

    path: Annotated[str, Meta(min_length=1, max_length=400)]
    title: Line
    depth: Annotated[int, Meta(ge=0, le=30)] = 0
    variable: bool = True
    value: Line = ""
    unit: Line = ""
    kind: Line = ""
    asset: Line = ""
    name: Line = ""
    asset_type: Line = ""
    chosen: bool = False


class Choosing(Struct, frozen=True, kw_only=True):
    """One variable a person chose, under the name it shall have."""

    path: Annotated[str, Meta(min_length=1, max_length=400)]
    asset: Annotated[str, Meta(max_length=120)] = ""
    name: Annotated[str, Meta(max_length=80)] = ""
    unit: Annotated[str, Meta(max_length=16)] = ""
    asset_type: Annotated[str, Meta(max_length=40)] = ""


class BadRow(Struct, frozen=True, kw_only=True):
    """A row of a file that cannot be used, and what to do about it."""

    row: Count
    column: Line
    value: Line
    what: Text
    remedy: Text = Text("", "")


class ImportReport(Struct, frozen=True, kw_only=True):
    """What a file holds, before (``applied`` False) or after it was taken in.

    ``loose``: what it names and no sheet has given yet, known once it was taken in.
    """

    id: Id
    file: Line
    kind: Line
    good: Count
    bad: tuple[BadRow, ...] = ()
    bad_count: Count = 0
    loose: tuple[BadRow, ...] = ()
    new: Count = 0
    changed: Count = 0
    same: Count = 0
    applied: bool = False
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    event: str = ""


class SampleFile(Struct, frozen=True, kw_only=True):
    """A file that ships, to start from."""

    name: Id
    about: Text
