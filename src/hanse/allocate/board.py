"""What is busy when: lanes, people, tools and stock of one plan, one placement at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter

from hanse.allocate.problem import NONE, Placed, Plan, Shop

Busy = tuple[int, int, int]
"""Start, end, and for which operation."""

_start = itemgetter(0)


@dataclass(slots=True)
class Line:
    """Busy spans of one thing that serves one at a time, in rising order, and for whom.

    ``ends[i]`` is when everything up to span i is over: what has started may overlap.
    """

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    ops: list[int] = field(default_factory=list)

    def add(self, start: int, end: int, op: int) -> None:
        """Occupy a span."""
        at = bisect_right(self.starts, start)
        end = max(end, self.ends[at - 1]) if at else end
        self.starts.insert(at, start)
        self.ends.insert(at, end)
        self.ops.insert(at, op)
        for later in range(at + 1, len(self.ends)):
            if self.ends[later] >= end:
                break
            self.ends[later] = end

    def fill(self, spans: list[Busy]) -> None:
        """Occupy many spans of a line that is empty."""
        if spans:
            spans.sort(key=_start)
            self.starts, ends, self.ops = map(list, zip(*spans, strict=True))
            self.ends = list(accumulate(ends, max))

    def drop(self, start: int, op: int) -> None:
        """Free the span of an operation."""
        at = bisect_left(self.starts, start)
        while self.ops[at] != op:
            at += 1
        del self.starts[at], self.ends[at], self.ops[at]

    def blocked_until(self, start: int, end: int) -> int:
        """Where the first span in the way of ``[start, end)`` ends; ``start`` if none is."""
        at = bisect_right(self.ends, start)
        if at < len(self.starts) and self.starts[at] < end:
            return self.ends[at]
        return start


@dataclass(slots=True)
class Stockpile:
    """Stock of one item over time as dated changes, in millionths of its unit.

    What comes at an instant stands before what is taken then, so it may be taken at once.
    """

    changes: list[tuple[int, int]]
    buy_at: int

    def covered(self, at: int, quantity: int) -> int:
        """The first instant from ``at`` on at which so much may be taken and stays available.

        Later withdrawals are kept safe. Bought anew where that is sooner.
        """
        if at >= self.buy_at:
            return at
        level = sum(q for _, q in self.changes)
        if level < quantity:
            return max(at, self.buy_at)
        for when, delta in reversed(self.changes):
            level -= delta
            if level < quantity:
                return min(max(at, when), max(at, self.buy_at))
        return at

    def take(self, at: int, quantity: int) -> None:
        """Withdraw from stock; what starts late enough to be bought leaves stock to others."""
        if at < self.buy_at and self._covers(at, quantity):
            self.changes.insert(bisect_right(self.changes, at, key=_start), (at, -quantity))

    def back(self, at: int, quantity: int) -> None:
        """Undo a withdrawal."""
        if (at, -quantity) in self.changes:
            self.changes.remove((at, -quantity))

    def _covers(self, at: int, quantity: int) -> bool:
        level = sum(q for _, q in self.changes)
        if level < quantity:
            return False
        for when, delta in reversed(self.changes):
            if when <= at:
                return True
            level -= delta
            if level < quantity:
                return False
        return True


class Board:
    """The timelines of a plan being made or kept; ``commit`` and ``undo`` are exact opposites.

    ``before``: an earlier plan whose people and tools are kept where that costs no time.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.lanes = [Line() for _ in shop.lanes]
        self.units = [Line() for _ in shop.units]
        self.loads: dict[int, int] = {}
        self.stock = [
            Stockpile(sorted(supply), buy)
            for supply, buy in zip(shop.supply, shop.buy_at, strict=True)
        ]
        self.placed: list[Placed | None] = [None] * len(shop.ops)
        self.before: Sequence[Placed | None] = ()

    def load(self, plan: Plan) -> Board:
        """Commit every placement of a plan to an empty board, all at once."""
        lanes: list[list[Busy]] = [[] for _ in self.lanes]
        units: list[list[Busy]] = [[] for _ in self.units]
        held = self.shop.fixed
        rows = [(op, p) for op, p in enumerate(plan.placed) if p is not None]
        for op, placed in sorted(rows, key=lambda row: row[0] not in held):
            self._note(op, placed, lanes)
            for unit, start, end in services(placed):
                units[unit].append((start, end, op))
        for line, spans in (
            *zip(self.lanes, lanes, strict=True),
            *zip(self.units, units, strict=True),
        ):
            line.fill(spans)
        return self

    def _note(self, op: int, placed: Placed, lanes: list[list[Busy]]) -> None:
        self.placed[op] = placed
        task = self.shop.ops[op]
        lane = task.choices[placed.choice].lane
        if lane != NONE:
            if placed.leader == op:
                lanes[lane].append((placed.start, placed.end, op))
            if self.shop.lanes[lane].batch_max:
                self.loads[placed.leader] = self.loads.get(placed.leader, 0) + task.pieces
        for item, quantity in task.materials:
            self.stock[item].take(placed.start, quantity)

    def members(self, op: int, group: int, column: int) -> list[int]:
        """Who can serve an operation, with the one of the plan before first."""
        known = self.shop.groups[group]
        was = self.before[op] if op < len(self.before) else None
        if was is None or was[column] not in known:
            return known
        return [was[column], *known]

    def plan(self) -> Plan:
        """What is committed, as a plan of its own."""
        return Plan(list(self.placed))

    def commit(self, op: int, placed: Placed) -> None:
        """Occupy lane, people, tool and material for one operation."""
        self.placed[op] = placed
        task = self.shop.ops[op]
        lane = task.choices[placed.choice].lane
        if placed.leader == op and lane != NONE:
            self.lanes[lane].add(placed.start, placed.end, op)
        if lane != NONE and self.shop.lanes[lane].batch_max:
            self.loads[placed.leader] = self.loads.get(placed.leader, 0) + task.pieces
        for unit, start, end in services(placed):
            self.units[unit].add(start, end, op)
        for item, quantity in task.materials:
            self.stock[item].take(placed.start, quantity)

    def undo(self, op: int) -> None:
        """Free what one operation occupies; a batch that others share cannot lose its leader."""
        placed = self.placed[op]
        if placed is None:
            return
        self.placed[op] = None
        task = self.shop.ops[op]
        lane = task.choices[placed.choice].lane
        if placed.leader == op and lane != NONE:
            self.lanes[lane].drop(placed.start, op)
        if placed.leader in self.loads:
            self.loads[placed.leader] -= task.pieces
        for unit, start, _ in services(placed):
            self.units[unit].drop(start, op)
        for item, quantity in task.materials:
            self.stock[item].back(placed.start, quantity)

    def short(self, lanes: Iterable[int]) -> list[int]:
        """Operations on some lanes whose setup no longer covers the change from the one before."""
        return [op for lane in lanes for op in self._short_on(lane)]

    def _short_on(self, lane: int) -> Iterator[int]:
        shop = self.shop
        family = shop.lanes[lane].family
        for op in self.lanes[lane].ops:
            task, placed = shop.ops[op], self.placed[op]
            assert placed is not None
            needed = task.choices[placed.choice].setup_s + shop.change(lane, family, task.family)
            if placed.setup_s < needed and op not in shop.fixed:
                yield op
            family = task.family

    def lanes_of(self, ops: Iterable[int]) -> set[int]:
        """The lanes some placed operations are on."""
        placed = ((self.shop.ops[op], self.placed[op]) for op in ops)
        return {t.choices[p.choice].lane for t, p in placed if p is not None} - {NONE}

    def material_at(self, op: int, at: int) -> int:
        """The first instant from ``at`` on at which all material of an operation is there."""
        for item, quantity in self.shop.ops[op].materials:
            at = max(at, self.stock[item].covered(at, quantity))
        return at


def services(placed: Placed) -> list[tuple[int, int, int]]:
    """Who serves an operation from when to when: setter, operator, tool."""
    found = []
    if placed.setter != NONE and placed.set_at > placed.start:
        found.append((placed.setter, placed.start, placed.set_at))
    if placed.operator != NONE:
        start = placed.start if placed.setter == NONE else placed.run_at
        end = placed.left_at if placed.left_at > placed.run_at else placed.set_at
        if end > start:
            found.append((placed.operator, start, end))
    if placed.tool != NONE and placed.end > placed.start:
        found.append((placed.tool, placed.start, placed.end))
    return found
