"""Which search when: first plans, repair and improvement behind one door for every size of shop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.allocate.board import Board
from hanse.allocate.decoder import FREE, KEEP, REROUTE, Orders, decode, fit, place, sure
from hanse.allocate.problem import NONE, Plan, Shop, cost_minor, late_s, op_cost, tardiness_minor
from hanse.allocate.promise import Decode
from hanse.allocate.records import Rules
from hanse.allocate.repair import walk
from hanse.allocate.search import EXCESS_MINOR, Home, key_search
from hanse.model.time import Clock

if TYPE_CHECKING:
    from hanse.allocate.kernels.run import Engine

MENDED_MAX = 50
MENDED_OPS_MAX = 250
"""How many late orders, with how many operations in all, a repair tries in gaps."""

CANDIDATES_PER_S_MAX = 30_000


class Budget(NamedTuple):
    """How long a search may take, whether it was told to stop, and who is told how far it is."""

    clock: Clock
    seconds: float
    cancelled: Callable[[], bool] = lambda: False
    tell: Callable[[float, float], None] = lambda _spent, _cost: None
    seed: int = 1


def decode_for(rules: Rules) -> Decode:
    """The plain decoder for small shops, the compiled one from ``compiled_from_ops`` on.

    Until `warm_up` has run somewhere in the process, the plain one for all. Good for one shop as
    it stands: it keeps the shop's arrays from its first call on.
    """
    known: list[Engine] = []

    def chosen(shop: Shop, orders: Orders) -> Plan:
        if not compiled(shop, rules):
            return decode(shop, orders)
        if not known:
            from hanse.allocate.kernels.run import Engine

            known.append(Engine(shop))
        return known[0].decode(orders)

    return chosen


def compiled(shop: Shop, rules: Rules) -> bool:
    """Whether a shop is large enough for the compiled decoder, and it is there."""
    if len(shop.ops) < rules.compiled_from_ops:
        return False
    jit = sys.modules.get("hanse.allocate.kernels.jit")
    return jit is not None and jit.WARM.is_set()


def warm_up() -> None:
    """Compile the engine, or load it from disk: seconds to half a minute, best in a thread.

    Only a plan process whose shop is large needs it; it loads numba (about 100 MB).
    """
    from hanse.allocate.kernels.run import warm_up as compile_all

    compile_all()


def first_plan(shop: Shop, rules: Rules, before: Plan | None = None) -> Plan:
    """The cheapest of the dispatching orders; ``before`` is left only for what it gains."""
    run = decode_for(rules)
    plans = [run(shop, Orders(key)) for key in dispatch_keys(shop)]
    if before is None:
        return min(plans, key=lambda plan: cost_minor(shop, plan))
    kept = run(shop, walk(shop, before, REROUTE, stay_s=rules.stay_s))
    pulled = run(shop, walk(shop, before, FREE, stay_s=rules.stay_s))
    return min(
        (kept, pulled, *plans),
        key=lambda plan: cost_minor(shop, plan) + move_cost(shop, before, plan, rules),
    )


def dispatch_keys(shop: Shop) -> list[list[float]]:
    """Priority keys of the classic orders: due date, slack, weighted slack, operation due date."""
    tails = tails_s(shop)
    due = [float(shop.jobs[op.order].due) for op in shop.ops]
    weight = [shop.jobs[op.order].weight for op in shop.ops]
    slack = [d - t for d, t in zip(due, tails, strict=True)]
    heavy = [s - 3_600.0 * w / 100 for s, w in zip(slack, weight, strict=True)]
    return [due, slack, heavy]


def tails_s(shop: Shop) -> list[int]:
    """The least work from the start of each operation to the end of its order, in seconds."""
    tail = [min(c.setup_s + c.run_s for c in op.choices) for op in shop.ops]
    best = list(tail)
    for i in reversed(range(len(shop.ops))):
        for link in shop.ops[i].preds:
            best[link.op] = max(best[link.op], tail[link.op] + link.lag_s + best[i])
    return best


def repair(shop: Shop, old: Plan, rules: Rules, *, forward: bool = False) -> Plan:
    """The cheapest feasible plan after an event, moves counted: right shift or rerouting.

    ``forward``: capacity came back, so the old plan still holds and may be pulled forward.
    """
    run = decode_for(rules)
    if forward:
        pulled = run(shop, walk(shop, old, FREE, stay_s=rules.stay_s))
        found = [old, pulled]
    else:
        found = [
            run(shop, walk(shop, old, KEEP)),
            run(shop, walk(shop, old, REROUTE, stay_s=rules.stay_s)),
        ]
    best = min(found, key=lambda p: cost_minor(shop, p) + move_cost(shop, old, p, rules))
    return best if forward else mend(shop, old, best)


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
        now = sure(fit(board, op, was.choice, shop.not_before))
        board.commit(op, now if now.end <= was.end else was)
    if not board.short(lanes):
        return board.plan()
    return decode_for(rules)(shop, walk(shop, board.plan(), KEEP))


def mend(shop: Shop, old: Plan, plan: Plan) -> Plan:
    """Each order that now breaks its promise, costliest first, into gaps that end it earlier.

    Only that order moves; at most MENDED_MAX are tried, of MENDED_OPS_MAX operations in all.
    """
    before, after = old.ends(shop), plan.ends(shop)
    late = [
        (tardiness_minor(job.weight, after[j] - job.promised), j)
        for j, job in enumerate(shop.jobs)
        if job.active and after[j] > max(job.promised, before[j]) and job.weight
    ]
    if not late:
        return plan
    board = Board(shop).load(plan)
    fed = {link.op for op in shop.ops for link in op.preds if shop.ops[link.op].order != op.order}
    left = MENDED_OPS_MAX
    for _, j in sorted(late, reverse=True)[:MENDED_MAX]:
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


def move_cost(shop: Shop, old: Plan, new: Plan, rules: Rules) -> int:
    """What the moves near in time cost: by changed start and by changed machine."""
    near = shop.not_before + rules.near_s
    total = 0
    for op, (was, now) in enumerate(zip(old.placed, new.placed, strict=False)):
        if was is None or now is None or min(was.start, now.start) > near or was == now:
            continue
        choices = shop.ops[op].choices
        if choices[was.choice].machine != choices[now.choice].machine:
            total += rules.machine_minor
        if was.start != now.start:
            total += rules.move_minor
    return total


def changes(shop: Shop, old: Plan, new: Plan) -> int:
    """How many operations another machine does."""
    return sum(
        was is not None
        and now is not None
        and was.choice != now.choice
        and shop.ops[op].choices[was.choice].machine != shop.ops[op].choices[now.choice].machine
        for op, (was, now) in enumerate(zip(old.placed, new.placed, strict=False))
    )


def unbound(rules: Rules) -> Rules:
    """The rules for a plan that nobody counts on: as many machines may change as pay."""
    return msgspec.structs.replace(rules, change_share=1.0)


def improve(shop: Shop, plan: Plan, rules: Rules, budget: Budget) -> Plan:
    """The cheapest plan found within the budget, moves counted; the same where none is cheaper."""
    starts = [float(0 if p is None else p.start) for p in plan.placed]
    keys = [starts, *dispatch_keys(shop)]
    began = budget.clock.monotonic_s()

    allowed = round(rules.change_share * len(shop.ops))

    def price(found: Plan) -> int:
        beyond = max(0, changes(shop, plan, found) - allowed)
        moved = move_cost(shop, plan, found, rules)
        return cost_minor(shop, found) + moved + beyond * EXCESS_MINOR

    def progress(done: float, cost: float) -> float:
        if done >= budget.seconds * CANDIDATES_PER_S_MAX:
            return 1.0
        spent = (budget.clock.monotonic_s() - began) / budget.seconds
        budget.tell(min(spent, 1.0), cost)
        return 1.0 if budget.cancelled() else spent

    if not compiled(shop, rules):
        home = Home([NONE if p is None else p.choice for p in plan.placed], rules.stay_s)
        found = key_search(shop, keys, price, progress, home=home, seed=budget.seed)
    else:
        from hanse.allocate.kernels.run import Engine, Stay

        minor = (rules.move_minor, rules.machine_minor)
        stay = Stay(plan, rules.near_s, *minor, rules.stay_s, allowed)
        found = Engine(shop).search(keys, progress, stay=stay, seed=budget.seed)
    return min((plan, found), key=price)


def most(limit: int, holds: Callable[[int], bool]) -> int:
    """The largest count up to ``limit`` for which something holds, if it holds for all below."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def lone(shop: Shop, board: Board, op: int) -> bool:
    """Whether an operation shares no batch, so that it can be taken out."""
    placed = board.placed[op]
    if placed is None or shop.ops[op].choices[placed.choice].lane == NONE:
        return True
    return board.loads.get(placed.leader, shop.ops[op].pieces) == shop.ops[op].pieces
