"""The shop as the searches see it: indices, whole seconds, plain lists.

Built from records by `build.build_shop`; the decoders, the searches and the checker read it, and
only `live.LivePlan` and the tests change it. Materials are whole millionths of a unit.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hanse.allocate.calendars import ALWAYS, Span, Windows, intersect
from hanse.model.plan import Overtime
from hanse.model.time import Instant

OPS_MAX = 100_000
LANES_MAX = 5_000
PEOPLE_MAX = 5_000
MICRO = 1_000_000
NONE = -1


class Choice(NamedTuple):
    """One way to do an operation: a lane (one slot of a machine), or bought out (lane NONE)."""

    lane: int
    machine: int
    setup_s: int
    run_s: int
    attended_s: int
    cost_minor: int


class Link(NamedTuple):
    """``op`` must be done, or have handed over ``transfer`` pieces, ``lag_s`` before."""

    op: int
    lag_s: int
    transfer: int


@dataclass(slots=True)
class Op:
    """One operation of one lot. Groups are indices into ``Shop.groups``, NONE where not needed."""

    order: int
    lot: int
    step: str
    pieces: int
    choices: list[Choice]
    preds: list[Link] = field(default_factory=list)
    family: int = 0
    operator: int = NONE
    setter: int = NONE
    tool: int = NONE
    materials: list[tuple[int, int]] = field(default_factory=list)
    may_pause: bool = True
    transfer: int = 0


@dataclass(slots=True)
class Job:
    """A work order in the shop: seconds from the origin, weight in minor units an hour late.

    ``done_pieces`` were done when it came in; ``made_pieces`` since, of operations cut short.
    """

    key: str
    item: str
    quantity: int
    release: int
    due: int
    promised: int
    weight: int
    ops: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    done_pieces: int = 0
    made_pieces: int = 0
    active: bool = True


@dataclass(slots=True)
class Lane:
    """One slot of a machine, which does one operation (or one batch) at a time."""

    machine: int
    site: int
    calendar: Windows
    batch_max: int = 0
    batch_wait_s: int = 0
    family: int = 0


@dataclass(slots=True)
class Unit:
    """A person, or a copy of a tool: serves one operation at a time while its calendar is open."""

    key: str
    calendar: Windows


class Placed(NamedTuple):
    """Where and when one operation runs, in seconds from the origin.

    ``setup_s`` of work end at ``set_at``, the run begins at ``run_at`` (later when it waits for
    its operator), is attended until ``left_at`` and ends at ``end``; ``out_at`` is when the first
    transfer batch is out. ``leader`` is the operation whose batch it shares (itself where it has
    its own).
    """

    choice: int
    setup_s: int
    start: int
    set_at: int
    run_at: int
    left_at: int
    end: int
    out_at: int
    operator: int
    setter: int
    tool: int
    leader: int


@dataclass(slots=True)
class Shop:
    """Everything a decoder must know. See the classes above for the parts.

    ``made``: pieces of an operation that its machine says are good; ``counted``: pieces that were
    good before the operation was cut to what was left of it; ``ended``: operations reported as
    finished; ``reporting``: machines whose word is taken instead of an estimate by the clock.
    """

    origin: Instant
    horizon_s: int
    machines: list[str] = field(default_factory=list)
    rates: list[int] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    transport: list[list[int]] = field(default_factory=lambda: [[0]])
    changes: list[list[list[int]]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    supply: list[list[tuple[int, int]]] = field(default_factory=list)
    buy_at: list[int] = field(default_factory=list)
    fixed: dict[int, Placed] = field(default_factory=dict)
    past: list[tuple[int, Placed, int]] = field(default_factory=list)
    pins: dict[int, tuple[int, int]] = field(default_factory=dict)
    made: dict[int, int] = field(default_factory=dict)
    counted: dict[int, int] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    reporting: set[int] = field(default_factory=set)
    not_before: int = 0
    overtime: list[Overtime] = field(default_factory=list)
    pairs: dict[tuple[int, int], tuple[Windows, Windows, Windows]] = field(default_factory=dict)

    def change(self, lane: int, before: int, after: int) -> int:
        """Seconds to change a lane from one setup family to another."""
        return self.changes[self.lanes[lane].machine][before][after]

    def pair(self, lane: int, unit: int) -> Windows:
        """When both a lane and a person are open."""
        a, b = self.lanes[lane].calendar, self.units[unit].calendar
        if b is ALWAYS:
            return a
        key = (id(a), id(b))
        known = self.pairs.get(key)
        if known is None:
            known = self.pairs[key] = (a, b, intersect(a, b))
        return known[2]

    def copy(self) -> Shop:
        """The same shop on parts of its own, so that events on one leave the other as it is."""
        return replace(
            self,
            lanes=[copy(lane) for lane in self.lanes],
            units=[copy(unit) for unit in self.units],
            jobs=[copy(job) for job in self.jobs],
            ops=[copy(op) for op in self.ops],
            supply=[list(supply) for supply in self.supply],
            fixed=dict(self.fixed),
            past=list(self.past),
            pins=dict(self.pins),
            made=dict(self.made),
            counted=dict(self.counted),
            ended=set(self.ended),
            reporting=set(self.reporting),
            overtime=list(self.overtime),
            pairs={},
        )

    def active_ops(self) -> list[int]:
        """Operations of the orders that are still to be made."""
        return [i for job in self.jobs if job.active for i in job.ops]


class Plan:
    """A decoded plan: ``placed[op]`` is None where the operation is not part of it.

    A compiled plan is read out of its arrays only when somebody looks at a placement; ``ends``
    are then its orders' ends.
    """

    __slots__ = ("_ends", "_placed", "_read")

    def __init__(
        self,
        placed: list[Placed | None] | Callable[[], list[Placed | None]],
        ends: list[int] | None = None,
    ) -> None:
        self._placed = None if callable(placed) else placed
        self._read = placed if callable(placed) else None
        self._ends = ends

    @property
    def placed(self) -> list[Placed | None]:
        """The placements; they may be changed, so the orders' ends are no longer kept."""
        if self._placed is None:
            assert self._read is not None
            self._placed, self._read = self._read(), None
        self._ends = None
        return self._placed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.placed == other.placed

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Plan({self.placed!r})"

    def ends(self, shop: Shop) -> list[int]:
        """The end of every order, 0 where nothing of it is planned."""
        if self._ends is not None:
            return self._ends
        return [self.end(shop, j) for j in range(len(shop.jobs))]

    def end(self, shop: Shop, job: int) -> int:
        """When the last lot of an order is done, 0 where nothing of it is planned."""
        ends = (self.placed[i] for i in shop.jobs[job].last if i < len(self.placed))
        return max((p.end for p in ends if p is not None), default=0)

    def copy(self) -> Plan:
        """The same placements in a list of its own."""
        return Plan(list(self.placed))


