"""The graph of a job shop as rows of one array: heads, tails, makespan, topological order.

Rows: job before and after, machine before and after, duration, head, tail, topological order, and
place in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.jit import njit_bare

NO = -1


@njit_bare
def heads(g: NDArray[np.int64], low: int) -> None:
    """Heads from topological place ``low`` on."""
    jp, mp, dur, r, topo = g[0], g[2], g[4], g[5], g[7]
    for i in range(low, topo.shape[0]):
        x = topo[i]
        head = 0
        if jp[x] >= 0:
            head = r[jp[x]] + dur[jp[x]]
        y = mp[x]
        if y >= 0 and r[y] + dur[y] > head:
            head = r[y] + dur[y]
        r[x] = head


@njit_bare
def tails(g: NDArray[np.int64], high: int) -> None:
    """Tails from topological place ``high`` back to the first."""
    js, ms, dur, q, topo = g[1], g[3], g[4], g[6], g[7]
    for i in range(high, -1, -1):
        x = topo[i]
        tail = 0
        if js[x] >= 0:
            tail = q[js[x]] + dur[js[x]]
        y = ms[x]
        if y >= 0 and q[y] + dur[y] > tail:
            tail = q[y] + dur[y]
        q[x] = tail


@njit_bare
def makespan(g: NDArray[np.int64]) -> int:
    """The longest path."""
    best = 0
    for x in range(g.shape[1]):
        end = g[5, x] + g[4, x]
        best = max(best, end)
    return best


@njit_bare
def sort(g: NDArray[np.int64], waiting: Ints) -> int:
    """A topological order from the machine sequences; how many operations it holds."""
    n = g.shape[1]
    jp, js, mp, ms, topo, place = g[0], g[1], g[2], g[3], g[7], g[8]
    last = 0
    for x in range(n):
        waiting[x] = (jp[x] >= 0) + (mp[x] >= 0)
        if not waiting[x]:
            topo[last] = x
            last += 1
    first = 0
    while first < last:
        x = topo[first]
        place[x] = first
        first += 1
        for y in (js[x], ms[x]):
            if y >= 0:
                waiting[y] -= 1
                if not waiting[y]:
                    topo[last] = y
                    last += 1
    return last


@njit_bare
def critical(g: NDArray[np.int64], total: int, path: Ints) -> int:
    """A random critical path, first operation first, into ``path``; its length."""
    jp, mp, dur, r, q = g[0], g[2], g[4], g[5], g[6]
    n = g.shape[1]
    x, seen = NO, 0
    for i in range(n):
        if q[i] == 0 and r[i] + dur[i] == total:
            seen += 1
            if np.random.randint(seen) == 0:
                x = i
    k = n
    while x >= 0:
        k -= 1
        path[k] = x
        by_job = jp[x] >= 0 and r[jp[x]] + dur[jp[x]] == r[x]
        by_machine = mp[x] >= 0 and r[mp[x]] + dur[mp[x]] == r[x]
        if by_job and by_machine:
            x = jp[x] if np.random.random() < 0.5 else mp[x]
        elif by_job:
            x = jp[x]
        elif by_machine:
            x = mp[x]
        else:
            x = NO
    for i in range(k, n):
        path[i - k] = path[i]
    return n - k
