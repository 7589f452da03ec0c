"""Tabu search for the flexible job shop: two threads that meet now and then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from hanse.allocate.kernels.arrays import ints, offsets
from hanse.allocate.kernels.graph import heads, makespan, sort, tails
from hanse.allocate.kernels.reinsert import search
from hanse.allocate.problem import NONE

if TYPE_CHECKING:
    from hanse.allocate.jobshop import JobShop, Limits
    from hanse.allocate.kernels.arrays import Ints

THREADS = 2
MEETINGS = 4
"""How often the threads meet, and the one behind goes on from the best."""

STALL_MOVES = 4_000
"""Moves without a better makespan before a run goes back to its best, shaken."""


class Run:
    """The arrays of one thread."""

    def __init__(self, problem: JobShop, limits: Limits) -> None:
        self.problem, self.limits = problem, limits
        steps = [step for job in problem.jobs for step in job]
        self.n = len(steps)
        job_off = offsets(len(job) for job in problem.jobs)
        self.choice_off = offsets(len(step) for step in steps)
        self.choice_machine = ints(m for step in steps for m, _ in step)
        self.choice_time = ints(d for step in steps for _, d in step)
        self.g: Ints = np.full((9, self.n), NONE, np.int32)
        for low, high in pairwise(job_off.tolist()):
            self.g[0, low + 1 : high] = np.arange(low, high - 1)
            self.g[1, low : high - 1] = np.arange(low + 1, high)
        self.chosen: Ints = self.choice_off[:-1].copy()
        self.machine: Ints = self.choice_machine[self.chosen]
        self.firsts: Ints = np.full(problem.machines, NONE, np.int64)
        self.log: Ints = np.zeros(6, np.int64)
        self.room: Ints = np.zeros((7, max(6, self.n)), np.int64)
        self.tabu: Ints = np.zeros(self.n, np.int64)
        self.best: Ints = np.full((4, max(self.n, problem.machines)), NONE, np.int32)

    def adopt(self, start: Ints, chosen: Ints) -> None:
        """A schedule becomes the graph."""
        self.chosen[:] = chosen
        self.machine[:] = self.choice_machine[chosen]
        self.g[4] = self.choice_time[chosen]
        self.g[2:4] = NONE
        place = np.lexsort((np.arange(self.n), self.g[4] > 0, start, self.machine))
        for x, y in pairwise(place.tolist()):
            if self.machine[x] == self.machine[y]:
                self.g[3, x], self.g[2, y] = y, x
        for x in reversed(place.tolist()):
            self.firsts[self.machine[x]] = x
        self._settle()
        self._keep()

    def follow(self, other: Run) -> None:
        """Go on from the best of another run."""
        self.best[:] = other.best
        self.g[2], self.g[3] = self.best[0, : self.n], self.best[1, : self.n]
        self.chosen[:] = self.best[2, : self.n]
        self.firsts[:] = self.best[3, : self.problem.machines]
        self.machine[:] = self.choice_machine[self.chosen]
        self.g[4] = self.choice_time[self.chosen]
        self._settle()

    def _settle(self) -> None:
        placed = sort(self.g, np.zeros(self.n, np.int64))
        assert placed == self.n
        heads(self.g, 0)
        tails(self.g, self.n - 1)
        self.log[0] = self.log[1] = self.log[5] = makespan(self.g)
        self.log[3] = self.log[2]

    def _keep(self) -> None:
        self.best[0, : self.n], self.best[1, : self.n] = self.g[2], self.g[3]
        self.best[2, : self.n] = self.chosen
        self.best[3, : len(self.firsts)] = self.firsts

    def makespan(self) -> int:
        """The best so far."""
        return int(self.log[0])

    def go(self, bound: int, until: float) -> None:
        """Tabu search until an instant of the clock, the bound, or a cancel."""
        limits = self.limits
        chunk = max(20, 400_000 // max(1, self.n))
        while self.log[0] > bound and not limits.cancelled():
            before = limits.monotonic_s()
            if before >= until:
                break
            self.step(chunk, bound)
            took = limits.monotonic_s() - before
            left = max(0.01, until - before - took)
            chunk = max(10, min(chunk * 2, round(chunk * min(0.1, left) / max(took, 1e-4))))

    def step(self, rounds: int, bound: int) -> None:
        """Some moves."""
        search(
            self.g, self.machine, self.choice_off, self.choice_machine, self.choice_time,
            self.chosen, self.firsts, self.best, self.tabu, self.log, self.room, STALL_MOVES,
            rounds, bound, self.limits.seed + int(self.log[2]),
        )  # fmt: skip

    def schedule(self) -> tuple[list[int], list[int]]:
        """Starts and choices of the best, recomputed in full; it must reach its makespan."""
        known = self.makespan()
        self.follow(self)
        assert self.makespan() == known
        return self.g[5].tolist(), (self.chosen - self.choice_off[:-1]).tolist()


class Search:
    """The search for one problem."""

    def __init__(self, problem: JobShop, limits: Limits, starts: Ints, chosen: Ints) -> None:
        self.limits = limits
        seeds = [limits.seed + 7_919 * n for n in range(THREADS)]
        self.runs = [Run(problem, limits._replace(seed=seed)) for seed in seeds]
        for run in self.runs:
            run.adopt(starts, chosen)

    def _best(self) -> Run:
        return min(self.runs, key=Run.makespan)

    def makespan(self) -> int:
        """The best so far."""
        return self._best().makespan()

    def moves(self) -> int:
        """Moves made by all threads."""
        return sum(int(run.log[2]) for run in self.runs)

    def schedule(self) -> tuple[list[int], list[int]]:
        """Starts and choices of the best."""
        return self._best().schedule()

    def go(self, bound: int, until: float, *, threads: int = THREADS) -> None:
        """Search until an instant of the clock, the bound, or a cancel."""
        runs = self.runs[:threads]
        with ThreadPoolExecutor(threads) as executor:
            for meeting in range(MEETINGS):
                now = self.limits.monotonic_s()
                stop = now + (until - now) / (MEETINGS - meeting)
                list(executor.map(lambda run, stop=stop: run.go(bound, stop), runs))
                best = self._best()
                if best.makespan() <= bound or self.limits.cancelled():
                    break
                for run in runs:
                    if run.makespan() > best.makespan():
                        run.follow(best)

    def warm_up(self) -> None:
        """One move, whatever the bound."""
        self.runs[0].step(1, NONE)
