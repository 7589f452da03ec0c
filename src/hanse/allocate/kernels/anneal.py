"""Key search: simulated annealing on the priority of each operation (Kirkpatrick et al. 1983).

A candidate is a list of keys; the decoder makes a plan of it, and the plan's cost with the cost of
its moves decides (see `decoder` on what is kept of it). Late orders are pulled forward, others
pushed back, single operations shifted.
"""

from __future__ import annotations

import numpy as np

from hanse.allocate.kernels.arrays import Floats, Ints
from hanse.allocate.kernels.board import LEADER, NONE, START
from hanse.allocate.kernels.decoder import decode, end_of
from hanse.allocate.kernels.jit import njit
from hanse.allocate.kernels.layout import (
    CHOICE_OFF,
    COST,
    DUE,
    JOB_ACTIVE,
    LANE,
    MACHINE,
    N_JOBS,
    N_OPS,
    RATE,
    S_HAS,
    S_PLACED,
    WEIGHT,
)

FREE_MODE = 0


@njit
def price(a: Ints, s: Ints, tardy: Floats, old: Ints, rules: Ints) -> float:
    """What the state's plan costs with its moves; ``tardy`` gets each order's share.

    ``old``: machine and start of each operation before (start -1: none). ``rules``: near until,
    minor units a move, minor units a change of machine, how many may change, and minor units for
    each beyond.
    """
    total = 0.0
    changed = 0
    for job in range(a[N_JOBS]):
        tardy[job] = 0.0
        if not a[a[JOB_ACTIVE] + job]:
            continue
        late = max(0, end_of(a, s, job) - a[a[DUE] + job])
        tardy[job] = a[a[WEIGHT] + job] * late / 3_600.0
        total += tardy[job]
    for op in range(a[N_OPS]):
        if not s[s[S_HAS] + op]:
            continue
        row = s[S_PLACED] + op * 12
        c = a[a[CHOICE_OFF] + op] + s[row]
        total += a[a[COST] + c]
        machine = a[a[MACHINE] + c]
        if a[a[LANE] + c] != NONE and s[row + LEADER] == op:
            total += s[row + 1] * a[a[RATE] + machine] / 3_600.0
        was = old[2 * op + 1]
        changed += was >= 0 and old[2 * op] != machine
        if was >= 0 and was <= rules[0]:
            total += rules[1] * (was != s[row + START]) + rules[2] * (old[2 * op] != machine)
    return total + rules[4] * max(0, changed - rules[3])


@njit
def _latest(a: Ints, tardy: Floats, tries: int) -> int:
    best = np.random.randint(a[N_JOBS])
    for _ in range(tries):
        job = np.random.randint(a[N_JOBS])
        if tardy[job] > tardy[best]:
            best = job
    return best


@njit
def _shift(key: Floats, kept: Floats, low: int, high: int, by: float) -> None:
    for op in range(low, high):
        kept[op - low] = key[op]
        key[op] += by


@njit
def anneal(
    a: Ints, s: Ints, heap: Floats, key: Floats, best_key: Floats, costs: Floats, tardy: Floats,
    job_off: Ints, home: Ints, stay: int, old: Ints, rules: Ints, span: float, temperature: float,
    rounds: int, seed: int,
) -> None:  # fmt: skip
    """``rounds`` candidates at one temperature from ``key``, whose cost is ``costs[0]``.

    ``costs[1]`` and ``best_key`` are the best so far; both are kept up. ``job_off[j]`` is where
    the operations of order j begin. ``span``: seconds that a shift is drawn from.
    """
    np.random.seed(seed)
    kept = np.zeros(key.shape[0])
    nowhere = np.zeros(0, np.int64)
    trial_tardy = tardy.copy()
    n_ops = a[N_OPS]
    for _ in range(rounds):
        draw = np.random.random()
        size = span * np.random.random() ** 3
        if draw < 0.45:
            job = _latest(a, tardy, 3)
            low, high, by = job_off[job], job_off[job + 1], -size
        elif draw < 0.65:
            job = np.random.randint(a[N_JOBS])
            low, high, by = job_off[job], job_off[job + 1], size
        else:
            if draw < 0.85:
                job = _latest(a, tardy, 3)
                low = job_off[job] + np.random.randint(max(1, job_off[job + 1] - job_off[job]))
                low = min(low, n_ops - 1)
            else:
                low = np.random.randint(n_ops)
            high = low + 1
            by = size if np.random.random() < 0.4 else -size
        _shift(key, kept, low, high, by)
        decode(a, s, heap, key, nowhere, home, FREE_MODE, stay, 2**40)
        cost = price(a, s, trial_tardy, old, rules)
        gain = costs[0] - cost
        if gain >= 0 or np.random.random() < np.exp(gain / temperature):
            costs[0] = cost
            tardy[:] = trial_tardy
            if cost < costs[1]:
                costs[1] = cost
                best_key[:] = key
        else:
            for op in range(low, high):
                key[op] = kept[op - low]
