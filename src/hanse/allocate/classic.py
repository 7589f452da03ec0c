"""Tabu search for the plain job shop: two threads, and good schedules they begin between.

A run that stalls hands its best schedule to the pool of both threads and begins anew between two
members. Peng, Lü and Cheng (2015) walk from one to the other and repair; here start times are mixed
with one weight for all operations of a job and sorted. That order keeps every job's order, so the
machine sequences read from it have no cycle.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from hanse.allocate.kernels.tabu import (
    BEST,
    MOVES,
    NOW,
    PICK,
    SINCE,
    Counts,
    Nodes,
    heads,
    longest,
    search,
    tails,
)

if TYPE_CHECKING:
    from hanse.allocate.jobshop import JobShop, Limits
    from hanse.allocate.kernels.arrays import Floats, Ints

THREADS = 2
MEETINGS = 4
"""How often threads that have not stalled yet meet, and the one behind goes on from the best."""

STALL_MOVES = 6_000
"""Moves without a better makespan before a run ends."""

TENURE = 0.45
"""How many moves a pair of operations keeps its order, at least, by the root of their number."""

POOL = 8
"""Good schedules that are kept to begin between."""

NEAR = 0.3
"""Schedules of which fewer operations start at other times are one and the same to the pool."""

FAR = 0.35
SPREAD = 0.3
"""How far off runs begin while the pool fills; how differently jobs follow the two parents."""

CHUNK_S = 0.1
"""How long the compiled search goes on before somebody looks at the clock."""


@dataclass(slots=True)
class Nodesets:
    """What of a problem does not change, by node (see `kernels.tabu`)."""

    node: Ints
    job: Ints
    machine: Counts
    rank: Nodes
    lasts: Nodes
    dur: Ints

    @classmethod
    def of(cls, problem: JobShop) -> Nodesets:
        """The nodes of a job shop without choices."""
        lengths = [len(steps) for steps in problem.jobs]
        job = np.repeat(np.arange(len(lengths)), lengths)
        node = np.arange(len(job)) + job + 1
        size = len(job) + len(lengths) + 1
        machine, dur = np.full(size, -1, np.int32), np.zeros(size, np.int64)
        machine[node] = [step[0][0] for steps in problem.jobs for step in steps]
        dur[node] = [step[0][1] for steps in problem.jobs for step in steps]
        rank = np.zeros(size, np.uint32)
        rank[node] = _ranks(machine[node])
        ends = np.cumsum(lengths)[np.array(lengths) > 0] - 1
        return cls(node, job, machine, rank, node[ends].astype(np.uint32), dur)

    def order(self, starts: Ints) -> Ints:
        """All nodes by start, such that none comes before one it waits for."""
        by_start = np.lexsort((self.node, self.dur[self.node] > 0, starts))
        return self.node[by_start]


def _ranks(machine: Counts) -> Ints:
    """The place of each operation among those of its machine, in the order of their numbers."""
    order = np.argsort(machine, kind="stable")
    ranks = np.empty(len(machine), np.int64)
    ranks[order] = np.arange(len(machine)) - np.searchsorted(machine[order], machine[order])
    return ranks


def _sequences(machine: Counts, order: Ints) -> tuple[Nodes, Nodes]:
    """The node before and the node behind each on its machine."""
    rows = order[np.argsort(machine[order], kind="stable")]
    same = machine[rows[1:]] == machine[rows[:-1]]
    before, behind = np.zeros(len(machine), np.uint32), np.zeros(len(machine), np.uint32)
    before[rows[1:][same]] = rows[:-1][same]
    behind[rows[:-1][same]] = rows[1:][same]
    return before, behind


@dataclass(slots=True)
class Member:
    """A good schedule: its makespan, its nodes in an order that keeps all, and their starts."""

    makespan: int
    order: Ints
    starts: Ints


@dataclass(slots=True)
class Pool:
    """Good schedules that differ, shared by the threads."""

    members: list[Member] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def enter(self, member: Member) -> None:
        """In place of the worst, once the pool is full; not beside one that is nearly the same."""
        with self.lock:
            near = [m for m in self.members if _apart(m, member) < NEAR * len(member.order)]
            if any(m.makespan <= member.makespan for m in near):
                return
            self.members = [m for m in self.members if all(m is not n for n in near)]
            self.members.append(member)
            self.members.sort(key=lambda m: m.makespan)
            del self.members[POOL:]

    def parents(self, dice: np.random.Generator) -> list[Member]:
        """Two members, or all while there are fewer."""
        with self.lock:
            count = min(2, len(self.members))
            return [self.members[k] for k in dice.permutation(len(self.members))[:count]]


def _apart(a: Member, b: Member) -> int:
    """How many operations start another time by more than a fiftieth of the makespan."""
    return int((np.abs(a.starts - b.starts) > a.makespan // 50).sum())


class Run:
    """One thread's graph and its tabu list."""

    def __init__(self, problem: JobShop, nodes: Nodesets, seed: int) -> None:
        self.nodes = nodes
        self.dice = np.random.default_rng(seed)
        size, count = len(nodes.dur), len(nodes.node)
        self.mp, self.ms = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
        self.end, self.rest = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.topo, self.place = np.zeros(count, np.uint32), np.zeros(size, np.uint32)
        self.tabu = np.zeros((size, int(nodes.rank.max(initial=0)) + 1), np.int32)
        self.best = self.topo.copy()
        self.log: Ints = np.zeros(4, np.int64)
        self.tenure = min(
            10 + len(problem.jobs) // max(1, problem.machines), round(TENURE * count**0.5)
        )
        self.chunk = max(20, 400_000 // max(1, count))
        self.room = (
            np.zeros(count, np.uint32),
            np.zeros(size, np.uint32),
            np.zeros((3, 4 * size), np.uint32),
            np.zeros(size, np.int64),
            np.full(size, -1, np.int64),
            np.zeros(PICK, np.int64),
        )

    def lay(self, order: Ints) -> None:
        """Machine sequences in the order of these nodes."""
        self.mp[:], self.ms[:] = _sequences(self.nodes.machine, order)
        self.topo[:] = self.best[:] = order
        self.place[order] = np.arange(len(order))
        heads(self.mp, self.nodes.dur, self.end, self.topo, 0)
        tails(self.ms, self.nodes.dur, self.rest, self.topo, len(order) - 1)
        self.log[BEST] = self.log[NOW] = longest(self.end, self.nodes.lasts)
        self.log[SINCE] = self.log[MOVES]

    def step(self, rounds: int, bound: int) -> None:
        """Some moves."""
        nodes = self.nodes
        search(
            nodes.machine, nodes.rank, nodes.lasts, nodes.dur, self.mp, self.ms, self.end,
            self.rest, self.topo, self.place, self.tabu, self.best, self.log, *self.room,
            self.tenure, STALL_MOVES, rounds, bound, int(self.dice.integers(2**30)),
        )  # fmt: skip

    def stalled(self) -> bool:
        """Whether the run is over."""
        return bool(self.log[MOVES] - self.log[SINCE] > STALL_MOVES)

    def member(self) -> Member:
        """The run's best."""
        nodes, order = self.nodes, self.best.astype(np.int64)
        end = np.zeros(len(nodes.dur), np.int64)
        before, _ = _sequences(nodes.machine, order)
        heads(before, nodes.dur, end, self.best, 0)
        return Member(int(self.log[BEST]), order, (end - nodes.dur)[nodes.node])

    def begin(self, parents: list[Member], *, full: bool) -> None:
        """Anew: some way off from one member while the pool fills, then between two."""
        nodes, jobs = self.nodes, int(self.nodes.job.max(initial=0)) + 1
        first, second = parents[0], parents[-1]
        key: Floats
        if not full or first is second or _apart(first, second) < len(nodes.node) // 10:
            far = FAR if not full else FAR * self.dice.random()
            by = far * first.makespan * (self.dice.random(jobs) - 0.5)
            stretch = 1 + far * (self.dice.random(jobs) - 0.5)
            key = by[nodes.job] + stretch[nodes.job] * first.starts
        else:
            middle = 0.35 + 0.3 * self.dice.random()
            weight = np.clip(middle + SPREAD * (self.dice.random(jobs) - 0.5), 0, 1)[nodes.job]
            key = (1 - weight) * first.starts + weight * second.starts
        place = np.empty(len(nodes.dur), np.int64)
        place[first.order] = np.arange(len(first.order))
        self.lay(nodes.node[np.lexsort((place[nodes.node], key))])


class Search:
    """The search for one problem, by one thread or two."""

    def __init__(self, problem: JobShop, limits: Limits, starts: Ints) -> None:
        self.limits = limits
        self.nodes = Nodesets.of(problem)
        self.pool = Pool()
        self.runs = [Run(problem, self.nodes, limits.seed + 7_919 * n) for n in range(THREADS)]
        for run in self.runs:
            run.lay(self.nodes.order(starts))
        self.best = self.runs[0].member()

    def makespan(self) -> int:
        """The best so far."""
        return self.best.makespan

    def moves(self) -> int:
        """Moves made by all threads."""
        return sum(int(run.log[MOVES]) for run in self.runs)

    def schedule(self) -> tuple[list[int], list[int]]:
        """Starts and choices of the best; they must reach its makespan."""
        assert int((self.best.starts + self.nodes.dur[self.nodes.node]).max()) == self.makespan()
        return self.best.starts.tolist(), [0] * len(self.best.starts)

    def go(self, bound: int, until: float, *, threads: int = THREADS) -> None:
        """Search until an instant of the clock, the bound, or a cancel."""
        runs = self.runs[:threads]
        with ThreadPoolExecutor(threads) as executor:
            for meeting in range(MEETINGS):
                now = self.limits.monotonic_s()
                stop = now + (until - now) / (MEETINGS - meeting)
                list(executor.map(lambda run, stop=stop: self._alone(run, bound, stop), runs))
                if self._over(bound, until):
                    break
                for run in runs:
                    if not self.pool.members and run.log[BEST] > self.best.makespan:
                        run.lay(self.best.order)

    def _over(self, bound: int, until: float) -> bool:
        limits = self.limits
        return self.best.makespan <= bound or limits.cancelled() or limits.monotonic_s() >= until

    def _alone(self, run: Run, bound: int, until: float) -> None:
        while not self._over(bound, until):
            began, moves = self.limits.monotonic_s(), int(run.log[MOVES])
            run.step(run.chunk, bound)
            took = max(1e-4, self.limits.monotonic_s() - began)
            left = min(CHUNK_S, max(0.01, until - began - took))
            made = int(run.log[MOVES]) - moves
            run.chunk = max(10, min(2 * run.chunk, round(made * left / took)))
            if run.log[BEST] < self.best.makespan:
                self._better(run)
            if run.stalled():
                self.pool.enter(run.member())
                full = len(self.pool.members) >= POOL
                run.begin(self.pool.parents(run.dice), full=full)

    def _better(self, run: Run) -> None:
        found = run.member()
        with self.pool.lock:
            if found.makespan < self.best.makespan:
                self.best = found

    def warm_up(self) -> None:
        """One move, whatever the bound."""
        self.runs[0].step(1, -1)
