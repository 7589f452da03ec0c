"""Questions to the live plan that change nothing: why, what if, what would help."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal

import msgspec

from hanse.allocate.live import LivePlan
from hanse.allocate.records import Records
from hanse.allocate.whatif import Edit
from hanse.model.errors import BadInput, NotFound
from hanse.model.order import WorkOrder
from hanse.model.plan import Compared, OtherDate, Outage, Relief, WhatIf, WhyLink
from hanse.model.time import Clock, Instant
from hanse.node.planning import wire

QUESTION = "what-if"
DATES_MAX = 500


class Asking:
    """Answers from the live plan; scenarios are laid out in a thread, on records of their own."""

    def __init__(self, live: LivePlan, clock: Clock) -> None:
        self._live = live
        self._clock = clock

    async def why(self, ask: wire.WhyAsk) -> tuple[WhyLink, ...]:
        """The chain of causes of an order's date, from its end back to what began it."""
        return tuple(
            WhyLink(
                order=link.order,
                step=link.step,
                machine=link.machine,
                kind=link.kind.value,
                subject=link.subject,
                until=link.until,
                text=link.text,
            )
            for link in self._live.why(ask.order)
        )

    async def what_if(self, ask: WhatIf) -> Compared:
        """The plant with that edit, laid out and compared with the live plan."""
        edit = edit_of(ask, self._clock.now())
        edit(self._live.records)  # what is wrong with it is said at once
        found = await asyncio.to_thread(self._live.scenario, edit)
        return Compared(
            cost_before_minor=found.cost_before_minor,
            cost_after_minor=found.cost_after_minor,
            late_before=found.late_before,
            late_after=found.late_after,
            dates=tuple(
                OtherDate(order=c.order, before=c.before, after=c.after)
                for c in found.changes[:DATES_MAX]
            ),
        )

    async def relief(self, ask: wire.ReliefAsk) -> tuple[Relief, ...]:
        """What would relieve a machine, the most saved first."""
        found = await asyncio.to_thread(self._live.reliefs, ask.machine)
        return tuple(
            Relief(text=r.text, saves_minor=r.saves_minor, late_after=r.late_after) for r in found
        )


def edit_of(ask: WhatIf, now: Instant) -> Edit:
    """The edit of a question.

    Raises:
        BadInput: it names nothing, or more than one thing.
    """
    named = [name for name in (ask.machine, ask.item, ask.order) if name]
    if len(named) != 1:
        raise BadInput(
            "a what-if is about one machine, one item or one order",
            subject=" ".join(named),
            remedy="Name one of them",
        )
    until = now + dt.timedelta(hours=ask.hours)
    if ask.machine:
        return _out(ask.machine, now, until)
    if ask.item:
        return _ordered(ask.item, ask.quantity, until)
    return _other(ask.order, ask.quantity, until)


def _out(machine: str, now: Instant, until: Instant) -> Edit:
    def edit(records: Records) -> Records:
        if machine not in {m.key for m in records.machines}:
            raise NotFound("nobody knows the machine", subject=machine)
        outage = Outage(resource=machine, start=now, end=until)
        return msgspec.structs.replace(records, outages=(*records.outages, outage))

    return edit


def _ordered(item: str, quantity: int, due: Instant) -> Edit:
    def edit(records: Records) -> Records:
        if item not in {r.item for r in records.routings}:
            raise NotFound("nobody makes the item here", subject=item)
        order = WorkOrder(key=QUESTION, item=item, quantity=Decimal(max(1, quantity)), due=due)
        return msgspec.structs.replace(records, orders=(*records.orders, order))

    return edit


def _other(key: str, quantity: int, due: Instant) -> Edit:
    def edit(records: Records) -> Records:
        if key not in {o.key for o in records.orders}:
            raise NotFound("the plan holds no such order", subject=f"order {key}")
        kept = tuple(
            o if o.key != key else msgspec.structs.replace(o, due=due, promised=due)
            for o in records.orders
            if o.key != key or quantity
        )
        return msgspec.structs.replace(records, orders=kept)

    return edit
