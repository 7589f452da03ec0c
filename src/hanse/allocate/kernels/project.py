"""Search for resource-constrained projects: a population of orders, each justified both ways.

An order of the activities becomes a schedule by the serial scheme; pushed to the right and back to
the left again (double justification; Valls, Ballestin and Quintanilla 2005) it mostly ends sooner.
Two orders make a third by two-point crossover (Hartmann 1998). Time is whole units from zero.
"""

from __future__ import annotations

import numpy as np

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.jit import njit_bare

BEST, STALL, ROUNDS = 0, 1, 2
"""The places of `breed`'s log: least makespan, rounds without a better one, rounds in all."""


@njit_bare
def lay(
    order: Ints, durations: Ints, uses: Ints, room: Ints, off: Ints, before: Ints,
    free: Ints, start: Ints,
) -> int:  # fmt: skip
    """The serial scheme: each activity, in order, at the earliest instant; the makespan.

    ``uses``: activity x resource; ``room``: capacities; ``before[off[x]:off[x + 1]]``: who must
    have ended when x starts; ``free``: horizon x resource, overwritten; ``start`` is filled.
    """
    resources = room.shape[0]
    for t in range(free.shape[0]):
        for r in range(resources):
            free[t, r] = room[r]
    total = 0
    for k in range(order.shape[0]):
        x = order[k]
        at, span = 0, durations[x]
        for p in range(off[x], off[x + 1]):
            at = max(at, start[before[p]] + durations[before[p]])
        t = at
        while t < at + span:
            for r in range(resources):
                if free[t, r] < uses[x, r]:
                    at = t + 1
                    break
            t += 1
        for t in range(at, at + span):
            for r in range(resources):
                free[t, r] -= uses[x, r]
        start[x] = at
        total = max(total, at + span)
    return total


@njit_bare
def sort(key: Ints, base: Ints, count: Ints, order: Ints) -> None:
    """``order``: the activities of ``base`` by key (0 to ``len(count) - 2``), ties as in base."""
    count[:] = 0
    for k in range(base.shape[0]):
        count[key[base[k]] + 1] += 1
    for t in range(1, count.shape[0]):
        count[t] += count[t - 1]
    for k in range(base.shape[0]):
        x = base[k]
        order[count[key[x]]] = x
        count[key[x]] += 1


@njit_bare
def justify(
    order: Ints, durations: Ints, uses: Ints, room: Ints, off: Ints, before: Ints, off_after: Ints,
    after: Ints, topo: Ints, free: Ints, count: Ints, work: Ints, start: Ints,
) -> int:  # fmt: skip
    """``order`` to a schedule, justified right and left while that helps; its makespan.

    ``order`` becomes the order of the starts found; ``topo``: row 0 any order that keeps who comes
    before whom, row 1 the same turned round; ``work``: two rows of room, one place an activity.
    """
    total = lay(order, durations, uses, room, off, before, free, start)
    while True:
        for x in range(order.shape[0]):
            work[0, x] = total - start[x] - durations[x]
        sort(work[0], topo[1], count, order)
        back = lay(order, durations, uses, room, off_after, after, free, work[1])
        for x in range(order.shape[0]):
            work[0, x] = back - work[1, x] - durations[x]
        sort(work[0], topo[0], count, order)
        again = lay(order, durations, uses, room, off, before, free, start)
        if again >= total:
            break
        total = again
    sort(start, topo[0], count, order)
    return again


@njit_bare
def sample(
    tails: Ints, off: Ints, off_after: Ints, after: Ints, keen: int, left: Ints, ready: Ints,
    order: Ints,
) -> None:  # fmt: skip
    """A random order: of ``keen`` activities drawn from those that may go, the longest tail."""
    n, known = order.shape[0], 0
    for x in range(n):
        left[x] = off[x + 1] - off[x]
        if left[x] == 0:
            ready[known] = x
            known += 1
    for k in range(n):
        pick = np.random.randint(known)
        for _ in range(keen - 1):
            other = np.random.randint(known)
            if tails[ready[other]] > tails[ready[pick]]:
                pick = other
        x = ready[pick]
        order[k] = x
        known -= 1
        ready[pick] = ready[known]
        for f in range(off_after[x], off_after[x + 1]):
            left[after[f]] -= 1
            if left[after[f]] == 0:
                ready[known] = after[f]
                known += 1


