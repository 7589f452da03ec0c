"""The first rungs after an event: cheap ways to lay the plan out again, and late orders mended.

Right shift, rerouting with and without a favour for staying, the old order pulled forward, and the
dispatching orders with that favour are decoded; the cheapest counts, its moves with it. Then each
order that now breaks its promise is tried at the front of the queue, and in gaps. What searches for
seconds comes after, in `engine.improve`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol

from hanse.allocate.board import Board
from hanse.allocate.decoder import FREE, KEEP, REROUTE, Orders, decode, fit, place, sure
from hanse.allocate.engine import (
    changes,
    compiled,
    decode_for,
    dispatch_keys,
    lone,
    move_cost,
)
from hanse.allocate.problem import NONE, Plan, Shop, cost_minor, late_s, op_cost, tardiness_minor
from hanse.allocate.records import Rules
from hanse.allocate.repair import walk
from hanse.allocate.search import EXCESS_MINOR

MENDED_MAX = 50
MENDED_OPS_MAX = 250
"""How many late orders, with how many operations in all, a repair tries in gaps."""

RAISED_MAX = 8
WIDE_OPS_MAX = 2_000
COMPILED_OPS_MAX = 10_000
PLAIN_OPS_MAX = 2_000
"""How many late orders are tried at the front at once, up to which size all ways are tried, and how
many operations may be laid out for late orders."""


def repair(
    shop: Shop,
    old: Plan,
    rules: Rules,
    *,
    forward: bool = False,
    first: Mapping[int, int] | None = None,
) -> Plan:
    """The cheapest feasible plan after an event, moves counted.

    No more operations change their machine than rerouting alone would change, or than a search may
    (`Rules.change_share`). ``forward``: capacity came back, so the old plan still holds and may be
    pulled forward. ``first``: operations that a planner put at an instant.
    """
    if forward:
        kept = walk(shop, old, KEEP)
        pulled = walk(shop, old, FREE, stay_s=rules.stay_s)
        return _judge(shop, old, rules)[0].cheapest((kept, pulled))[1]
    judge, budget = _judge(shop, old, rules)
    cost, best = judge.cheapest(ways(shop, old, rules, first))
    while shop.ops and not first and budget >= len(shop.ops):
        tries = list(raised(shop, old, best, rules))[: budget // len(shop.ops)]
        budget -= len(shop.ops) * max(1, len(tries))
        found, plan = judge.cheapest(tries)
        if found >= cost:
            break
        cost, best = found, plan
    return mend(shop, old, best)


class Cheapest(Protocol):
    """Finds which of several orders makes the cheapest plan, its moves counted."""

    def cheapest(self, tries: Iterable[Orders]) -> tuple[float, Plan]:
        """The least cost in minor units with its plan."""
        ...


def _judge(shop: Shop, old: Plan, rules: Rules) -> tuple[Cheapest, int]:
    """The judge for a shop of that size, and how many operations it may lay out beside."""
    share = round(rules.change_share * len(shop.ops))
    if not compiled(shop, rules):
        return PlainJudge(shop, old, rules, share), PLAIN_OPS_MAX
    from hanse.allocate.kernels.run import Engine, Judge, Stay

    stay = Stay(old, rules.near_s, rules.move_minor, rules.machine_minor, 0, share)
    return Judge(Engine(shop), stay), COMPILED_OPS_MAX


@dataclass(slots=True)
class PlainJudge:
    """`kernels.run.Judge` in plain Python."""

    shop: Shop
    old: Plan
    rules: Rules
    allowed: int
    known: bool = False

    def cheapest(self, tries: Iterable[Orders]) -> tuple[float, Plan]:
        """The least cost in minor units with its plan; the first wins where two cost the same."""
        best, plan = inf, Plan([])
        for orders in tries:
            found = decode(self.shop, orders)
            changed = changes(self.shop, self.old, found)
            if not self.known:
                self.allowed, self.known = max(self.allowed, changed), True
            cost = cost_minor(self.shop, found) + move_cost(self.shop, self.old, found, self.rules)
            cost += max(0, changed - self.allowed) * EXCESS_MINOR
            if cost < best:
                best, plan = cost, found
        return best, plan


def ways(
    shop: Shop, old: Plan, rules: Rules, first: Mapping[int, int] | None = None
) -> Iterator[Orders]:
    """What a repair tries; plain rerouting first, which says how many machines may change.

    In a large shop only the walks that move least, the others seldom win there.
    """
    rerouted = walk(shop, old, REROUTE, first=first)
    yield rerouted
    yield replace(rerouted, stay_s=rules.stay_s)
    yield replace(rerouted, mode=KEEP)
    if first or len(shop.ops) > WIDE_OPS_MAX:
        return
    pulled = walk(shop, old, FREE, stay_s=rules.stay_s)
    yield pulled
    for key in dispatch_keys(shop):
        yield replace(pulled, key=key)


def raised(shop: Shop, old: Plan, plan: Plan, rules: Rules) -> Iterator[Orders]:
    """Each order that now breaks its promise, costliest first, before all others of its time."""
    base = walk(shop, plan, REROUTE, stay_s=rules.stay_s)
    assert base.floor is not None
    assert base.home is not None
    for job in broken(shop, old, plan)[:RAISED_MAX]:
        key, floor, home = list(base.key), list(base.floor), list(base.home)
        for op in with_parts(shop, job):
            key[op], floor[op], home[op] = -1.0, shop.not_before, NONE
        yield replace(base, key=key, floor=floor, home=home)


def with_parts(shop: Shop, job: int) -> set[int]:
    """The operations of an order and of the parts made for it."""
    found, stack = set[int](), list(shop.jobs[job].ops)
    while stack:
        op = stack.pop()
        if op not in found:
            found.add(op)
            stack.extend(link.op for link in shop.ops[op].preds)
    return found


def broken(shop: Shop, old: Plan, plan: Plan) -> list[int]:
    """Orders that now end after their promise and later than before, costliest first."""
    before, after = old.ends(shop), plan.ends(shop)
    late = [
        (tardiness_minor(job.weight, after[j] - job.promised), j)
        for j, job in enumerate(shop.jobs)
        if job.active and after[j] > max(job.promised, before[j]) and job.weight
    ]
    return [j for _, j in sorted(late, reverse=True)]


def pull(shop: Shop, plan: Plan, rules: Rules) -> Plan:
    """The plan with everything as early as its machine allows; the same if that costs more."""
    waiting = walk(shop, plan, KEEP)
    floor = [shop.not_before] * len(shop.ops)
    found = decode_for(rules)(shop, replace(waiting, floor=floor))
    return found if cost_minor(shop, found) <= cost_minor(shop, plan) else plan


def settle(shop: Shop, plan: Plan, rules: Rules) -> Plan:
    """A plan from which operations were taken out, with setups that cover what now comes before.

    An operation whose setup grew starts earlier in the gap; where that does not do, everything
    after it is pushed right.
    """
    board = Board(shop).load(plan)
    lanes = range(len(shop.lanes))
    for op in board.short(lanes):
        was = board.placed[op]
        assert was is not None
        if not lone(shop, board, op):
            break
        board.undo(op)
        floor = shop.pins[op][1] if op in shop.pins else 0
        now = sure(fit(board, op, was.choice, max(floor, shop.not_before)))
        board.commit(op, now if now.end <= was.end else was)
    if not board.short(lanes):
        return board.plan()
    return decode_for(rules)(shop, walk(shop, board.plan(), KEEP))


def mend(shop: Shop, old: Plan, plan: Plan) -> Plan:
    """Each order that now breaks its promise, costliest first, into gaps that end it earlier.

    Only that order moves; at most MENDED_MAX are tried, of MENDED_OPS_MAX operations in all.
    """
    late = broken(shop, old, plan)
    if not late:
        return plan
    board = Board(shop).load(plan)
    fed = {link.op for op in shop.ops for link in op.preds if shop.ops[link.op].order != op.order}
    left = MENDED_OPS_MAX
    for j in late[:MENDED_MAX]:
        if not fed.intersection(shop.jobs[j].ops) and left >= len(shop.jobs[j].ops):
            left -= len(shop.jobs[j].ops)
            _into_gaps(board, j)
    return board.plan()


def _into_gaps(board: Board, job: int) -> None:
    shop = board.shop
    loose = [op for op in shop.jobs[job].ops if op not in shop.fixed and board.placed[op]]
    if not all(lone(shop, board, op) for op in loose):
        return
    before, was = {op: board.placed[op] for op in loose}, cost_of_job(board, job)
    lanes = board.lanes_of(loose)
    for op in loose:
        board.undo(op)
    orders = Orders([0.0] * len(shop.ops))
    for op in loose:
        board.commit(op, place(board, op, orders))
    if cost_of_job(board, job) >= was or board.short(lanes | board.lanes_of(loose)):
        for op in loose:
            board.undo(op)
        for op in loose:
            kept = before[op]
            assert kept is not None
            board.commit(op, kept)


def cost_of_job(board: Board, job: int) -> int:
    """What one order's lateness, setups and bought-out steps cost on a board."""
    shop, plan = board.shop, Plan(board.placed)
    late = tardiness_minor(shop.jobs[job].weight, late_s(shop, plan, job))
    placed = ((op, board.placed[op]) for op in shop.jobs[job].ops)
    return late + sum(op_cost(shop, op, p) for op, p in placed if p is not None)
