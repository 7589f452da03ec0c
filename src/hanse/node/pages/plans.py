"""The plan off the record, and questions to the plan role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeVar

from hanse.allocate.calendars import expand
from hanse.allocate.versions import between
from hanse.model.errors import BadInput, NotFound, Unreachable
from hanse.model.event import Event
from hanse.model.money import Money
from hanse.model.order import WorkOrder, WorkOrderState
from hanse.model.plan import (
    Compared,
    Hold,
    MachineLoad,
    Overtime,
    PlanVersion,
    Promise,
    Relief,
    Search,
    VersionsCompared,
    WhatIf,
    WhyLink,
)
from hanse.model.product import Routing
from hanse.model.text import Text
from hanse.model.time import Instant, format_minute
from hanse.node.context import Context
from hanse.node.planning import wire
from hanse.node.planning.progress import good_of
from hanse.store import Tx
from hanse.transmit.nats.requests import ask
from hanse.web.views.common import Fact
from hanse.web.views.planning import Lane, MoveWish, OrderRow, PlanView, PromiseView, VersionRow

PROMISE_S = 10.0
TRY_S = 60.0
SEARCH_S = 0.5
CLOSED_DAYS, CLOSED_BEFORE_DAYS, CLOSED_MIN_S = 100, 4, 1_800
A = TypeVar("A")


class RecordPlans:
    """A `hanse.web.ports.Plans`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def current(self, number: int | None = None) -> PlanView:
        """The plan in force, or an earlier version."""
        return await self._context.store.read(lambda tx: self._view(tx, number))

    async def versions(self, *, limit: int) -> tuple[VersionRow, ...]:
        """Versions, newest first."""

        def read(tx: Tx) -> list[VersionRow]:
            numbers = tx.plans.numbers()[::-1][:limit]
            found = (tx.plans.get(number) for number in numbers)
            return [self._version(tx, v) for v in found if v is not None]

        return tuple(await self._context.store.read(read))

    async def changes(self, number: int, *, since: int | None = None) -> VersionsCompared:
        """What a version has otherwise than an earlier one."""
        return await self._context.store.read(lambda tx: changes(tx, number, since))

    async def order(self, key: str) -> tuple[OrderRow, tuple[Event, ...]]:
        """A work order and its events."""

        def read(tx: Tx) -> tuple[OrderRow, tuple[Event, ...]]:
            order = tx.work_orders.need(key)
            row = _order_row(tx, order, tx.plans.current())
            return row, tuple(tx.events.find(subject=key))

        return await self._context.store.read(read)

    async def move(self, wish: MoveWish, *, by: str) -> PlanView:
        """Pin an operation elsewhere; the plan comes back repaired around it."""
        return await self._changed(wire.MOVE, _move(wish, by))

    async def try_move(self, wish: MoveWish) -> Compared:
        """What putting an operation elsewhere would do."""
        return await self._ask(wire.TRY_MOVE, _move(wish, ""), Compared)

    async def free(self, wish: MoveWish, *, by: str) -> PlanView:
        """A pinned operation may be moved again."""
        return await self._changed(wire.FREE, _move(wish, by))

    async def adopt(self, wish: WhatIf, *, cost_minor: int, by: str, key: str = "") -> PlanView:
        """What was tried is done."""
        question = wire.Adopt(what=wish, cost_minor=cost_minor, by=by, key=key)
        return await self._changed(wire.ADOPT, question)

    async def holds(self) -> tuple[Hold, ...]:
        """What is held for quotes."""
        found = await self._context.store.read(lambda tx: tx.holds.all())
        now = self._context.clock.now()
        return tuple(sorted((h for h in found if h.expires_at > now), key=lambda h: h.expires_at))

    async def hold(
        self, item: str, quantity: int, *, expires: Instant, harmless: bool, key: str = ""
    ) -> tuple[str, Instant | None]:
        """Reserve capacity until then."""
        question = wire.QuoteAsk(
            item=item, quantity=quantity, expires=expires, harmless=harmless, key=key
        )
        found = await self._ask(wire.QUOTE, question, wire.QuoteAnswer)
        return found.hold, found.ready

    async def release(self, hold: str) -> None:
        """Give held capacity back."""
        await self._ask(wire.RELEASE, wire.Release(hold=hold), wire.PlanChanged)

    async def confirm(self, hold: str, order: str, *, by: str) -> PlanView:
        """What is held becomes a work order."""
        return await self._changed(wire.CONFIRM, wire.Confirm(hold=hold, order=order, by=by))

    async def loads(self) -> tuple[MachineLoad, ...]:
        """How busy every machine is."""
        return await self._ask(wire.LOADS, "", tuple[MachineLoad, ...])

    async def offers(self) -> tuple[Overtime, ...]:
        """Overtime that calendars offer."""
        return await self._ask(wire.OFFERS, "", tuple[Overtime, ...])

    async def stop_search(self) -> Search | None:
        """End the search for a better plan at once."""
        try:
            return await ask(
                self._context.nats, wire.STOP_SEARCH, "", answer=Search, wait_s=SEARCH_S
            )
        except Unreachable:
            return None

    async def _changed(self, command: str, question: object) -> PlanView:
        await self._ask(command, question, wire.PlanChanged)
        return await self.current()

    async def promise(self, item: str, quantity: Decimal, *, curve: bool = True) -> PromiseView:
        """The earliest date with nobody harmed; without the curve with nobody touched."""
        question = wire.PromiseAsk(item=item, quantity=max(1, int(quantity)), curve=curve)
        found = await ask(
            self._context.nats, wire.PROMISE, question, answer=Promise, wait_s=PROMISE_S
        )
        points = tuple(
            Fact(
                Text(point.kind.value, point.kind.value),
                Text(
                    f"{format_minute(point.ready_at)}, harm {point.harm_minor / 100:.2f}",
                    f"{format_minute(point.ready_at)},影响 {point.harm_minor / 100:.2f}",
                ),
            )
            for point in found.curve
        )
        safe = [p for p in found.curve if not p.harmed]
        return PromiseView(
            item=item, quantity=quantity, date=safe[-1].ready_at, facts=points, points=found.curve
        )

    async def why(self, order: str) -> tuple[WhyLink, ...]:
        """The chain of causes of an order's date."""
        question = wire.WhyAsk(order=order)
        return await self._ask(wire.WHY, question, tuple[WhyLink, ...])

    async def what_if(self, wish: WhatIf) -> Compared:
        """A scenario beside the live plan."""
        return await self._ask(wire.WHAT_IF, wish, Compared)

    async def relief(self, machine: str) -> tuple[Relief, ...]:
        """What would relieve a machine."""
        question = wire.ReliefAsk(machine=machine)
        return await self._ask(wire.RELIEF, question, tuple[Relief, ...])

    async def search(self) -> Search | None:
        """How far the search for a better plan is."""
        try:
            return await ask(self._context.nats, wire.SEARCH, "", answer=Search, wait_s=SEARCH_S)
        except Unreachable:
            return None

    async def _ask(self, command: str, question: object, answer: type[A]) -> A:
        return await ask(self._context.nats, command, question, answer=answer, wait_s=TRY_S)

    def _view(self, tx: Tx, number: int | None) -> PlanView:
        version = tx.plans.current() if number is None else tx.plans.get(number)
        if version is None:
            if number is not None:
                raise NotFound("there is no such plan", subject=f"plan {number}")
            version = PlanVersion(
                number=0, made_at=self._context.clock.now(), cause=None, assignments=()
            )
        planned = {a.order for a in version.assignments}
        orders = [o for o in tx.work_orders.all() if o.key in planned]
        return PlanView(
            version=version,
            lanes=tuple(_lanes(tx, self._context.clock.now(), version)),
            orders=tuple(_order_rows(tx, orders, version)),
            titles=_titles(orders, tx.routings.all()),
            note=version.moves[0].text if version.moves else Text("", ""),
        )

    def _version(self, tx: Tx, version: PlanVersion) -> VersionRow:
        cause = tx.events.get(version.cause) if version.cause else None
        text = cause.text if cause else Text("the plan was laid out", "计划已排定")
        return VersionRow(
            number=version.number,
            made_at=version.made_at,
            text=text,
            event=cause.id if cause else "",
            moves=len(version.moves),
            late=sum(1 for s in version.late.values() if s > 0),
            cost=Money(version.cost_minor, self._context.settings.firm.currency),
        )


