"""Tabu search for the job shop: N6 and N7 moves on a random critical path.

Balas and Vazacopoulos (1998) for the moves' feasibility and estimate, Zhang et al. (2007) for N7,
Nowicki and Smutnicki (1996) for the search.

A node is an operation; between the nodes of two jobs, and at both ends, stands one that is none,
so that the step before ``x`` is ``x - 1`` and the step behind it ``x + 1`` without looking. Such a
node has no duration, ends at 0 and has nothing behind it; so has node 0, which stands for nobody
on a machine. ``end``: when an operation ends; ``rest``: from its start to the end of everything
that must follow. Links are unsigned, since a signed index is asked first whether it counts from
behind, and the arrays stand alone, since a view of a row counts references.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.jit import njit_bare

Nodes = NDArray[np.uint32]
Times = NDArray[np.int64]
Counts = NDArray[np.int32]

ONE = np.uint64(1)
FAR = 2**60

BEST, NOW, MOVES, SINCE = range(4)
"""``log``: the run's best makespan, its current one, moves made, the move of its best."""

DICE, PICK = 0, 1
"""What ``pick`` holds, and how much that is."""


@njit_bare
def heads(mp: Nodes, dur: Times, end: Times, topo: Nodes, low: int) -> None:
    """Ends from topological place ``low`` on."""
    for i in range(np.uint64(low), np.uint64(topo.shape[0])):
        x = topo[i]
        end[x] = max(end[x - ONE], end[mp[x]]) + dur[x]


@njit_bare
def tails(ms: Nodes, dur: Times, rest: Times, topo: Nodes, high: int) -> None:
    """Rests from topological place ``high`` back to the first."""
    i = np.uint64(high + 1)
    while i > 0:
        i -= ONE
        x = topo[i]
        rest[x] = max(rest[x + ONE], rest[ms[x]]) + dur[x]


@njit_bare
def longest(end: Times, lasts: Nodes) -> int:
    """The makespan: the latest end of a job."""
    best = 0
    for k in range(lasts.shape[0]):
        best = max(best, end[lasts[k]])
    return best


@njit_bare
def _after(
    mp: Nodes, ms: Nodes, topo: Nodes, place: Nodes, mark: Ints, stamp: int, spare: Nodes,
    u: int, v: int,
) -> None:  # fmt: skip
    """Move u right behind v on their machine, and repair the topological order."""
    before, behind, first = mp[u], ms[v], ms[u]
    ms[before] = first
    mp[first] = before
    ms[v] = u
    mp[u] = v
    ms[u] = behind
    mp[behind] = u
    mp[0] = 0
    ms[0] = 0
    low, high = place[u], place[v]
    kept, moved = np.uint64(low), np.uint64(0)
    mark[u] = stamp
    for i in range(np.uint64(low), np.uint64(high) + ONE):
        x = topo[i]
        if x == u or (x != v and (mark[x - ONE] == stamp or mark[mp[x]] == stamp)):
            mark[x] = stamp
            spare[moved] = x
            moved += ONE
        else:
            topo[kept] = x
            place[x] = kept
            kept += ONE
    for i in range(moved):
        topo[kept + i] = spare[i]
        place[spare[i]] = kept + i


@njit_bare
def _before(
    mp: Nodes, ms: Nodes, topo: Nodes, place: Nodes, mark: Ints, stamp: int, spare: Nodes,
    u: int, v: int,
) -> None:  # fmt: skip
    """Move v right before u on their machine, and repair the topological order."""
    before, behind, last = mp[u], ms[v], mp[v]
    ms[last] = behind
    mp[behind] = last
    ms[before] = v
    mp[v] = before
    ms[v] = u
    mp[u] = v
    mp[0] = 0
    ms[0] = 0
    low, high = place[u], place[v]
    kept, moved = np.uint64(high), np.uint64(0)
    mark[v] = stamp
    i = np.uint64(high) + ONE
    while i > low:
        i -= ONE
        x = topo[i]
        if x == v or (x != u and (mark[x + ONE] == stamp or mark[ms[x]] == stamp)):
            mark[x] = stamp
            spare[moved] = x
            moved += ONE
        else:
            topo[kept] = x
            place[x] = kept
            kept -= ONE
    for k in range(moved):
        topo[kept - k] = spare[k]
        place[spare[k]] = kept - k


