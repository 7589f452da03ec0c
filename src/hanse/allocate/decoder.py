"""The plain decoder: lays operations out one by one under every rule of the shop.

The oracle of the compiled decoder (`kernels`) and the one that small shops use. An operation goes
to the earliest place where its lane, people, tool and material all serve it, gaps included; a gap
is used only if the next operation's setup does not grow.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hanse.allocate.board import Board
from hanse.allocate.calendars import FAR_S
from hanse.allocate.phases import Work, lay
from hanse.allocate.problem import NONE, Choice, Op, Placed, Plan, Shop

FREE, KEEP, REROUTE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Orders:
    """How to walk: the smallest ``key`` of what is ready goes first.

    ``floor``: an operation starts no earlier. ``home``: its choice in the plan before (NONE: none).
    ``mode``: FREE takes the choice that ends first (``stay_s`` in favour of home), KEEP only home,
    REROUTE home at its floor, and if that is late, the choice that ends first from now on.
    An operation from index ``new_from`` on goes when its predecessors are done, if that is after
    its key: so a new order takes its place in the middle of a walk. People and tools of the plan
    ``before`` are kept where that costs no time.
    """

    key: Sequence[float]
    floor: Sequence[int] | None = None
    home: Sequence[int] | None = None
    mode: int = FREE
    stay_s: int = 0
    new_from: int = FAR_S
    before: Sequence[Placed | None] = ()


class Ready(NamedTuple):
    """From when a choice may start, and before when it cannot end (overlap)."""

    start: int
    end: int


def decode(shop: Shop, orders: Orders) -> Plan:
    """A plan of all active operations; what is fixed keeps its place."""
    board = Board(shop)
    board.before = orders.before
    for op in sorted(shop.fixed):
        board.commit(op, shop.fixed[op])
    ops = shop.active_ops()
    waiting, after = _graph(shop, board, ops)
    heap = [(orders.key[i], i) for i in ops if not waiting[i] and board.placed[i] is None]
    heapq.heapify(heap)
    while heap:
        _, op = heapq.heappop(heap)
        board.commit(op, place(board, op, orders))
        for child in after[op]:
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(heap, (_key(board, orders, child), child))
    return board.plan()


def _key(board: Board, orders: Orders, op: int) -> float:
    if op < orders.new_from:
        return orders.key[op]
    ends = (board.placed[link.op] for link in board.shop.ops[op].preds)
    return max(orders.key[op], *(float(p.end) for p in ends if p is not None), 0.0)


def _graph(shop: Shop, board: Board, ops: list[int]) -> tuple[list[int], list[list[int]]]:
    waiting = [0] * len(shop.ops)
    after: list[list[int]] = [[] for _ in shop.ops]
    for i in ops:
        if board.placed[i] is not None:
            continue
        for link in shop.ops[i].preds:
            if board.placed[link.op] is None and shop.jobs[shop.ops[link.op].order].active:
                waiting[i] += 1
                after[link.op].append(i)
    return waiting, after


def place(board: Board, op: int, orders: Orders) -> Placed:
    """The best place for one operation whose predecessors are placed."""
    shop = board.shop
    pin = shop.pins.get(op)
    floor = shop.not_before if orders.floor is None else orders.floor[op]
    home = NONE if orders.home is None else orders.home[op]
    if pin is not None:
        return sure(fit(board, op, pin[0], max(floor, pin[1])))
    if home != NONE and orders.mode != FREE:
        kept = sure(fit(board, op, home, floor, patient=False))
        if orders.mode == KEEP or kept.start <= floor:
            return kept
        floor = shop.not_before
    return _best(board, op, floor, home, stay_s=orders.stay_s)


def _best(board: Board, op: int, floor: int, home: int, *, stay_s: int) -> Placed:
    best, best_score = None, FAR_S * 2
    for index in range(len(board.shop.ops[op].choices)):
        bonus = stay_s if index == home else 0
        placed = fit(board, op, index, floor, stop=best_score + bonus)
        if placed is not None and placed.end - bonus < best_score:
            best, best_score = placed, placed.end - bonus
    assert best is not None
    return best


def ready(board: Board, op: int, choice: Choice, floor: int) -> Ready:
    """When the steps before, transport, release and material let a choice start and end."""
    shop, task = board.shop, board.shop.ops[op]
    start = max(floor, shop.not_before, shop.jobs[task.order].release)
    end = 0
    site = NONE if choice.lane == NONE else shop.lanes[choice.lane].site
    for link in task.preds:
        before = board.placed[link.op]
        if before is None:
            continue
        lag = link.lag_s + _travel(shop, shop.ops[link.op].choices[before.choice], site)
        if link.transfer and before.out_at < before.end and site != NONE:
            start = max(start, before.out_at + lag)
            tail = -(-choice.run_s * min(link.transfer, task.pieces) // task.pieces)
            end = max(end, before.end + lag + tail)
        else:
            start = max(start, before.end + lag)
    return Ready(board.material_at(op, start) if task.materials else start, end)


def _travel(shop: Shop, choice: Choice, site: int) -> int:
    if NONE in (choice.lane, site):
        return 0
    return shop.transport[shop.lanes[choice.lane].site][site]


def fit(
    board: Board, op: int, index: int, floor: int, *, stop: int = FAR_S * 8, patient: bool = True
) -> Placed | None:
    """The earliest place for one choice of an operation, not before ``floor``.

    None where it cannot end before ``stop``. Unless ``patient``, a batch of its own does not wait
    for others: it did when it was laid out first.
    """
    task = board.shop.ops[op]
    choice = task.choices[index]
    since = ready(board, op, choice, floor)
    if choice.lane == NONE:
        end = since.start + choice.run_s
        at = since.start
        return Placed(index, 0, at, at, at, at, end, end, NONE, NONE, NONE, op)
    if board.shop.lanes[choice.lane].batch_max:
        return _fit_batch(board, op, index, since, patient=patient)
    return _fit_gap(board, op, index, (since, stop))


def sure(placed: Placed | None) -> Placed:
    """A place that was asked for without a limit, so that there is one."""
    assert placed is not None
    return placed


def _fit_batch(board: Board, op: int, index: int, since: Ready, *, patient: bool) -> Placed:
    """Into the first batch of the same family with room, or one of its own."""
    shop, task = board.shop, board.shop.ops[op]
    choice = task.choices[index]
    lane, line = shop.lanes[choice.lane], board.lanes[choice.lane]
    wait = lane.batch_wait_s if patient and task.pieces < lane.batch_max else 0
    own = sure(_fit_gap(board, op, index, (Ready(since.start + wait, since.end), FAR_S * 8)))
    for at in range(bisect_right(line.ends, since.start), len(line.starts)):
        leader = line.ops[at]
        if line.ends[at] > own.end:
            break
        fits = line.starts[at] >= since.start and line.ends[at] >= since.end
        if fits and _may_join(board, task, choice, leader):
            shared = board.placed[leader]
            assert shared is not None
            return shared._replace(
                choice=index, operator=NONE, setter=NONE, tool=NONE, leader=leader
            )
    return own


def _may_join(board: Board, task: Op, choice: Choice, leader: int) -> bool:
    """Whether there is room in a batch that is heated, set up and served like this."""
    other, placed = board.shop.ops[leader], board.placed[leader]
    assert placed is not None
    room = board.shop.lanes[choice.lane].batch_max - board.loads.get(leader, 0)
    same = other.choices[placed.choice]
    return (
        leader not in board.shop.fixed
        and task.pieces <= room
        and (other.family, other.operator, other.setter, other.tool)
        == (task.family, task.operator, task.setter, task.tool)
        and (same.setup_s, same.run_s, same.attended_s)
        == (choice.setup_s, choice.run_s, choice.attended_s)
    )


def _fit_gap(board: Board, op: int, index: int, when: tuple[Ready, int]) -> Placed | None:
    since, stop = when
    task = board.shop.ops[op]
    choice = task.choices[index]
    line = board.lanes[choice.lane]
    at, n = since.start, len(line.starts)
    gap = bisect_right(line.ends, at)
    while True:
        if gap and line.ends[gap - 1] > at:
            at = line.ends[gap - 1]
        if at + choice.run_s >= stop:
            return None
        limit = line.starts[gap] if gap < n else FAR_S * 4
        if limit - at >= choice.run_s and (gap == n or _next_keeps(board, task, choice.lane, gap)):
            setup = choice.setup_s + _change_before(board, task, choice.lane, gap)
            placed = lay(board, Work(op, task, index, choice, setup), at, since.end)
            if placed.end <= limit:
                return placed
        gap += 1


def _change_before(board: Board, task: Op, lane: int, gap: int) -> int:
    shop = board.shop
    if gap:
        return shop.change(lane, shop.ops[board.lanes[lane].ops[gap - 1]].family, task.family)
    return shop.change(lane, shop.lanes[lane].family, task.family)


def _next_keeps(board: Board, task: Op, lane: int, gap: int) -> bool:
    """Whether the operation after the gap has planned enough setup for a change from this one."""
    shop, after = board.shop, board.lanes[lane].ops[gap]
    placed = board.placed[after]
    assert placed is not None
    other = shop.ops[after]
    change = shop.change(lane, task.family, other.family)
    if not change:
        return True
    return placed.setup_s >= other.choices[placed.choice].setup_s + change
