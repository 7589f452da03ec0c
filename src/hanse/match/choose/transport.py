# ruff: noqa: ANN001, ANN201, ANN202, PLR0917, E501
# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"
"""Compiled transport between lines and a set of open firms, kept optimal while firms open and close.

``x[i, j]`` pieces of line j at firm i; ``cost[i, j]`` money a piece. A residual graph over firms only
is kept in mind: moving from firm a to firm b costs the least of ``cost[b, j] - cost[a, j]`` over lines
with ``x[a, j] > 0``. Excess goes along shortest paths to room (successive shortest paths; Ahuja,
Magnanti, Orlin 1993, chapter 9), so that after every step the assignment is an optimal one.
The last firm of the columns stands for "unmet": endless room at the penalty, always open.
"""

from __future__ import annotations

import numpy as np
from numba import njit

DUST = 1e-9
# A compiled function takes every column; one line an argument would hide what it does.
# fmt: off


@njit(cache=True, nogil=True)
def _edges(a, is_open, cost, x, weight, via):
    """Work out anew what moving away from firm ``a`` costs, to every open firm, and by which line."""
    firms, lines = cost.shape
    for b in range(firms):
        weight[a, b] = np.inf
    for j in range(lines):
        if x[a, j] > DUST:
            here = cost[a, j]
            for b in range(firms):
                if is_open[b]:
                    step = cost[b, j] - here
                    if step < weight[a, b]:
                        weight[a, b] = step
                        via[a, b] = j
    weight[a, a] = np.inf


@njit(cache=True, nogil=True)
def _paths(weight, distance, before):
    """Shortest distances from the given starting ones (Bellman-Ford); ``before`` is the way back."""
    firms = distance.shape[0]
    for _ in range(firms):
        changed = False
        for a in range(firms):
            if distance[a] == np.inf:
                continue
            for b in range(firms):
                far = distance[a] + weight[a, b]
                if far < distance[b] - 1e-10:
                    distance[b] = far
                    before[b] = a
                    changed = True
        if not changed:
            return


@njit(cache=True, nogil=True)
def _move(start, end, most, before, is_open, cost, x, load, weight, via):
    """Push as much as fits, at most ``most``, along the path; the edges that changed are renewed."""
    amount, b = most, end
    while b != start:
        a = before[b]
        amount = min(amount, x[a, via[a, b]])
        b = a
    b = end
    while b != start:
        a = before[b]
        j = via[a, b]
        x[a, j] -= amount
        x[b, j] += amount
        if x[a, j] <= DUST:
            x[b, j] += x[a, j]
            x[a, j] = 0.0
        b = a
    load[start] -= amount
    load[end] += amount
    b = end
    while True:
        _edges(b, is_open, cost, x, weight, via)
        if b == start:
            return amount
        b = before[b]


@njit(cache=True, nogil=True)
def _root(b, before):
    while before[b] >= 0:
        b = before[b]
    return b


@njit(cache=True, nogil=True)
def relieve(start, excess, is_open, cost, room, x, load, weight, via):
    """Move ``excess`` pieces away from a firm, as cheaply as the room of the others allows."""
    firms = cost.shape[0]
    distance, before = np.empty(firms), np.empty(firms, np.int64)
    while excess > DUST:
        distance[:] = np.inf
        before[:] = -1
        distance[start] = 0.0
        _paths(weight, distance, before)
        end = -1
        for b in range(firms):
            if b != start and is_open[b] and load[b] < room[b] - DUST and distance[b] < np.inf and (end < 0 or distance[b] < distance[end]):
                end = b
        if end < 0:
            return
        excess -= _move(start, end, min(excess, room[end] - load[end]), before, is_open, cost, x, load, weight, via)


@njit(cache=True, nogil=True)
def fill(end, is_open, cost, room, x, load, weight, via):
    """Draw work to a firm just opened, as long as that saves money."""
    firms = cost.shape[0]
    distance, before = np.empty(firms), np.empty(firms, np.int64)
    while load[end] < room[end] - DUST:
        for b in range(firms):
            distance[b] = 0.0 if load[b] > DUST and b != end else np.inf
            before[b] = -1
        _paths(weight, distance, before)
        if not distance[end] < -1e-9:
            return
        start = _root(end, before)
        _move(start, end, min(load[start], room[end] - load[end]), before, is_open, cost, x, load, weight, via)


