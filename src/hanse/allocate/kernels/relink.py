"""Between two schedules: path relinking for the job shop by mixed start times.

After Peng, Lü and Cheng (2015), but without repair: where the start times of two schedules are
mixed with one weight for all operations of a job, their order keeps every job's order, so the
machine sequences read from it have no cycle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.allocate.kernels.arrays import Floats, Ints
from hanse.allocate.kernels.graph import heads, makespan, sort, tails
from hanse.allocate.kernels.jit import njit

NO = -1


@njit
def load(g: NDArray[np.int64], kept: NDArray[np.int64], work: Ints) -> int:
    """A kept sequence into the graph, complete; its makespan."""
    g[2, :] = kept[0]
    g[3, :] = kept[1]
    sort(g, work)
    heads(g, 0)
    tails(g, g.shape[1] - 1)
    return makespan(g)


@njit
def _sequence(g: NDArray[np.int64], machine: Ints, key: Floats, work: Ints) -> int:
    """Machine sequences in the order of keys (ties: as the graph was sorted); the makespan."""
    n = g.shape[1]
    order = g[7].copy()
    order = order[np.argsort(key[order], kind="mergesort")]
    last = np.full(machine.max() + 1, NO, np.int64)
    for i in range(n):
        x = order[i]
        before = last[machine[x]]
        g[2, x] = before
        g[3, x] = NO
        if before >= 0:
            g[3, before] = x
        last[machine[x]] = x
    sort(g, work)
    heads(g, 0)
    tails(g, n - 1)
    return makespan(g)


@njit
def apart(a: NDArray[np.int64], b: NDArray[np.int64]) -> int:
    """How many operations have another one behind them on their machine."""
    return int((a[1] != b[1]).sum())


@njit
def between(
    g: NDArray[np.int64], machine: Ints, a: NDArray[np.int64], b: NDArray[np.int64], spread: float,
    work: Ints,
) -> int:  # fmt: skip
    """A schedule about half way from ``a`` to ``b`` into the graph; its makespan."""
    n = g.shape[1]
    load(g, b, work)
    other = g[5].astype(np.float64)
    load(g, a, work)
    key = np.zeros(n)
    middle = 0.35 + 0.3 * np.random.random()
    for x in range(n):
        if g[0, x] >= 0:
            continue
        weight = middle + spread * (np.random.random() - 0.5)
        weight = min(1.0, max(0.0, weight))
        y = x
        while y >= 0:
            key[y] = (1.0 - weight) * g[5, y] + weight * other[y]
            y = g[1, y]
    return _sequence(g, machine, key, work)


@njit
def elsewhere(
    g: NDArray[np.int64], machine: Ints, a: NDArray[np.int64], far: float, work: Ints
) -> int:  # fmt: skip
    """A schedule some way off from ``a``: every job begins earlier or later, faster or slower."""
    n = g.shape[1]
    total = load(g, a, work)
    key = np.zeros(n)
    for x in range(n):
        if g[0, x] >= 0:
            continue
        by = far * total * (np.random.random() - 0.5)
        stretch = 1.0 + far * (np.random.random() - 0.5)
        y = x
        while y >= 0:
            key[y] = by + stretch * g[5, y]
            y = g[1, y]
    return _sequence(g, machine, key, work)
