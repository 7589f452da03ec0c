"""Plans: which operation runs where and when, and why it was moved."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.text import Text
from hanse.model.time import Instant

ASSIGNMENTS_MAX = 200_000


class Assignment(Struct, frozen=True, kw_only=True):
    """One operation of a work order on one machine, half open ``[start, end)``.

    ``setup_s`` is the part at the start that is setup. ``done`` counts finished pieces. ``lot``
    counts from 0 where an order is made in lots.
    """

    order: Key
    step: Key
    machine: Key
    start: Instant
    end: Instant
    pieces: Annotated[int, Meta(ge=0)] = 1
    setup_s: int = 0
    person: str = ""
    started: bool = False
    pinned: bool = False
    done: int = 0
    lot: Annotated[int, Meta(ge=0)] = 0
    setter: str = ""
    tool: str = ""


class MoveReason(enum.StrEnum):
    """Why an operation stands elsewhere than in the version before."""

    MACHINE_DOWN = "machine_down"
    ORDER_INSERTED = "order_inserted"
    ORDER_CHANGED = "order_changed"
    MATERIAL_LATE = "material_late"
    PERSON_MISSING = "person_missing"
    CAPACITY_BACK = "capacity_back"
    PROGRESS = "progress"
    SCRAP = "scrap"
    IMPROVED = "improved"
    PLANNER = "planner"


class Move(Struct, frozen=True, kw_only=True):
    """One change between two versions, with its sentence."""

    order: Key
    step: Key
    reason: MoveReason
    text: Text
    lot: Annotated[int, Meta(ge=0)] = 0


class Overtime(Struct, frozen=True, kw_only=True):
    """Hours outside the normal ones that a calendar offers, or the plan has opened, at a price."""

    calendar: Key
    start: Instant
    end: Instant
    cost_minor: int


class PlanVersion(Struct, frozen=True, kw_only=True):
    """A numbered plan of a node. ``late`` maps work orders to the seconds they miss their due.

    ``cost_minor`` is what it costs: lateness, setup, bought-out steps and overtime, in minor units;
    ``bound_minor`` what no plan can undercut, where that is known. ``ready`` maps work orders to
    the instant their last operation ends.
    """

    number: int
    made_at: Instant
    cause: str | None
    assignments: tuple[Assignment, ...]
    moves: tuple[Move, ...] = ()
    late: dict[str, int] = {}
    cost_minor: int = 0
    bound_minor: int | None = None
    ready: dict[str, Instant] = {}
    overtime: tuple[Overtime, ...] = ()


class OutageKind(enum.StrEnum):
    """What cannot work."""

    MACHINE = "machine"
    PERSON = "person"
    TOOL = "tool"


class Outage(Struct, frozen=True, kw_only=True):
    """What cannot work in ``[start, end)``: a machine down, a person away, a tool in repair.

    ``end`` None: until further notice. A tool is out with all its copies.
    """

    resource: Key
    start: Instant
    end: Instant | None = None
    kind: OutageKind = OutageKind.MACHINE
    planned: bool = False
    reason: Annotated[str, Meta(max_length=400)] = ""


class Pin(Struct, frozen=True, kw_only=True):
    """A planner's word: this operation on this machine, at this instant where one is named."""

    order: Key
    step: Key
    lot: Annotated[int, Meta(ge=0)] = 0
    machine: Key
    start: Instant | None = None


class PromiseKind(enum.StrEnum):
    """How a date is reached."""

    UNTOUCHED = "untouched"
    HARMLESS = "harmless"
    EXPRESS = "express"


class Harm(Struct, frozen=True, kw_only=True):
    """An order that becomes later for the sake of another, and what that costs."""

    order: Key
    seconds: int
    cost_minor: int


class PromisePoint(Struct, frozen=True, kw_only=True):
    """One date on a promise curve and its price in harm to others."""

    kind: PromiseKind
    ready_at: Instant
    harm_minor: int = 0
    harmed: tuple[Harm, ...] = ()


