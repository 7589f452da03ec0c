"""The compiled decoder. Rule for rule the same as `hanse.allocate.decoder`.

What is compiled is kept by the file it stands in: after a change to a kernel that these call, this
file must change too, or the kept code is taken.
"""

from __future__ import annotations

from hanse.allocate.kernels.arrays import Floats, Ints
from hanse.allocate.kernels.board import END, FAR, LEADER, NONE, OUT_AT, START, Row, commit, covered
from hanse.allocate.kernels.calendar import upper
from hanse.allocate.kernels.jit import njit
from hanse.allocate.kernels.layout import (
    ATTENDED,
    CHANGES,
    CHILD,
    CHILD_OFF,
    CHOICE_OFF,
    COST,
    DUE,
    FIXED,
    FIXED_AT,
    JOB_ACTIVE,
    LANE,
    LANE_BATCH,
    LANE_FAMILY,
    LANE_OFF,
    LANE_SITE,
    LANE_TABLE,
    LANE_WAIT,
    LAST,
    LAST_OFF,
    MACHINE,
    MAT_ITEM,
    MAT_OFF,
    MAT_QUANTITY,
    N_FAMILIES,
    N_ITEMS,
    N_JOBS,
    N_OPS,
    N_SITES,
    NOT_BEFORE,
    OP_ACTIVE,
    OP_FAMILY,
    OP_OPERATOR,
    OP_ORDER,
    OP_PIECES,
    OP_SETTER,
    OP_TOOL,
    PIN,
    PIN_AT,
    PRED,
    PRED_LAG,
    PRED_OFF,
    PRED_TRANSFER,
    RATE,
    RELEASE,
    RUN,
    S_HAS,
    S_HEAP_OP,
    S_LANE_END,
    S_LANE_N,
    S_LANE_OP,
    S_LANE_START,
    S_LOAD,
    S_PLACED,
    S_STOCK_AT,
    S_STOCK_DELTA,
    S_STOCK_LEVEL,
    S_STOCK_N,
    S_UNIT_N,
    S_UNIT_START,
    S_WAITING,
    SETUP,
    STOCK_AT,
    STOCK_DELTA,
    STOCK_N,
    STOCK_OFF,
    TRAVEL,
    WEIGHT,
)
from hanse.allocate.kernels.phases import lay

KEEP = 1


