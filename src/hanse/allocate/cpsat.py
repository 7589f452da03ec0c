"""OR-Tools CP-SAT where it is the right tool: small problems, windows, bounds and proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.allocate.jobshop import JobShop, Solved

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

WORKERS = 8
"""More than the machine has cores: most of its neighbourhood searches exist only from 8 on."""


def model_of(problem: JobShop, upper: int) -> tuple[cp_model.CpModel, list[Any], list[Any], Any]:
    """The model, its starts, its choice literals (None where there is no choice), the makespan."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    end = model.new_int_var(0, upper, "makespan")
    lanes: list[list[Any]] = [[] for _ in range(problem.machines)]
    starts: list[Any] = []
    picks: list[Any] = []
    for steps in problem.jobs:
        before: Any = 0
        for step in steps:
            start = model.new_int_var(0, upper, "")
            if len(step) == 1:
                machine, duration = step[0]
                lanes[machine].append(model.new_fixed_size_interval_var(start, duration, ""))
                picks.append(None)
                done: Any = start + duration
            else:
                literals = [model.new_bool_var("") for _ in step]
                model.add_exactly_one(literals)
                for literal, (machine, duration) in zip(literals, step, strict=True):
                    interval = model.new_optional_fixed_size_interval_var(
                        start, duration, literal, ""
                    )
                    lanes[machine].append(interval)
                picks.append(literals)
                done = start + sum(
                    literal * d for literal, (_, d) in zip(literals, step, strict=True)
                )
            model.add(start >= before)
            starts.append(start)
            before = done
        model.add(end >= before)
    for lane in lanes:
        model.add_no_overlap(lane)
    model.minimize(end)
    return model, starts, picks, end


def solver_of(*, seconds: float, workers: int = WORKERS, seed: int = 1) -> cp_model.CpSolver:
    """A solver with a time limit."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    return solver


def prove(problem: JobShop, best: Solved, *, seconds: float) -> None:
    """Look for something better than ``best``, or the proof that there is nothing."""
    from ortools.sat.python import cp_model

    model, starts, picks, end = model_of(problem, best.makespan)
    for start, at in zip(starts, best.starts, strict=True):
        model.add_hint(start, at)
    for literals, choice in zip(picks, best.choices, strict=True):
        for k, literal in enumerate(literals or ()):
            model.add_hint(literal, k == choice)
    model.add(end >= best.bound)
    solver = solver_of(seconds=seconds)
    status = solver.solve(model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) and solver.objective_value < best.makespan:
        best.makespan = round(solver.objective_value)
        best.starts = [solver.value(start) for start in starts]
        best.choices = [
            0 if literals is None else next(k for k, x in enumerate(literals) if solver.value(x))
            for literals in picks
        ]
    if status == cp_model.OPTIMAL:
        best.bound = best.makespan
    else:
        best.bound = max(best.bound, min(best.makespan, int(solver.best_objective_bound)))
