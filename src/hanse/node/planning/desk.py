"""The plan role's desk: a command in, the live plan changed, version and events on record."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from hanse.allocate.live import LivePlan
from hanse.model.errors import Conflict, HanseError, NotFound
from hanse.model.order import Progress, WorkOrder, WorkOrderState
from hanse.model.plan import Hold, PlanVersion, Promise, PromiseKind
from hanse.model.time import Clock
from hanse.node.planning import wire
from hanse.node.planning.progress import order_moved_on
from hanse.node.planning.records import read_records
from hanse.node.planning.telling import (
    capacity_back,
    capacity_out,
    improved,
    keep_holds,
    outage_of,
    planned,
    put_version,
    repaired,
    tell_again,
    tell_broken,
)
from hanse.node.planning.using import Used, use_up
from hanse.store import Store, Tx


class PlanDesk:
    """Answers every plan command. One at a time: the live plan is one thing."""

    def __init__(self, live: LivePlan, store: Store, clock: Clock) -> None:
        self._live = live
        self._store = store
        self._clock = clock
        self._reporting = asyncio.Lock()

    async def open(self) -> PlanVersion:
        """Take the records over; what was planned stays where it was, what was held is held."""
        records = await self._store.read(read_records)
        held = await self._store.read(lambda tx: tx.holds.all())
        made = self._live.adopt(records)
        for hold in held:
            if hold.expires_at > self._clock.now():
                self._hold_again(hold)
        await self._store.write(lambda tx: put_version(tx, made))
        await asyncio.to_thread(self._live.warm_up)
        return made

    async def machine_down(self, ask: wire.MachineDown) -> wire.PlanChanged:
        """Capacity out, plan repaired, and what can no longer be kept is told."""
        if await self._done("capacity_out", ask.cause):
            return self._standing()
        before_s = self._clock.monotonic_s()
        made = self._live.outage(outage_of(ask), cause=ask.cause)
        unkept = self._live.unkept()
        took_ms = round((self._clock.monotonic_s() - before_s) * 1000, 1)

        def write(tx: Tx) -> None:
            number = put_version(tx, made)
            tx.outages.put_many(self._live.records.outages)
            out = tx.events.append(capacity_out(ask), once=f"capacity_out:{ask.cause}")
            said = tx.events.append(repaired(made, number, out, took_ms))
            for short in unkept:
                tell_broken(tx, short, said)

        await self._store.write(write)
        return self._standing()

    async def machine_up(self, ask: wire.MachineUp) -> wire.PlanChanged:
        """Capacity back, plan repaired."""
        if await self._done("capacity_back", ask.cause):
            return self._standing()
        made = self._live.machine_up(ask.machine, ask.at, cause=ask.cause)

        def write(tx: Tx) -> None:
            number = put_version(tx, made)
            tx.outages.put_many(self._live.records.outages)
            back = tx.events.append(capacity_back(ask), once=f"capacity_back:{ask.cause}")
            tx.events.append(repaired(made, number, back, 0.0))

        await self._store.write(write)
        return self._standing()

    async def quote(self, ask: wire.QuoteAsk) -> wire.QuoteAnswer:
        """Hold the earliest places in which nobody is touched, or nobody is harmed.

        Raises:
            Conflict: something else is held under that key.
        """
        told = await self._store.read(lambda tx: tx.events.by_once(f"hold_confirmed:{ask.key}"))
        if told is not None:
            raise Conflict(f"it has become order {told.subject}", subject=f"hold {ask.key}")
        kind = PromiseKind.HARMLESS if ask.harmless else None
        hold = self._held_already(ask) or self._live.hold(
            ask.item, ask.quantity, expires_at=ask.expires, kind=kind, key=ask.key
        )
        version = await self._keep_held()
        return wire.QuoteAnswer(
            quantity=hold.quantity, ready=hold.ready_at, hold=hold.key, version=version
        )

    def _held_already(self, ask: wire.QuoteAsk) -> Hold | None:
        named = (h for h in self._live.holds() if ask.key and h.key == ask.key)
        known = next(named, None)
        if known is not None and (known.item, known.quantity) != (ask.item, ask.quantity):
            raise Conflict(
                "something else is held under that key", subject=ask.key, remedy="Use another key"
            )
        return known

    async def quote_over(self, ask: wire.OverAsk) -> Promise:
        """The dates with some holds given back; tried on a fork."""
        return await asyncio.to_thread(_without, self._live.fork(), ask)

    async def keep_place(self, ask: wire.PlaceAsk) -> wire.QuoteAnswer:
        """Other work in the place of a hold, under its name; the same again changes nothing."""
        held = next((h for h in self._live.holds() if h.key == ask.hold), None)
        wanted = (ask.item, ask.quantity, ask.expires)
        if held is None or (held.item, held.quantity, held.expires_at) != wanted:
            if held is not None:
                self._live.release(ask.hold)
            held = self._live.hold(ask.item, ask.quantity, expires_at=ask.expires, key=ask.hold)
        version = await self._keep_held()
        return wire.QuoteAnswer(
            quantity=held.quantity, ready=held.ready_at, hold=held.key, version=version
        )

    async def release(self, ask: wire.Release) -> wire.PlanChanged:
        """Give a hold back; one that has lapsed is as good as given back."""
        try:
            self._live.release(ask.hold, cause=ask.cause or None)
        except NotFound:
            return self._standing()
        await self._keep_held()
        return self._standing()

    async def _keep_held(self) -> int:
        """The plan as it stands and what is held, on record in one step."""
        made, held = self._live.version(), tuple(self._live.holds())

        def write(tx: Tx) -> int:
            keep_holds(tx, held)
            return put_version(tx, made)

        return await self._store.write(write)

    async def add(self, ask: wire.AddOrder) -> wire.PlanChanged:
        """A work order into the plan: on its hold where that stands, else as any other."""
        mark = f"{ask.cause}/{ask.order.key}"
        if await self._done("order_planned", ask.cause, mark):
            return self._standing(ask.order.key)
        made = self._confirm(ask) if ask.hold else self._live.insert(ask.order, cause=ask.cause)
        ready = made.ready.get(ask.order.key)

        def write(tx: Tx) -> None:
            tx.work_orders.put(ask.order)
            number = put_version(tx, made)
            keep_holds(tx, tuple(self._live.holds()))
            draft = planned(ask.order, number, ready)
            draft = msgspec.structs.replace(draft, cause=ask.cause, loop=ask.loop)
            tx.events.append(draft, once=f"order_planned:{mark}")

        await self._store.write(write)
        return self._standing(ask.order.key)

    async def change(self, ask: wire.ChangeOrder) -> wire.PlanChanged:
        """Another quantity or date for a work order; 0 cancels it."""
        mark = f"{ask.cause}/{ask.order}"
        if await self._done("plan_changed", ask.cause, mark):
            return self._standing(ask.order)
        order = await self._store.read(lambda tx: tx.work_orders.need(ask.order))
        state = order.state if ask.quantity > 0 else WorkOrderState.CANCELLED
        quantity = max(ask.quantity, order.done) or order.quantity
        lots = order.lots
        if state is not WorkOrderState.CANCELLED and quantity != order.quantity:
            lots = self._live.lots_for(ask.order, int(quantity))
        fresh = msgspec.structs.replace(
            order, quantity=quantity, due=ask.due, promised=ask.due, state=state, lots=lots
        )
        made = (
            self._live.cancel(ask.order, cause=ask.cause)
            if state is WorkOrderState.CANCELLED
            else self._live.change(fresh, cause=ask.cause)
        )

        def write(tx: Tx) -> None:
            tx.work_orders.put(fresh)
            number = put_version(tx, made)
            draft = repaired(made, number, None, 0.0)
            caused = msgspec.structs.replace(draft, cause=ask.cause, loop=ask.loop)
            tx.events.append(caused, once=f"plan_changed:{mark}")

        await self._store.write(write)
        return self._standing(ask.order)

    async def report(self, ask: wire.Report) -> wire.PlanChanged:
        """How far an operation is; told again or late it changes nothing."""
        async with self._reporting:
            return await self._report(ask)

    async def _report(self, ask: wire.Report) -> wire.PlanChanged:
        told = ask.progress
        named = told.order, told.step, told.lot
        known = await self._store.read(lambda tx: tx.progress.get(*named))
        now = told if known is None else known.joined(told)
        if now == known:
            return self._standing(told.order)
        before = self._live.version().number
        scrap = now.scrap - (known.scrap if known else 0)
        late = {s.order: s.late_s for s in self._live.unkept()} if scrap > 0 else {}
        again = self._again(now, scrap, ask.cause)
        made = self._heard(now, ask.cause)
        whole = made is not None and self._live.is_made(told.order)
        if whole:
            self._live.complete(told.order)
        turned = known is None or bool(now.finished_at) or now.paused
        fresh = made is not None and made.number != before and (turned or bool(made.moves))
        unkept = self._live.unkept() if again else ()
        harmed = [s for s in unkept if s.late_s > late.get(s.order, 0)]

        def write(tx: Tx) -> tuple[Used, ...]:
            tx.progress.put(now)
            order_moved_on(tx, told.order, ask.cause, whole=whole)
            if again:
                tell_again(tx, (again, now), harmed, cause=ask.cause)
            if fresh or again:
                put_version(tx, self._live.version())
            return use_up(tx, told.order, ask.cause) if whole else ()

        for used in await self._store.write(write):
            self._live.used(used.item, used.quantity, used.stock)
        return self._standing(told.order)

    def _again(self, now: Progress, scrap: int, cause: str) -> WorkOrder | None:
        """The order with a lot for what was scrapped since; None where nothing is made anew."""
        if scrap <= 0:
            return None
        return self._live.made_again((now.order, now.step, now.lot), scrap, cause=cause or None)

    def _heard(self, progress: Progress, cause: str) -> PlanVersion | None:
        """The plan after a report; None where it holds no such operation any more."""
        try:
            return self._live.report(progress, cause=cause or None)
        except NotFound:
            return None

    async def material(self, ask: wire.Material) -> wire.PlanChanged:
        """Receipts of an item from the sources named are now these; the plan follows."""
        mark = f"{ask.cause}/{ask.item}"
        if await self._done("plan_changed", mark):
            return self._standing(ask.order)
        sources = {arrival.source for arrival in ask.arrivals}
        stock = (s for s in self._live.records.stock if s.item == ask.item)
        others = [s for s in stock if s.source not in sources]
        arrivals = (*others, *ask.arrivals)
        self._live.material_late(ask.item, arrivals, cause=ask.cause)
        made = self._live.plan(cause=ask.cause)  # what waited for it may now come forward

        def write(tx: Tx) -> None:
            tx.stock.delete_where(item=ask.item, source=tuple(sources))
            tx.stock.put_many(ask.arrivals)
            number = put_version(tx, made)
            draft = msgspec.structs.replace(
                repaired(made, number, None, 0.0), cause=ask.cause, loop=ask.loop
            )
            tx.events.append(draft, once=f"plan_changed:{mark}")

        await self._store.write(write)
        return self._standing(ask.order)

    async def improved(self, made: PlanVersion, gained_minor: int) -> None:
        """A better plan was found while nothing happened."""

        def write(tx: Tx) -> None:
            number = put_version(tx, made)
            tx.events.append(improved(made, number, gained_minor))

        await self._store.write(write)

    async def alive(self, _question: str) -> bool:
        """The plan is open and answers."""
        return True

    async def promise(self, ask: wire.PromiseAsk) -> Promise:
        """The curve of dates against harm; reserves nothing."""
        return self._live.promise(ask.item, ask.quantity, express=ask.curve)

    async def reload(self, _ask: wire.Reload) -> wire.PlanChanged:
        """Lay the plan out again from the records."""
        made = await self.open()
        return wire.PlanChanged(version=made.number)

    def _confirm(self, ask: wire.AddOrder) -> PlanVersion:
        try:
            return self._live.confirm(ask.hold, ask.order, cause=ask.cause)
        except HanseError:
            with contextlib.suppress(NotFound):
                self._live.release(ask.hold)
            return self._live.insert(ask.order, cause=ask.cause)

    def _hold_again(self, hold: Hold) -> None:
        self._live.hold(hold.item, hold.quantity, expires_at=hold.expires_at, key=hold.key)

    async def _done(self, what: str, *marks: str) -> bool:
        """Whether it happened before, under any of these marks (the first: before one an order)."""

        def read(tx: Tx) -> bool:
            return any(tx.events.by_once(f"{what}:{mark}") is not None for mark in marks)

        return await self._store.read(read)

    def _standing(self, order: str = "") -> wire.PlanChanged:
        version = self._live.version()
        return wire.PlanChanged(version=version.number, ready=version.ready.get(order))


def _without(fork: LivePlan, ask: wire.OverAsk) -> Promise:
    """What a fork promises once those holds are given back; a hold that is gone is no matter."""
    for hold in ask.holds:
        with contextlib.suppress(NotFound):
            fork.release(hold)
    return fork.promise(ask.item, ask.quantity, express=ask.curve)