def changes(tx: Tx, number: int, since: int | None) -> VersionsCompared:
    """A version beside an earlier one, by itself the newest before it that is kept.

    Raises:
        NotFound: one of them is not on record.
    """
    earlier = [n for n in tx.plans.numbers() if n < number]
    before = max(earlier, default=number) if since is None else since
    found = []
    for asked in (before, number):
        version = tx.plans.get(asked)
        if version is None:
            raise NotFound("there is no such plan", subject=f"plan {asked}")
        found.append(version)
    return between(*found)


def _move(wish: MoveWish, by: str) -> wire.MoveOperation:
    return wire.MoveOperation(
        order=wish.order,
        step=wish.step,
        lot=wish.lot,
        machine=wish.machine,
        start=wish.start,
        by=by,
    )


def _closed(tx: Tx, begin: Instant) -> dict[str, tuple[tuple[Instant, Instant], ...]]:
    """When each calendar is closed, CLOSED_DAYS from an instant on."""
    found = {}
    for calendar in tx.calendars.all():
        try:
            open_hours = expand(calendar, begin, CLOSED_DAYS * 86_400)
        except BadInput:
            continue  # the plan says what is wrong with it
        spans = zip([0, *open_hours.closes], open_hours.opens, strict=False)
        found[calendar.key] = tuple(
            (begin + dt.timedelta(seconds=a), begin + dt.timedelta(seconds=b))
            for a, b in spans
            if b - a >= CLOSED_MIN_S
        )
    return found


