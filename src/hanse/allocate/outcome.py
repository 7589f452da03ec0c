"""What cannot be kept: late orders, and how many of their pieces still can be in time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from hanse.allocate.board import Board
from hanse.allocate.calendars import worked
from hanse.allocate.decoder import Orders, place
from hanse.allocate.engine import lone, most
from hanse.allocate.problem import NONE, Choice, Op, Placed, Plan, Shop, tardiness_minor
from hanse.allocate.view import duration, instant
from hanse.model.plan import Shortfall
from hanse.model.text import Text


def shortfalls(
    shop: Shop, plan: Plan, keepable: Callable[[str], int], *, skip: Collection[str] = ()
) -> list[Shortfall]:
    """Orders that end after their promise, costliest first."""
    found = []
    for j, job in enumerate(shop.jobs):
        late = plan.end(shop, j) - job.promised
        if not job.active or late <= 0 or job.key in skip or job.weight == 0:
            continue
        kept = job.done_pieces + job.made_pieces + keepable(job.key)
        en, zh = duration(late)
        found.append(
            Shortfall(
                order=job.key,
                item=job.item,
                quantity=job.quantity,
                kept=min(kept, job.quantity),
                missing=max(0, job.quantity - kept),
                promised=instant(shop, job.promised),
                ready_at=instant(shop, plan.end(shop, j)),
                late_s=late,
                cost_minor=tardiness_minor(job.weight, late),
                why=Text(
                    f"{job.key} would be {en} late; {kept} of {job.quantity} pieces can be in time",
                    f"{job.key} 将迟 {zh};{job.quantity} 件中 {kept} 件可按时完成",
                ),
            )
        )
    return sorted(found, key=lambda s: -s.cost_minor)


def keepable(board: Board, job: int, at: int) -> int:
    """Pieces still to be made of an order that can be done by ``at``, nobody else touched.

    The better of what the plan yields by then and what a smaller order reaches in its place.
    """
    shop = board.shop
    yielded = sum(_yield(shop, board.placed[op], op, at) for op in shop.jobs[job].last)
    total = sum(shop.ops[op].pieces for op in shop.jobs[job].last)
    loose = [op for op in shop.jobs[job].ops if op not in shop.fixed]
    if yielded >= total or not all(lone(shop, board, op) for op in loose):
        return min(yielded, total)
    places = {op: board.placed[op] for op in loose}
    lanes = board.lanes_of(loose)
    for op in loose:
        board.undo(op)
    try:
        smaller = most(total, lambda n: _reaches(board, lanes, loose, (n, at)))
    finally:
        for op, placed in places.items():
            if placed is not None:
                board.commit(op, placed)
    return max(yielded, smaller)


def _yield(shop: Shop, placed: Placed | None, op: int, at: int) -> int:
    """Pieces that come out of a last operation by an instant, those that are there included."""
    task, made = shop.ops[op], shop.made.get(op, 0)
    if placed is None or placed.run_at >= at:
        return made
    if placed.end <= at:
        return task.pieces
    choice = task.choices[placed.choice]
    if choice.lane == NONE or shop.lanes[choice.lane].batch_max:
        return made
    calendar = shop.lanes[choice.lane].calendar
    whole = max(1, worked(calendar, placed.run_at, placed.end))
    return made + (task.pieces - made) * worked(calendar, placed.run_at, at) // whole


def _reaches(board: Board, lanes: set[int], loose: Sequence[int], goal: tuple[int, int]) -> bool:
    """Whether so many pieces, taken lot by lot, are done by an instant."""
    shop, (left, at) = board.shop, goal
    if not left or not loose:
        return not left
    job = shop.ops[loose[0]].order
    share: dict[int, int] = {}
    over: dict[int, int] = {}
    for op in shop.jobs[job].last:
        lot, pieces = shop.ops[op].lot, shop.ops[op].pieces
        share[lot], over[lot] = min(left, pieces), pieces
        left -= share[lot]
    kept = {op: (shop.ops[op].pieces, shop.ops[op].choices) for op in loose}
    needed = {op: _needed(shop.ops[op], share, over) for op in loose}
    orders = Orders([0.0] * len(shop.ops))
    chosen = [op for op in loose if needed[op] > 0]
    try:
        for op in chosen:
            shrink(shop, op, needed[op])
            board.commit(op, place(board, op, orders))
        short = board.short(lanes | board.lanes_of(chosen))
        ends = [p.end for op in shop.jobs[job].last if (p := board.placed[op]) is not None]
    finally:
        for op in reversed(chosen):
            board.undo(op)
        for op, (pieces, choices) in kept.items():
            shop.ops[op].pieces, shop.ops[op].choices = pieces, choices
    return not short and max(ends, default=0) <= at


def _needed(task: Op, share: dict[int, int], over: dict[int, int]) -> int:
    """Pieces an operation must still do so that its lot's last one can give its share."""
    if not share[task.lot]:
        return 0
    return min(task.pieces, share[task.lot] - (over[task.lot] - task.pieces))


def shrink(shop: Shop, op: int, pieces: int) -> None:
    """An operation for fewer (or more) pieces; a batch takes as long whatever is in it."""
    task = shop.ops[op]
    task.choices = [_scaled(shop, task, choice, pieces) for choice in task.choices]
    task.pieces = pieces


def _scaled(shop: Shop, task: Op, choice: Choice, pieces: int) -> Choice:
    if choice.lane == NONE or shop.lanes[choice.lane].batch_max:
        return choice
    run = max(1, -(-choice.run_s * pieces // task.pieces))
    attended = min(run, -(-choice.attended_s * pieces // task.pieces))
    return choice._replace(run_s=run, attended_s=attended)
