"""Resource-constrained projects (RCPSP): activities that share resources of some capacity.

A serial schedule in the order of latest finish is the first answer; then a population of orders,
each justified both ways, beside a proof by CP-SAT on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.allocate.cpsat import end_proof, solver_of
from hanse.allocate.jobshop import Limits
from hanse.model.errors import BadInput

if TYPE_CHECKING:
    from hanse.allocate.kernels.arrays import Ints

POOL = 150
"""Orders that are kept: fewer grow alike within a second, more take longer than ten to meet."""

STALL_ROUNDS = 10_000
"""Rounds without a better schedule before all orders are made anew."""

CHUNK_S = 0.05
"""How often the search looks at the clock and at the proof."""

ALONE_SHARE = 0.05
"""Part of the time for the search alone: what it finds is where the proof begins."""


@dataclass(slots=True)
class Project:
    """Durations, use of each resource by each activity, capacities, and who follows whom."""

    durations: list[int]
    uses: list[list[int]]
    capacities: list[int]
    followers: list[list[int]]


@dataclass(slots=True)
class Scheduled:
    """Starts, their makespan, and what no schedule can undercut."""

    makespan: int
    bound: int
    first_s: float
    first: int
    starts: list[int] = field(default_factory=list)
    rounds: int = 0


def serial(project: Project) -> list[int]:
    """Starts of the serial schedule by least latest finish (Kolisch 1996)."""
    order = sorted(range(len(project.durations)), key=_tails(project).__getitem__, reverse=True)
    horizon = sum(project.durations) + 1
    free = [[capacity] * horizon for capacity in project.capacities]
    starts = [0] * len(order)
    for x in order:
        at = max([starts[y] + project.durations[y] for y in _before(project, x)], default=0)
        while not _fits(project, free, x, at):
            at += 1
        starts[x] = at
        for resource, use in enumerate(project.uses[x]):
            for t in range(at, at + project.durations[x]):
                free[resource][t] -= use
    return starts


def _tails(project: Project) -> list[tuple[int, int]]:
    """Longest path to the end from each activity's start, then how many steps that is."""
    known: dict[int, tuple[int, int]] = {}

    def tail(x: int) -> tuple[int, int]:
        if x not in known:
            rest = max((tail(y) for y in project.followers[x]), default=(0, 0))
            known[x] = (rest[0] + project.durations[x], rest[1] + 1)
        return known[x]

    return [tail(x) for x in range(len(project.durations))]


def _before(project: Project, x: int) -> list[int]:
    return [y for y, followers in enumerate(project.followers) if x in followers]


def _fits(project: Project, free: list[list[int]], x: int, at: int) -> bool:
    span = range(at, at + project.durations[x])
    return all(
        free[resource][t] >= use for resource, use in enumerate(project.uses[x]) for t in span
    )


