"""What happens in the plant: outages, late material, reports of machines. The plan is repaired."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hanse.allocate import ladder
from hanse.allocate.build import TOOL_OUT
from hanse.allocate.live.standing import Standing
from hanse.allocate.reports import hear
from hanse.allocate.running import pin_of, split_at
from hanse.allocate.view import Because, moves
from hanse.model.errors import Conflict, NotFound
from hanse.model.order import Progress
from hanse.model.plan import MoveReason, Outage, OutageKind, Overtime, Pin, PlanVersion
from hanse.model.product import Stock
from hanse.model.text import Text
from hanse.model.time import Instant

REPORTED = Text("as the machine reports", "按设备报告")


class Happening(Standing):
    """Events of the plant; each gives the repaired version."""

    def machine_down(
        self,
        machine: str,
        since: Instant,
        until: Instant | None = None,
        *,
        cause: str | None = None,
    ) -> PlanVersion:
        """A machine cannot work from ``since`` until ``until`` (None: until further notice)."""
        outage = Outage(resource=machine, start=since, end=until)
        return self.outage(outage, cause=cause)

    def machine_up(self, machine: str, at: Instant, *, cause: str | None = None) -> PlanVersion:
        """A machine works again from ``at``; its open outages end there."""
        return self._back(machine, at, OutageKind.MACHINE, cause)

    def person_away(
        self, person: str, since: Instant, until: Instant | None = None, *, cause: str | None = None
    ) -> PlanVersion:
        """A person is away."""
        outage = Outage(resource=person, start=since, end=until, kind=OutageKind.PERSON)
        return self.outage(outage, cause=cause)

    def person_back(self, person: str, at: Instant, *, cause: str | None = None) -> PlanVersion:
        """A person is back from ``at``."""
        return self._back(person, at, OutageKind.PERSON, cause)

    def outage(self, outage: Outage, *, cause: str | None = None) -> PlanVersion:
        """A machine, person or tool is out for a while; the plan is repaired.

        Raises:
            NotFound: nobody knows it.
        """
        self._builder.known(outage.resource, outage.kind)
        self._tick()
        outages = (*self._records.outages, outage)
        self._records = msgspec.structs.replace(self._records, outages=outages)
        self._set_hours(outage.resource, outage.kind)
        self._loosen(outage)
        text = Text(f"{outage.resource} is out", f"{outage.resource} 停用")
        reason = MoveReason.MACHINE_DOWN
        if outage.kind == OutageKind.PERSON:
            reason = MoveReason.PERSON_MISSING
        return self._repair(Because(reason, text, cause))

    def _back(self, key: str, at: Instant, kind: OutageKind, cause: str | None) -> PlanVersion:
        self._builder.known(key, kind)
        self._tick()
        ended = tuple(
            msgspec.structs.replace(o, end=max(at, o.start))
            if o.resource == key
            and o.kind == kind
            and (o.end is None or o.end > at)
            and not (o.planned and o.start > at)
            else o
            for o in self._records.outages
        )
        self._records = msgspec.structs.replace(self._records, outages=ended)
        self._set_hours(key, kind)
        text = Text(f"{key} is back", f"{key} 恢复")
        return self._repair(Because(MoveReason.CAPACITY_BACK, text, cause), forward=True)

    def tool_back(self, tool: str, at: Instant, *, cause: str | None = None) -> PlanVersion:
        """A tool serves again from ``at``, with all its copies."""
        return self._back(tool, at, OutageKind.TOOL, cause)

    def _set_hours(self, key: str, kind: OutageKind) -> None:
        """When it serves by the outages on record; what holds a tool stands in the plan too."""
        shop, placed = self.shop, self._plan.placed
        self._builder.set_hours(key, kind, self._records.outages)
        placed.extend([None] * (len(shop.ops) - len(placed)))
        for op, task in enumerate(shop.ops):
            if shop.jobs[task.order].item == TOOL_OUT:
                placed[op] = shop.fixed.get(op)
        self._board = None

    def _loosen(self, outage: Outage) -> None:
        since = self._builder.seconds(outage.start)
        until = self.shop.horizon_s if outage.end is None else self._builder.seconds(outage.end)
        split_at(self._builder, self._plan, outage, (since, until))

    def offered(self) -> list[Overtime]:
        """The overtime that calendars offer and nobody has opened, the soonest first."""
        now = self._clock.now()
        return sorted(
            (o for o in self._builder.offers if o.end > now), key=lambda o: (o.start, o.calendar)
        )

    def open_overtime(
        self, calendar: str, start: Instant, *, cause: str | None = None
    ) -> PlanVersion:
        """Overtime that a calendar offers is worked; what gains by it comes forward.

        Its price counts in the plan's cost from now on.

        Raises:
            NotFound: the calendar offers no such hours.
        """
        self._tick()
        named = (o for o in self.offered() if (o.calendar, o.start) == (calendar, start))
        offer = next(named, None)
        if offer is None:
            raise NotFound("no such overtime is offered", subject=f"calendar {calendar}")
        self._builder.open(offer, self._records.outages)
        overtime = (*self._records.overtime, offer)
        self._records = msgspec.structs.replace(self._records, overtime=overtime)
        text = Text(f"overtime on {calendar}", f"{calendar} 加班")
        return self._repair(Because(MoveReason.CAPACITY_BACK, text, cause), forward=True)

    def material_late(
        self, item: str, arrivals: tuple[Stock, ...], *, cause: str | None = None
    ) -> PlanVersion:
        """The stock and receipts of an item are now these; operations wait where they must."""
        index = self._builder.names.items.get(item)
        if index is None:
            raise NotFound("nobody knows the item", subject=f"item {item}")
        self._tick()
        others = tuple(s for s in self._records.stock if s.item != item)
        self._records = msgspec.structs.replace(self._records, stock=(*others, *arrivals))
        used = Stock(item=item, quantity=self._used.get(item, Decimal(0)))
        self.shop.supply[index] = self._builder.supply_of(item, (*arrivals, used))
        text = Text(f"{item} comes later", f"{item} 延迟到货")
        return self._repair(Because(MoveReason.MATERIAL_LATE, text, cause))

    def used(self, item: str, quantity: Decimal, stock: tuple[Stock, ...]) -> None:
        """The record counts ``stock`` now: so much of it went into orders that are made.

        In this plan that stays taken where it was, so nothing moves; the next plan that is laid
        out from the records knows neither.
        """
        others = tuple(s for s in self._records.stock if s.item != item)
        self._records = msgspec.structs.replace(self._records, stock=(*others, *stock))
        self._used = {**self._used, item: self._used.get(item, Decimal(0)) + quantity}

    def pin(self, pin: Pin, *, cause: str | None = None) -> PlanVersion:
        """A planner puts an operation on a machine, from an instant on; the rest goes around it.

        It starts there as soon as its machine, people, material and the steps before allow; it
        stays put until `unpin`. The frozen zone does not bind a planner.

        Raises:
            NotFound: the plan holds no such operation.
            Conflict: it has started.
            BadInput: the machine cannot do it.
        """
        self._tick()
        op = self._operation(pin)
        choice, at = pin_of(self._builder, op, pin)
        self.shop.fixed.pop(op, None)
        self.shop.pins[op] = (choice, at)
        self._keep_pin(pin, kept=True)
        text = Text(f"a planner put {pin.order} {pin.step}", f"计划员安排了 {pin.order} {pin.step}")
        return self._repair(Because(MoveReason.PLANNER, text, cause), first={op: at})

    def unpin(self, pin: Pin, *, cause: str | None = None) -> PlanVersion:
        """An operation may be moved again; where it stands it stays until something is better.

        Raises:
            NotFound: the plan holds no such operation.
        """
        self._tick()
        self.shop.pins.pop(self._operation(pin, started=True), None)
        self._keep_pin(pin, kept=False)
        text = Text(f"{pin.order} {pin.step} is free", f"{pin.order} {pin.step} 已放开")
        return self._set(self._plan, Because(MoveReason.PLANNER, text, cause), ())

    def _operation(self, pin: Pin, *, started: bool = False) -> int:
        op = self._builder.names.ops.get((pin.order, pin.lot, pin.step))
        subject = f"{pin.order} {pin.step}"
        if op is None:
            raise NotFound("the plan holds no such operation", subject=subject)
        placed = self._plan.placed[op]
        begun = placed is not None and placed.start <= self.shop.not_before
        if begun and op in self.shop.fixed and not started:
            raise Conflict("it has started and does not move", subject=subject)
        return op

    def _keep_pin(self, pin: Pin, *, kept: bool) -> None:
        named = pin.order, pin.lot, pin.step
        others = tuple(p for p in self._records.pins if (p.order, p.lot, p.step) != named)
        pins = (*others, pin) if kept else others
        self._records = msgspec.structs.replace(self._records, pins=pins)

    def report(self, progress: Progress, *, cause: str | None = None) -> PlanVersion:
        """How far an operation is; what follows is moved only where it no longer fits.

        Raises:
            NotFound: the plan holds no such operation.
        """
        self._tick()
        heard = hear(self._builder, self._plan, progress)
        if not heard.changed:
            return self.version()
        because = Because(MoveReason.PROGRESS, REPORTED, cause)
        if heard.now is None or not heard.fits:
            return self._repair(because)
        plan = self._plan.copy()
        plan.placed[heard.op] = heard.now
        pulled = ladder.pull(self.shop, plan, self.rules) if heard.freed else plan
        return self._set(pulled, because, moves(self.shop, plan, pulled, because))
