"""The compiled decoder. Rule for rule the same as `hanse.allocate.decoder` and `phases`."""

from __future__ import annotations

from hanse.allocate.kernels.arrays import Floats, Ints
from hanse.allocate.kernels.calendar import finish, next_open, upper, whole
from hanse.allocate.kernels.jit import njit
from hanse.allocate.kernels.layout import (
    ATTENDED,
    BUY_AT,
    CHANGES,
    CHILD,
    CHILD_OFF,
    CHOICE_OFF,
    COST,
    DUE,
    FIXED,
    FIXED_AT,
    GROUP_OFF,
    GROUP_UNIT,
    JOB_ACTIVE,
    LANE,
    LANE_BATCH,
    LANE_CAL,
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
    N_CALENDARS,
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
    OP_PAUSE,
    OP_PIECES,
    OP_SETTER,
    OP_TOOL,
    OP_TRANSFER,
    PAIR,
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
    S_UNIT_END,
    S_UNIT_N,
    S_UNIT_START,
    S_WAITING,
    SETUP,
    STOCK_AT,
    STOCK_DELTA,
    STOCK_N,
    STOCK_OFF,
    TRAVEL,
    UNIT_CAL,
    UNIT_OFF,
    WEIGHT,
)

NONE = -1
FAR = 2**40
KEEP, REROUTE = 1, 2
START, SET_AT, RUN_AT, LEFT_AT, END, OUT_AT, OPERATOR, SETTER, TOOL, LEADER = (
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
)  # fmt: skip

Row = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
"""The columns of `problem.Placed`."""


@njit
def insert(s: Ints, starts: int, ends: int, low: int, n: int, start: int, end: int) -> int:
    """A span into sorted spans ``[low, low + n)``; where it went."""
    at = low + n
    while at > low and s[starts + at - 1] > start:
        s[starts + at] = s[starts + at - 1]
        s[ends + at] = s[ends + at - 1]
        at -= 1
    s[starts + at] = start
    s[ends + at] = end
    return at


@njit
def blocked_until(a: Ints, s: Ints, unit: int, start: int, end: int) -> int:
    """Where the first span in the way of ``[start, end)`` ends; ``start`` if none is."""
    low = a[a[UNIT_OFF] + unit]
    high = low + s[s[S_UNIT_N] + unit]
    at = upper(s, s[S_UNIT_END], low, high, start)
    if at < high and s[s[S_UNIT_START] + at] < end:
        return s[s[S_UNIT_END] + at]
    return start


@njit
def covered(a: Ints, s: Ints, item: int, at: int, quantity: int) -> int:
    """When so much of an item may be taken, from ``at`` on."""
    low = a[a[STOCK_OFF] + item]
    level = s[s[S_STOCK_LEVEL] + item]
    bought = max(at, a[a[BUY_AT] + item])
    if level < quantity:
        return bought
    i = low + s[s[S_STOCK_N] + item] - 1
    while i >= low:
        level -= s[s[S_STOCK_DELTA] + i]
        if level < quantity:
            return min(max(at, s[s[S_STOCK_AT] + i]), bought)
        i -= 1
    return at


@njit
def take(a: Ints, s: Ints, item: int, at: int, quantity: int) -> None:
    """Withdraw from stock if it covers; else it is bought and stock stays as it is."""
    low = a[a[STOCK_OFF] + item]
    n = s[s[S_STOCK_N] + item]
    level = s[s[S_STOCK_LEVEL] + item]
    if level < quantity:
        return
    i = low + n - 1
    while i >= low and s[s[S_STOCK_AT] + i] > at:
        level -= s[s[S_STOCK_DELTA] + i]
        if level < quantity:
            return
        i -= 1
    at_i = low + n
    while at_i > low and (
        s[s[S_STOCK_AT] + at_i - 1] > at
        or (s[s[S_STOCK_AT] + at_i - 1] == at and s[s[S_STOCK_DELTA] + at_i - 1] > -quantity)
    ):
        s[s[S_STOCK_AT] + at_i] = s[s[S_STOCK_AT] + at_i - 1]
        s[s[S_STOCK_DELTA] + at_i] = s[s[S_STOCK_DELTA] + at_i - 1]
        at_i -= 1
    s[s[S_STOCK_AT] + at_i] = at
    s[s[S_STOCK_DELTA] + at_i] = -quantity
    s[s[S_STOCK_N] + item] = n + 1
    s[s[S_STOCK_LEVEL] + item] -= quantity


