"""From records to the shop the decoders read, with errors a planner can act on."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import replace
from typing import NamedTuple

from hanse.allocate.calendars import (
    ALWAYS,
    Offer,
    Windows,
    also,
    expand,
    longest,
    merge,
    offers,
    without,
)
from hanse.allocate.demand import OPEN, Book, Demand, left
from hanse.allocate.names import Names
from hanse.allocate.problem import (
    LANES_MAX,
    MICRO,
    NONE,
    OPS_MAX,
    PEOPLE_MAX,
    Choice,
    Job,
    Lane,
    Link,
    Op,
    Placed,
    Shop,
    Unit,
)
from hanse.allocate.records import Records
from hanse.model.errors import BadInput, NotFound, TooMuch
from hanse.model.order import WorkOrder
from hanse.model.plan import Outage, OutageKind, Overtime
from hanse.model.product import Alternative, Item, Routing, Step, Stock
from hanse.model.time import NS_PER_S, Instant

TOOL_OUT = ""
"""The item of what holds a tool while it is out."""


class Mark(NamedTuple):
    """A state of the shop's orders."""

    jobs: int
    ops: int
    book: Book


class Builder:
    """Builds a shop once, and afterwards adds single orders to it."""

    def __init__(self, records: Records, *, origin: Instant) -> None:
        self.records = records
        self.names = Names()
        self.items: dict[str, Item] = {item.key: item for item in records.items}
        self.routings: dict[str, Routing] = {r.item: r for r in records.routings}
        horizon = records.rules.horizon_days * 86_400
        self.shop = Shop(origin=origin, horizon_s=horizon)
        self.offers: list[Overtime] = []
        self._add_calendars()
        self._add_machines()
        self._add_people()
        self._add_tools()
        self._add_families()
        self._add_stock()
        self.book = Book(records)
        self.add(self.book.explode(records.orders))

    def seconds(self, at: Instant) -> int:
        """Whole seconds from the origin."""
        return int((at - self.shop.origin).total_seconds())

    def instant(self, at_s: int) -> Instant:
        """The instant of so many seconds from the origin."""
        return self.shop.origin + dt.timedelta(seconds=at_s)

    def _add_calendars(self) -> None:
        self.names.calendars["always"] = ALWAYS
        for calendar in self.records.calendars:
            self.names.calendars[calendar.key] = expand(
                calendar, self.shop.origin, self.shop.horizon_s
            )
            for offer in offers(calendar, self.shop.origin, self.shop.horizon_s):
                self._add_offer(calendar.key, offer)

    def _add_offer(self, calendar: str, offer: Offer) -> None:
        """Overtime of one day: open where it was opened before, else offered."""
        start, end = self.instant(offer.start), self.instant(offer.end)
        overtime = Overtime(calendar=calendar, start=start, end=end, cost_minor=offer.cost_minor)
        opened = {(o.calendar, o.end) for o in self.records.overtime}
        if (calendar, end) not in opened:
            self.offers.append(overtime)
            return
        self.shop.overtime.append(overtime)
        known = self.names.calendars
        known[calendar] = also(known[calendar], (offer.start, offer.end))

    def open(self, offered: Overtime, outages: Iterable[Outage]) -> None:
        """Overtime is worked: the machines and people of its calendar are open then."""
        self.offers = [offer for offer in self.offers if offer != offered]
        self.shop.overtime.append(offered)
        key, known = offered.calendar, self.names.calendars
        span = self.seconds(offered.start), self.seconds(offered.end)
        known[key] = also(known[key], span)
        for machine in self.records.machines:
            if machine.calendar == key:
                self.set_hours(machine.key, OutageKind.MACHINE, outages)
        for person in self.records.people:
            if person.calendar == key:
                self.set_hours(person.key, OutageKind.PERSON, outages)

    def _calendar(self, key: str, subject: str) -> Windows:
        try:
            return self.names.calendars[key]
        except KeyError:
            raise BadInput(
                f"there is no calendar {key}",
                subject=subject,
                remedy="Add the calendar or use always",
                code="unknown-calendar",
            ) from None

    def open_hours(self, machine: str, outages: Iterable[Outage]) -> Windows:
        """A machine's calendar less its outages."""
        base = self._calendar(self.names.machine[machine].calendar, f"machine {machine}")
        return without(base, self._closed(machine, OutageKind.MACHINE, outages))

    def known(self, key: str, kind: OutageKind) -> None:
        """That there is such a machine, person or tool.

        Raises:
            NotFound: nobody knows it.
        """
        names = self.names
        known = {OutageKind.PERSON: names.people, OutageKind.TOOL: names.tools}
        if key not in known.get(kind, names.machine):
            raise NotFound(f"nobody knows the {kind.value}", subject=key)

    def set_hours(self, key: str, kind: OutageKind, outages: Iterable[Outage]) -> None:
        """A machine, person or tool serves when its calendar is open, less these outages."""
        if kind == OutageKind.TOOL:
            self._take_out(key, outages)
            return
        if kind == OutageKind.PERSON:
            unit = self.shop.units[self.names.people[key]]
            unit.calendar = self.person_hours(key, outages)
            return
        hours = self.open_hours(key, outages)
        for lane in self.names.lanes[key]:
            self.shop.lanes[lane].calendar = hours

    def person_hours(self, person: str, outages: Iterable[Outage]) -> Windows:
        """A person's calendar less the times away."""
        keys = {p.key: p.calendar for p in self.records.people}
        base = self._calendar(keys[person], f"person {person}")
        return without(base, self._closed(person, OutageKind.PERSON, outages))

    def _closed(
        self, key: str, kind: OutageKind, outages: Iterable[Outage]
    ) -> list[tuple[int, int]]:
        return [
            (
                max(0, self.seconds(o.start)),
                self.shop.horizon_s if o.end is None else self.seconds(o.end),
            )
            for o in outages
            if o.resource == key and o.kind == kind
        ]

    def _add_machines(self) -> None:
        names, shop = self.names, self.shop
        for machine in self.records.machines:
            names.machine[machine.key] = machine
            names.centre[machine.work_centre].append(machine.key)
            index = len(shop.machines)
            shop.machines.append(machine.key)
            shop.rates.append(machine.cost_per_hour_minor)
            site = names.sites.setdefault(machine.site, len(names.sites))
            hours = self.open_hours(machine.key, self.records.outages)
            for _ in range(machine.capacity):
                names.lanes[machine.key].append(len(shop.lanes))
                lane = Lane(index, site, hours, machine.batch_max, machine.batch_wait_s)
                shop.lanes.append(lane)
        if len(shop.lanes) > LANES_MAX:
            raise TooMuch(f"a plan holds at most {LANES_MAX} machines", remedy="Plan by site")
        self._add_transport()

    def _add_transport(self) -> None:
        sites = self.names.sites
        for leg in self.records.transports:
            for site in (leg.before, leg.after):
                sites.setdefault(site, len(sites))
        table = [[0] * max(1, len(sites)) for _ in range(max(1, len(sites)))]
        for leg in self.records.transports:
            table[sites[leg.before]][sites[leg.after]] = leg.seconds
        self.shop.transport = table

    def _add_people(self) -> None:
        groups: dict[str, list[int]] = defaultdict(list)
        for person in self.records.people:
            index = len(self.shop.units)
            hours = self._calendar(person.calendar, f"person {person.key}")
            away = self._closed(person.key, OutageKind.PERSON, self.records.outages)
            self.shop.units.append(Unit(person.key, without(hours, away)))
            self.names.people[person.key] = index
            for skill in person.skills:
                groups[skill].append(index)
        if len(self.shop.units) > PEOPLE_MAX:
            raise TooMuch(f"a plan holds at most {PEOPLE_MAX} people", remedy="Plan by site")
        self._group(groups, self.names.skills)

    def _add_tools(self) -> None:
        groups: dict[str, list[int]] = {}
        for tool in self.records.tools:
            first = len(self.shop.units)
            self.shop.units.extend(Unit(tool.key, ALWAYS) for _ in range(tool.copies))
            groups[tool.key] = list(range(first, first + tool.copies))
        self._group(groups, self.names.tools)
        for key in sorted({o.resource for o in self.records.outages if o.kind == OutageKind.TOOL}):
            if key in self.names.tools:
                self._take_out(key, self.records.outages)

    def _take_out(self, tool: str, outages: Iterable[Outage]) -> None:
        """A tool's copies are held while it is out, by fixed work that belongs to no open order."""
        shop = self.shop
        for op in self._holding(tool):
            shop.fixed.pop(op, None)
        job = Job(tool, TOOL_OUT, 0, 0, 0, 0, 0, active=False)
        shop.jobs.append(job)
        group = self.names.tools[tool]
        for lot, (start, end) in enumerate(merge(self._closed(tool, OutageKind.TOOL, outages))):
            for unit in shop.groups[group]:
                index, way = len(shop.ops), [Choice(NONE, NONE, 0, end - start, 0, 0)]
                shop.ops.append(Op(len(shop.jobs) - 1, lot, "", 1, way, tool=group))
                shop.fixed[index] = Placed(
                    0, 0, start, start, start, start, end, end, NONE, NONE, unit, index
                )
                job.ops.append(index)

    def _holding(self, tool: str) -> list[int]:
        jobs = (job for job in self.shop.jobs if (job.key, job.item) == (tool, TOOL_OUT))
        return [op for job in jobs for op in job.ops]

    def _group(self, groups: dict[str, list[int]], index: dict[str, int]) -> None:
        for key, members in groups.items():
            index[key] = len(self.shop.groups)
            self.shop.groups.append(members)

    def _add_families(self) -> None:
        families = self.names.families
        for routing in self.records.routings:
            for step in routing.steps:
                families.setdefault(step.family, len(families))
        for change in self.records.setups:
            for family in (change.before, change.after):
                families.setdefault(family, len(families))
        shared: dict[str, list[list[int]]] = {}
        for key in self.shop.machines:
            own = any(change.machine == key for change in self.records.setups)
            group = key if own else self.names.machine[key].work_centre
            if group not in shared:
                shared[group] = self._table(key)
            self.shop.changes.append(shared[group])

    def _table(self, machine: str) -> list[list[int]]:
        families = self.names.families
        table = [[0] * len(families) for _ in families]
        centre = self.names.machine[machine].work_centre
        for group in (centre, machine):
            for change in self.records.setups:
                if change.machine == group:
                    table[families[change.before]][families[change.after]] = change.seconds
        return table

    def _add_stock(self) -> None:
        for item in self.records.items:
            self.names.items[item.key] = len(self.shop.items)
            self.shop.items.append(item.key)
            self.shop.supply.append([])
            self.shop.buy_at.append(item.lead_time_s)
        for stock in self.records.stock:
            if stock.item not in self.names.items:
                raise BadInput(
                    f"there is stock of {stock.item}, which nobody knows",
                    remedy="Add the item or correct the stock",
                    code="unknown-item",
                )
            index = self.names.items[stock.item]
            self.shop.supply[index].extend(self.supply_of(stock.item, (stock,)))

    def supply_of(self, item: str, arrivals: Iterable[Stock]) -> list[tuple[int, int]]:
        """Stock and receipts of an item as (seconds from the origin, millionths)."""
        origin = int(self.shop.origin.timestamp())
        return [
            (
                0 if s.at_ns is None else max(0, s.at_ns // NS_PER_S - origin),
                int(s.quantity * MICRO),
            )
            for s in arrivals
            if s.item == item
        ]

    def copy(self) -> Builder:
        """The same, on a shop of its own."""
        other = copy(self)
        other.shop, other.book = self.shop.copy(), self.book.copy()
        names = self.names
        other.names = replace(
            names,
            jobs=dict(names.jobs),
            ops=dict(names.ops),
            calendars=dict(names.calendars),
        )
        return other

    def mark(self) -> Mark:
        """Where the shop stands, to come back to after a question."""
        return Mark(len(self.shop.jobs), len(self.shop.ops), self.book.copy())

    def rewind(self, mark: Mark) -> None:
        """Forget the orders added since a mark."""
        for job in self.shop.jobs[mark.jobs :]:
            self.names.jobs.pop(job.key, None)
            for op in job.ops:
                task = self.shop.ops[op]
                self.names.ops.pop((job.key, task.lot, task.step), None)
        del self.shop.jobs[mark.jobs :], self.shop.ops[mark.ops :]
        self.book = mark.book

    def drop(self, job: int) -> None:
        """An order is no longer to be made."""
        entry = self.shop.jobs[job]
        entry.active = False
        if self.names.jobs.get(entry.key) == job:
            del self.names.jobs[entry.key]
        for op in entry.ops:
            name = entry.key, self.shop.ops[op].lot, self.shop.ops[op].step
            if self.names.ops.get(name) == op:
                del self.names.ops[name]

    def from_the_first(self, work: tuple[str, str, int], scrap: int) -> bool:
        """Note scrap of ``(order, step, lot)``; whether its pieces begin anew at the first step.

        At the first step itself another blank is taken there.
        """
        key, step, lot = work
        op = self.names.ops.get((key, lot, step))
        if op is None:
            return False
        known = self.book.lost[key]
        known[lot, step] = known.get((lot, step), 0) + scrap
        task = self.shop.ops[op]
        steps = self.routings[self.shop.jobs[task.order].item].steps
        at = next(n for n, known_step in enumerate(steps) if known_step.key == step)
        if steps[at].rework:
            return False
        if at == 0:
            task.materials = [(i, q + q * scrap // task.pieces) for i, q in task.materials]
        return at > 0

    def parts_of(self, key: str, known: Collection[str]) -> list[int]:
        """What is laid out only for the made parts of an order; ``known`` are orders on record."""
        return [
            index
            for name, index in self.names.jobs.items()
            if name.startswith(f"{key}/") and name not in known
        ]

    def rename(self, job: int, key: str, order: WorkOrder) -> None:
        """What was laid out under one key is an order's now; parts made for it follow."""
        entry = self.shop.jobs[job]
        self.names.jobs.pop(entry.key)
        if entry.key == key:
            entry.due = self.seconds(order.due)
            entry.promised = entry.due if order.promised is None else self.seconds(order.promised)
            entry.weight = order.weight_minor_per_h
        renamed = order.key + entry.key[len(key) :]
        self.book.rename(entry.key, renamed)
        entry.key = renamed
        self.names.jobs[entry.key] = job
        for op in entry.ops:
            task = self.shop.ops[op]
            self.names.ops[entry.key, task.lot, task.step] = op

    def add(self, demand: Demand) -> list[int]:
        """Orders into the shop, parts before what they go into; the new jobs' indices."""
        known = {order.key for order in demand.orders}
        added = [
            self._add_order(order, demand)
            for order in _children_first(demand, known)
            if left(order) > 0 and order.state in OPEN
        ]
        if len(self.shop.ops) > OPS_MAX:
            raise TooMuch(
                f"a plan holds at most {OPS_MAX} operations",
                remedy="Plan a shorter horizon or by site",
            )
        return added

    def _add_order(self, order: WorkOrder, demand: Demand) -> int:
        shop = self.shop
        routing = self._routing(order)
        release = 0 if order.release is None else max(0, self.seconds(order.release))
        due = self.seconds(order.due)
        if order.release is not None and order.due < order.release:
            raise BadInput(
                "the order is due before it may start",
                subject=f"order {order.key}",
                remedy="Correct the due or the release date",
                code="impossible-due-date",
            )
        promised = due if order.promised is None else self.seconds(order.promised)
        job = Job(
            order.key, order.item, int(order.quantity), release, due, promised,
            order.weight_minor_per_h, done_pieces=int(order.done),
        )  # fmt: skip
        index = len(shop.jobs)
        shop.jobs.append(job)
        self.names.jobs[order.key] = index
        lots = tuple(order.lots) or tuple(self._lots(order, routing))
        given_up = {lot for lot, pieces in enumerate(lots) if not pieces}
        for lot, pieces in enumerate(lots):
            if pieces:
                of = {lot} | (given_up if lot == len(lots) - 1 else set())
                self._add_lot(index, (lot, pieces), routing, (demand, of))
        return index

    def _routing(self, order: WorkOrder) -> Routing:
        routing = self.routings.get(order.item)
        if routing is None:
            raise BadInput(
                f"the item {order.item} has no routing",
                subject=f"order {order.key}",
                remedy="Add a routing, or buy the item instead of making it",
                code="missing-routing",
            )
        return routing

    def _lots(self, order: WorkOrder, routing: Routing) -> list[int]:
        pieces = max(1, int(left(order).to_integral_value()))
        item = self.items.get(order.item)
        limits = [item.lot_max] if item is not None and item.lot_max else []
        for step in routing.steps:
            for alternative in step.alternatives:
                held = (self.names.machine[k].batch_max for k in self._machines_of(alternative))
                limits.extend(n for n in held if n)
        size = min(limits, default=pieces)
        return [min(size, pieces - at) for at in range(0, pieces, size)]

    def _machines_of(self, alternative: Alternative) -> list[str]:
        if alternative.subcontract:
            return []
        if alternative.machine in self.names.machine:
            return [alternative.machine]
        return self.names.centre.get(alternative.machine, [])

    def _add_lot(
        self, job: int, lot: tuple[int, int], routing: Routing, needs: tuple[Demand, set[int]]
    ) -> None:
        """One lot's operations; ``needs``: the demand, and the lots whose scrap is taken anew."""
        shop, order = self.shop, self.shop.jobs[job]
        before: int | None = None
        for step in routing.steps:
            op = self._op(job, lot, step)
            index = len(shop.ops)
            if before is not None:
                op.preds.append(self._link(before, routing, step))
            self._feed(op, order.key, needs, first=step is routing.steps[0])
            shop.ops.append(op)
            order.ops.append(index)
            self.names.ops[order.key, lot[0], step.key] = index
            before = index
        assert before is not None
        order.last.append(before)

    def _link(self, before: int, routing: Routing, step: Step) -> Link:
        earlier = routing.steps[routing.steps.index(step) - 1]
        lag = step.queue_s + earlier.transport_s
        return Link(before, lag, earlier.transfer)

    def _feed(self, op: Op, order: str, needs: tuple[Demand, set[int]], *, first: bool) -> None:
        """Material and made parts that an operation takes at its start, scrap included."""
        demand, lots = needs
        made = self.shop.jobs[op.order].item
        steps = {s.key for s in self.routings[made].steps}
        pieces = op.pieces + self.book.wasted(order, made, op.step, lots)
        for line in demand.buys.get(order, ()):
            if line.step == op.step or (first and line.step not in steps):
                quantity = int(line.quantity * pieces * MICRO)
                op.materials.append((self.names.items[line.component], quantity))
        for child, step in demand.pegs.get(order, ()):
            if (step == op.step or (first and step not in steps)) and child in self.names.jobs:
                for last in self.shop.jobs[self.names.jobs[child]].last:
                    op.preds.append(Link(last, 0, 0))

    def _op(self, job: int, lot: tuple[int, int], step: Step) -> Op:
        number, pieces = lot
        choices = [c for a in step.alternatives for c in self._choices(a, step, pieces)]
        op = Op(
            order=job, lot=number, step=step.key, pieces=pieces, choices=choices,
            family=self.names.families.setdefault(step.family, len(self.names.families)),
            operator=self._need(self.names.skills, step.skill, step),
            setter=self._need(self.names.skills, step.setter, step),
            tool=self._need(self.names.tools, step.tool, step),
            may_pause=step.may_pause, transfer=step.transfer,
        )  # fmt: skip
        if not choices:
            raise BadInput(
                f"step {step.key} has no machine that exists",
                subject=f"order {self.shop.jobs[job].key}",
                remedy="Add the machine or work centre, or correct the routing",
                code="unknown-machine",
            )
        self._check_fits(op)
        return op

    def _need(self, index: dict[str, int], key: str, step: Step) -> int:
        if not key:
            return NONE
        if key not in index:
            raise BadInput(
                f"nobody and nothing provides {key}",
                subject=f"step {step.key} {step.title}",
                remedy="Give a person the skill, add the tool, or correct the routing",
                code="unknown-skill",
            )
        return index[key]

    def _choices(self, alternative: Alternative, step: Step, pieces: int) -> list[Choice]:
        if alternative.subcontract:
            cost = alternative.cost_minor * pieces
            return [Choice(NONE, NONE, 0, max(1, alternative.lead_s), 0, cost)]
        found = []
        for key in self._machines_of(alternative):
            machine = self.names.machine[key]
            cycles = 1 if machine.batch_max else pieces
            run = max(1, round(alternative.run_s * cycles / machine.rate))
            attended = round(run * step.attended) if step.skill else 0
            for lane in self.names.lanes[key]:
                index = self.shop.lanes[lane].machine
                cost = alternative.cost_minor * pieces
                found.append(Choice(lane, index, alternative.setup_s, run, attended, cost))
        return found

    def _check_fits(self, op: Op) -> None:
        if op.may_pause:
            return
        for choice in op.choices:
            if choice.lane == NONE:
                return
            if longest(self.shop.lanes[choice.lane].calendar, self.shop.horizon_s) >= choice.run_s:
                return
        raise BadInput(
            f"step {op.step} takes longer than any shift of its machines and may not pause",
            subject=f"order {self.shop.jobs[op.order].key}",
            remedy="Let it pause, make smaller lots, or open a longer shift",
            code="longer-than-shift",
        )


def _children_first(demand: Demand, known: set[str]) -> list[WorkOrder]:
    orders = {order.key: order for order in demand.orders}
    done: dict[str, WorkOrder] = {}
    stack = [(key, False) for key in reversed(list(orders))]
    while stack:
        key, opened = stack.pop()
        if key in done:
            continue
        if opened:
            done[key] = orders[key]
            continue
        stack.append((key, True))
        stack.extend(
            (c, False) for c, _ in demand.pegs.get(key, ()) if c in known and c not in done
        )
    return list(done.values())