@njit(cache=True, nogil=True)
def start(is_open, cost, quantity, room, x, load, weight, via):
    """The optimal assignment for a set of open firms, from nothing."""
    firms, lines = cost.shape
    x[:] = 0.0
    load[:] = 0.0
    for j in range(lines):
        best = firms - 1
        for i in range(firms):
            if is_open[i] and cost[i, j] < cost[best, j]:
                best = i
        x[best, j] = quantity[j]
        load[best] += quantity[j]
    for i in range(firms):
        _edges(i, is_open, cost, x, weight, via)
    for i in range(firms):
        if load[i] > room[i] + DUST:
            relieve(i, load[i] - room[i], is_open, cost, room, x, load, weight, via)


@njit(cache=True, nogil=True)
def open_firm(i, is_open, cost, room, x, load, weight, via):
    """Open a firm and give it what it does cheaper."""
    is_open[i] = True
    weight[:, i] = np.inf
    for a in range(cost.shape[0]):
        if a != i:
            for j in range(cost.shape[1]):
                if x[a, j] > DUST and cost[i, j] - cost[a, j] < weight[a, i]:
                    weight[a, i] = cost[i, j] - cost[a, j]
                    via[a, i] = j
    fill(i, is_open, cost, room, x, load, weight, via)


@njit(cache=True, nogil=True)
def close_firm(i, is_open, cost, room, x, load, weight, via):
    """Close a firm and give its work to the others."""
    is_open[i] = False
    weight[:, i] = np.inf
    _edges(i, is_open, cost, x, weight, via)
    relieve(i, load[i], is_open, cost, room, x, load, weight, via)


@njit(cache=True, nogil=True)
def value(is_open, cost, fixed, x):
    """What an assignment costs with the fixed costs of the open firms."""
    total = 0.0
    for i in range(cost.shape[0]):
        if is_open[i]:
            total += fixed[i]
        for j in range(cost.shape[1]):
            if x[i, j] > 0.0:
                total += cost[i, j] * x[i, j]
    return total


@njit(cache=True, nogil=True)
def descend(order, is_open, cost, quantity, fixed, room, x, tries):
    """Open, close and swap firms while that saves money; at most ``tries`` looks. Returns the value.

    ``order``: firms, the most promising to be open first. ``is_open`` and ``x`` end at the best.
    """
    firms = cost.shape[0]
    load, weight, via = np.zeros(firms), np.full((firms, firms), np.inf), np.zeros((firms, firms), np.int64)
    start(is_open, cost, quantity, room, x, load, weight, via)
    best = value(is_open, cost, fixed, x)
    o2, x2, l2, w2, v2 = is_open.copy(), x.copy(), load.copy(), weight.copy(), via.copy()
    count, gained = order.shape[0], True
    while gained and tries > 0:
        gained = False
        for a in range(count + 1):
            # a == count: nothing is closed, only opened
            out = order[count - 1 - a] if a < count else -1
            if out >= 0 and not is_open[out]:
                continue
            for b in range(count + 1):
                into = order[b] if b < count else -1
                if (into < 0 and out < 0) or (into >= 0 and is_open[into]):
                    continue
                tries -= 1
                o2[:], x2[:], l2[:], w2[:], v2[:] = is_open, x, load, weight, via
                if into >= 0:
                    open_firm(into, o2, cost, room, x2, l2, w2, v2)
                if out >= 0:
                    close_firm(out, o2, cost, room, x2, l2, w2, v2)
                now = value(o2, cost, fixed, x2)
                if now < best - 1e-7:
                    best, gained = now, True
                    is_open[:], x[:], load[:], weight[:], via[:] = o2, x2, l2, w2, v2
                    break
                if tries <= 0:
                    return best
            if gained:
                break
    return best


@njit(cache=True, nogil=True)
def cover(worth, size, need, miss, pinned, chosen):
    """The least sum of worth of firms whose sizes cover ``need``; a unit not covered costs ``miss``.

    ``pinned`` is 1 or 0 where a firm's choice is given, else -1; ``chosen`` gets the choice. Sizes
    and need are whole numbers: a table of firms x need is made (dynamic programme of the knapsack).
    """
    firms = worth.shape[0]
    best, after = np.full(need + 1, np.inf), np.empty(need + 1)
    origin = np.full((firms, need + 1), -1, np.int32)
    best[0] = 0.0
    for i in range(firms):
        after[:] = best
        if pinned[i] == 1:
            after[:] = np.inf
        if pinned[i] != 0:
            for a in range(need + 1):
                b = min(a + size[i], need)
                if best[a] + worth[i] < after[b]:
                    after[b] = best[a] + worth[i]
                    origin[i, b] = a
        best[:] = after
    end = need
    for a in range(need + 1):
        if best[a] + (need - a) * miss < best[end] + (need - end) * miss:
            end = a
    least = best[end] + (need - end) * miss
    for i in range(firms - 1, -1, -1):
        chosen[i] = origin[i, end] >= 0
        if chosen[i]:
            end = origin[i, end]
    return least
