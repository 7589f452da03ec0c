"""The phases of one operation on its lane: setup, attended run, the rest of the run.

Setup is worked by a setter where the step names one, else by the operator, else by the machine
alone. A run that may not pause is worked in one go; its setup may still pause over a break.
"""

from __future__ import annotations

from typing import NamedTuple

from hanse.allocate.board import Board, Line
from hanse.allocate.calendars import FAR_S, Windows, finish, next_open, whole
from hanse.allocate.problem import NONE, Choice, Op, Placed

OPERATOR, SETTER, TOOL = 8, 9, 10
"""Columns of `problem.Placed`."""


class Work(NamedTuple):
    """An operation, one of its choices, and the setup it needs there."""

    op: int
    task: Op
    choice_at: int
    choice: Choice
    setup_s: int


class _Run(NamedTuple):
    start: int
    left: int


class _Service(NamedTuple):
    unit: int
    start: int
    set_at: int
    run: _Run


def lay(board: Board, work: Work, at: int, end_min: int) -> Placed:
    """The phases from ``at`` on; later until people, tool and ``end_min`` agree."""
    while True:
        placed = _people(board, work, at)
        if placed.end < end_min:
            at = placed.start + end_min - placed.end
            continue
        if work.task.tool == NONE:
            return placed
        tool, free = _tool(board, board.members(work.op, work.task.tool, TOOL), placed)
        if free <= placed.start:
            return placed._replace(tool=tool)
        at = free


def _tool(board: Board, group: list[int], placed: Placed) -> tuple[int, int]:
    best, best_at = NONE, FAR_S * 8
    for unit in group:
        free = board.units[unit].blocked_until(placed.start, placed.end)
        if free < best_at:
            best, best_at = unit, free
    return best, best_at


def _people(board: Board, work: Work, at: int) -> Placed:
    task, attended = work.task, work.choice.attended_s
    if task.setter != NONE and work.setup_s:
        return _set_by_other(board, work, at)
    if task.operator == NONE or (attended == 0 and (work.setup_s == 0 or task.setter != NONE)):
        return _alone(board, work, at)
    return _by_operator(board, work, at)


def _alone(board: Board, work: Work, at: int) -> Placed:
    calendar = board.shop.lanes[work.choice.lane].calendar
    start = next_open(calendar, at)
    set_at = finish(calendar, start, work.setup_s)
    run = _attend(work, (calendar, calendar), set_at, 0)
    if not work.setup_s:
        start = set_at = run.start
    return _placed(board, work, _Service(NONE, start, set_at, run), setter=NONE)


def _by_operator(board: Board, work: Work, at: int) -> Placed:
    """One person sets up and attends, without another job in between."""
    best: _Service | None = None
    for unit in board.members(work.op, work.task.operator, OPERATOR):
        found = _earliest(board, work, unit, at)
        if best is None or found.run.left < best.run.left:
            best = found
    assert best is not None
    return _placed(board, work, best, setter=NONE)


def _earliest(board: Board, work: Work, unit: int, at: int) -> _Service:
    calendar = board.shop.lanes[work.choice.lane].calendar
    pair, line = board.shop.pair(work.choice.lane, unit), board.units[unit]
    while True:
        start = next_open(pair, at)
        set_at = finish(pair, start, work.setup_s)
        run = _attend(work, (pair, calendar), set_at, work.choice.attended_s)
        if not work.setup_s:
            start = set_at = run.start
        until = run.left if run.left > run.start else set_at
        free = line.blocked_until(start, until)
        if free == start:
            return _Service(unit, start, set_at, run)
        at = free


def _set_by_other(board: Board, work: Work, at: int) -> Placed:
    """A setter sets up; then an operator attends, or the machine runs alone."""
    setter, start, set_at = NONE, 0, FAR_S * 8
    for unit in board.members(work.op, work.task.setter, SETTER):
        pair = board.shop.pair(work.choice.lane, unit)
        begun, done = _free_span(pair, board.units[unit], at, work.setup_s)
        if done < set_at:
            setter, start, set_at = unit, begun, done
    if work.task.operator == NONE or not work.choice.attended_s:
        calendar = board.shop.lanes[work.choice.lane].calendar
        run_at = _attend(work, (calendar, calendar), set_at, 0).start
        service = _Service(NONE, start, set_at, _Run(run_at, run_at))
        return _placed(board, work, service, setter=setter)
    plain = work._replace(setup_s=0)
    later = _by_operator(board, plain, set_at)
    service = _Service(later.operator, start, set_at, _Run(later.run_at, later.left_at))
    return _placed(board, work, service, setter=setter)


def _free_span(calendar: Windows, line: Line, at: int, work_s: int) -> tuple[int, int]:
    while True:
        start = next_open(calendar, at)
        end = finish(calendar, start, work_s)
        free = line.blocked_until(start, end)
        if free == start:
            return start, end
        at = free


def _attend(work: Work, calendars: tuple[Windows, Windows], at: int, attended: int) -> _Run:
    """The run's start from ``at`` on, and when its attended part ends."""
    serving, lane = calendars
    if work.task.may_pause:
        start = next_open(serving if attended else lane, at)
        return _Run(start, finish(serving, start, attended))
    while True:
        start = whole(serving, at, attended) if attended else at
        at = whole(lane, start, work.choice.run_s)
        if at == start or not attended:
            return _Run(at, at + attended)


def _placed(board: Board, work: Work, service: _Service, *, setter: int) -> Placed:
    shop, choice, run = board.shop, work.choice, service.run
    lane = shop.lanes[choice.lane].calendar
    attended = choice.attended_s if service.unit != NONE and run.left > run.start else 0
    end = finish(lane, run.left, choice.run_s - attended)
    out = end
    if work.task.transfer and not shop.lanes[choice.lane].batch_max:
        first = -(-choice.run_s * min(work.task.transfer, work.task.pieces) // work.task.pieces)
        if first <= attended:
            out = finish(shop.pair(choice.lane, service.unit), run.start, first)
        else:
            out = finish(lane, run.left, first - attended)
    return Placed(
        work.choice_at,
        work.setup_s,
        service.start,
        service.set_at,
        run.start,
        run.left,
        end,
        out,
        service.unit,
        setter,
        NONE,
        work.op,
    )