@njit_bare
def _value_after(
    mp: Nodes, ms: Nodes, dur: Times, end: Times, rest: Times, done: Times, u: int, v: int,
    most: int,
) -> int:  # fmt: skip
    """The longest path through the operations from u to v if u went right behind v.

    Given up once it is known to be longer than ``most``.
    """
    at, tail, best, x = end[mp[u]], 0, 0, u
    while x != v and best <= most:
        x = ms[x]
        at = max(at, end[x - ONE]) + dur[x]
        done[x] = at
        best = max(best, at + rest[x + ONE])
    if best <= most:
        tail = max(rest[u + ONE], rest[ms[v]]) + dur[u]
        best = max(at, end[u - ONE]) + tail
        x = v
        while x != u and best <= most:
            tail = max(tail, rest[x + ONE])
            best = max(best, done[x] + tail)
            tail += dur[x]
            x = mp[x]
    return best


@njit_bare
def _value_before(
    mp: Nodes, ms: Nodes, dur: Times, end: Times, rest: Times, done: Times, u: int, v: int,
    most: int,
) -> int:  # fmt: skip
    """The longest path through the operations from u to v if v went right before u."""
    own = max(end[v - ONE], end[mp[u]]) + dur[v]
    at, tail, best, x = own, 0, own + rest[v + ONE], u
    while x != v and best <= most:
        at = max(at, end[x - ONE]) + dur[x]
        done[x] = at
        best = max(best, at + rest[x + ONE])
        x = ms[x]
    if best <= most:
        tail = rest[ms[v]]
        x = v
        while x != u and best <= most:
            x = mp[x]
            tail = max(tail, rest[x + ONE])
            best = max(best, done[x] + tail)
            tail += dur[x]
        best = max(best, own + max(tail, rest[v + ONE]))
    return best


@njit_bare
def _is_tabu(
    mp: Nodes, ms: Nodes, tabu: Counts, rank: Nodes, u: int, v: int, forward: bool, now: int
) -> bool:
    """Whether a move would bring back an order of two operations that was just undone."""
    latest = 0
    x = u if forward else v
    if forward:
        while x != v:
            x = ms[x]
            latest = max(latest, tabu[x, rank[u]])
    else:
        while x != u:
            x = mp[x]
            latest = max(latest, tabu[v, rank[x]])
    return latest > now


@njit_bare
def _forbid(
    mp: Nodes, ms: Nodes, tabu: Counts, rank: Nodes, u: int, v: int, forward: bool, until: int
) -> None:
    if forward:
        x = u
        while x != v:
            x = ms[x]
            tabu[u, rank[x]] = until
        return
    x = v
    while x != u:
        x = mp[x]
        tabu[x, rank[v]] = until


@njit_bare
def _dice(pick: Ints, count: int) -> int:
    """Below ``count``; a linear congruential generator in ``pick``, for speed."""
    pick[DICE] = pick[DICE] * 1_103_515_245 + 12_345 & 0x7FFFFFFF
    return (pick[DICE] >> 8) % count


@njit_bare
def _critical(
    mp: Nodes, dur: Times, end: Times, total: int, lasts: Nodes, path: Nodes, pick: Ints
) -> int:
    """A random critical path into the end of ``path``, first operation first; where it begins."""
    x, seen = lasts[0], 0
    for k in range(lasts.shape[0]):
        if end[lasts[k]] == total:
            seen += 1
            if _dice(pick, seen) == 0:
                x = lasts[k]
    k = path.shape[0]
    while True:
        k -= 1
        path[k] = x
        start = end[x] - dur[x]
        if start == 0:
            return k
        job, other = x - ONE, mp[x]
        if end[job] == start and (end[other] != start or _dice(pick, 2)):
            x = np.uint32(job)
        else:
            x = other


