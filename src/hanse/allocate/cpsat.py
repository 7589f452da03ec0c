"""OR-Tools CP-SAT where it is the right tool: small problems, bounds and proofs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hanse.allocate.jobshop import JobShop, Limits, Solved

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

WORKERS = 8
"""More than the machine has cores: most of its neighbourhood searches exist only from 8 on."""

SLICE_S = 0.1
"""How often a search beside a proof looks whether the proof is done."""


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


def proof_solver(*, seconds: float) -> cp_model.CpSolver:
    """One worker that proves: edge finding in every machine, no linear relaxation, no probing.

    On job shops of 100 to 300 operations it needs a tenth of the time of eight workers.
    """
    solver = solver_of(seconds=seconds, workers=1)
    solver.parameters.linearization_level = 0
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.use_strong_propagation_in_disjunctive = True
    solver.parameters.use_dynamic_precedence_in_disjunctive = True
    return solver


def prove(problem: JobShop, best: Solved, solver: cp_model.CpSolver) -> None:
    """Look for something better than ``best``, or the proof that there is nothing."""
    from ortools.sat.python import cp_model

    model, starts, picks, end = model_of(problem, best.makespan - 1)
    model.add(end >= best.bound)
    if problem.flexible():
        hint(model, best, starts, picks)
    status = solver.solve(model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        best.makespan = round(solver.objective_value)
        best.starts = [solver.value(start) for start in starts]
        best.choices = [
            0 if literals is None else next(k for k, x in enumerate(literals) if solver.value(x))
            for literals in picks
        ]
    if status in (cp_model.OPTIMAL, cp_model.INFEASIBLE):
        best.bound = best.makespan
    elif status == cp_model.FEASIBLE:
        best.bound = max(best.bound, min(best.makespan, int(solver.best_objective_bound)))


def hint(model: cp_model.CpModel, best: Solved, starts: list[Any], picks: list[Any]) -> None:
    """What is known, as the place where the solver begins to look."""
    for start, at in zip(starts, best.starts, strict=True):
        model.add_hint(start, at)
    for literals, choice in zip(picks, best.choices, strict=True):
        for k, literal in enumerate(literals or ()):
            model.add_hint(literal, k == choice)


def prove_beside(
    problem: JobShop, best: Solved, search: Callable[[int, float], Solved], limits: Limits
) -> None:
    """Prove on one thread while ``search(bound, seconds)`` goes on; ``limits`` holds what is left.

    Where the search finds something better, the proof begins anew with it.
    """
    from concurrent.futures import ThreadPoolExecutor

    until = limits.monotonic_s() + limits.seconds
    with ThreadPoolExecutor(1) as pool:
        while best.makespan > best.bound and not limits.cancelled():
            left = until - limits.monotonic_s()
            if left <= 0:
                return
            proven, solver = replace(best), proof_solver(seconds=left)
            future = pool.submit(prove, problem, proven, solver)
            found = best
            while not future.done() and found.makespan >= best.makespan:
                left = until - limits.monotonic_s()
                if left <= 0 or limits.cancelled():
                    break
                found = search(best.bound, min(left, SLICE_S))
            end_proof(future, solver)
            _merge(best, proven, found)


def end_proof(future: Future[Any], solver: cp_model.CpSolver) -> None:
    """Told again and again, since it is heard only once the solver runs."""
    while not future.done():
        solver.stop_search()
        wait([future], timeout=0.01)
    future.result()


def _merge(best: Solved, proven: Solved, found: Solved) -> None:
    other = min(proven, found, key=lambda solved: solved.makespan)
    if other.makespan < best.makespan:
        best.makespan, best.starts, best.choices = other.makespan, other.starts, other.choices
    best.moves = found.moves
    best.bound = min(best.makespan, max(best.bound, proven.bound))
