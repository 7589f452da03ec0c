"""What a what-if means, as something done to a plan: to a fork of it, or to the live one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from hanse.allocate.live import LivePlan
from hanse.allocate.trying import Deed
from hanse.model.errors import BadInput, NotFound
from hanse.model.order import WorkOrder
from hanse.model.plan import Outage, Pin, WhatIf
from hanse.model.time import Instant, parse_instant

REASON = "what if"


def deed_of(ask: WhatIf, now: Instant) -> Deed:
    """The deed of a question: the same on a fork and on the live plan.

    Raises:
        BadInput: it names nothing, or more than one thing.
    """
    named = [name for name in (ask.machine, ask.item, ask.order, ask.calendar) if name]
    if len(named) != 1:
        raise BadInput(
            "a what-if is about one machine, one item, one order or one calendar",
            subject=" ".join(named),
            remedy="Name one of them",
        )
    until = now + dt.timedelta(hours=ask.hours)
    if ask.machine:
        return _out(Outage(resource=ask.machine, start=now, end=until, planned=True, reason=REASON))
    if ask.item:
        return _ordered(ask.item, max(1, ask.quantity), until)
    if ask.calendar:
        return _overtime(ask.calendar, parse_instant(ask.start))
    return _other(ask.order, ask.quantity, until)


def pinned(pin: Pin) -> Deed:
    """An operation put where a planner wants it."""

    def deed(plan: LivePlan) -> None:
        plan.pin(pin)

    return deed


def _out(outage: Outage) -> Deed:
    def deed(plan: LivePlan) -> None:
        plan.outage(outage)
        plan.plan()

    return deed


def _overtime(calendar: str, start: Instant) -> Deed:
    def deed(plan: LivePlan) -> None:
        plan.open_overtime(calendar, start)

    return deed


def _ordered(item: str, quantity: int, due: Instant) -> Deed:
    def deed(plan: LivePlan) -> None:
        if item not in {routing.item for routing in plan.records.routings}:
            raise NotFound("nobody makes the item here", subject=item)
        taken = {order.key for order in plan.records.orders}
        key = next(k for n in range(1, len(taken) + 2) if (k := f"{item}-{n}") not in taken)
        plan.insert(WorkOrder(key=key, item=item, quantity=Decimal(quantity), due=due))
        plan.plan()

    return deed


def _other(key: str, quantity: int, due: Instant) -> Deed:
    def deed(plan: LivePlan) -> None:
        order = next((o for o in plan.records.orders if o.key == key), None)
        if order is None:
            raise NotFound("the plan holds no such order", subject=f"order {key}")
        if quantity:
            plan.change(msgspec.structs.replace(order, due=due, promised=due))
        else:
            plan.cancel(key)
        plan.plan()

    return deed
