"""Which search when: first plans, repair and improvement behind one door for every size of shop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.allocate.board import Board
from hanse.allocate.decoder import FREE, REROUTE, Orders, decode
from hanse.allocate.problem import NONE, Plan, Shop, cost_minor
from hanse.allocate.promise import Decode
from hanse.allocate.records import Rules
from hanse.allocate.repair import walk
from hanse.allocate.search import EXCESS_MINOR, Home, key_search
from hanse.model.time import Clock

if TYPE_CHECKING:
    from hanse.allocate.kernels.run import Engine

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
