"""Trying something on a fork of the live plan: what it would do to dates and money."""

from __future__ import annotations

from collections.abc import Callable

from hanse.allocate.live import LivePlan
from hanse.allocate.problem import Plan, Shop, cost_minor, late_s, tardiness_minor
from hanse.allocate.view import instant
from hanse.model.plan import Compared, Harm, OtherDate
from hanse.model.time import Instant

DATES_MAX = 500
Deed = Callable[[LivePlan], object]


def attempt(fork: LivePlan, deed: Deed) -> Compared:
    """What a deed does to a fork: its costs, dates and harm beside those of before.

    The same deed on the live plan gives the same, as long as nothing else has happened to it.
    """
    shop, plan = fork.shop, fork.current
    cost, dates, late = cost_minor(shop, plan), _dates(shop, plan), _late(shop, plan)
    ends = {job.key: plan.end(shop, j) for j, job in enumerate(shop.jobs) if job.active}
    number = fork.version().number
    deed(fork)
    after = _dates(fork.shop, fork.current)
    return Compared(
        version=number,
        cost_before_minor=cost,
        cost_after_minor=cost_minor(fork.shop, fork.current),
        late_before=late,
        late_after=_late(fork.shop, fork.current),
        dates=tuple(
            OtherDate(order=key, before=dates.get(key), after=after.get(key))
            for key in sorted(dates.keys() | after.keys())
            if dates.get(key) != after.get(key)
        )[:DATES_MAX],
        harmed=tuple(harms(fork.shop, fork.current, ends))[:DATES_MAX],
        moved=len(fork.version().moves),
    )


def harms(shop: Shop, plan: Plan, before: dict[str, int]) -> list[Harm]:
    """Orders that now end after their promise and later than before, costliest first."""
    found = []
    for j, job in enumerate(shop.jobs):
        was, now = before.get(job.key), plan.end(shop, j)
        if job.active and was is not None and now > max(was, job.promised):
            late = now - max(was, job.promised)
            cost = tardiness_minor(job.weight, late)
            found.append(Harm(order=job.key, seconds=late, cost_minor=cost))
    return sorted(found, key=lambda harm: (-harm.cost_minor, harm.order))


def _dates(shop: Shop, plan: Plan) -> dict[str, Instant]:
    active = [(j, job.key) for j, job in enumerate(shop.jobs) if job.active]
    return {key: instant(shop, plan.end(shop, j)) for j, key in active}


def _late(shop: Shop, plan: Plan) -> int:
    return sum(late_s(shop, plan, j) > 0 for j, job in enumerate(shop.jobs) if job.active)
