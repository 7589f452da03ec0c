"""What machines report, heard once; and what has begun, kept when an order is laid out again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hanse.allocate.build import Builder
from hanse.allocate.problem import NONE, Link, Placed, Plan, Shop
from hanse.allocate.running import (
    SLIP_S,
    as_planned,
    count,
    give_way,
    hand_on,
    note,
    release,
    remaining_placed,
)
from hanse.model.errors import NotFound
from hanse.model.order import Progress


class Heard(NamedTuple):
    """What a report means for its operation.

    ``now``: its place, None where it is free to go elsewhere. ``changed``: whether anything was
    new. ``fits``: whether it ends no later than planned, so that nothing else need move.
    ``freed``: it is finished so early that others may come forward.
    """

    op: int
    now: Placed | None
    changed: bool
    fits: bool
    freed: bool = False


def hear(builder: Builder, plan: Plan, progress: Progress) -> Heard:
    """Take a report into the shop.

    Raises:
        NotFound: the plan holds no such operation.
        BadInput: the machine cannot do it.
    """
    op = builder.names.ops.get((progress.order, progress.lot, progress.step))
    if op is None:
        raise NotFound("the plan holds no such operation", subject=f"order {progress.order}")
    shop, was = builder.shop, plan.placed[op]
    known = (shop.made.get(op, 0), op in shop.fixed, op in shop.ended)
    note(builder, op, progress)
    if progress.paused and op not in shop.ended:
        changed = bool(shop.made[op]) or op in shop.fixed
        hand_on(shop, plan, {op})
        release(shop, op)
        return Heard(op, None, changed, fits=False)
    now = remaining_placed(builder, plan, op, progress)
    now = now if progress.finished_at is not None else as_planned(was, now)
    changed = now != was or known != (shop.made[op], True, op in shop.ended)
    shop.fixed[op] = now
    held = len(shop.fixed)
    give_way(shop, op, now)
    ahead = was is not None and _ahead(shop, was, now)
    moved = was is None or was.choice != now.choice or ahead or len(shop.fixed) < held
    if was is None or moved or later(was, now):
        return Heard(op, now, changed, fits=False)
    freed = progress.finished_at is not None and was.end - now.end > SLIP_S
    return Heard(op, now, changed, fits=True, freed=freed)


def _ahead(shop: Shop, was: Placed, now: Placed) -> bool:
    """Whether a machine or a person is taken earlier than planned, while others may have it."""
    attended = now.operator != NONE and now.run_at < was.run_at > shop.not_before
    return attended or now.start < was.start > shop.not_before


def later(was: Placed, now: Placed) -> bool:
    """Whether an operation lets go of anything later than it was planned to."""
    return now.end > was.end or now.out_at > was.out_at or now.left_at > was.left_at


def carry_over(builder: Builder, plan: Plan, old: int, ops: Iterable[int]) -> None:
    """What has begun of an order that is laid out again goes on as it was, lot by lot."""
    shop = builder.shop
    known = {(shop.ops[op].lot, shop.ops[op].step): op for op in shop.jobs[old].ops}
    for op in ops:
        task = shop.ops[op]
        before = known.get((task.lot, task.step))
        if before is None or not begun(shop, before):
            continue
        if task.pieces > whole(shop, before):
            made = whole(shop, before) if before in shop.ended else _behind(shop, before)
            if made:
                count(shop, op, min(made, task.pieces - 1))
            continue
        behind, made = shop.counted.get(before, 0), shop.made.get(before, 0)
        if behind:
            made = max(made, int(behind >= task.pieces))
            count(shop, op, min(behind, task.pieces - 1))
        if before in shop.made or made:
            shop.made[op] = min(made, task.pieces)
        if before in shop.ended:
            shop.ended.add(op)
        placed = shop.fixed.get(before)
        if placed is not None and placed.start <= shop.not_before:
            plan.placed[op] = shop.fixed[op] = placed._replace(leader=op)


def _behind(shop: Shop, op: int) -> int:
    return shop.counted.get(op, 0) + shop.made.get(op, 0)


def follow_on(shop: Shop, old: int, new: int, who: Iterable[int] | None = None) -> None:
    """What (or ``who``) waits for an order's last operations waits for those of another."""
    gone, last = set(shop.jobs[old].last), shop.jobs[new].last
    for op in shop.ops if who is None else [shop.ops[index] for index in who]:
        if any(link.op in gone for link in op.preds):
            kept = [link for link in op.preds if link.op not in gone]
            op.preds = [*kept, *(Link(index, 0, 0) for index in last)]


def lots_less(shop: Shop, job: int, lot: int, scrap: int) -> tuple[int, ...]:
    """The lots of an order with so many pieces of one of them in a lot of their own."""
    sizes = {shop.ops[op].lot: whole(shop, op) for op in shop.jobs[job].last}
    lots = [sizes.get(n, 0) for n in range(max(sizes) + 1)]
    lost = min(scrap, lots[lot])
    lots[lot] -= lost
    return (*lots, lost) if lost else tuple(lots)


def whole(shop: Shop, op: int) -> int:
    """Pieces of an operation from its beginning."""
    return shop.ops[op].pieces + shop.counted.get(op, 0)


def begun(shop: Shop, op: int) -> bool:
    """Whether work on an operation has begun."""
    placed = shop.fixed.get(op)
    started = placed is not None and placed.start <= shop.not_before
    return started or bool(shop.made.get(op)) or bool(shop.counted.get(op)) or op in shop.ended


def lots_for(shop: Shop, job: int, quantity: int) -> tuple[int, ...]:
    """The lots of an order for another quantity: what has begun stays as it is.

    Empty where nothing has begun, so that the lots are cut anew.
    """
    entry = shop.jobs[job]
    sizes = {shop.ops[op].lot: whole(shop, op) for op in entry.last}
    running = {shop.ops[op].lot for op in entry.ops if begun(shop, op)}
    if not running:
        return ()
    need = quantity - entry.done_pieces - sum(sizes[lot] for lot in running)
    found = {lot: sizes[lot] for lot in running}
    largest = max(sizes.values())
    for lot in range(max(sizes) + 1 + -(-max(0, need) // largest)):
        if lot not in running:
            found[lot] = max(0, min(need, sizes.get(lot) or largest))
            need -= found[lot]
    return tuple(found.get(lot, 0) for lot in range(max(found) + 1))


def still_fits(shop: Shop, before: Plan) -> bool:
    """Whether an earlier plan has everything fixed where it is, and nothing else in the past."""
    known = before.placed
    if any(op < len(known) and known[op] != placed for op, placed in shop.fixed.items()):
        return False
    past = (op for op, p in enumerate(known) if p is not None and p.start < shop.not_before)
    return all(op in shop.fixed or not shop.jobs[shop.ops[op].order].active for op in past)
