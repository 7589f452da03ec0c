"""Resource-constrained projects (RCPSP): activities that share resources of some capacity.

A serial schedule in the order of latest finish gives a first answer; CP-SAT improves and proves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hanse.allocate.cpsat import WORKERS, solver_of


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
    starts: list[int] = field(default_factory=list)


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


def solve_project(project: Project, *, seconds: float, workers: int = WORKERS) -> Scheduled:
    """The best schedule found in the time."""
    from ortools.sat.python import cp_model

    first = serial(project)
    upper = _end(project, first)
    model, starts, end = _model(project, upper)
    for start, at in zip(starts, first, strict=True):
        model.add_hint(start, at)
    solver = solver_of(seconds=seconds, workers=workers)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Scheduled(upper, 0, first)
    found = [solver.value(start) for start in starts]
    return Scheduled(solver.value(end), int(solver.best_objective_bound), found)


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
