"""The plain job shop, flexible or not: machines, durations, makespan. For proofs and benchmarks.

Dispatching rules (milliseconds), then tabu search; where the problem is small enough to be proven,
CP-SAT beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hanse.allocate.calendars import ALWAYS
from hanse.allocate.problem import NONE, Choice, Job, Lane, Link, Op, Placed, Plan, Shop

if TYPE_CHECKING:
    from hanse.allocate.kernels.arrays import Ints

PROOF_OPS_MAX = 320
FLEXIBLE_PROOF_OPS_MAX = 150
"""Above these CP-SAT adds nothing in seconds."""

TABU_SHARE_LEAST = 0.05
TABU_SHARE_MORE = 0.1
"""Part of the time for tabu search alone before a proof begins: more the larger the problem."""


class Search(Protocol):
    """A search that can be gone on with."""

    def go(self, bound: int, until: float, *, threads: int = 2) -> None:
        """Search until an instant of the clock, the bound, or a cancel."""
        ...

    def makespan(self) -> int:
        """The best so far."""
        ...

    def moves(self) -> int:
        """Moves made by all threads."""
        ...

    def schedule(self) -> tuple[list[int], list[int]]:
        """Starts and choices of the best."""
        ...

    def warm_up(self) -> None:
        """One move, whatever the bound."""
        ...


class Limits(NamedTuple):
    """How long, by which clock, and whether it was told to stop."""

    seconds: float
    monotonic_s: Callable[[], float]
    cancelled: Callable[[], bool] = lambda: False
    seed: int = 1
    prove: bool = True


@dataclass(slots=True)
class JobShop:
    """``jobs[j][k]`` lists the (machine, duration) pairs that can do step k of job j."""

    machines: int
    jobs: list[list[list[tuple[int, int]]]]

    def flexible(self) -> bool:
        """Whether some operation may choose its machine."""
        return any(len(step) > 1 for job in self.jobs for step in job)

    def size(self) -> int:
        """The number of operations."""
        return sum(len(job) for job in self.jobs)


@dataclass(slots=True)
class Solved:
    """A schedule: start and machine of every operation in job order, and what is known of it."""

    makespan: int
    bound: int
    first_s: float
    first: int
    starts: list[int] = field(default_factory=list)
    choices: list[int] = field(default_factory=list)
    moves: int = 0


def lower_bound(problem: JobShop) -> int:
    """The longest job, and the busiest machine between its least head and tail."""
    bound = 0
    load = [0] * problem.machines
    head = [2**60] * problem.machines
    tail = [2**60] * problem.machines
    for job in problem.jobs:
        least = [min(d for _, d in step) for step in job]
        before, total = 0, sum(least)
        bound = max(bound, total)
        for step, shortest in zip(job, least, strict=True):
            total -= shortest
            if len(step) == 1:
                machine, duration = step[0]
                load[machine] += duration
                head[machine] = min(head[machine], before)
                tail[machine] = min(tail[machine], total)
            before += shortest
    busy = (h + w + t for h, w, t in zip(head, load, tail, strict=True) if w)
    flexible = sum(min(d for _, d in step) for job in problem.jobs for step in job)
    return max(bound, -(-flexible // max(1, problem.machines)), *busy, 0)


def solve(problem: JobShop, limits: Limits) -> Solved:
    """The best schedule found within the limits."""
    began = limits.monotonic_s()
    first, starts, chosen = dispatch(problem)
    best = Solved(first, lower_bound(problem), limits.monotonic_s() - began, first)
    search = _search_for(problem, limits, starts, chosen)
    best.bound = min(best.bound, search.makespan())
    largest = FLEXIBLE_PROOF_OPS_MAX if problem.flexible() else PROOF_OPS_MAX
    proving = limits.prove and problem.size() <= largest
    share = TABU_SHARE_LEAST + TABU_SHARE_MORE * (problem.size() / largest) ** 2
    search.go(best.bound, began + limits.seconds * (share if proving else 1.0))
    _take(best, search)
    left = limits._replace(seconds=limits.seconds - (limits.monotonic_s() - began))
    if proving and best.makespan > best.bound and left.seconds > 0:
        _prove(problem, search, best, left)
    return best


def _search_for(problem: JobShop, limits: Limits, starts: Ints, chosen: Ints) -> Search:
    if problem.flexible():
        from hanse.allocate import flexible

        return flexible.Search(problem, limits, starts, chosen)
    from hanse.allocate import classic

    return classic.Search(problem, limits, starts)


def _prove(problem: JobShop, search: Search, best: Solved, limits: Limits) -> None:
    """CP-SAT: for the plain job shop beside the tabu search, for the flexible one instead of it."""
    from hanse.allocate.cpsat import prove, prove_beside, solver_of

    def beside(bound: int, seconds: float) -> Solved:
        search.go(bound, limits.monotonic_s() + seconds, threads=1)
        found = replace(best, makespan=search.makespan(), moves=search.moves())
        if found.makespan < best.makespan:
            _take(found, search)
        return found

    if limits.cancelled():
        return
    if problem.flexible():
        prove(problem, best, solver_of(seconds=limits.seconds))
    else:
        prove_beside(problem, best, beside, limits)


def _take(best: Solved, search: Search) -> None:
    best.starts, best.choices = search.schedule()
    best.makespan, best.moves = search.makespan(), search.moves()
    best.bound = min(best.bound, best.makespan)


def dispatch(problem: JobShop) -> tuple[int, Ints, Ints]:
    """The best of the dispatching rules: its makespan, starts, and chosen rows of all choices."""
    from hanse.allocate.kernels import dispatch as rules
    from hanse.allocate.kernels.arrays import ints, offsets

    steps = [step for job in problem.jobs for step in job]
    job_off = offsets(len(job) for job in problem.jobs)
    choice_off = offsets(len(step) for step in steps)
    machine = ints(m for step in steps for m, _ in step)
    duration = ints(d for step in steps for _, d in step)
    rest = np.zeros(len(steps), np.int64)
    least = np.minimum.reduceat(duration, choice_off[:-1])
    for low, high in pairwise(job_off.tolist()):
        rest[low:high] = np.cumsum(least[low:high][::-1])[::-1]
    free = np.zeros(problem.machines, np.int64)
    found = None
    for rule in range(rules.RULES if len(steps) <= 20_000 else 1):
        for delay in (0.0, 0.5, 1.0) if len(steps) < 5_000 else (0.0,):
            start, chosen = np.zeros(len(steps), np.int64), np.zeros(len(steps), np.int64)
            total = rules.dispatch(
                job_off, choice_off, machine, duration, rest, rule, delay, start, chosen, free
            )
            if found is None or total < found[0]:
                found = (total, start, chosen)
    assert found is not None
    return found


def warm_up() -> None:
    """Compile both searches, or load them from disk: up to a minute the first time."""
    for step in ([(0, 1)], [(0, 1), (1, 1)]):
        problem = JobShop(2, [[step, step], [step]])
        _, starts, chosen = dispatch(problem)
        _search_for(problem, Limits(0.0, lambda: 0.0), starts, chosen).warm_up()


def as_shop(problem: JobShop) -> Shop:
    """The same problem as a shop, so that the checker can judge a schedule of it."""
    shop = Shop(origin=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), horizon_s=2**31)
    shop.machines = [f"m{m}" for m in range(problem.machines)]
    shop.rates = [0] * problem.machines
    shop.changes = [[[0]]] * problem.machines
    shop.lanes = [Lane(m, 0, ALWAYS) for m in range(problem.machines)]
    for j, steps in enumerate(problem.jobs):
        job = Job(f"j{j}", "", 1, 0, 0, 0, 1)
        shop.jobs.append(job)
        for k, step in enumerate(steps):
            index = len(shop.ops)
            choices = [Choice(m, m, 0, d, 0, 0) for m, d in step]
            op = Op(j, 0, str(k), 1, choices, [Link(index - 1, 0, 0)] if k else [])
            shop.ops.append(op)
            job.ops.append(index)
        job.last.append(len(shop.ops) - 1)
    return shop


def as_plan(problem: JobShop, starts: Sequence[int], choices: Sequence[int]) -> Plan:
    """A schedule in the checker's form."""
    steps = [step for job in problem.jobs for step in job]
    rows: list[Placed | None] = []
    for op, (step, start, choice) in enumerate(zip(steps, starts, choices, strict=True)):
        end = start + step[choice][1]
        row = (choice, 0, start, start, start, start, end, end, NONE, NONE, NONE, op)
        rows.append(Placed(*row))
    return Plan(rows)