@njit_bare
def cross(mother: Ints, father: Ints, taken: Ints, child: Ints) -> None:
    """The mother's order outside two cuts, the father's between: who comes before whom holds."""
    n = child.shape[0]
    low = np.random.randint(n)
    high = low + 1 + np.random.randint(max(1, n - low))
    taken[:] = 0
    k = 0
    while k < low:
        child[k] = mother[k]
        taken[child[k]] = 1
        k += 1
    for x in father:
        if k < high and not taken[x]:
            child[k] = x
            taken[x] = 1
            k += 1
    for x in mother:
        if not taken[x]:
            child[k] = x
            k += 1


@njit_bare
def stir(order: Ints, off: Ints, before: Ints, share: float) -> None:
    """Neighbours that may change places do so now and then."""
    for k in range(1, order.shape[0]):
        if np.random.random() >= share:
            continue
        x, y = order[k - 1], order[k]
        bound = False
        for p in range(off[y], off[y + 1]):
            bound = bound or before[p] == x
        if not bound:
            order[k - 1], order[k] = y, x


@njit_bare
def _worst(pool: Ints, spans: Ints, child: Ints, span: int) -> int:
    """The place the child takes: a twin's or none (-1), else the longest schedule's."""
    worst = -1
    for k in range(spans.shape[0]):
        if spans[k] == span:
            same = True
            for i in range(child.shape[0]):
                if pool[k, i] != child[i]:
                    same = False
                    break
            if same:
                return -1
        if spans[k] >= span and (worst < 0 or spans[k] > spans[worst]):
            worst = k
    return worst


@njit_bare
def _copy(row: Ints, to: Ints) -> None:
    for k in range(row.shape[0]):
        to[k] = row[k]


@njit_bare
def breed(
    pool: Ints, spans: Ints, durations: Ints, uses: Ints, room: Ints, off: Ints, before: Ints,
    off_after: Ints, after: Ints, topo: Ints, tails: Ints, free: Ints, count: Ints, work: Ints,
    best: Ints, log: Ints, stall: int, rounds: int, bound: int, seed: int,
) -> None:  # fmt: skip
    """Some rounds: each makes one child; without success for ``stall`` rounds the pool is new.

    ``pool``: orders; ``spans``: their makespans (0: not yet made); ``work``: five rows of room;
    ``best``: the starts of the best; ``log``: see BEST, STALL and ROUNDS.
    """
    np.random.seed(seed)
    size = spans.shape[0]
    child, start = work[2], work[3]
    for _ in range(rounds):
        if log[BEST] <= bound:
            return
        slot = -1
        for k in range(size):
            if spans[k] == 0:
                slot = k
                break
        if slot >= 0:
            keen = 1 + np.random.randint(4)
            sample(tails, off, off_after, after, keen, work[4], work[3], child)
        else:
            a, b = np.random.randint(size), np.random.randint(size)
            other = np.random.randint(size)
            if spans[other] < spans[a]:
                a = other
            other = np.random.randint(size)
            if spans[other] < spans[b]:
                b = other
            cross(pool[a], pool[b], work[4], child)
            stir(child, off, before, 0.05)
        span = justify(
            child, durations, uses, room, off, before, off_after, after, topo, free, count, work,
            start,
        )  # fmt: skip
        log[ROUNDS] += 1
        log[STALL] += 1
        if slot < 0:
            slot = _worst(pool, spans, child, span)
        if slot >= 0:
            _copy(child, pool[slot])
            spans[slot] = span
        if span < log[BEST]:
            log[BEST] = span
            _copy(start, best)
            log[STALL] = 0
        elif log[STALL] > stall:
            spans[:] = 0
            log[STALL] = 0
