"""Awards over many lines and offers: any-time, never worse than the greedy start, explained.

Small problems are solved exactly; large ones start from an amortised greedy (a firm's fixed cost is
spread over what it is likely to win) and are improved by destroying and putting back lines until
the time is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct, structs

from hanse.match.choose.exact import (
    CONTINUOUS_OFFERS_MAX,
    EXACT_OFFERS_MAX,
    needs_switch,
    solve_exact,
)
from hanse.match.choose.problem import Award, AwardProblem, Floats, checked, cost_of
from hanse.match.choose.sourcing import source

SLICE_ROUNDS = 2_000
RESTART_AFTER = 40
EXACT_SHARE_MIN = 0.3
Seconds = Callable[[], float]


class _State:
    """A running award: quantities and the sums the searches keep."""

    def __init__(self, problem: AwardProblem, x: Floats | None = None) -> None:
        from hanse.match.choose import kernels

        self.columns = problem.columns()
        self.x = np.zeros(problem.offers) if x is None else x.copy()
        self.load, self.spend, self.used, self.gap = kernels.sums(self.columns, self.x)
        self.room = np.zeros(problem.offers)

    def sums(self) -> tuple[Any, ...]:
        """The running sums in the order the searches take them."""
        return (self.x, self.load, self.spend, self.used, self.gap, self.room)

    def cost(self) -> float:
        """What it costs."""
        from hanse.match.choose import kernels

        return float(kernels.total_cost(self.columns, self.x, self.used, self.gap))


def greedy(problem: AwardProblem, *, passes: int = 4) -> Award:
    """Lines one by one, the dearest first; fixed costs spread over what a firm won last time."""
    from hanse.match.choose import kernels

    best: Award | None = None
    opening = np.full(problem.firms, 0.5)
    worth = problem.quantity * problem.penalty
    order = np.argsort(-worth, kind="stable").astype(np.int64)
    for _ in range(passes):
        state = _State(problem)
        kernels.greedy(state.columns, order, opening, *state.sums())
        award = Award(quantity=state.x, cost=state.cost(), how="greedy")
        if best is None or award.cost < best.cost:
            best = award
        won = np.maximum(state.used, 0)
        opening = np.where(won > 0, 1.0 / np.maximum(won, 1), 1.0)
    assert best is not None
    return best


def improve(
    problem: AwardProblem,
    start: Award,
    *,
    seconds: float,
    seed: int = 1,
    now_s: Seconds = time.monotonic,
) -> Award:
    """Search from an award until the time is over; the result is never dearer than the start."""
    from hanse.match.choose import kernels

    begun, best, barren = now_s(), start, 0
    line_of = problem.line_of_offer
    by_firm = np.argsort(problem.firm, kind="stable").astype(np.int64)
    bounds = np.searchsorted(problem.firm[by_firm], np.arange(problem.firms + 1)).astype(np.int64)
    state, rounds = _State(problem, start.quantity), SLICE_ROUNDS
    while (left := seconds - (now_s() - begun)) > 0:
        patience = max(0.0, left / seconds)
        before = now_s()
        kernels.search(
            state.columns, line_of, bounds, by_firm, seed, rounds, patience, *state.sums()
        )
        seed += 1
        state = _State(problem, state.x)
        cost = state.cost()
        barren = 0 if cost < best.cost - 1e-9 else barren + 1
        if cost < best.cost - 1e-9:
            best = Award(quantity=state.x.copy(), cost=cost, how="search")
        took = max(now_s() - before, 1e-4)
        rounds = int(min(max(rounds * min(4.0, left / 20 / took), 200), 200_000))
        if barren >= RESTART_AFTER:
            return best
    return best


def solve(
    problem: AwardProblem,
    *,
    seconds: float = 10.0,
    seed: int = 1,
    warm: Floats | None = None,
    now_s: Seconds = time.monotonic,
) -> Award:
    """The best award that the time allows.

    Args:
        problem: see `AwardProblem`.
        seconds: how long to look; small problems end sooner, with a proof.
        seed: of the search, for the same answer again.
        warm: quantities of an earlier award to start from, if they still fit.
        now_s: seconds that never step back.

    Raises:
        BadInput, TooMuch: the problem is malformed or too large.
    """
    checked(problem)
    begun = now_s()
    sourced = source(problem, seconds=seconds * 0.97, now_s=now_s)
    if sourced is not None:
        return structs.replace(sourced, seconds=now_s() - begun)
    best = _started(problem, warm)
    switched = bool(needs_switch(problem).any())
    most = EXACT_OFFERS_MAX if switched else CONTINUOUS_OFFERS_MAX
    if problem.offers <= most:
        share = 0.25 if switched else 0.1
        best = improve(problem, best, seconds=seconds * share, seed=seed, now_s=now_s)
        left = (seconds - (now_s() - begun)) * 0.97
        exact = solve_exact(problem, seconds=max(seconds * EXACT_SHARE_MIN, left))
        if exact is not None:
            best = _better(problem, best, exact)
    else:
        best = improve(problem, best, seconds=seconds * 0.97, seed=seed, now_s=now_s)
    return structs.replace(best, seconds=now_s() - begun)


def _started(problem: AwardProblem, warm: Floats | None) -> Award:
    best = greedy(problem)
    if warm is not None:
        cost = cost_of(problem, warm)
        if cost < best.cost:
            best = Award(quantity=warm, cost=cost, how="warm")
    return best


def _better(problem: AwardProblem, best: Award, exact: Award) -> Award:
    cost = cost_of(problem, exact.quantity, tolerance=1e-5)
    if cost < best.cost:
        best = Award(quantity=exact.quantity, cost=cost, how="exact")
    return structs.replace(best, bound=exact.bound, proved=exact.proved)


class Alternative(Struct, frozen=True, kw_only=True):
    """What a line costs as awarded, and without the firms it went to."""

    line: int
    cost: float
    without: float


def second_best(problem: AwardProblem, award: Award, line: int) -> Alternative:
    """What the award would cost if a line could not go to the firms it went to; others stay."""
    from hanse.match.choose import kernels

    start, end = problem.offer_start[line], problem.offer_start[line + 1]
    shut = np.zeros(problem.firms, bool)
    taken = [j for j in range(start, end) if award.quantity[j] > 0]
    shut[problem.firm[taken]] = True
    x = award.quantity.copy()
    x[start:end] = 0.0
    state = _State(problem, x)
    opening = np.ones(problem.firms)
    kernels._put_back(line, opening, shut, state.columns, *state.sums())  # noqa: SLF001
    return Alternative(line=line, cost=award.cost, without=state.cost())