def lower_bound(project: Project) -> int:
    """The longest way through the project, and what the scarcest resource needs alone."""
    longest = max((tail for tail, _ in _tails(project)), default=0)
    loads = (
        -(-sum(d * use[r] for d, use in zip(project.durations, project.uses, strict=True)) // room)
        for r, room in enumerate(project.capacities)
        if room
    )
    return max(longest, *loads, 0)


def solve_project(project: Project, limits: Limits) -> Scheduled:
    """The best schedule found within the limits, and a bound.

    Raises:
        BadInput: an activity needs more of a resource than there is.
    """
    _fit_for_it(project)
    began = limits.monotonic_s()
    first = serial(project)
    span = _end(project, first)
    best = Scheduled(span, lower_bound(project), limits.monotonic_s() - began, span, first)
    search = _Breeding(project, limits, first)
    search.go(best.bound, began + limits.seconds * (ALONE_SHARE if limits.prove else 1.0))
    _take(best, search)
    if limits.prove and best.makespan > best.bound and not limits.cancelled():
        _prove_beside(project, search, best, began + limits.seconds)
    return best


def _fit_for_it(project: Project) -> None:
    for x, row in enumerate(project.uses):
        if any(use > room for use, room in zip(row, project.capacities, strict=True)):
            raise BadInput(
                "an activity needs more of a resource than there is",
                subject=f"activity {x}",
                remedy="Raise the capacity or lower the use",
            )


class _Breeding:
    """The arrays of one population; `go` goes on with it."""

    def __init__(self, project: Project, limits: Limits, first: Sequence[int]) -> None:
        from hanse.allocate.kernels.arrays import ints, offsets
        from hanse.allocate.kernels.project import breed

        n, self.limits = len(project.durations), limits
        tails, before = _tails(project), [_before(project, x) for x in range(n)]
        topo = sorted(range(n), key=tails.__getitem__, reverse=True)
        horizon = sum(project.durations) + 1
        self.best: Ints = ints(first)
        self.log: Ints = ints([_end(project, list(first)), 0, 0])
        self._breed: Callable[[int, int, int, int], None] = partial(
            breed,
            np.zeros((POOL, n), np.int64),
            np.zeros(POOL, np.int64),
            ints(project.durations),
            np.array(project.uses, np.int64).reshape(n, -1),
            ints(project.capacities),
            offsets(map(len, before)),
            ints(y for row in before for y in row),
            offsets(map(len, project.followers)),
            ints(y for row in project.followers for y in row),
            np.array([topo, topo[::-1]], np.int64),
            ints(tail for tail, _ in tails),
            np.zeros((horizon, len(project.capacities)), np.int64),
            np.zeros(horizon + 1, np.int64),
            np.zeros((5, n), np.int64),
            self.best,
            self.log,
        )

    def go(self, bound: int, until: float, proof: Future[Any] | None = None) -> None:
        """Search until an instant of the clock, the bound, a cancel, or the end of a proof."""
        rounds = 20
        while self.log[0] > bound and not self.limits.cancelled():
            before = self.limits.monotonic_s()
            if before >= until or (proof is not None and proof.done()):
                return
            self.step(rounds, bound)
            took = self.limits.monotonic_s() - before
            rounds = max(5, min(rounds * 2, round(rounds * CHUNK_S / max(took, 1e-4))))

    def step(self, rounds: int, bound: int) -> None:
        """Some rounds."""
        self._breed(STALL_ROUNDS, rounds, bound, self.limits.seed + int(self.log[2]))


def warm_up() -> None:
    """Compile the search, or load it from disk: some seconds the first time."""
    small = Project([1, 1], [[1], [1]], [1], [[], []])
    _Breeding(small, Limits(0.0, lambda: 0.0), [0, 1]).step(1, 0)


def _take(best: Scheduled, search: _Breeding) -> None:
    best.rounds = int(search.log[2])
    if search.log[0] < best.makespan:
        best.makespan, best.starts = int(search.log[0]), search.best.tolist()
    best.bound = min(best.bound, best.makespan)


def _prove_beside(project: Project, search: _Breeding, best: Scheduled, until: float) -> None:
    """CP-SAT on one thread, looking for less than what is known; the search goes on beside it."""
    left = until - search.limits.monotonic_s()
    if left <= 0:
        return
    solver = solver_of(seconds=left, workers=1, seed=search.limits.seed)
    with ThreadPoolExecutor(1) as pool:
        proof = pool.submit(_shorter, project, best.makespan, solver)
        search.go(best.bound, until, proof)
        end_proof(proof, solver)
    starts, bound = proof.result()
    _take(best, search)
    if starts and _end(project, starts) < best.makespan:
        best.makespan, best.starts = _end(project, starts), starts
    best.bound = min(best.makespan, max(best.bound, bound))


def _shorter(project: Project, span: int, solver: Any) -> tuple[list[int], int]:
    """Starts of a schedule shorter than ``span`` (none: not found), and a bound."""
    from ortools.sat.python import cp_model

    model, starts, _ = _model(project, span - 1)
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return [], span
    bound = int(solver.best_objective_bound)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return [solver.value(start) for start in starts], bound
    return [], bound


def _end(project: Project, starts: list[int]) -> int:
    return max(s + d for s, d in zip(starts, project.durations, strict=True))


def _model(project: Project, upper: int) -> tuple[Any, list[Any], Any]:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    end = model.new_int_var(0, upper, "")
    starts = [model.new_int_var(0, upper - d, "") for d in project.durations]
    pairs = zip(starts, project.durations, strict=True)
    intervals = [model.new_fixed_size_interval_var(start, d, "") for start, d in pairs]
    for x, followers in enumerate(project.followers):
        model.add(end >= starts[x] + project.durations[x])
        for y in followers:
            model.add(starts[y] >= starts[x] + project.durations[x])
    for resource, capacity in enumerate(project.capacities):
        model.add_cumulative(intervals, [uses[resource] for uses in project.uses], capacity)
    model.minimize(end)
    return model, starts, end


def broken(project: Project, starts: list[int]) -> list[str]:
    """What a schedule violates: order or capacity, in words; empty when it is right."""
    found: list[str] = []
    for x, followers in enumerate(project.followers):
        late = [y for y in followers if starts[y] < starts[x] + project.durations[x]]
        found.extend(f"{y} starts before {x} ends" for y in late)
    for at in sorted(set(starts)):
        running = [x for x, s in enumerate(starts) if s <= at < s + project.durations[x]]
        for resource, capacity in enumerate(project.capacities):
            if sum(project.uses[x][resource] for x in running) > capacity:
                found.append(f"resource {resource} is overbooked at {at}")
    return found
