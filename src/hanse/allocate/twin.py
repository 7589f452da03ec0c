"""A twin of a live shop to search on, while the live one goes on being told what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hanse.allocate import engine
from hanse.allocate.problem import Plan, Shop, cost_minor
from hanse.allocate.records import Rules
from hanse.allocate.reports import later
from hanse.allocate.running import tick
from hanse.model.time import Clock


class Twin(NamedTuple):
    """A shop and a plan of its own, with the rules they are searched by."""

    shop: Shop
    plan: Plan
    rules: Rules

    @property
    def cost_minor(self) -> int:
        """What the plan costs."""
        return cost_minor(self.shop, self.plan)

    def improved(
        self, clock: Clock, seconds: float, *, stop: Callable[[], bool], seed: int = 1
    ) -> Twin:
        """The cheapest plan found within the seconds, moves counted; the same where none is."""
        budget = engine.Budget(clock, seconds, stop, seed=seed)
        return self._replace(plan=engine.improve(self.shop, self.plan, self.rules, budget))


def twin_of(shop: Shop, plan: Plan, rules: Rules, *, now: int) -> Twin:
    """A twin at an instant that is still to come: what will have started by then stays."""
    other, kept = shop.copy(), plan.copy()
    tick(other, kept, now, rules.frozen_s)
    return Twin(other, kept, rules)


def brought_back(shop: Shop, found: Plan) -> Plan | None:
    """A plan found on a twin, for the shop as it is by now; None where it no longer fits.

    What is fixed by now must stand in it as it stands, or let go no later than it was thought to,
    and take nothing that is still to come before it was thought to begin; nothing in it may be late
    to begin, or of an order that is gone.
    """
    if len(found.placed) != len(shop.ops):
        return None
    plan = found.copy()
    for op, placed in shop.fixed.items():
        thought = plan.placed[op]
        if thought is None or thought.choice != placed.choice or later(thought, placed):
            return None
        if placed.start > thought.start or (placed.start < thought.start > shop.not_before):
            return None
        plan.placed[op] = placed
    late = (
        p is not None
        and op not in shop.fixed
        and (p.start < shop.not_before or not shop.jobs[shop.ops[op].order].active)
        for op, p in enumerate(plan.placed)
    )
    return None if any(late) else plan
