"""Tabu search for the job shop: N6 and N7 moves on a random critical path.

Balas and Vazacopoulos (1998) for the moves' feasibility and estimate, Zhang et al. (2007) for N7,
Nowicki and Smutnicki (1996) for the search. The topological order is repaired around each move;
heads are passed on from the move's first place, tails from its last. A run that stalls enters a
pool of good schedules; the next begins between two of them. Rows of ``g`` are indexed where they
are used: a view of a row counts references, which made a move three times dearer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.graph import heads, makespan, tails
from hanse.allocate.kernels.jit import njit, njit_inline
from hanse.allocate.kernels.relink import apart, between, elsewhere, load

NO = -1


@njit
def _after(g: NDArray[np.int64], u: int, v: int, mark: Ints, stamp: int, spare: Ints) -> None:
    """Move u right behind v on their machine, and repair the topological order."""
    jp, mp, ms, topo, place = g[0], g[2], g[3], g[7], g[8]
    before, behind = mp[u], ms[v]
    first = ms[u]
    if before >= 0:
        ms[before] = first
    mp[first] = before
    ms[v] = u
    mp[u] = v
    ms[u] = behind
    if behind >= 0:
        mp[behind] = u
    low, high = place[u], place[v]
    kept, moved = low, 0
    mark[u] = stamp
    for i in range(low, high + 1):
        x = topo[i]
        if x == u or (
            x != v
            and ((jp[x] >= 0 and mark[jp[x]] == stamp) or (mp[x] >= 0 and mark[mp[x]] == stamp))
        ):
            mark[x] = stamp
            spare[moved] = x
            moved += 1
        else:
            topo[kept] = x
            place[x] = kept
            kept += 1
    for i in range(moved):
        topo[kept + i] = spare[i]
        place[spare[i]] = kept + i


@njit
def _before(g: NDArray[np.int64], u: int, v: int, mark: Ints, stamp: int, spare: Ints) -> None:
    """Move v right before u on their machine, and repair the topological order."""
    js, mp, ms, topo, place = g[1], g[2], g[3], g[7], g[8]
    before, behind = mp[u], ms[v]
    last = mp[v]
    ms[last] = behind
    if behind >= 0:
        mp[behind] = last
    if before >= 0:
        ms[before] = v
    mp[v] = before
    ms[v] = u
    mp[u] = v
    low, high = place[u], place[v]
    kept, moved = high, 0
    mark[v] = stamp
    for i in range(high, low - 1, -1):
        x = topo[i]
        if x == v or (
            x != u
            and ((js[x] >= 0 and mark[js[x]] == stamp) or (ms[x] >= 0 and mark[ms[x]] == stamp))
        ):
            mark[x] = stamp
            spare[moved] = x
            moved += 1
        else:
            topo[kept] = x
            place[x] = kept
            kept -= 1
    for i in range(moved):
        topo[kept - i] = spare[i]
        place[spare[i]] = kept - i


@njit_inline
def _head(g: NDArray[np.int64], x: int) -> int:
    y = g[0, x]
    return g[5, y] + g[4, y] if y >= 0 else 0


@njit_inline
def _tail(g: NDArray[np.int64], x: int) -> int:
    y = g[1, x]
    return g[6, y] + g[4, y] if y >= 0 else 0


@njit_inline
def _estimate_after(g: NDArray[np.int64], u: int, v: int, head: Ints) -> int:
    """The longest path through the operations from u to v if u went right behind v."""
    y = g[2, u]
    at = g[5, y] + g[4, y] if y >= 0 else 0
    x = g[3, u]
    while True:
        at = max(at, _head(g, x))
        head[x] = at
        at += g[4, x]
        if x == v:
            break
        x = g[3, x]
    head[u] = max(at, _head(g, u))
    y = g[3, v]
    tail = max(_tail(g, u), g[6, y] + g[4, y] if y >= 0 else 0)
    best = head[u] + g[4, u] + tail
    tail += g[4, u]
    x = v
    while x != u:
        tail = max(tail, _tail(g, x))
        best = max(best, head[x] + g[4, x] + tail)
        tail += g[4, x]
        x = g[2, x]
    return best


@njit_inline
def _estimate_before(g: NDArray[np.int64], u: int, v: int, head: Ints) -> int:
    """The longest path through the operations from u to v if v went right before u."""
    y = g[2, u]
    at = max(_head(g, v), g[5, y] + g[4, y] if y >= 0 else 0)
    head[v] = at
    at += g[4, v]
    x = u
    while x != v:
        at = max(at, _head(g, x))
        head[x] = at
        at += g[4, x]
        x = g[3, x]
    y = g[3, v]
    tail = g[6, y] + g[4, y] if y >= 0 else 0
    best = 0
    x = g[2, v]
    while True:
        tail = max(tail, _tail(g, x))
        best = max(best, head[x] + g[4, x] + tail)
        tail += g[4, x]
        if x == u:
            break
        x = g[2, x]
    tail = max(tail, _tail(g, v))
    return max(best, head[v] + g[4, v] + tail)


@njit_inline
def _is_tabu(
    g: NDArray[np.int64], tabu: Ints, rank: Ints, u: int, v: int, forward: bool, now: int
) -> bool:
    """Whether a move would bring back an order of two operations that was just undone."""
    if forward:
        x = g[3, u]
        while True:
            if tabu[x, rank[u]] > now:
                return True
            if x == v:
                return False
            x = g[3, x]
    x = g[2, v]
    while True:
        if tabu[v, rank[x]] > now:
            return True
        if x == u:
            return False
        x = g[2, x]


@njit
def _forbid(
    g: NDArray[np.int64], tabu: Ints, rank: Ints, u: int, v: int, forward: bool, until: int
) -> None:
    if forward:
        x = g[3, u]
        while True:
            tabu[u, rank[x]] = until
            if x == v:
                return
            x = g[3, x]
    x = g[2, v]
    while True:
        tabu[x, rank[v]] = until
        if x == u:
            return
        x = g[2, x]


@njit
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


@njit_inline
def _may_follow(g: NDArray[np.int64], u: int, v: int) -> bool:
    return g[1, u] < 0 or g[6, v] + g[4, v] >= g[6, g[1, u]] + g[4, g[1, u]]


@njit_inline
def _may_lead(g: NDArray[np.int64], u: int, v: int) -> bool:
    return g[0, v] < 0 or g[5, u] + g[4, u] >= g[5, g[0, v]] + g[4, g[0, v]]


@njit_inline
def _one_in(pick: Ints, count: int) -> bool:
    """True once in so many times; a linear congruential generator in ``pick``, for speed."""
    pick[10] = pick[10] * 1_103_515_245 + 12_345 & 0x7FFFFFFF
    return (pick[10] >> 8) % count == 0


@njit
def _consider(
    g: NDArray[np.int64], u: int, v: int, forward: bool, head: Ints, tabu: Ints, rank: Ints,
    now: int, total: int, pick: Ints,
) -> None:  # fmt: skip
    """One move against the best so far in ``pick``: value, u, v, forward, ties, and any, u, v."""
    if forward:
        if not _may_follow(g, u, v):
            return
        value = _estimate_after(g, u, v, head)
    else:
        if not _may_lead(g, u, v):
            return
        value = _estimate_before(g, u, v, head)
    pick[9] += 1
    if _one_in(pick, pick[9]):
        pick[5], pick[6], pick[7] = u, v, int(forward)
    if value >= total and _is_tabu(g, tabu, rank, u, v, forward, now):
        return
    if value < pick[0]:
        pick[4] = 0
    if value <= pick[0]:
        pick[4] += 1
        if _one_in(pick, pick[4]):
            pick[0], pick[1], pick[2], pick[3] = value, u, v, int(forward)


@njit
def _scan(
    g: NDArray[np.int64], machine: Ints, path: Ints, length: int, head: Ints, tabu: Ints,
    rank: Ints, now: int, best: int, pick: Ints,
) -> None:  # fmt: skip
    """Every N6 and N7 move of every block of a critical path."""
    pick[0], pick[1], pick[4], pick[5], pick[9] = 2**60, NO, 0, NO, 0
    i = 0
    while i < length:
        j = i
        while j + 1 < length and machine[path[j + 1]] == machine[path[i]]:
            j += 1
        first, last = path[i], path[j]
        for k in range(i, j):
            _consider(g, path[k], last, True, head, tabu, rank, now, best, pick)
            if k > i:
                _consider(g, first, path[k], True, head, tabu, rank, now, best, pick)
        for k in range(i + 1, j + 1):
            if j > i + 1 or k < j:
                _consider(g, first, path[k], False, head, tabu, rank, now, best, pick)
                if k < j:
                    _consider(g, path[k], last, False, head, tabu, rank, now, best, pick)
        i = j + 1


@njit
def _shake(g: NDArray[np.int64], machine: Ints, total: int, work: Ints, kicks: int) -> int:
    """Some random swaps on critical paths; the makespan."""
    n = g.shape[1]
    mark, spare = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for kick in range(1, kicks + 1):
        length = critical(g, total, work)
        at = np.random.randint(max(1, length - 1))
        for step in range(length - 1):
            i = (at + step) % (length - 1)
            if machine[work[i]] == machine[work[i + 1]]:
                low = g[8, work[i]]
                high = g[8, work[i + 1]]
                _after(g, work[i], work[i + 1], mark, kick, spare)
                heads(g, low)
                tails(g, high)
                break
        total = makespan(g)
    return total


@njit
def _enter(
    pool: NDArray[np.int64], worth: Ints, known: int, run: NDArray[np.int64], value: int
) -> int:
    """A finished run into the pool, in place of the worst once that is full; how many it holds."""
    size = worth.shape[0]
    for k in range(known):
        if worth[k] == value and apart(pool[2 * k : 2 * k + 2], run) <= 2:
            return known
    at = known
    if known == size:
        at = int(np.argmax(worth))
        if worth[at] < value:
            return known
    pool[2 * at] = run[0]
    pool[2 * at + 1] = run[1]
    worth[at] = value
    return min(size, known + 1)


@njit
def _next(
    g: NDArray[np.int64], machine: Ints, pool: NDArray[np.int64], worth: Ints, known: int,
    far: float, spread: float, work: Ints,
) -> int:  # fmt: skip
    """Where the next run begins: far off while the pool fills, then between two of its members."""
    i = np.random.randint(known)
    first = pool[2 * i : 2 * i + 2]
    if known < worth.shape[0]:
        return elsewhere(g, machine, first, far, work)
    j = (i + 1 + np.random.randint(known - 1)) % known
    second = pool[2 * j : 2 * j + 2]
    if apart(first, second) < g.shape[1] // 10:
        if worth[i] > worth[j]:
            worth[i] = 2**60
        elif worth[j] > worth[i]:
            worth[j] = 2**60
        return elsewhere(g, machine, first, far * np.random.random(), work)
    return between(g, machine, first, second, spread, work)


@njit
def search(
    g: NDArray[np.int64], machine: Ints, rank: Ints, tabu: Ints, best: NDArray[np.int64],
    pool: NDArray[np.int64], worth: Ints, log: Ints, tenure: int, stall: int, far: float,
    spread: float, rounds: int, bound: int, seed: int,
) -> None:  # fmt: skip
    """``rounds`` moves on from the graph ``g``, which stays consistent between calls.

    Rows of ``g`` as in `graph`. ``best`` keeps the machine rows of the best, ``pool`` those of
    some good ones and at its end of the run that goes on, ``worth`` their makespans. ``log``: best
    makespan, makespan, move number, move of the run's last best, size of the pool, the run's best.
    """
    np.random.seed(seed)
    n = g.shape[1]
    path, head, spare = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    mark = np.full(n, -1, np.int64)
    pick = np.zeros(11, np.int64)
    pick[10] = seed & 0x7FFFFFFF
    end = log[2] + rounds
    run = pool[2 * worth.shape[0] :]
    while log[2] < end and log[0] > bound:
        log[2] += 1
        now = log[2]
        length = critical(g, log[1], path)
        _scan(g, machine, path, length, head, tabu, rank, now, log[0], pick)
        if pick[1] == NO and pick[5] == NO:
            log[1] = _shake(g, machine, load(g, best, path), path, 30)
            continue
        u, v, forward = (
            (pick[1], pick[2], pick[3]) if pick[1] != NO else (pick[5], pick[6], pick[7])
        )
        low, high = g[8, u], g[8, v]
        until = now + tenure + np.random.randint(1 + tenure * 2 // 5)
        _forbid(g, tabu, rank, u, v, forward == 1, until)
        if forward:
            _after(g, u, v, mark, now, spare)
        else:
            _before(g, u, v, mark, now, spare)
        heads(g, low)
        tails(g, high)
        log[1] = makespan(g)
        if log[1] < log[5]:
            log[5], log[3] = log[1], now
            run[0] = g[2]
            run[1] = g[3]
            if log[1] < log[0]:
                log[0] = log[1]
                best[0, :] = g[2]
                best[1, :] = g[3]
        elif now - log[3] > stall:
            log[4] = _enter(pool, worth, log[4], run, log[5])
            log[1] = _next(g, machine, pool, worth, log[4], far, spread, path)
            log[3], log[5] = now, log[1]
            run[0] = g[2]
            run[1] = g[3]
