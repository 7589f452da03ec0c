"""Tabu search for the job shop: N6 and N7 moves on a random critical path.

Balas and Vazacopoulos (1998) for the moves' feasibility and estimate, Zhang et al. (2007) for N7,
Nowicki and Smutnicki (1996) for the search. The topological order is repaired around each move;
heads are passed on from the move's first place, tails from its last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.jit import njit

HASH = 1 << 22
NO = -1


@njit
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


@njit
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


@njit
def makespan(g: NDArray[np.int64]) -> int:
    """The longest path."""
    best = 0
    for x in range(g.shape[1]):
        end = g[5, x] + g[4, x]
        best = max(best, end)
    return best


@njit
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


@njit
def _head(g: NDArray[np.int64], x: int) -> int:
    y = g[0, x]
    return g[5, y] + g[4, y] if y >= 0 else 0


@njit
def _tail(g: NDArray[np.int64], x: int) -> int:
    y = g[1, x]
    return g[6, y] + g[4, y] if y >= 0 else 0


@njit
def _estimate_after(g: NDArray[np.int64], u: int, v: int, head: Ints) -> int:
    """The longest path through the operations from u to v if u went right behind v."""
    mp, ms, dur, r, q = g[2], g[3], g[4], g[5], g[6]
    y = mp[u]
    at = r[y] + dur[y] if y >= 0 else 0
    x = ms[u]
    while True:
        at = max(at, _head(g, x))
        head[x] = at
        at += dur[x]
        if x == v:
            break
        x = ms[x]
    head[u] = max(at, _head(g, u))
    y = ms[v]
    tail = max(_tail(g, u), q[y] + dur[y] if y >= 0 else 0)
    best = head[u] + dur[u] + tail
    tail += dur[u]
    x = v
    while x != u:
        tail = max(tail, _tail(g, x))
        best = max(best, head[x] + dur[x] + tail)
        tail += dur[x]
        x = mp[x]
    return best


@njit
def _estimate_before(g: NDArray[np.int64], u: int, v: int, head: Ints) -> int:
    """The longest path through the operations from u to v if v went right before u."""
    mp, ms, dur, r, q = g[2], g[3], g[4], g[5], g[6]
    y = mp[u]
    at = max(_head(g, v), r[y] + dur[y] if y >= 0 else 0)
    head[v] = at
    at += dur[v]
    x = u
    while x != v:
        at = max(at, _head(g, x))
        head[x] = at
        at += dur[x]
        x = ms[x]
    y = ms[v]
    tail = q[y] + dur[y] if y >= 0 else 0
    best = 0
    x = mp[v]
    while True:
        tail = max(tail, _tail(g, x))
        best = max(best, head[x] + dur[x] + tail)
        tail += dur[x]
        if x == u:
            break
        x = mp[x]
    tail = max(tail, _tail(g, v))
    return max(best, head[v] + dur[v] + tail)


@njit
def _slot(u: int, v: int) -> int:
    return (u * 1_000_003 + v * 7_919) & (HASH - 1)


@njit
def _is_tabu(g: NDArray[np.int64], tabu: Ints, u: int, v: int, forward: bool, now: int) -> bool:
    """Whether a move would bring back an order of two operations that was just undone."""
    ms, mp = g[3], g[2]
    if forward:
        x = ms[u]
        while True:
            if tabu[_slot(x, u)] > now:
                return True
            if x == v:
                return False
            x = ms[x]
    x = mp[v]
    while True:
        if tabu[_slot(v, x)] > now:
            return True
        if x == u:
            return False
        x = mp[x]


@njit
def _forbid(g: NDArray[np.int64], tabu: Ints, u: int, v: int, forward: bool, until: int) -> None:
    ms, mp = g[3], g[2]
    if forward:
        x = ms[u]
        while True:
            tabu[_slot(u, x)] = until
            if x == v:
                return
            x = ms[x]
    x = mp[v]
    while True:
        tabu[_slot(x, v)] = until
        if x == u:
            return
        x = mp[x]


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


@njit
def _may_follow(g: NDArray[np.int64], u: int, v: int) -> bool:
    js, dur, q = g[1], g[4], g[6]
    return js[u] < 0 or q[v] + dur[v] >= q[js[u]] + dur[js[u]]


@njit
def _may_lead(g: NDArray[np.int64], u: int, v: int) -> bool:
    jp, dur, r = g[0], g[4], g[5]
    return jp[v] < 0 or r[u] + dur[u] >= r[jp[v]] + dur[jp[v]]


@njit
def _consider(
    g: NDArray[np.int64], u: int, v: int, forward: bool, head: Ints, tabu: Ints, now: int,
    total: int, pick: Ints,
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
    if np.random.randint(pick[9]) == 0:
        pick[5], pick[6], pick[7] = u, v, int(forward)
    if value >= total and _is_tabu(g, tabu, u, v, forward, now):
        return
    if value < pick[0]:
        pick[4] = 0
    if value <= pick[0]:
        pick[4] += 1
        if np.random.randint(pick[4]) == 0:
            pick[0], pick[1], pick[2], pick[3] = value, u, v, int(forward)


@njit
def _scan(
    g: NDArray[np.int64], machine: Ints, path: Ints, length: int, head: Ints, tabu: Ints, now: int,
    best: int, pick: Ints,
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
            _consider(g, path[k], last, True, head, tabu, now, best, pick)
            if k > i:
                _consider(g, first, path[k], True, head, tabu, now, best, pick)
        for k in range(i + 1, j + 1):
            if j > i + 1 or k < j:
                _consider(g, first, path[k], False, head, tabu, now, best, pick)
                if k < j:
                    _consider(g, path[k], last, False, head, tabu, now, best, pick)
        i = j + 1


@njit
def _restart(
    g: NDArray[np.int64], machine: Ints, kept: NDArray[np.int64], work: Ints, kicks: int
) -> int:  # fmt: skip
    """Back to a kept sequence, shaken by some random critical swaps; its makespan."""
    n = g.shape[1]
    g[2, :] = kept[0]
    g[3, :] = kept[1]
    sort(g, work)
    heads(g, 0)
    tails(g, n - 1)
    total = makespan(g)
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
def search(
    g: NDArray[np.int64], machine: Ints, tabu: Ints, best: NDArray[np.int64],
    elite: NDArray[np.int64], log: Ints, tenure: int, stall: int, rounds: int, bound: int,
    seed: int,
) -> None:  # fmt: skip
    """``rounds`` moves on from the graph ``g``, which stays consistent between calls.

    Rows of ``g``: job before and after, machine before and after, duration, head, tail,
    topological order, and place in it. ``best`` keeps the machine rows of the best; ``elite``
    those of the last bests. ``log``: best makespan, makespan, move number, best at move, bests.
    """
    np.random.seed(seed)
    n = g.shape[1]
    path, head, spare = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    mark = np.full(n, -1, np.int64)
    pick = np.zeros(10, np.int64)
    end = log[2] + rounds
    while log[2] < end and log[0] > bound:
        log[2] += 1
        now = log[2]
        length = critical(g, log[1], path)
        _scan(g, machine, path, length, head, tabu, now, log[0], pick)
        if pick[1] == NO and pick[5] == NO:
            log[1] = _restart(g, machine, best, path, 30)
            continue
        u, v, forward = (
            (pick[1], pick[2], pick[3]) if pick[1] != NO else (pick[5], pick[6], pick[7])
        )
        low, high = g[8, u], g[8, v]
        _forbid(g, tabu, u, v, forward == 1, now + tenure + np.random.randint(1 + tenure * 2 // 5))
        if forward:
            _after(g, u, v, mark, now, spare)
        else:
            _before(g, u, v, mark, now, spare)
        heads(g, low)
        tails(g, high)
        log[1] = makespan(g)
        if log[1] < log[0]:
            log[0], log[3] = log[1], now
            best[0, :] = g[2]
            best[1, :] = g[3]
            kept = log[4] % (elite.shape[0] // 2)
            elite[2 * kept] = g[2]
            elite[2 * kept + 1] = g[3]
            log[4] += 1
        elif now - log[3] > stall:
            log[3] = now
            known = min(log[4], elite.shape[0] // 2)
            which = np.random.randint(known) if known and np.random.random() < 0.5 else NO
            source = best if which == NO else elite[2 * which : 2 * which + 2]
            log[1] = _restart(g, machine, source, path, 5 + np.random.randint(40))