@njit_bare
def _blocks(
    machine: Counts, path: Nodes, at: int, dur: Times, end: Times, rest: Times, moves: Nodes
) -> int:
    """Every feasible N6 and N7 move of a critical path into ``moves``; how many they are.

    The first row is moved right behind the second, or (third row 0) the second before the first.
    """
    count = np.uint64(0)
    i, stop = np.uint64(at), np.uint64(path.shape[0])
    while i < stop:
        j = i
        while j + ONE < stop and machine[path[j + ONE]] == machine[path[i]]:
            j += ONE
        for k in range(i, j):
            for kind in range(4):
                if kind and k == i and not (kind == 3 and j > i + ONE):
                    continue
                forward = kind < 2
                u = path[k] if kind == 0 or (kind == 3 and k > i) else path[i]
                v = path[j] if kind == 0 or kind == 3 else path[k]
                if v == u + ONE:
                    continue
                if forward:
                    a, b, by = rest[v], rest[u + ONE], dur[u + ONE]
                else:
                    a, b, by = end[u], end[v - ONE], dur[v - ONE]
                if a > b or (a == b and by):
                    moves[0, count] = u
                    moves[1, count] = v
                    moves[2, count] = forward
                    count += ONE
        i = j + ONE
    return int(count)


@njit_bare
def search(
    machine: Counts, rank: Nodes, lasts: Nodes, dur: Times, mp: Nodes, ms: Nodes, end: Times,
    rest: Times, topo: Nodes, place: Nodes, tabu: Counts, best: Nodes, log: Ints,
    path: Nodes, spare: Nodes, moves: Nodes, done: Times, mark: Ints, pick: Ints, tenure: int,
    stall: int, rounds: int, bound: int, seed: int,
) -> None:  # fmt: skip
    """``rounds`` moves on from the graph, or until nothing better came for ``stall`` moves.

    The graph stays consistent between calls. ``best`` keeps the topological order of the
    run's best; ``path`` to ``pick`` are room to work in.
    """
    pick[DICE] = seed & 0x7FFFFFFF
    stop = log[MOVES] + rounds
    while log[MOVES] < stop and log[BEST] > bound and log[MOVES] - log[SINCE] <= stall:
        log[MOVES] += 1
        now = log[MOVES]
        at = _critical(mp, dur, end, log[NOW], lasts, path, pick)
        count = _blocks(machine, path, at, dur, end, rest, moves)
        if not count:
            log[SINCE] = now - stall - 1
            return
        least, ties, chosen = FAR - 1, 0, np.uint64(_dice(pick, count))
        for k in range(count):
            u, v = moves[0, k], moves[1, k]
            if moves[2, k]:
                value = _value_after(mp, ms, dur, end, rest, done, u, v, least)
            else:
                value = _value_before(mp, ms, dur, end, rest, done, u, v, least)
            if value > least or (
                value >= log[BEST] and _is_tabu(mp, ms, tabu, rank, u, v, moves[2, k], now)
            ):
                continue
            ties = 1 if value < least else ties + 1
            if ties == 1 or _dice(pick, ties) == 0:
                least, chosen = value, np.uint64(k)
        u, v, forward = moves[0, chosen], moves[1, chosen], moves[2, chosen]
        low, high = place[u], place[v]
        until = now + tenure + _dice(pick, 1 + tenure * 2 // 5)
        _forbid(mp, ms, tabu, rank, u, v, forward == 1, until)
        if forward:
            _after(mp, ms, topo, place, mark, now, spare, u, v)
        else:
            _before(mp, ms, topo, place, mark, now, spare, u, v)
        heads(mp, dur, end, topo, low)
        tails(ms, dur, rest, topo, high)
        log[NOW] = longest(end, lasts)
        if log[NOW] < log[BEST]:
            log[BEST], log[SINCE] = log[NOW], now
            for i in range(np.uint64(topo.shape[0])):
                best[i] = topo[i]
