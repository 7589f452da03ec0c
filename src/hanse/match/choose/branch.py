"""Raising the bound of a sourcing: firms pinned open or shut one by one, the weakest case first.

Branch and bound over the relaxation of `sourcing`: each case has firms pinned, the prices it was
last looked at with, and a bound; the firm to split on is the one whose weaker half is strongest.
The bound of all is that of the weakest case left.
"""

from __future__ import annotations

import heapq
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.match.choose.problem import Floats
from hanse.match.choose.relax import Look, Plain, Sizes, covered, look_at

CASES_MAX = 2_000
STEPS = 12
HAPPY = 1e-6


class Case(Struct, frozen=True, kw_only=True):
    """Firms pinned open (1), shut (0) or free (-1), prices of the lines, and a proved bound."""

    bound: float
    pinned: NDArray[np.int64]
    price: Floats


class More(Protocol):
    """Told every look on the way, says whether to go on.

    In the ``last`` look of a case no firm is free: what those firms cost must be seen now, for the
    case is dropped.
    """

    def __call__(self, look: Look, *, last: bool) -> bool:
        """Whether to go on."""
        ...


def tighten(table: Plain, sizes: Sizes, first: Case, *, value: float, more: More) -> float:
    """The bound after as many cases as ``more`` allows.

    ``value`` is the cost of the best award known: a case that cannot beat it is dropped.
    """
    goal, number = value * (1 - HAPPY), 0
    heap = [(first.bound, 0, first)]
    while heap and number < CASES_MAX:
        case = heap[0][2]
        if case.bound >= goal:
            break
        case, look = _raised(table, sizes, case, value)
        if not more(look, last=bool((case.pinned >= 0).all())):
            break
        heapq.heappop(heap)
        for half in _halves(sizes, case, look):
            number += 1
            if half.bound < goal:
                heapq.heappush(heap, (half.bound, number, half))
    return min(goal, heap[0][0]) if heap else value


def _raised(table: Plain, sizes: Sizes, case: Case, value: float) -> tuple[Case, Look]:
    """A few steps on the prices of a case; the best look, and the case with its bound."""
    price, scale = case.price.copy(), 0.3
    best = look_at(table, sizes, price, case.pinned)
    kept, now = price, best
    for _ in range(STEPS):
        length = float((now.over**2).sum())
        if length < 1e-12 or best.bound >= value:
            break
        price = price + scale * max(1.01 * value - now.bound, 0.0) / length * now.over
        price = np.clip(price, 0.0, table.cost[-1])
        now = look_at(table, sizes, price, case.pinned)
        if now.bound > best.bound:
            best, kept = now, price
        else:
            scale *= 0.8
    bound = max(case.bound, best.bound)
    return Case(bound=bound, pinned=case.pinned, price=kept), best


def _halves(sizes: Sizes, case: Case, look: Look) -> list[Case]:
    """The case split on one free firm; a half that the look alone rules out keeps its bound."""
    choice, best = -1, (-np.inf, -np.inf)
    bounds = {}
    for i in map(int, np.flatnonzero(case.pinned < 0)):
        pinned = case.pinned.copy()
        pinned[i] = 0 if look.opened[i] else 1
        other, _ = covered(sizes, look.worth, look.miss, pinned)
        bounds[i] = look.base + other
        if (bounds[i], abs(look.worth[i])) > best:
            choice, best = i, (bounds[i], abs(look.worth[i]))
    if choice < 0:
        return []
    halves = []
    for side in (0, 1):
        pinned = case.pinned.copy()
        pinned[choice] = side
        same = bool(look.opened[choice]) == bool(side)
        bound = case.bound if same else max(case.bound, bounds[choice])
        halves.append(Case(bound=bound, pinned=pinned, price=case.price))
    return halves
