"""The phases of one operation, on flat arrays; the plain twin is `hanse.allocate.phases`."""

from __future__ import annotations

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.board import (
    END,
    FAR,
    LEFT_AT,
    NONE,
    OPERATOR,
    RUN_AT,
    START,
    Row,
    blocked_until,
)
from hanse.allocate.kernels.calendar import finish, next_open, whole
from hanse.allocate.kernels.jit import njit
from hanse.allocate.kernels.layout import (
    ATTENDED,
    CHOICE_OFF,
    GROUP_OFF,
    GROUP_UNIT,
    LANE,
    LANE_BATCH,
    LANE_CAL,
    N_CALENDARS,
    OP_OPERATOR,
    OP_PAUSE,
    OP_PIECES,
    OP_SETTER,
    OP_TOOL,
    OP_TRANSFER,
    PAIR,
    RUN,
    S_WAS_OPERATOR,
    S_WAS_SETTER,
    S_WAS_TOOL,
    UNIT_CAL,
)


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
    if a[a[OP_TRANSFER] + op] and not a[a[LANE_BATCH] + a[a[LANE] + c]]:
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
def _from(a: Ints, group: int, was: int) -> int:
    """Where to begin in a group: one before it if the one who served before is among it."""
    low = a[a[GROUP_OFF] + group]
    if was == NONE:
        return low
    for g in range(low, a[a[GROUP_OFF] + group + 1]):
        if a[a[GROUP_UNIT] + g] == was:
            return low - 1
    return low


@njit
def _by_operator(a: Ints, s: Ints, op: int, index: int, setup: int, at: int) -> Row:
    c = a[a[CHOICE_OFF] + op] + index
    group = a[a[OP_OPERATOR] + op]
    best, known = NONE, NONE
    spans = (0, 0, 0, FAR * 8)
    first = spans
    cal = a[a[LANE_CAL] + a[a[LANE] + c]]
    was = s[s[S_WAS_OPERATOR] + op]
    for g in range(_from(a, group, was), a[a[GROUP_OFF] + group + 1]):
        unit = was if g < a[a[GROUP_OFF] + group] else a[a[GROUP_UNIT] + g]
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
    was = s[s[S_WAS_SETTER] + op]
    for g in range(_from(a, group, was), a[a[GROUP_OFF] + group + 1]):
        unit = was if g < a[a[GROUP_OFF] + group] else a[a[GROUP_UNIT] + g]
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
def _tool(a: Ints, s: Ints, op: int, row: Row) -> tuple[int, int]:
    best, best_at = NONE, FAR * 8
    group, was = a[a[OP_TOOL] + op], s[s[S_WAS_TOOL] + op]
    for g in range(_from(a, group, was), a[a[GROUP_OFF] + group + 1]):
        unit = was if g < a[a[GROUP_OFF] + group] else a[a[GROUP_UNIT] + g]
        free = blocked_until(a, s, unit, row[START], row[END])
        if free < best_at:
            best, best_at = unit, free
    return best, best_at


@njit
def lay(
    a: Ints, s: Ints, op: int, index: int, setup: int, at: int, end_min: int
) -> Row:  # fmt: skip
    """The phases from ``at`` on; later until people, tool and ``end_min`` agree."""
    while True:
        row = _people(a, s, op, index, setup, at)
        if row[END] < end_min:
            at = row[START] + end_min - row[END]
            continue
        if a[a[OP_TOOL] + op] == NONE:
            return row
        tool, free = _tool(a, s, op, row)
        if free <= row[START]:
            return (
                row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9],
                tool, row[11],
            )  # fmt: skip
        at = free
