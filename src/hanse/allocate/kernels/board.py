"""What is busy when, on flat arrays; the plain twin is `hanse.allocate.board`."""

from __future__ import annotations

from hanse.allocate.kernels.arrays import Ints
from hanse.allocate.kernels.calendar import upper
from hanse.allocate.kernels.jit import njit
from hanse.allocate.kernels.layout import (
    BUY_AT,
    CHOICE_OFF,
    LANE,
    LANE_BATCH,
    LANE_OFF,
    MAT_ITEM,
    MAT_OFF,
    MAT_QUANTITY,
    OP_PIECES,
    S_HAS,
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
    STOCK_OFF,
    UNIT_OFF,
)

NONE = -1
FAR = 2**40
START, SET_AT, RUN_AT, LEFT_AT, END, OUT_AT, OPERATOR, SETTER, TOOL, LEADER = (
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
)  # fmt: skip

Row = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
"""The columns of `problem.Placed`."""


@njit
def insert(s: Ints, starts: int, ends: int, low: int, n: int, start: int, end: int) -> int:
    """A span into sorted spans ``[low, low + n)``; where it went.

    An end is when everything up to it is over, as in the plain twin.
    """
    at = low + n
    while at > low and s[starts + at - 1] > start:
        s[starts + at] = s[starts + at - 1]
        s[ends + at] = s[ends + at - 1]
        at -= 1
    if at > low and s[ends + at - 1] > end:
        end = s[ends + at - 1]
    s[starts + at] = start
    s[ends + at] = end
    i = at + 1
    while i <= low + n and s[ends + i] < end:
        s[ends + i] = end
        i += 1
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
    if at >= a[a[BUY_AT] + item]:
        return at
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
    if at >= a[a[BUY_AT] + item]:
        return
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
    while at_i > low and s[s[S_STOCK_AT] + at_i - 1] > at:
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
