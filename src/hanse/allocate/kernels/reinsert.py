"""Tabu search for the flexible job shop: take a critical operation out and put it back best.

Mastrolilli and Gambardella (2000): without the operation, heads and tails are computed exactly;
every place between those that must go before and those that must go after is feasible, and the
longest path through it there is exact. Eight critical operations are tried a move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.graph import NO, critical, heads, makespan, sort, tails
from hanse.allocate.kernels.jit import njit_bare

SAMPLE = 8


@njit_bare
def _unlink(g: NDArray[np.int64], x: int) -> None:
    mp, ms = g[2], g[3]
    if mp[x] >= 0:
        ms[mp[x]] = ms[x]
    if ms[x] >= 0:
        mp[ms[x]] = mp[x]


@njit_bare
def _relink(g: NDArray[np.int64], x: int) -> None:
    mp, ms = g[2], g[3]
    if mp[x] >= 0:
        ms[mp[x]] = x
    if ms[x] >= 0:
        mp[ms[x]] = x


@njit_bare
def _without(g: NDArray[np.int64], x: int, r: Ints, q: Ints) -> int:
    """Exact heads and tails of the graph without x (its time 0, off its machine); its makespan.

    Heads change only behind x, tails only before it.
    """
    jp, js, mp, ms, dur, topo = g[0], g[1], g[2], g[3], g[4], g[7]
    n = g.shape[1]
    for y in range(n):
        r[y] = g[5, y]
        q[y] = g[6, y]
    for i in range(g[8, x], n):
        y = topo[i]
        at = 0
        if jp[y] >= 0:
            z = jp[y]
            at = r[z] + (0 if z == x else dur[z])
        if y != x and mp[y] >= 0:
            z = mp[y]
            at = max(at, r[z] + dur[z])
        r[y] = at
    total = 0
    for y in range(n):
        total = max(total, r[y] + (0 if y == x else dur[y]))
    for i in range(g[8, x], -1, -1):
        y = topo[i]
        at = 0
        if js[y] >= 0:
            z = js[y]
            at = q[z] + (0 if z == x else dur[z])
        if y != x and ms[y] >= 0:
            z = ms[y]
            at = max(at, q[z] + dur[z])
        q[y] = at
    return total


@njit_bare
def _places(
    g: NDArray[np.int64], x: int, first: int, dur_x: int, r: Ints, q: Ints, rest: int, avoid: int,
    pick: Ints,
) -> None:  # fmt: skip
    """The best place for x in one machine's sequence, into ``pick``: value, via, behind, before.

    Feasible is every place behind what has more to come and before what could only end later.
    ``first``: the sequence's first operation without x. ``avoid``: the operation behind which x
    stood (its old place is no move), -2 for another machine.
    """
    ms, dur = g[3], g[4]
    head, tail = r[x], q[x]
    behind, y = NO, first
    low = NO
    while y >= 0:
        if q[y] + dur[y] > tail and not r[y] + dur[y] > head:
            low = y
        y = ms[y]
    started = low == NO
    y = first
    while True:
        if started and behind != avoid:
            at = head if behind < 0 else max(head, r[behind] + dur[behind])
            to = tail if y < 0 else max(tail, q[y] + dur[y])
            via = at + dur_x + to
            value = max(rest, via)
            if value < pick[0] or (value == pick[0] and via < pick[1]):
                pick[0], pick[1], pick[2], pick[3], pick[4] = value, via, behind, y, 1
        if y < 0:
            return
        if r[y] + dur[y] > head and not q[y] + dur[y] > tail:
            return
        behind = y
        if y == low:
            started = True
        y = ms[y]


@njit_bare
def _try_out(
    g: NDArray[np.int64], x: int, machine: Ints, choice_off: Ints, choice_machine: Ints,
    choice_time: Ints, firsts: Ints, r: Ints, q: Ints, found: Ints, pick: Ints,
) -> None:  # fmt: skip
    """The best of every place on every machine for x, into ``found``: value, via, behind, y, c."""
    old_first = firsts[machine[x]]
    if old_first == x:
        firsts[machine[x]] = g[3, x]
    _unlink(g, x)
    rest = _without(g, x, r, q)
    found[0], found[1], found[4] = 2**60, 2**60, NO
    for c in range(choice_off[x], choice_off[x + 1]):
        m = choice_machine[c]
        pick[0], pick[1], pick[4] = found[0], found[1], 0
        avoid = g[2, x] if m == machine[x] else -2
        _places(g, x, firsts[m], choice_time[c], r, q, rest, avoid, pick)
        if pick[4]:
            found[0], found[1], found[2], found[3], found[4] = pick[0], pick[1], pick[2], pick[3], c
    _relink(g, x)
    firsts[machine[x]] = old_first


@njit_bare
def _move(
    g: NDArray[np.int64], x: int, machine: Ints, choice_machine: Ints, choice_time: Ints,
    chosen: Ints, firsts: Ints, found: Ints,
) -> None:  # fmt: skip
    """Take x out and put it where ``found`` says."""
    if firsts[machine[x]] == x:
        firsts[machine[x]] = g[3, x]
    _unlink(g, x)
    c = found[4]
    machine[x] = choice_machine[c]
    chosen[x] = c
    g[4, x] = choice_time[c]
    g[2, x], g[3, x] = found[2], found[3]
    _relink(g, x)
    if found[2] < 0:
        firsts[machine[x]] = x


@njit_bare
def _keep(g: NDArray[np.int64], chosen: Ints, firsts: Ints, best: NDArray[np.int64]) -> None:
    for x in range(g.shape[1]):
        best[0, x], best[1, x], best[2, x] = g[2, x], g[3, x], chosen[x]
    for m in range(firsts.shape[0]):
        best[3, m] = firsts[m]


@njit_bare
def _back(
    g: NDArray[np.int64], machine: Ints, choice_machine: Ints, choice_time: Ints, chosen: Ints,
    firsts: Ints, best: NDArray[np.int64],
) -> None:  # fmt: skip
    for m in range(firsts.shape[0]):
        firsts[m] = best[3, m]
    for x in range(g.shape[1]):
        g[2, x], g[3, x], chosen[x] = best[0, x], best[1, x], best[2, x]
        machine[x] = choice_machine[chosen[x]]
        g[4, x] = choice_time[chosen[x]]


@njit_bare
def search(
    g: NDArray[np.int64], machine: Ints, choice_off: Ints, choice_machine: Ints, choice_time: Ints,
    chosen: Ints, firsts: Ints, best: NDArray[np.int64], tabu: Ints, log: Ints,
    room: NDArray[np.int64], stall: int, rounds: int, bound: int, seed: int,
) -> None:  # fmt: skip
    """``rounds`` moves on from ``g``; rows of ``g`` as in `graph`.

    ``log``: best makespan, makespan, move number, move of the last best. ``room``: seven rows to
    work in.

    ``best`` keeps machine rows, choices and first operations of the best; its rows are as long as
    the longer of operations and machines. ``tabu[x]``: until which move x stays put.
    """
    np.random.seed(seed)
    n = g.shape[1]
    path, work, r, q = room[0], room[1], room[2], room[3]
    found, pick, top = room[4], room[5], room[6]
    end = log[2] + rounds
    shaking = 0
    while log[2] < end and log[0] > bound:
        log[2] += 1
        now = log[2]
        length = critical(g, log[1], path)
        top[0], top[1], top[5] = 2**60, 2**60, NO
        tries = min(length, 1 if shaking else SAMPLE)
        for i in range(tries):
            j = i + np.random.randint(length - i)
            path[i], path[j] = path[j], path[i]
            x = path[i]
            _try_out(
                g, x, machine, choice_off, choice_machine, choice_time, firsts, r, q, found, pick
            )
            if found[4] == NO or (tabu[x] > now and found[0] >= log[0]):
                continue
            if found[0] < top[0] or (found[0] == top[0] and found[1] < top[1]):
                for k in range(5):
                    top[k] = found[k]
                top[5] = x
        shaking = max(0, shaking - 1)
        if top[5] == NO:
            shaking = 1
            tabu[path[np.random.randint(length)]] = 0
            continue
        x = top[5]
        _move(g, x, machine, choice_machine, choice_time, chosen, firsts, top)
        tabu[x] = now + 4 + np.random.randint(4 + length // 4)
        sort(g, work)
        heads(g, 0)
        tails(g, n - 1)
        log[1] = makespan(g)
        if log[1] < log[0]:
            log[0], log[3] = log[1], now
            _keep(g, chosen, firsts, best)
        elif now - log[3] > stall:
            log[3] = now
            _back(g, machine, choice_machine, choice_time, chosen, firsts, best)
            sort(g, work)
            heads(g, 0)
            tails(g, n - 1)
            log[1] = makespan(g)
            shaking = 4 + np.random.randint(20)