@njit
def _serve(a: Ints, s: Ints, unit: int, start: int, end: int) -> None:
    if unit != NONE and end > start:
        insert(
            s,
            s[S_UNIT_START],
            s[S_UNIT_END],
            a[a[UNIT_OFF] + unit],
            s[s[S_UNIT_N] + unit],
            start,
            end,
        )
        s[s[S_UNIT_N] + unit] += 1


@njit
def commit(a: Ints, s: Ints, op: int, row: Row) -> None:
    """Occupy lane, people, tool and material."""
    for k in range(12):
        s[s[S_PLACED] + op * 12 + k] = row[k]
    s[s[S_HAS] + op] = 1
    choice, _, start, set_at, run_at, left_at, end, _, operator, setter, tool, leader = row
    lane = a[a[LANE] + a[a[CHOICE_OFF] + op] + choice]
    if lane != NONE:
        if leader == op:
            low = a[a[LANE_OFF] + lane]
            at = insert(s, s[S_LANE_START], s[S_LANE_END], low, s[s[S_LANE_N] + lane], start, end)
            i = low + s[s[S_LANE_N] + lane]
            while i > at:
                s[s[S_LANE_OP] + i] = s[s[S_LANE_OP] + i - 1]
                i -= 1
            s[s[S_LANE_OP] + at] = op
            s[s[S_LANE_N] + lane] += 1
        if a[a[LANE_BATCH] + lane]:
            s[s[S_LOAD] + leader] += a[a[OP_PIECES] + op]
    _serve(a, s, setter, start, set_at)
    _serve(
        a, s, operator,
        start if setter == NONE else run_at,
        left_at if left_at > run_at else set_at,
    )  # fmt: skip
    _serve(a, s, tool, start, end)
    for m in range(a[a[MAT_OFF] + op], a[a[MAT_OFF] + op + 1]):
        take(a, s, a[a[MAT_ITEM] + m], start, a[a[MAT_QUANTITY] + m])


@njit
def _attend(
    a: Ints, op: int, run: int, serving: int, lane_cal: int, at: int, attended: int
) -> tuple[int, int]:
    if a[a[OP_PAUSE] + op]:
        start = next_open(a, serving if attended else lane_cal, at)
        return start, finish(a, serving, start, attended)
    while True:
        start = whole(a, serving, at, attended) if attended else at
        at = whole(a, lane_cal, start, run)
        if at == start or not attended:
            return at, at + attended