def _lanes(tx: Tx, now: Instant, version: PlanVersion) -> list[Lane]:
    since = min(now, version.made_at) - dt.timedelta(days=CLOSED_BEFORE_DAYS)
    closed = _closed(tx, since)
    down: dict[str, list[tuple[dt.datetime, dt.datetime]]] = {}
    for outage in tx.outages.all():
        end = outage.end or outage.start + dt.timedelta(days=30)
        down.setdefault(outage.resource, []).append((outage.start, end))
    return [
        Lane(
            key=m.key,
            title=m.title,
            down=tuple(down.get(m.key, ())),
            closed=closed.get(m.calendar, ()),
        )
        for m in tx.machines.all()
    ]


def _titles(orders: list[WorkOrder], routings: list[Routing]) -> dict[str, str]:
    steps = {r.item: {s.key: s.title for s in r.steps} for r in routings}
    return {
        f"{order.key}/{key}": title
        for order in orders
        for key, title in steps.get(order.item, {}).items()
    }


def _order_rows(tx: Tx, orders: list[WorkOrder], version: PlanVersion | None) -> Iterator[OrderRow]:
    """Many orders, with what they share read once."""
    titles = {item.key: item.title for item in tx.items.all()}
    last = {routing.item: routing.steps[-1].key for routing in tx.routings.all()}
    items = {order.key: order.item for order in orders}
    good: dict[str, int] = {}
    for told in tx.progress.all():
        if last.get(items.get(told.order, "")) == told.step:
            good[told.order] = good.get(told.order, 0) + told.good
    for order in orders:
        made = order.state is WorkOrderState.DONE
        done = order.done if made else order.done + good.get(order.key, 0)
        yield _row(tx, order, version, (titles.get(order.item, order.item), done))


def _order_row(tx: Tx, order: WorkOrder, version: PlanVersion | None) -> OrderRow:
    item = tx.items.get(order.item)
    return _row(tx, order, version, (item.title if item else order.item, good_of(tx, order)))


def _row(
    tx: Tx, order: WorkOrder, version: PlanVersion | None, known: tuple[str, Decimal]
) -> OrderRow:
    title, done = known
    planned = version.ready.get(order.key) if version else None
    events = tx.events.find(subject=order.key, newest_first=True, limit=1)
    return OrderRow(
        key=order.key,
        item=order.item,
        item_title=title,
        quantity=order.quantity,
        due=order.due,
        state=order.state,
        customer=order.demand,
        promised=order.promised,
        planned_end=planned,
        done=done,
        late_s=max(0, version.late.get(order.key, 0)) if version else 0,
        why=events[0].text if events else Text("", ""),
        event=events[0].id if events else "",
    )