class Promise(Struct, frozen=True, kw_only=True):
    """When so many pieces of an item can be ready: date against harm, earliest date last.

    The first point moves nothing; ``HARMLESS`` moves others but keeps every promise; ``EXPRESS``
    makes others late by what ``harmed`` names. ``version`` is the plan it was read from.
    """

    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    asked_at: Instant
    version: int
    curve: tuple[PromisePoint, ...]


class Hold(Struct, frozen=True, kw_only=True):
    """Capacity kept for a quote until ``expires_at``."""

    key: Key
    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    ready_at: Instant
    expires_at: Instant
    version: int
    assignments: tuple[Assignment, ...] = ()


class Shortfall(Struct, frozen=True, kw_only=True):
    """An order whose promise cannot be kept: how many pieces still can, and when all would be."""

    order: Key
    item: Key
    quantity: int
    kept: int
    missing: int
    promised: Instant
    ready_at: Instant
    late_s: int
    cost_minor: int
    why: Text


class SearchState(enum.StrEnum):
    """Whether the plan process looks for a better plan now."""

    SEARCHING = "searching"
    RESTING = "resting"


class Search(Struct, frozen=True, kw_only=True):
    """How far the search for a better plan is: its share of the most it may take, what it saved."""

    state: SearchState
    share: float = 0.0
    saved_minor: int = 0
    slices: int = 0


class WhyLink(Struct, frozen=True, kw_only=True):
    """One link of the chain: an operation, what it waited for until when, in words."""

    order: str
    step: str
    machine: str
    kind: str
    subject: str
    until: Instant
    text: Text


class WhatIf(Struct, frozen=True, kw_only=True):
    """One thing that might be otherwise; tried on a twin, nothing live changes.

    ``machine`` is out for ``hours`` from now; or ``item`` is ordered, ``quantity`` of it due in
    ``hours``; or ``order`` is given up (``quantity`` 0) or due in ``hours``; or the overtime that
    ``calendar`` offers from ``start`` is worked.
    """

    machine: Annotated[str, Meta(max_length=120)] = ""
    item: Annotated[str, Meta(max_length=120)] = ""
    order: Annotated[str, Meta(max_length=120)] = ""
    calendar: Annotated[str, Meta(max_length=120)] = ""
    start: Annotated[str, Meta(max_length=40)] = ""
    quantity: Annotated[int, Meta(ge=0, le=10**6)] = 0
    hours: Annotated[float, Meta(gt=0, le=8_760)] = 24.0


class OtherDate(Struct, frozen=True, kw_only=True):
    """An order's end now and in the scenario; None where it is not part of it."""

    order: str
    before: Instant | None
    after: Instant | None


class Compared(Struct, frozen=True, kw_only=True):
    """The scenario beside the live plan: costs in minor units, late orders, dates that differ.

    ``version`` is the plan it was tried on, ``moved`` how many operations would stand elsewhere;
    ``harmed`` are the orders that would end after their promise and later than now;
    ``placed`` is where an operation that was moved would stand.
    """

    cost_before_minor: int
    cost_after_minor: int
    late_before: int
    late_after: int
    dates: tuple[OtherDate, ...]
    harmed: tuple[Harm, ...] = ()
    moved: int = 0
    version: int = 0
    placed: Assignment | None = None


class Difference(Struct, frozen=True, kw_only=True):
    """One operation that two versions have in different places; None where one has it not."""

    order: str
    step: str
    lot: int
    was: Assignment | None
    now: Assignment | None
    text: Text


class VersionsCompared(Struct, frozen=True, kw_only=True):
    """Two versions side by side; ``changed`` counts all operations that stand elsewhere."""

    before: int
    after: int
    before_at: Instant
    after_at: Instant
    cost_before_minor: int
    cost_after_minor: int
    late_before: int
    late_after: int
    changed: int
    operations: tuple[Difference, ...]
    dates: tuple[OtherDate, ...]


class MachineLoad(Struct, frozen=True, kw_only=True):
    """How busy a machine is between now and the last due date; ``share`` of its open time."""

    machine: str
    busy_s: int
    open_s: int
    share: Annotated[float, Meta(ge=0)]


class Relief(Struct, frozen=True, kw_only=True):
    """Something tried on the twin, and what it would save in minor units."""

    text: Text
    saves_minor: int
    late_after: int
