"""Dispatching rules for the job shop with alternatives: active schedules in milliseconds.

Giffler and Thompson (1960) with a window: among the operations that could start before the
earliest possible end, the rule decides. ``delay`` 0 gives non-delay schedules, 1 active ones.
"""

from __future__ import annotations

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.jit import njit

RULES = 4
"""Most work remaining, most operations remaining, shortest operation, first come."""


@njit
def dispatch(
    job_off: Ints, choice_off: Ints, machine: Ints, duration: Ints, rest: Ints, rule: int,
    delay: float, start: Ints, chosen: Ints, free: Ints,
) -> int:  # fmt: skip
    """Starts and choices of every operation; the makespan.

    ``rest``: least work of the order from each operation on. ``free``: room for each machine.
    """
    jobs = job_off.shape[0] - 1
    free[:] = 0
    total, left = 0, job_off[jobs]
    upto = job_off[:-1].copy()
    ready = job_off[:-1] * 0
    best_c, best_s = ready.copy(), ready.copy()
    while left:
        window, soonest = 2**60, 2**60
        for j in range(jobs):
            op = upto[j]
            if op == job_off[j + 1]:
                continue
            end = 2**60
            for c in range(choice_off[op], choice_off[op + 1]):
                at = max(ready[j], free[machine[c]])
                if at + duration[c] < end:
                    end = at + duration[c]
                    best_c[j], best_s[j] = c, at
            window = min(window, end)
            soonest = min(soonest, best_s[j])
        limit = soonest + delay * (window - soonest)
        pick, value = -1, 0.0
        for j in range(jobs):
            op = upto[j]
            if op == job_off[j + 1] or best_s[j] > limit or (delay and best_s[j] >= window):
                continue
            if rule == 0:
                score = float(rest[op])
            elif rule == 1:
                score = float(job_off[j + 1] - op)
            elif rule == 2:
                score = -float(duration[best_c[j]])
            else:
                score = -float(best_s[j])
            if pick < 0 or score > value:
                pick, value = j, score
        op, c = upto[pick], best_c[pick]
        start[op], chosen[op] = best_s[pick], c
        ready[pick] = best_s[pick] + duration[c]
        free[machine[c]] = ready[pick]
        total = max(total, ready[pick])
        upto[pick] += 1
        left -= 1
    return total
