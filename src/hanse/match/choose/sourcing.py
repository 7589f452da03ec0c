"""Capacitated sourcing: firms with a fixed cost and one capacity each, lines that may be split.

The plain core of many awards. Two searches that need each other: a relaxation prices the lines and
so says which firms look worth opening, with a proved lower bound (`relax`); a descent opens, closes
and swaps firms, with the exact transport for each set of them (`transport`). What the bound rules
out is settled, which leaves an exact solver little to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hanse.match.choose.branch import Case, tighten
from hanse.match.choose.problem import Award, AwardProblem, Floats, Ints
from hanse.match.choose.relax import DUST, Look, Plain, Sizes, covered, look_at, plain, sizes_of

STEPS_MAX = 500
SLICE_WORK = 3_000_000
SLICES_MAX = 20
THOROUGH = 3
STARTS_MAX = 6
SETTLING = 30
"""Steps before the prices say enough for a search to begin from them."""
PATIENCE = 20
CLIMB_SHARE = 0.5
PROVED = 1e-6
Seconds = Callable[[], float]


class _Best:
    """The cheapest assignment so far, and the sets of firms that were begun from."""

    def __init__(self, t: Plain) -> None:
        self.t = t
        self.value = np.inf
        self.x = np.zeros_like(t.cost)
        self.seen: set[bytes] = set()

    def begin(self, look: Look, late: Callable[[], bool]) -> None:
        """Descend from the firms that the relaxation opens, unless done or tried often enough."""
        if look.opened.tobytes() not in self.seen and len(self.seen) < STARTS_MAX:
            self.descend(look, SLICES_MAX if len(self.seen) < THOROUGH else 1, late)

    def descend(self, look: Look, slices: int, late: Callable[[], bool]) -> None:
        """Search from these firms in slices; 0 slices only price the very firms."""
        self.seen.add(look.opened.tobytes())
        order = np.argsort(look.worth, kind="stable").astype(np.int64)
        is_open, x = np.append(look.opened, True), np.zeros_like(self.t.cost)
        before = np.inf
        tries = max(20, SLICE_WORK // self.t.cost.size) if slices else 0
        for _ in range(max(1, slices)):
            found = _descend(self.t, order, is_open, x, tries=tries)
            if found < self.value - DUST:
                self.value, self.x = found, x.copy()
            if late() or found > before - DUST:
                return
            before = found


def _descend(t: Plain, order: Ints, is_open: NDArray[np.bool_], x: Floats, *, tries: int) -> float:
    """One slice of a descent; ``is_open`` and ``x`` end at the best. Returns its value."""
    from hanse.match.choose import transport

    found = transport.descend(order, is_open, t.cost, t.quantity, t.fixed, t.room, x, tries)
    return float(found)


def _compiled() -> None:
    """Load the compiled parts, which takes seconds once after installation: not the caller's."""
    one = np.ones((2, 1))
    t = Plain(cost=one, fixed=np.zeros(2), room=np.ones(2), quantity=np.ones(1))
    look = look_at(t, sizes_of(t), np.ones(1), np.full(1, -1))
    _descend(t, np.zeros(1, np.int64), np.append(look.opened, True), one.copy(), tries=1)


class _Run:
    """One sourcing under way: the best assignment, the bound and its prices, what is settled."""

    def __init__(self, t: Plain) -> None:
        self.t, self.sizes, self.best = t, sizes_of(t), _Best(t)
        self.free = np.full(len(t.room) - 1, -1)
        self.settled = self.free.copy()
        self.price = np.sort(t.cost, axis=0)[1]
        self.kept, self.bound = self.price, -np.inf

    @property
    def done(self) -> bool:
        """Whether the bound meets the best."""
        return self.best.value - self.bound <= PROVED * self.best.value

    def climb(self, late: Callable[[], bool]) -> None:
        """Raise the bound by subgradient steps, with descents once prices settle."""
        scale, stale = 1.0, 0
        for step in range(STEPS_MAX):
            look = look_at(self.t, self.sizes, self.price, self.free)
            stale = 0 if look.bound > self.bound else stale + 1
            if look.bound > self.bound:
                self.bound, self.kept = look.bound, self.price
            if step == 0:
                self.best.descend(look, 0, late)
            elif step % 10 == 0 and step >= SETTLING:
                self.best.begin(look, late)
            if step % 50 == 49:
                _settle(self.sizes, look, self.best.value, self.settled)
            length = float((look.over**2).sum())
            if self.done or length < DUST or scale < 1e-3 or late():
                return
            if stale >= PATIENCE:
                scale, stale = scale / 2, 0
            length = scale * (1.02 * self.best.value - look.bound) / length
            self.price = np.clip(self.price + length * look.over, 0.0, self.t.cost[-1])

    def prove(self, late: Callable[[], bool]) -> None:
        """Raise the bound by cases, with a descent from each of them."""

        def more(look: Look, *, last: bool) -> bool:
            if last:
                self.best.descend(look, 0, late)
            else:
                self.best.begin(look, late)
            return not late()

        first = Case(bound=self.bound, pinned=self.settled, price=self.kept)
        value = self.best.value
        found = tighten(self.t, self.sizes, first, value=value, more=more)
        self.bound = min(max(self.bound, found), self.best.value)


def source(p: AwardProblem, *, seconds: float, now_s: Seconds = time.monotonic) -> Award | None:
    """The best sourcing within the time, usually a fraction of it; None if the problem is not one.

    The award is proved where the bound meets it.
    """
    t = plain(p)
    if t is None:
        return None
    _compiled()
    begun, run = now_s(), _Run(t)
    run.climb(lambda: now_s() - begun > seconds * CLIMB_SHARE)
    if not run.done:
        run.prove(lambda: now_s() - begun > seconds)
    x = run.best.x[p.firm, p.line_of_offer]
    value = run.best.value
    return Award(quantity=x, cost=value, bound=run.bound, proved=run.done, how="sourcing")


def _settle(sizes: Sizes, look: Look, value: float, settled: Ints) -> None:
    """Firms the relaxation rules out, or in: the other choice would cost more than the best."""
    for i in range(len(settled)):
        pinned = np.full(len(settled), -1)
        pinned[i] = 0 if look.opened[i] else 1
        other, _ = covered(sizes, look.worth, look.miss, pinned)
        if look.base + other > value * (1 + 1e-7):
            settled[i] = 1 - pinned[i]
