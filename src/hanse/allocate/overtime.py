"""Overtime that pays: offers tried on forks of the plan, the one that saves most opened first."""

from __future__ import annotations

from typing import NamedTuple

from hanse.allocate.live import LivePlan
from hanse.allocate.problem import cost_minor
from hanse.model.plan import Overtime

TRIED_MAX = 20
OPENED_MAX = 10


class Worth(NamedTuple):
    """What opening an offer saves, its own price taken off, in minor units; below 0 it costs."""

    offer: Overtime
    saves_minor: int


def worth(plan: LivePlan) -> list[Worth]:
    """The next TRIED_MAX offers that begin before the plan ends, each tried, the best first."""
    shop, current = plan.shop, plan.current
    end = max((plan.shop.not_before, *current.ends(shop)))
    before = cost_minor(shop, current)
    found = []
    for offer in plan.offered()[:TRIED_MAX]:
        if (offer.start - shop.origin).total_seconds() >= end:
            break
        fork = plan.fork()
        fork.open_overtime(offer.calendar, offer.start)
        found.append(Worth(offer, before - cost_minor(fork.shop, fork.current)))
    return sorted(found, key=lambda w: (-w.saves_minor, w.offer.start, w.offer.calendar))


def open_what_pays(plan: LivePlan) -> list[Overtime]:
    """Open overtime on the live plan as long as one more day of it saves more than it costs."""
    opened: list[Overtime] = []
    while len(opened) < OPENED_MAX:
        best = next(iter(worth(plan)), None)
        if best is None or best.saves_minor <= 0:
            break
        plan.open_overtime(best.offer.calendar, best.offer.start)
        opened.append(best.offer)
    return opened
