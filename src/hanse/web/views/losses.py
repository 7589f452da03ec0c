"""Stops and OEE as the pages show them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.money import Money
from hanse.model.plant import PackMLState
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Id, Line, Option
from hanse.web.views.plant import StateSpan

Share = Annotated[float, Meta(ge=0)] | None


class LossRow(Struct, frozen=True, kw_only=True):
    """Time that made no good piece: of what kind, why, how long, what it cost, its stops."""

    kind: Line
    title: Text
    seconds: float
    cost: Money
    stops: tuple[str, ...] = ()


class OeeRow(Struct, frozen=True, kw_only=True):
    """The figures of a machine, line, shift or product (ISO 22400-2). Shares of 1, or None."""

    key: Line
    title: Text
    oee: Share
    availability: Share
    effectiveness: Share
    quality: Share
    planned_s: float
    running_s: float
    good_s: float
    pieces: Count
    good: Count
    lost: Money
    losses: tuple[LossRow, ...]
    energy_kwh: float | None = None
    energy_per_piece_kwh: float | None = None


class StopRow(Struct, frozen=True, kw_only=True):
    """A machine stood; ``end`` None while it does. ``reason`` is empty where nobody has said."""

    id: Id
    machine: Line
    machine_title: Line
    start: Instant
    end: Instant | None
    seconds: float
    state: PackMLState | None
    cause: Line
    reason: Line
    reason_title: Text
    by: Line = ""


class LossesView(Struct, frozen=True, kw_only=True):
    """Figures by machine, line, shift or product over a time, and the stops behind them."""

    by: Line
    start: Instant
    end: Instant
    rows: tuple[OeeRow, ...]
    total: OeeRow
    stops: tuple[StopRow, ...]


class StopsView(Struct, frozen=True, kw_only=True):
    """Stops, those that nobody has explained first; the reasons that may be given."""

    stops: tuple[StopRow, ...]
    unexplained: Count
    reasons: tuple[Option, ...]


class ShiftView(Struct, frozen=True, kw_only=True):
    """One machine since its shift began: states, stops with their reasons, figures, energy."""

    machine: Id
    start: Instant
    end: Instant
    of_calendar: bool
    figures: OeeRow
    states: tuple[StateSpan, ...]
    stops: tuple[StopRow, ...]