def late_s(shop: Shop, plan: Plan, job: int) -> int:
    """Seconds an order is late against its due date, never below 0."""
    return max(0, plan.end(shop, job) - shop.jobs[job].due)


def tardiness_minor(weight: int, late: int) -> int:
    """What so many seconds late cost, rounded up to a whole minor unit."""
    return -(-weight * late // 3_600)


def cost_minor(shop: Shop, plan: Plan) -> int:
    """What a plan costs: weighted lateness, setup at a machine's rate, bought steps, overtime."""
    late = sum(
        tardiness_minor(job.weight, late_s(shop, plan, j))
        for j, job in enumerate(shop.jobs)
        if job.active
    )
    opened = sum(overtime.cost_minor for overtime in shop.overtime)
    return (
        late + opened + sum(op_cost(shop, i, p) for i, p in enumerate(plan.placed) if p is not None)
    )


def op_cost(shop: Shop, op: int, placed: Placed) -> int:
    """What one operation costs: its setup at the machine's rate, or what another firm takes."""
    choice = shop.ops[op].choices[placed.choice]
    if choice.lane == NONE or placed.leader != op:
        return choice.cost_minor
    return choice.cost_minor + placed.setup_s * shop.rates[choice.machine] // 3_600


def lane_spans(shop: Shop, plan: Plan, lane: int) -> list[Span]:
    """Busy spans of a lane in rising order."""
    return sorted(
        (p.start, p.end)
        for i, p in enumerate(plan.placed)
        if p is not None and p.leader == i and shop.ops[i].choices[p.choice].lane == lane
    )