@njit
def _ready(a: Ints, s: Ints, op: int, c: int, floor: int) -> tuple[int, int]:
    start = max(floor, a[a[NOT_BEFORE] + 0], a[a[RELEASE] + a[a[OP_ORDER] + op]])
    end = 0
    lane = a[a[LANE] + c]
    site = NONE if lane == NONE else a[a[LANE_SITE] + lane]
    for k in range(a[a[PRED_OFF] + op], a[a[PRED_OFF] + op + 1]):
        before = a[a[PRED] + k]
        if not s[s[S_HAS] + before]:
            continue
        lag = a[a[PRED_LAG] + k]
        from_lane = a[a[LANE] + a[a[CHOICE_OFF] + before] + s[s[S_PLACED] + before * 12 + 0]]
        if from_lane != NONE and site != NONE:
            lag += a[a[TRAVEL] + (a[a[LANE_SITE] + from_lane]) * a[N_SITES] + site]
        transfer = a[a[PRED_TRANSFER] + k]
        if (
            transfer
            and s[s[S_PLACED] + before * 12 + OUT_AT] < s[s[S_PLACED] + before * 12 + END]
            and site != NONE
        ):
            pieces = a[a[OP_PIECES] + op]
            start = max(start, s[s[S_PLACED] + before * 12 + OUT_AT] + lag)
            tail = -(-a[a[RUN] + c] * min(transfer, pieces) // pieces)
            end = max(end, s[s[S_PLACED] + before * 12 + END] + lag + tail)
        else:
            start = max(start, s[s[S_PLACED] + before * 12 + END] + lag)
    for m in range(a[a[MAT_OFF] + op], a[a[MAT_OFF] + op + 1]):
        start = max(start, covered(a, s, a[a[MAT_ITEM] + m], start, a[a[MAT_QUANTITY] + m]))
    return start, end


@njit
def _next_keeps(a: Ints, s: Ints, op: int, lane: int, gap: int) -> bool:
    after = s[s[S_LANE_OP] + gap]
    change = a[
        a[CHANGES]
        + ((a[a[LANE_TABLE] + lane]) * a[N_FAMILIES] + a[a[OP_FAMILY] + op]) * a[N_FAMILIES]
        + a[a[OP_FAMILY] + after]
    ]
    if not change:
        return True
    return (
        s[s[S_PLACED] + after * 12 + 1]
        >= a[a[SETUP] + a[a[CHOICE_OFF] + after] + s[s[S_PLACED] + after * 12 + 0]] + change
    )


@njit
def _fit_gap(
    a: Ints, s: Ints, op: int, index: int, start: int, end_min: int, stop: int
) -> Row:  # fmt: skip
    c = a[a[CHOICE_OFF] + op] + index
    lane = a[a[LANE] + c]
    low = a[a[LANE_OFF] + lane]
    high = low + s[s[S_LANE_N] + lane]
    run, family = a[a[RUN] + c], a[a[OP_FAMILY] + op]
    table = a[a[LANE_TABLE] + lane]
    at = start
    gap = upper(s, s[S_LANE_END], low, high, at)
    while True:
        if gap > low and s[s[S_LANE_END] + gap - 1] > at:
            at = s[s[S_LANE_END] + gap - 1]
        limit = s[s[S_LANE_START] + gap] if gap < high else FAR * 4
        if at + run >= stop:
            return (index, 0, at, at, at, at, FAR * 8, FAR * 8, NONE, NONE, NONE, op)
        if limit - at >= run and (gap == high or _next_keeps(a, s, op, lane, gap)):
            before = (
                a[a[OP_FAMILY] + s[s[S_LANE_OP] + gap - 1]]
                if gap > low
                else a[a[LANE_FAMILY] + lane]
            )
            setup = (
                a[a[SETUP] + c]
                + a[a[CHANGES] + ((table) * a[N_FAMILIES] + before) * a[N_FAMILIES] + family]
            )
            if limit - at >= run + setup:
                row = lay(a, s, op, index, setup, at, end_min)
                if row[END] <= limit:
                    return row
        gap += 1


@njit
def _alike(a: Ints, op: int, c: int, other: int, d: int) -> bool:
    """Whether two operations are heated, set up and served in the same way."""
    return (
        a[a[OP_FAMILY] + other] == a[a[OP_FAMILY] + op]
        and a[a[OP_OPERATOR] + other] == a[a[OP_OPERATOR] + op]
        and a[a[OP_SETTER] + other] == a[a[OP_SETTER] + op]
        and a[a[OP_TOOL] + other] == a[a[OP_TOOL] + op]
        and a[a[SETUP] + d] == a[a[SETUP] + c]
        and a[a[RUN] + d] == a[a[RUN] + c]
        and a[a[ATTENDED] + d] == a[a[ATTENDED] + c]
    )


@njit
def _fit_batch(
    a: Ints, s: Ints, op: int, index: int, start: int, end_min: int, patient: int
) -> Row:  # fmt: skip
    c = a[a[CHOICE_OFF] + op] + index
    lane = a[a[LANE] + c]
    low = a[a[LANE_OFF] + lane]
    high = low + s[s[S_LANE_N] + lane]
    room = a[a[LANE_BATCH] + lane]
    wait = a[a[LANE_WAIT] + lane] if patient and a[a[OP_PIECES] + op] < room else 0
    own = _fit_gap(a, s, op, index, start + wait, end_min, FAR * 8)
    for at in range(upper(s, s[S_LANE_END], low, high, start), high):
        leader = s[s[S_LANE_OP] + at]
        if s[s[S_LANE_END] + at] > own[END]:
            break
        if (
            s[s[S_LANE_START] + at] >= start
            and s[s[S_LANE_END] + at] >= end_min
            and not a[a[FIXED] + leader]
            and a[a[OP_PIECES] + op] <= room - s[s[S_LOAD] + leader]
            and _alike(a, op, c, leader, a[a[CHOICE_OFF] + leader] + s[s[S_PLACED] + leader * 12])
        ):
            p = s[S_PLACED] + leader * 12
            return (
                index, s[p + 1], s[p + 2], s[p + 3], s[p + 4], s[p + 5], s[p + 6], s[p + 7],
                NONE, NONE, NONE, leader,
            )  # fmt: skip
    return own


@njit
def fit(
    a: Ints, s: Ints, op: int, index: int, floor: int, stop: int, patient: int
) -> Row:  # fmt: skip
    """The earliest place for one choice of an operation, not before ``floor``.

    Gives up, with an end beyond all time, where it cannot end before ``stop``.
    """
    c = a[a[CHOICE_OFF] + op] + index
    start, end_min = _ready(a, s, op, c, floor)
    lane = a[a[LANE] + c]
    if lane == NONE:
        end = start + a[a[RUN] + c]
        return (index, 0, start, start, start, start, end, end, NONE, NONE, NONE, op)
    if a[a[LANE_BATCH] + lane]:
        return _fit_batch(a, s, op, index, start, end_min, patient)
    return _fit_gap(a, s, op, index, start, end_min, stop)


@njit
def place(
    a: Ints, s: Ints, op: int, floor: int, home: int, mode: int, stay: int
) -> Row:  # fmt: skip
    """The best place for one operation whose predecessors are placed."""
    if a[a[PIN] + op] != NONE:
        return fit(a, s, op, a[a[PIN] + op], max(floor, a[a[PIN_AT] + op]), FAR * 8, 1)
    if home != NONE and mode != 0:
        kept = fit(a, s, op, home, floor, FAR * 8, 0)
        if mode == KEEP or kept[START] <= floor:
            return kept
        floor = a[a[NOT_BEFORE] + 0]
    best = fit(a, s, op, 0, floor, FAR * 8, 1)
    score = best[END] - (stay if home == 0 else 0)
    for index in range(1, a[a[CHOICE_OFF] + op + 1] - a[a[CHOICE_OFF] + op]):
        bonus = stay if index == home else 0
        row = fit(a, s, op, index, floor, score + bonus, 1)
        other = row[END] - bonus
        if other < score:
            best, score = row, other
    return best


@njit
def push(s: Ints, heap: Floats, n: int, key: float, op: int) -> int:
    """Onto the heap; its new size."""
    i = n
    while i > 0:
        up = (i - 1) >> 1
        if heap[up] < key or (heap[up] == key and s[s[S_HEAP_OP] + up] < op):
            break
        heap[i] = heap[up]
        s[s[S_HEAP_OP] + i] = s[s[S_HEAP_OP] + up]
        i = up
    heap[i] = key
    s[s[S_HEAP_OP] + i] = op
    return n + 1


@njit
def pop(s: Ints, heap: Floats, n: int) -> int:
    """The operation with the smallest key off the heap of size n."""
    top = s[s[S_HEAP_OP] + 0]
    key, op = heap[n - 1], s[s[S_HEAP_OP] + n - 1]
    n -= 1
    i = 0
    while True:
        j = 2 * i + 1
        if j >= n:
            break
        if j + 1 < n and (
            heap[j + 1] < heap[j]
            or (heap[j + 1] == heap[j] and s[s[S_HEAP_OP] + j + 1] < s[s[S_HEAP_OP] + j])
        ):
            j += 1
        if key < heap[j] or (key == heap[j] and op < s[s[S_HEAP_OP] + j]):
            break
        heap[i] = heap[j]
        s[s[S_HEAP_OP] + i] = s[s[S_HEAP_OP] + j]
        i = j
    heap[i] = key
    s[s[S_HEAP_OP] + i] = op
    return top


@njit
def reset(a: Ints, s: Ints) -> int:
    """An empty board with what is fixed; the number of operations still to place."""
    s[s[S_LANE_N] : s[S_LANE_START]] = 0
    s[s[S_UNIT_N] : s[S_UNIT_START]] = 0
    s[s[S_LOAD] : s[S_PLACED]] = 0
    s[s[S_HAS] : s[S_WAITING]] = 0
    for item in range(a[N_ITEMS]):
        s[s[S_STOCK_N] + item] = a[a[STOCK_N] + item]
        s[s[S_STOCK_LEVEL] + item] = 0
        low = a[a[STOCK_OFF] + item]
        for i in range(low, low + a[a[STOCK_N] + item]):
            s[s[S_STOCK_AT] + i] = a[a[STOCK_AT] + i]
            s[s[S_STOCK_DELTA] + i] = a[a[STOCK_DELTA] + i]
            s[s[S_STOCK_LEVEL] + item] += a[a[STOCK_DELTA] + i]
    left = 0
    for op in range(a[N_OPS]):
        if a[a[FIXED] + op]:
            f = a[FIXED_AT] + op * 12
            row = (
                a[f], a[f + 1], a[f + 2], a[f + 3], a[f + 4], a[f + 5],
                a[f + 6], a[f + 7], a[f + 8], a[f + 9], a[f + 10], a[f + 11],
            )  # fmt: skip
            commit(a, s, op, row)
        elif a[a[OP_ACTIVE] + op]:
            left += 1
    return left


@njit
def _start_heap(a: Ints, s: Ints, heap: Floats, key: Floats) -> int:
    n = 0
    for op in range(a[N_OPS]):
        s[s[S_WAITING] + op] = 0
        if not a[a[OP_ACTIVE] + op] or s[s[S_HAS] + op]:
            continue
        for k in range(a[a[PRED_OFF] + op], a[a[PRED_OFF] + op + 1]):
            if not s[s[S_HAS] + a[a[PRED] + k]] and a[a[OP_ACTIVE] + a[a[PRED] + k]]:
                s[s[S_WAITING] + op] += 1
        if not s[s[S_WAITING] + op]:
            n = push(s, heap, n, key[op], op)
    return n


@njit
def decode(
    a: Ints, s: Ints, heap: Floats, key: Floats, floor: Ints, home: Ints, mode: int, stay: int,
    new_from: int,
) -> None:  # fmt: skip
    """Lay everything out into the state. Empty ``floor``: nothing may start before now."""
    reset(a, s)
    n = _start_heap(a, s, heap, key)
    floored = floor.shape[0] > 0
    housed = home.shape[0] > 0
    while n:
        op = pop(s, heap, n)
        n -= 1
        row = place(
            a, s, op,
            floor[op] if floored else a[a[NOT_BEFORE] + 0],
            home[op] if housed else NONE,
            mode, stay,
        )  # fmt: skip
        commit(a, s, op, row)
        for k in range(a[a[CHILD_OFF] + op], a[a[CHILD_OFF] + op + 1]):
            child = a[a[CHILD] + k]
            if not a[a[OP_ACTIVE] + child] or s[s[S_HAS] + child]:
                continue
            s[s[S_WAITING] + child] -= 1
            if not s[s[S_WAITING] + child]:
                at = key[child]
                if child >= new_from:
                    for q in range(a[a[PRED_OFF] + child], a[a[PRED_OFF] + child + 1]):
                        at = max(at, float(s[s[S_PLACED] + a[a[PRED] + q] * 12 + END]))
                n = push(s, heap, n, at, child)


@njit
def end_of(a: Ints, s: Ints, job: int) -> int:
    """The end of an order, before the origin where it was over by then; 0 where none is planned."""
    end, found = -FAR, False
    for k in range(a[a[LAST_OFF] + job], a[a[LAST_OFF] + job + 1]):
        op = a[a[LAST] + k]
        if s[s[S_HAS] + op]:
            end, found = max(end, s[s[S_PLACED] + op * 12 + END]), True
    return end if found else 0


@njit
def ends(a: Ints, s: Ints, out: Ints) -> None:
    """The end of every order."""
    for job in range(a[N_JOBS]):
        out[job] = end_of(a, s, job)


@njit
def cost(a: Ints, s: Ints) -> int:
    """What the state's plan costs in minor units; the twin of `problem.cost_minor`."""
    total = 0
    for job in range(a[N_JOBS]):
        if not a[a[JOB_ACTIVE] + job]:
            continue
        late = max(0, end_of(a, s, job) - a[a[DUE] + job])
        total += -((-a[a[WEIGHT] + job] * late) // 3_600)
    for op in range(a[N_OPS]):
        if s[s[S_HAS] + op]:
            c = a[a[CHOICE_OFF] + op] + s[s[S_PLACED] + op * 12 + 0]
            total += a[a[COST] + c]
            if a[a[LANE] + c] != NONE and s[s[S_PLACED] + op * 12 + LEADER] == op:
                total += s[s[S_PLACED] + op * 12 + 1] * a[a[RATE] + a[a[MACHINE] + c]] // 3_600
    return total
