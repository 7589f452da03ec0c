"""When can it be ready? Date against harm to others, read from the live plan.

Untouched: the new order only fills gaps. Harmless: it takes its place in the live sequences and
others are pushed right, but nobody's promise breaks. Express: others become late, by so much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hanse.allocate.board import Board
from hanse.allocate.decoder import KEEP, Orders, place
from hanse.allocate.problem import NONE, Placed, Plan, Shop, tardiness_minor
from hanse.allocate.slack import slacks, squeeze
from hanse.allocate.view import instant
from hanse.model.plan import Harm, PromiseKind, PromisePoint

TRIALS_MAX = 10
SLACK_SHARES = (1.0, 0.5, 0.15)
HARMED_SHOWN_MAX = 100

Decode = Callable[[Shop, Orders], Plan]


class Before(NamedTuple):
    """The live plan, read once for all trials."""

    placed: list[Placed | None]
    ends: list[int]


class Trial(NamedTuple):
    """A way to fit a new order in: the whole plan with it, its date, and who is harmed."""

    plan: Plan
    ready_s: int
    harms: tuple[tuple[int, int], ...]
    """(job, seconds later than both its promise and its date before)."""

    def harm_minor(self, shop: Shop) -> int:
        """What the harm costs."""
        return sum(tardiness_minor(shop.jobs[j].weight, s) for j, s in self.harms)


def fill_gaps(board: Board, ops: Sequence[int]) -> Trial:
    """The new operations into gaps of the board, which is left as it was.

    ``ops`` stand in an order in which each comes after its predecessors.
    """
    orders = Orders([0.0] * len(board.shop.ops))
    try:
        for op in ops:
            board.commit(op, place(board, op, orders))
        plan = board.plan()
    finally:
        for op in reversed(ops):
            board.undo(op)
    return Trial(plan, _ready(plan, ops), ())


def take_place(shop: Shop, live: Before, new: dict[int, float], *, decode: Decode) -> Trial:
    """The new operations by their keys among the starts of the others, which are pushed right."""
    key, floor, home = [], [], []
    for op, was in enumerate(live.placed):
        placed = None if op in new else was
        key.append(new.get(op, 0.0) if placed is None else float(placed.start))
        floor.append(shop.not_before if placed is None else max(shop.not_before, placed.start))
        home.append(NONE if placed is None else placed.choice)
    plan = decode(shop, Orders(key, floor, home, KEEP, new_from=min(new), before=live.placed))
    jobs = {shop.ops[op].order for op in new}
    ends = plan.ends(shop)
    return Trial(plan, max(ends[j] for j in jobs), _later(shop, live.ends, plan))


def harmed(shop: Shop, old: Plan, new: Plan) -> tuple[tuple[int, int], ...]:
    """Jobs that end later than both their promise and before, with the seconds."""
    return _later(shop, old.ends(shop), new)


def _later(shop: Shop, before: list[int], new: Plan) -> tuple[tuple[int, int], ...]:
    after = new.ends(shop)
    return tuple(
        (j, after[j] - max(before[j], job.promised))
        for j, job in enumerate(shop.jobs)
        if before[j] and after[j] > before[j] and after[j] > job.promised and job.active
    )


def curve(board: Board, live: Plan, ops: Sequence[int], decode: Decode) -> list[Trial]:
    """Trials from no harm to most, each earlier than the one before.

    The first touches nobody. Then places that the slack of others allows are tried, then the very
    front, and between the two the latest place that harms nobody is bisected.
    """
    shop = board.shop
    gap = fill_gaps(board, ops)
    before = Before(live.placed, live.ends(shop))
    slack = slacks(shop, before.placed, before.ends)
    tried = [gap]
    for share in SLACK_SHARES:
        keys = squeeze(board, ops, slack, share)
        tried.append(take_place(shop, before, dict(zip(ops, keys, strict=True)), decode=decode))
        if not tried[-1].harms:
            break
    low, high = shop.not_before, min(t.ready_s for t in tried if not t.harms)
    front = take_place(shop, before, dict.fromkeys(ops, low - 0.5), decode=decode)
    tried.append(front)
    while front.harms and len(tried) < TRIALS_MAX and high - low > 1_800:
        middle = (low + high) // 2
        trial = take_place(shop, before, dict.fromkeys(ops, middle - 0.5), decode=decode)
        tried.append(trial)
        low, high = (middle, high) if trial.harms else (low, middle)
    return _frontier(shop, tried)


def _frontier(shop: Shop, tried: list[Trial]) -> list[Trial]:
    """Without trials that are both later and more harmful than another."""
    kept: list[Trial] = []
    for trial in sorted(tried, key=lambda t: (len(t.harms) > 0, t.harm_minor(shop), t.ready_s)):
        if not kept or trial.ready_s < kept[-1].ready_s:
            kept.append(trial)
    first = tried[0]
    return kept if kept[0] is first else [first, *(t for t in kept if t.ready_s < first.ready_s)]


def point(shop: Shop, trial: Trial, *, first: bool) -> PromisePoint:
    """A trial in the vocabulary."""
    if trial.harms:
        kind = PromiseKind.EXPRESS
    else:
        kind = PromiseKind.UNTOUCHED if first else PromiseKind.HARMLESS
    harms = [
        Harm(order=shop.jobs[j].key, seconds=s, cost_minor=tardiness_minor(shop.jobs[j].weight, s))
        for j, s in sorted(trial.harms, key=lambda harm: -harm[1])[:HARMED_SHOWN_MAX]
    ]
    return PromisePoint(
        kind=kind,
        ready_at=instant(shop, trial.ready_s),
        harm_minor=trial.harm_minor(shop),
        harmed=tuple(harms),
    )


def _ready(plan: Plan, ops: Sequence[int]) -> int:
    return max(p.end for op in ops if (p := plan.placed[op]) is not None)
