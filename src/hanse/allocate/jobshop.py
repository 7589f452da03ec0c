"""The plain job shop, flexible or not: machines, durations, makespan. For proofs and benchmarks.

Dispatching rules (milliseconds), then tabu search; where the problem is small enough to be proven,
CP-SAT beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hanse.allocate.calendars import ALWAYS
from hanse.allocate.problem import NONE, Choice, Job, Lane, Link, Op, Placed, Plan, Shop

if TYPE_CHECKING:
    from hanse.allocate.kernels.arrays import Ints

PROOF_OPS_MAX = 320
FLEXIBLE_PROOF_OPS_MAX = 150
"""Above these CP-SAT adds nothing in seconds."""

TABU_SHARE_LEAST = 0.1
TABU_SHARE_MORE = 0.15
"""Part of the time for tabu search alone before a proof begins: more the larger the problem."""

THREADS = 2
MEETINGS = 4
"""How often the threads meet, and the ones behind go on from the best."""

STALL_ROUNDS = 12_000
"""Moves without a better makespan before a run ends and the next begins between two good ones."""

FAR = 0.1
SPREAD = 0.3
"""How far off runs begin while the pool fills; how differently jobs follow the two parents."""

POOL = 6
"""Good schedules that are kept to begin between."""


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
    run = _Run(problem, limits)
    run.dispatch()
    best = Solved(
        run.makespan(), lower_bound(problem), limits.monotonic_s() - began, run.makespan()
    )
    best.bound = min(best.bound, best.makespan)
    largest = FLEXIBLE_PROOF_OPS_MAX if problem.flexible() else PROOF_OPS_MAX
    proving = limits.prove and problem.size() <= largest
    share = TABU_SHARE_LEAST + TABU_SHARE_MORE * (problem.size() / largest) ** 2
    until = began + limits.seconds * (share if proving else 1.0)
    run = _together(run, best.bound, until)
    _take(best, run)
    left = limits._replace(seconds=limits.seconds - (limits.monotonic_s() - began))
    if proving and best.makespan > best.bound and left.seconds > 0:
        _prove(run, best, left)
    return best


def _prove(run: _Run, best: Solved, limits: Limits) -> None:
    """CP-SAT: for the plain job shop beside the tabu search, for the flexible one instead of it."""
    from hanse.allocate.cpsat import prove, prove_beside, solver_of

    def search(bound: int, seconds: float) -> Solved:
        run.search(bound, limits.monotonic_s() + seconds)
        found = replace(best, makespan=run.makespan(), moves=int(run.log[2]))
        if found.makespan < best.makespan:
            _take(found, run)
        return found

    if limits.cancelled():
        return
    if run.problem.flexible():
        prove(run.problem, best, solver_of(seconds=limits.seconds))
    else:
        prove_beside(run.problem, best, search, limits)


def _together(first: _Run, bound: int, until: float) -> _Run:
    """The best of some searches with their own dice, which meet now and then."""
    from concurrent.futures import ThreadPoolExecutor

    limits, problem = first.limits, first.problem
    runs = [first]
    for n in range(1, THREADS):
        runs.append(_Run(problem, limits._replace(seed=limits.seed + 7_919 * n)))
        runs[n].follow(first)
    with ThreadPoolExecutor(THREADS) as pool:
        for meeting in range(MEETINGS):
            now = limits.monotonic_s()
            stop = now + (until - now) / (MEETINGS - meeting)
            list(pool.map(lambda run, stop=stop: run.search(bound, stop), runs))
            best = min(runs, key=_Run.makespan)
            for run in runs:
                if run.makespan() > best.makespan():
                    run.follow(best)
            if best.makespan() <= bound or limits.cancelled():
                break
    return min(runs, key=_Run.makespan)


def _take(best: Solved, run: _Run) -> None:
    starts, choices = run.schedule()
    best.starts, best.choices = starts.tolist(), choices.tolist()
    best.makespan, best.moves = run.makespan(), int(run.log[2])
    best.bound = min(best.bound, best.makespan)


class _Run:
    """The arrays of one search."""

    def __init__(self, problem: JobShop, limits: Limits) -> None:
        from hanse.allocate.kernels.arrays import ints, offsets

        self.problem, self.limits = problem, limits
        steps = [step for job in problem.jobs for step in job]
        self.n = len(steps)
        self.job_off = offsets(len(job) for job in problem.jobs)
        self.choice_off = offsets(len(step) for step in steps)
        self.choice_machine = ints(m for step in steps for m, _ in step)
        self.choice_time = ints(d for step in steps for _, d in step)
        self.g: Ints = np.full((9, self.n), NONE, np.int32)
        for low, high in pairwise(self.job_off.tolist()):
            self.g[0, low + 1 : high] = np.arange(low, high - 1)
            self.g[1, low : high - 1] = np.arange(low + 1, high)
        self.chosen: Ints = self.choice_off[:-1].copy()
        self.machine: Ints = self.choice_machine[self.chosen]
        self.log: Ints = np.zeros(8, np.int64)
        self.pool: Ints = np.full((2 * POOL + 2, self.n), NONE, np.int32)
        self._step: Callable[[int, int, int], None] | None = None
        self.best: Ints = np.full((4, max(self.n, problem.machines)), NONE, np.int32)

    def dispatch(self) -> None:
        """The best of the dispatching rules becomes the graph."""
        from hanse.allocate.kernels.dispatch import RULES, dispatch

        least = np.minimum.reduceat(self.choice_time, self.choice_off[:-1])
        rest = np.zeros(self.n, np.int64)
        for low, high in pairwise(self.job_off.tolist()):
            rest[low:high] = np.cumsum(least[low:high][::-1])[::-1]
        free = np.zeros(self.problem.machines, np.int64)
        found = None
        for rule in range(RULES if self.n <= 20_000 else 1):
            for delay in (0.0, 0.5, 1.0) if self.n < 5_000 else (0.0,):
                start, chosen = np.zeros(self.n, np.int64), np.zeros(self.n, np.int64)
                total = dispatch(
                    self.job_off, self.choice_off, self.choice_machine, self.choice_time,
                    rest, rule, delay, start, chosen, free,
                )  # fmt: skip
                if found is None or total < found[0]:
                    found = (total, start, chosen)
        assert found is not None
        self._adopt(found[1], found[2])

    def _adopt(self, start: Ints, chosen: Ints) -> None:
        from hanse.allocate.kernels.graph import heads, makespan, sort, tails

        self.chosen[:] = chosen
        self.machine[:] = self.choice_machine[chosen]
        self.g[4] = self.choice_time[chosen]
        self.g[2:4] = NONE
        self.firsts: Ints = np.full(self.problem.machines, NONE, np.int64)
        place = np.lexsort((np.arange(self.n), self.g[4] > 0, start, self.machine))
        for x, y in pairwise(place.tolist()):
            if self.machine[x] == self.machine[y]:
                self.g[3, x], self.g[2, y] = y, x
        for x in reversed(place.tolist()):
            self.firsts[self.machine[x]] = x
        work = np.zeros(self.n, np.int64)
        sort(self.g, work)
        heads(self.g, 0)
        tails(self.g, self.n - 1)
        self.log[0] = self.log[1] = self.log[5] = makespan(self.g)
        self.log[3] = self.log[2]
        self.pool[-2:] = self.g[2:4]
        self._keep()

    def follow(self, other: _Run) -> None:
        """Go on from the best of another run."""
        from hanse.allocate.kernels.graph import heads, makespan, sort, tails

        self.best[:] = other.best
        self.g[2], self.g[3] = self.best[0, : self.n], self.best[1, : self.n]
        self.chosen[:] = self.best[2, : self.n]
        self.firsts = self.best[3, : self.problem.machines].copy()
        self.machine[:] = self.choice_machine[self.chosen]
        self.g[4] = self.choice_time[self.chosen]
        sort(self.g, np.zeros(self.n, np.int64))
        heads(self.g, 0)
        tails(self.g, self.n - 1)
        self.log[0] = self.log[1] = self.log[5] = makespan(self.g)
        self.log[3] = self.log[2]
        self.pool[-2:] = self.g[2:4]

    def _keep(self) -> None:
        self.best[0, : self.n], self.best[1, : self.n] = self.g[2], self.g[3]
        self.best[2, : self.n] = self.chosen
        self.best[3, : len(self.firsts)] = self.firsts

    def makespan(self) -> int:
        """The best so far."""
        return int(self.log[0])

    def search(self, bound: int, until: float) -> None:
        """Tabu search until an instant of the clock, the bound, or a cancel."""
        chunk = max(20, 400_000 // max(1, self.n))
        run = self._compiled()
        while self.log[0] > bound and not self.limits.cancelled():
            before = self.limits.monotonic_s()
            if before >= until:
                break
            run(chunk, bound, self.limits.seed + int(self.log[2]))
            took = self.limits.monotonic_s() - before
            left = until - self.limits.monotonic_s()
            chunk = max(
                10, min(chunk * 2, round(chunk * min(0.1, max(left, 0.01)) / max(took, 1e-4)))
            )

    def move(self) -> None:
        """One move, whatever the bound."""
        self._compiled()(1, NONE, self.limits.seed)

    def _compiled(self) -> Callable[[int, int, int], None]:
        if self._step is None:
            self._step = self._flexible() if self.problem.flexible() else self._classic()
        return self._step

    def _classic(self) -> Callable[[int, int, int], None]:
        from hanse.allocate.kernels.tabu import search

        rank = _ranks(self.machine)
        tabu: Ints = np.zeros((self.n, int(rank.max(initial=0)) + 1), np.int64)
        worth = np.full(POOL, 2**60, np.int64)
        tenure = 10 + len(self.problem.jobs) // max(1, self.problem.machines)

        def step(rounds: int, bound: int, seed: int) -> None:
            search(
                self.g, self.machine, rank, tabu, self.best[:, : self.n], self.pool, worth,
                self.log, tenure, STALL_ROUNDS, FAR, SPREAD, rounds, bound, seed,
            )  # fmt: skip

        return step

    def _flexible(self) -> Callable[[int, int, int], None]:
        from hanse.allocate.kernels.reinsert import search

        tabu = np.zeros(self.n, np.int64)

        def step(rounds: int, bound: int, seed: int) -> None:
            search(
                self.g, self.machine, self.choice_off, self.choice_machine, self.choice_time,
                self.chosen, self.firsts, self.best, tabu, self.log, 4_000, rounds, bound, seed,
            )  # fmt: skip

        return step

    def schedule(self) -> tuple[Ints, Ints]:
        """Starts and choices of the best, recomputed in full; it must reach its makespan."""
        from hanse.allocate.kernels.graph import heads, makespan, sort

        self.g[2], self.g[3] = self.best[0, : self.n], self.best[1, : self.n]
        self.chosen[:] = self.best[2, : self.n]
        self.g[4] = self.choice_time[self.chosen]
        placed = sort(self.g, np.zeros(self.n, np.int64))
        heads(self.g, 0)
        assert placed == self.n
        assert makespan(self.g) == self.log[0]
        starts, choices = self.g[5].copy(), self.chosen - self.choice_off[:-1]
        self.follow(self)
        return starts, choices


def _ranks(machine: Ints) -> Ints:
    """The place of each operation among those of its machine, in the order of their numbers."""
    order = np.argsort(machine, kind="stable")
    ranks = np.empty_like(machine)
    ranks[order] = np.arange(len(machine)) - np.searchsorted(machine[order], machine[order])
    return ranks


def warm_up() -> None:
    """Compile both searches, or load them from disk: up to a minute the first time."""
    for step in ([(0, 1)], [(0, 1), (1, 1)]):
        run = _Run(JobShop(2, [[step, step], [step]]), Limits(0.0, lambda: 0.0))
        run.dispatch()
        run.move()


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
