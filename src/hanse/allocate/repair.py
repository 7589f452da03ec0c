"""Repair after a disturbance: right shift, then rerouting of what is affected.

Right shift keeps every operation on its machine and in its order and only pushes it later
(Abumaizar and Svestka 1997, RSR); rerouting walks in the old order and looks for another place
only where an operation would be delayed (affected operations, AOR).
"""

from __future__ import annotations

from collections.abc import Mapping

from hanse.allocate.decoder import FREE, KEEP, REROUTE, Orders, decode
from hanse.allocate.problem import NONE, Plan, Shop


def right_shift(shop: Shop, plan: Plan) -> Plan:
    """The plan with everything pushed later as far as it must be, nothing else changed."""
    return decode(shop, walk(shop, plan, KEEP))


def reroute(shop: Shop, plan: Plan, *, stay_s: int = 0) -> Plan:
    """The plan with delayed operations moved to the place where they end first."""
    return decode(shop, walk(shop, plan, REROUTE, stay_s=stay_s))


def walk(
    shop: Shop, plan: Plan, mode: int, *, stay_s: int = 0, first: Mapping[int, int] | None = None
) -> Orders:
    """The order of a plan's starts, with its places as home and (but for FREE) as floor.

    An operation that the plan does not hold goes in the order of its job's due date; one of
    ``first`` before all others that start at its instant or later.
    """
    told = first or {}
    key, floor, home = [], [], []
    for op, placed in enumerate(plan.placed):
        if op in told:
            key.append(told[op] - 0.5)
            floor.append(max(shop.not_before, told[op]))
            home.append(NONE)
        elif placed is None:
            key.append(float(max(shop.not_before, shop.jobs[shop.ops[op].order].due)))
            floor.append(shop.not_before)
            home.append(NONE)
        else:
            key.append(float(placed.start))
            floor.append(max(shop.not_before, placed.start))
            home.append(placed.choice)
    return Orders(key, None if mode == FREE else floor, home, mode, stay_s, before=plan.placed)
