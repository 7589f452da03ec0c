"""How far each operation may be pushed before a promise breaks, and where a new order fits by that.

A backward pass over order, lane and person: an operation's slack is what its order's promise
leaves, or the gap to what follows it with that one's slack. Closed hours make a push longer than
it looks, so a place found here is tried on the decoder, which decides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from hanse.allocate.board import Board, services
from hanse.allocate.calendars import FAR_S, finish, next_open
from hanse.allocate.problem import NONE, Placed, Shop


class _Next(NamedTuple):
    start: int
    slack: int


def slacks(shop: Shop, placed: Sequence[Placed | None], ends: Sequence[int]) -> list[int]:
    """Seconds each operation may be pushed with every promise kept; 0 where it is fixed."""
    slack = [FAR_S] * len(shop.ops)
    follows: dict[tuple[str, int], _Next] = {}
    rows = [(p.start, op) for op, p in enumerate(placed) if p is not None]
    for _, op in sorted(rows, reverse=True):
        row, task = placed[op], shop.ops[op]
        assert row is not None
        job = shop.jobs[task.order]
        free = slack[op]
        if op in job.last:
            free = min(free, max(job.promised, ends[task.order]) - row.end)
        uses = [(("lane", task.choices[row.choice].lane), row.end)]
        uses += [(("unit", unit), end) for unit, _, end in services(row)]
        for what, end in uses:
            later = follows.get(what)
            if later is not None and what != ("lane", NONE):
                free = min(free, max(0, later.start - end) + later.slack)
        slack[op] = free = 0 if op in shop.fixed else max(0, free)
        for what, _ in uses:
            follows[what] = _Next(row.start, free)
        for link in task.preds:
            before = placed[link.op]
            if before is not None:
                done = before.out_at if link.transfer else before.end
                room = max(0, row.start - done - link.lag_s) + free
                slack[link.op] = min(slack[link.op], room)
    return slack


def squeeze(board: Board, ops: Sequence[int], slack: Sequence[int], share: float) -> list[float]:
    """Keys for new operations: each before the first one that can be pushed as far as it must.

    ``share``: how much of the slack may be used up, 0 to 1.
    """
    shop, at = board.shop, board.shop.not_before
    keys = []
    done: dict[int, int] = {}
    for op in ops:
        task = shop.ops[op]
        since = max([at, *(done.get(link.op, at) + link.lag_s for link in task.preds)])
        since = board.material_at(op, since)
        found = [
            _first(board, op, index, (since, slack, share)) for index in range(len(task.choices))
        ]
        end, key = min(found)
        done[op] = end
        keys.append(key)
    return keys


def _first(
    board: Board, op: int, index: int, asked: tuple[int, Sequence[int], float]
) -> tuple[int, float]:
    """(end, key) of the first place on one choice's lane."""
    since, slack, share = asked
    shop = board.shop
    choice = shop.ops[op].choices[index]
    if choice.lane == NONE:
        return since + choice.run_s, float(since)
    line, calendar = board.lanes[choice.lane], shop.lanes[choice.lane].calendar
    family = shop.ops[op].family
    at = since
    for gap in range(bisect_right(line.ends, since), len(line.starts)):
        if gap:
            at = max(at, line.ends[gap - 1])
        after = line.ops[gap]
        change = shop.change(choice.lane, family, shop.ops[after].family)
        before = shop.ops[line.ops[gap - 1]].family if gap else shop.lanes[choice.lane].family
        setup = choice.setup_s + shop.change(choice.lane, before, family)
        end = finish(calendar, next_open(calendar, at), setup + choice.run_s)
        if end + change - line.starts[gap] <= slack[after] * share:
            return end, line.starts[gap] - 0.25
    at = max(at, line.ends[-1]) if line.ends else at
    return finish(calendar, next_open(calendar, at), choice.setup_s + choice.run_s), float(at)
