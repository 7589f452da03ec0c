"""What a planner does to the plan by hand: tried on a fork first, then done, recorded and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import msgspec

from hanse.allocate.live import LivePlan
from hanse.allocate.records import Records
from hanse.allocate.trying import Deed, attempt
from hanse.flows import kinds
from hanse.model.errors import Conflict, NotFound
from hanse.model.event import Draft
from hanse.model.order import WorkOrder, WorkOrderState
from hanse.model.plan import Compared, Pin, WhatIf
from hanse.model.text import Text
from hanse.model.time import Clock
from hanse.node.planning import wire
from hanse.node.planning.deeds import deed_of, pinned
from hanse.node.planning.telling import (
    keep_holds,
    planned,
    put_version,
    repaired,
    tell_broken,
)
from hanse.store import Store, Tx

WORSE_SHARE = 100
"""What is adopted may cost a hundredth more than what was shown, not more."""


class ByHand:
    """A planner's deeds; each can be tried before it is done."""

    def __init__(self, live: LivePlan, store: Store, clock: Clock) -> None:
        self._live = live
        self._store = store
        self._clock = clock

    async def what_if(self, ask: WhatIf) -> Compared:
        """What a deed would do; nothing live changes."""
        return await self._tried(deed_of(ask, self._clock.now()))

    async def try_move(self, ask: wire.MoveOperation) -> Compared:
        """What putting an operation elsewhere would do, with the place it would get."""
        fork = self._live.fork()
        found = await asyncio.to_thread(attempt, fork, pinned(_pin(ask)))
        named = ask.order, ask.step, ask.lot
        place = (a for a in fork.version().assignments if (a.order, a.step, a.lot) == named)
        return msgspec.structs.replace(found, placed=next(place, None))

    async def _tried(self, deed: Deed) -> Compared:
        return await asyncio.to_thread(attempt, self._live.fork(), deed)

    async def move(self, ask: wire.MoveOperation) -> wire.PlanChanged:
        """An operation pinned where a planner wants it; the rest repaired around it at once."""
        pin = _pin(ask)
        text = Text(
            f"{ask.by} put {ask.order} {ask.step} on {ask.machine}",
            f"{ask.by} 将 {ask.order} {ask.step} 移至 {ask.machine}",
        )
        draft = Draft(kind=kinds.MOVED_BY_HAND, subject=ask.order, text=text, by=ask.by)
        return await self._done(pinned(pin), draft, lambda tx: tx.pins.put(pin))

    async def free(self, ask: wire.MoveOperation) -> wire.PlanChanged:
        """A pinned operation may be moved again by what happens and by searches."""
        pin = _pin(ask)
        what = f"{ask.order} {ask.step}"
        text = Text(f"{ask.by} freed {what}", f"{ask.by} 放开 {what}")
        draft = Draft(kind=kinds.MOVED_BY_HAND, subject=ask.order, text=text, by=ask.by)

        def deed(plan: LivePlan) -> None:
            plan.unpin(pin)

        def unkeep(tx: Tx) -> None:
            tx.pins.delete_where(order=pin.order, step=pin.step, lot=pin.lot)

        return await self._done(deed, draft, unkeep)

    async def adopt(self, ask: wire.Adopt) -> wire.PlanChanged:
        """What was tried, done to the live plan.

        Raises:
            Conflict: it would cost more by now than was shown.
        """
        once = f"what_if_adopted:{ask.key}" if ask.key else ""
        told = await self._store.read(lambda tx: tx.events.by_once(once)) if once else None
        if told is not None:
            return wire.PlanChanged(version=self._live.version().number)
        deed = deed_of(ask.what, self._clock.now())
        tried = await self._tried(deed)
        if tried.cost_after_minor > ask.cost_minor + abs(ask.cost_minor) // WORSE_SHARE:
            raise Conflict(
                "the plan has changed since, and this would cost more now",
                subject=f"plan {self._live.version().number}",
                remedy="Try it again and look at what it does now",
            )
        what = ask.what
        subject = what.machine or what.item or what.order or what.calendar
        text = Text(
            f"{ask.by} adopted a what-if about {subject}", f"{ask.by} 采纳了关于 {subject} 的假设"
        )
        draft = Draft(kind=kinds.WHAT_IF_ADOPTED, subject=subject, text=text, by=ask.by)
        return await self._done(deed, draft, lambda _tx: None, once=once)

    async def confirm(self, ask: wire.Confirm) -> wire.PlanChanged:
        """What is held becomes a work order on the same places; told again it is that order.

        Raises:
            NotFound: there is no such hold, or it lapsed.
            Conflict: it has become another order.
        """
        once = f"hold_confirmed:{ask.hold}"
        held = next((h for h in self._live.holds() if h.key == ask.hold), None)
        if held is None:
            return await self._confirmed(ask, once)
        order = WorkOrder(
            key=ask.order, item=held.item, quantity=Decimal(held.quantity), due=held.ready_at,
            promised=held.ready_at,
        )  # fmt: skip
        made = self._live.confirm(ask.hold, order)

        def write(tx: Tx) -> None:
            tx.work_orders.put(order)
            number = put_version(tx, made)
            keep_holds(tx, tuple(self._live.holds()))
            draft = planned(order, number, made.ready.get(order.key))
            tx.events.append(msgspec.structs.replace(draft, by=ask.by), once=once)

        await self._store.write(write)
        return wire.PlanChanged(version=made.number, ready=held.ready_at)

    async def _confirmed(self, ask: wire.Confirm, once: str) -> wire.PlanChanged:
        """What a hold that is no more became."""
        told = await self._store.read(lambda tx: tx.events.by_once(once))
        if told is None:
            raise NotFound("there is no such hold", subject=ask.hold, remedy="It lapsed; ask again")
        if told.subject != ask.order:
            raise Conflict(f"it has become order {told.subject}", subject=ask.hold)
        version = self._live.version()
        return wire.PlanChanged(version=version.number, ready=version.ready.get(ask.order))

    async def _done(
        self, deed: Deed, draft: Draft, keep: Callable[[Tx], None], *, once: str = ""
    ) -> wire.PlanChanged:
        """A deed done to the live plan; who is harmed by it is told."""
        live = self._live
        before, late = live.records, {s.order: s.late_s for s in live.unkept()}
        began_s = self._clock.monotonic_s()
        deed(live)
        made, held = live.version(), tuple(live.holds())
        took_ms = round((self._clock.monotonic_s() - began_s) * 1_000, 1)
        harmed = [s for s in live.unkept() if s.late_s > late.get(s.order, 0)]
        after = live.records

        def write(tx: Tx) -> None:
            keep(tx)
            _put_records(tx, before, after)
            number = put_version(tx, made)
            keep_holds(tx, held)
            event = tx.events.append(draft, once=once or None)
            said = tx.events.append(repaired(made, number, event, took_ms))
            for short in harmed:
                tell_broken(tx, short, said)

        await self._store.write(write)
        return wire.PlanChanged(version=made.number)


def _pin(ask: wire.MoveOperation) -> Pin:
    return Pin(order=ask.order, step=ask.step, lot=ask.lot, machine=ask.machine, start=ask.start)


def _put_records(tx: Tx, before: Records, after: Records) -> None:
    """Orders and outages as a deed left them."""
    kept = {order.key for order in after.orders}
    known = set(before.orders)
    tx.work_orders.put_many(tuple(order for order in after.orders if order not in known))
    for order in before.orders:
        if order.key not in kept:
            gone = msgspec.structs.replace(order, state=WorkOrderState.CANCELLED)
            tx.work_orders.put(gone)
    if after.outages != before.outages:
        tx.outages.put_many(after.outages)