@njit
def _row(
    a: Ints, op: int, index: int, setup: int, spans: tuple[int, int, int, int], unit: int,
    setter: int,
) -> Row:  # fmt: skip
    start, set_at, run_at, left = spans
    c = a[a[CHOICE_OFF] + op] + index
    cal = a[a[LANE_CAL] + a[a[LANE] + c]]
    run = a[a[RUN] + c]
    attended = a[a[ATTENDED] + c] if unit != NONE and left > run_at else 0
    end = finish(a, cal, left, run - attended)
    out = end
    if a[a[OP_TRANSFER] + op]:
        pieces = a[a[OP_PIECES] + op]
        first = -(-run * min(a[a[OP_TRANSFER] + op], pieces) // pieces)
        if first <= attended:
            out = finish(
                a, a[a[PAIR] + (cal) * a[N_CALENDARS] + a[a[UNIT_CAL] + unit]], run_at, first
            )
        else:
            out = finish(a, cal, left, first - attended)
    return (index, setup, start, set_at, run_at, left, end, out, unit, setter, NONE, op)


@njit
def _alone(a: Ints, op: int, index: int, setup: int, at: int) -> Row:
    c = a[a[CHOICE_OFF] + op] + index
    cal = a[a[LANE_CAL] + a[a[LANE] + c]]
    start = next_open(a, cal, at)
    set_at = finish(a, cal, start, setup)
    run_at, _ = _attend(a, op, a[a[RUN] + c], cal, cal, set_at, 0)
    if not setup:
        start = set_at = run_at
    return _row(a, op, index, setup, (start, set_at, run_at, run_at), NONE, NONE)


@njit
def _span(a: Ints, op: int, c: int, setup: int, pair: int, at: int) -> tuple[int, int, int, int]:
    """Setup and attended run of someone free from ``at`` on."""
    start = next_open(a, pair, at)
    set_at = finish(a, pair, start, setup)
    cal = a[a[LANE_CAL] + a[a[LANE] + c]]
    run_at, left = _attend(a, op, a[a[RUN] + c], pair, cal, set_at, a[a[ATTENDED] + c])
    if not setup:
        start = set_at = run_at
    return start, set_at, run_at, left


@njit
def _earliest(
    a: Ints, s: Ints, op: int, c: int, setup: int, unit: int, pair: int,
    first: tuple[int, int, int, int], stop: int,
) -> tuple[int, int, int, int]:  # fmt: skip
    """One person's first free time for an operation; gives up once it ends after ``stop``."""
    start, set_at, run_at, left = first
    while True:
        free = blocked_until(a, s, unit, start, left if left > run_at else set_at)
        if free == start or left >= stop:
            return start, set_at, run_at, left
        start, set_at, run_at, left = _span(a, op, c, setup, pair, free)


@njit
def _by_operator(a: Ints, s: Ints, op: int, index: int, setup: int, at: int) -> Row:
    c = a[a[CHOICE_OFF] + op] + index
    group = a[a[OP_OPERATOR] + op]
    best, known = NONE, NONE
    spans = (0, 0, 0, FAR * 8)
    first = spans
    cal = a[a[LANE_CAL] + a[a[LANE] + c]]
    for g in range(a[a[GROUP_OFF] + group], a[a[GROUP_OFF] + group + 1]):
        unit = a[a[GROUP_UNIT] + g]
        pair = a[a[PAIR] + cal * a[N_CALENDARS] + a[a[UNIT_CAL] + unit]]
        if pair != known:
            known, first = pair, _span(a, op, c, setup, pair, at)
        found = _earliest(a, s, op, c, setup, unit, pair, first, spans[3])
        if found[3] < spans[3]:
            best, spans = unit, found
    return _row(a, op, index, setup, spans, best, NONE)


@njit
def _set_by_other(a: Ints, s: Ints, op: int, index: int, setup: int, at: int) -> Row:
    c = a[a[CHOICE_OFF] + op] + index
    cal = a[a[LANE_CAL] + a[a[LANE] + c]]
    group = a[a[OP_SETTER] + op]
    setter, start, set_at = NONE, 0, FAR * 8
    for g in range(a[a[GROUP_OFF] + group], a[a[GROUP_OFF] + group + 1]):
        unit = a[a[GROUP_UNIT] + g]
        pair = a[a[PAIR] + (cal) * a[N_CALENDARS] + a[a[UNIT_CAL] + unit]]
        since = at
        while True:
            begun = next_open(a, pair, since)
            done = finish(a, pair, begun, setup)
            free = blocked_until(a, s, unit, begun, done)
            if free == begun or done >= set_at:
                break
            since = free
        if done < set_at:
            setter, start, set_at = unit, begun, done
    if a[a[OP_OPERATOR] + op] == NONE or not a[a[ATTENDED] + c]:
        run_at, _ = _attend(a, op, a[a[RUN] + c], cal, cal, set_at, 0)
        return _row(a, op, index, setup, (start, set_at, run_at, run_at), NONE, setter)
    later = _by_operator(a, s, op, index, 0, set_at)
    spans = (start, set_at, later[RUN_AT], later[LEFT_AT])
    return _row(a, op, index, setup, spans, later[OPERATOR], setter)


@njit
def _people(a: Ints, s: Ints, op: int, index: int, setup: int, at: int) -> Row:
    attended = a[a[ATTENDED] + a[a[CHOICE_OFF] + op] + index]
    if a[a[OP_SETTER] + op] != NONE and setup:
        return _set_by_other(a, s, op, index, setup, at)
    if a[a[OP_OPERATOR] + op] == NONE or (
        attended == 0 and (setup == 0 or a[a[OP_SETTER] + op] != NONE)
    ):
        return _alone(a, op, index, setup, at)
    return _by_operator(a, s, op, index, setup, at)


@njit
def _tool(a: Ints, s: Ints, group: int, row: Row) -> tuple[int, int]:
    best, best_at = NONE, FAR * 8
    for g in range(a[a[GROUP_OFF] + group], a[a[GROUP_OFF] + group + 1]):
        free = blocked_until(a, s, a[a[GROUP_UNIT] + g], row[START], row[END])
        if free < best_at:
            best, best_at = a[a[GROUP_UNIT] + g], free
    return best, best_at


@njit
def _lay(
    a: Ints, s: Ints, op: int, index: int, setup: int, at: int, end_min: int
) -> Row:  # fmt: skip
    while True:
        row = _people(a, s, op, index, setup, at)
        if row[END] < end_min:
            at = row[START] + end_min - row[END]
            continue
        if a[a[OP_TOOL] + op] == NONE:
            return row
        tool, free = _tool(a, s, a[a[OP_TOOL] + op], row)
        if free <= row[START]:
            return (
                row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9],
                tool, row[11],
            )  # fmt: skip
        at = free


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
                row = _lay(a, s, op, index, setup, at, end_min)
                if row[END] <= limit:
                    return row
        gap += 1


