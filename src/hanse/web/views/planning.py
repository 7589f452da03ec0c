"""The plan, its orders and promises."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.money import Money
from hanse.model.order import WorkOrderState
from hanse.model.plan import PlanVersion, PromisePoint
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Fact, Id, Line


class Lane(Struct, frozen=True, kw_only=True):
    """One machine of the plan: its closed hours and its outages, half open spans."""

    key: Id
    title: Line
    closed: tuple[tuple[Instant, Instant], ...] = ()
    down: tuple[tuple[Instant, Instant], ...] = ()
    load: Annotated[float, Meta(ge=0, le=100)] | None = None


class OrderRow(Struct, frozen=True, kw_only=True):
    """A work order as the planner sees it. ``late_s`` is how far it misses its due instant."""

    key: Id
    item: Line
    item_title: Line
    quantity: Decimal
    due: Instant
    state: WorkOrderState
    customer: Line = ""
    promised: Instant | None = None
    planned_end: Instant | None = None
    done: Decimal = Decimal(0)
    late_s: Count = 0
    why: Text = Text("", "")
    event: str = ""


class PlanView(Struct, frozen=True, kw_only=True):
    """A version of the plan with what is needed to draw it.

    ``titles`` names steps by ``order/step``; ``moved`` holds those that stand elsewhere than in
    the version before; ``note`` is a sentence about what the last change did.
    """

    version: PlanVersion
    lanes: tuple[Lane, ...]
    orders: tuple[OrderRow, ...]
    titles: dict[str, str] = {}
    frozen_until: Instant | None = None
    note: Text = Text("", "")


class VersionRow(Struct, frozen=True, kw_only=True):
    """One version of the plan in its list."""

    number: Count
    made_at: Instant
    text: Text
    event: str = ""
    moves: Count = 0
    late: Count = 0
    cost: Money | None = None


class MoveWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A planner wants an operation on a machine from an instant on."""

    order: Key
    step: Key
    lot: Annotated[int, Meta(ge=0, le=10**6)] = 0
    machine: Key
    start: Instant


class PromiseView(Struct, frozen=True, kw_only=True):
    """The earliest date for a quantity with nobody harmed, and what an earlier one would cost.

    ``points`` is the curve: date against harm to others, the earliest last.
    """

    item: Line
    quantity: Decimal
    date: Instant
    facts: tuple[Fact, ...] = ()
    harmed: tuple[OrderRow, ...] = ()
    points: tuple[PromisePoint, ...] = ()