@njit
def _fit_batch(a: Ints, s: Ints, op: int, index: int, start: int, end_min: int) -> Row:
    c = a[a[CHOICE_OFF] + op] + index
    lane = a[a[LANE] + c]
    low = a[a[LANE_OFF] + lane]
    high = low + s[s[S_LANE_N] + lane]
    room = a[a[LANE_BATCH] + lane]
    wait = a[a[LANE_WAIT] + lane] if a[a[OP_PIECES] + op] < room else 0
    own = _fit_gap(a, s, op, index, start + wait, end_min, FAR * 8)
    for at in range(upper(s, s[S_LANE_END], low, high, start), high):
        leader = s[s[S_LANE_OP] + at]
        if s[s[S_LANE_END] + at] > own[END]:
            break
        if (
            s[s[S_LANE_START] + at] >= start
            and not a[a[FIXED] + leader]
            and a[a[OP_FAMILY] + leader] == a[a[OP_FAMILY] + op]
            and a[a[OP_PIECES] + op] <= room - s[s[S_LOAD] + leader]
            and a[a[RUN] + a[a[CHOICE_OFF] + leader] + s[s[S_PLACED] + leader * 12 + 0]]
            == a[a[RUN] + c]
        ):
            p = s[S_PLACED] + leader * 12
            return (
                index, s[p + 1], s[p + 2], s[p + 3], s[p + 4], s[p + 5], s[p + 6], s[p + 7],
                NONE, NONE, NONE, leader,
            )  # fmt: skip
    return own


@njit
def fit(a: Ints, s: Ints, op: int, index: int, floor: int, stop: int) -> Row:
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
        return _fit_batch(a, s, op, index, start, end_min)
    return _fit_gap(a, s, op, index, start, end_min, stop)


@njit
def place(
    a: Ints, s: Ints, op: int, floor: int, home: int, mode: int, stay: int
) -> Row:  # fmt: skip
    """The best place for one operation whose predecessors are placed."""
    if a[a[PIN] + op] != NONE:
        return fit(a, s, op, a[a[PIN] + op], max(floor, a[a[PIN_AT] + op]), FAR * 8)
    if home != NONE and mode != 0:
        kept = fit(a, s, op, home, floor, FAR * 8)
        if mode == KEEP or kept[START] <= floor:
            return kept
        floor = a[a[NOT_BEFORE] + 0]
    best = fit(a, s, op, 0, floor, FAR * 8)
    score = best[END] - (stay if home == 0 else 0)
    for index in range(1, a[a[CHOICE_OFF] + op + 1] - a[a[CHOICE_OFF] + op]):
        bonus = stay if index == home else 0
        row = fit(a, s, op, index, floor, score + bonus)
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
            if not s[s[S_HAS] + a[a[PRED] + k]]:
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
def cost(a: Ints, s: Ints) -> int:
    """What the state's plan costs in minor units; the twin of `problem.cost_minor`."""
    total = 0
    for job in range(a[N_JOBS]):
        if not a[a[JOB_ACTIVE] + job]:
            continue
        end = 0
        for k in range(a[a[LAST_OFF] + job], a[a[LAST_OFF] + job + 1]):
            if s[s[S_HAS] + a[a[LAST] + k]]:
                end = max(end, s[s[S_PLACED] + a[a[LAST] + k] * 12 + END])
        late = max(0, end - a[a[DUE] + job])
        total += -((-a[a[WEIGHT] + job] * late) // 3_600)
    for op in range(a[N_OPS]):
        if s[s[S_HAS] + op]:
            c = a[a[CHOICE_OFF] + op] + s[s[S_PLACED] + op * 12 + 0]
            total += a[a[COST] + c]
            if a[a[LANE] + c] != NONE and s[s[S_PLACED] + op * 12 + LEADER] == op:
                total += s[s[S_PLACED] + op * 12 + 1] * a[a[RATE] + a[a[MACHINE] + c]] // 3_600
    return total
