"""Realistic shops from a seed: every rule of the decoder on, at any size and load.

Work centres of 1 to 4 machines of different speed at two sites, in two or three shifts with a
break, a holiday, planned maintenance and overtime on offer, ovens that
take batches, setup families, operators with skills (fewer than machines), setters, fixtures,
bought material with receipts and lead times, made parts, lots, transfer batches, steps that may
go to a subcontractor. ``loose`` has slack, ``tight`` none, ``overloaded`` too much work.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

from hanse.allocate.records import Records, Rules
from hanse.model.order import WorkOrder
from hanse.model.plan import Outage
from hanse.model.plant import Calendar, DayOff, Machine, Person, Shift
from hanse.model.product import (
    Alternative,
    BomLine,
    Item,
    Routing,
    SetupChange,
    Step,
    Stock,
    Tool,
    Transport,
)

START = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
LOADS = {"loose": 2.2, "tight": 1.0, "overloaded": 0.55}
WEEK = (0, 1, 2, 3, 4)
FAMILIES = 6
DAY = 86_400


def shop(ops: int, *, load: str = "tight", seed: int = 1, machines: int = 0) -> Records:
    """A plant with about so many operations on order."""
    return _Maker(ops, random.Random(seed), machines or max(6, round(6 + ops**0.5 / 1.4))).make(
        load
    )


class _Maker:
    def __init__(self, ops: int, rng: random.Random, machines: int) -> None:
        self.ops = ops
        self.rng = rng
        self.calendars = (
            Calendar(
                key="two",
                timezone="Europe/Berlin",
                shifts=(
                    Shift(days=WEEK, start_min=360, end_min=600),
                    Shift(days=WEEK, start_min=615, end_min=840),
                    Shift(days=WEEK, start_min=840, end_min=1_320),
                    Shift(days=(5,), start_min=360, end_min=840, overtime_minor_per_h=20_000),
                ),
                days_off=(DayOff(date="2026-01-06", title="a holiday"),),
            ),
            Calendar(
                key="three",
                timezone="Europe/Berlin",
                shifts=(Shift(days=WEEK, start_min=360, end_min=1_800),),
            ),
        )
        self.machines = self._machines(machines)
        self.centres = sorted({m.work_centre for m in self.machines} - {"oven"})
        self.items: list[Item] = []
        self.routings: list[Routing] = []
        self.bom: list[BomLine] = []
        self.stock: list[Stock] = []

    def make(self, load: str) -> Records:
        self._bought()
        self._products(max(3, self.ops // 60))
        orders = self._orders()
        return Records(
            machines=tuple(self.machines),
            calendars=self.calendars,
            people=self._people(),
            tools=tuple(Tool(key=f"fixture-{k}", title="fixture", copies=2) for k in range(4)),
            items=tuple(self.items),
            bom=tuple(self.bom),
            routings=tuple(self.routings),
            setups=self._setups(),
            transports=(
                Transport(before="main", after="annex", seconds=1_800),
                Transport(before="annex", after="main", seconds=1_800),
            ),
            stock=tuple(self.stock),
            orders=self._dated(orders, load),
            outages=tuple(self._maintenance()),
            rules=Rules(frozen_s=4 * 3_600),
        )

    def _maintenance(self) -> Iterator[Outage]:
        """Every fifth machine has four planned hours on the third to fifth day."""
        for n, machine in enumerate(self.machines[::5]):
            start = START + dt.timedelta(days=2 + n % 3, hours=2)
            end = start + dt.timedelta(hours=4)
            yield Outage(resource=machine.key, start=start, end=end, planned=True)

    def _machines(self, count: int) -> list[Machine]:
        rng, made, centre = self.rng, [], 0
        while len(made) < count:
            site = "annex" if centre % 5 == 4 else "main"
            calendar = "three" if centre % 3 == 0 else "two"
            for _ in range(rng.randint(1, 4)):
                made.append(
                    Machine(
                        key=f"m{len(made):03}",
                        title=f"Machine {len(made)}",
                        asset_type="machine-tool",
                        work_centre=f"wc{centre:02}",
                        site=site,
                        calendar=calendar,
                        rate=rng.choice((0.8, 1.0, 1.0, 1.25)),
                        cost_per_hour_minor=rng.randrange(2_000, 9_000, 100),
                    )
                )
            centre += 1
        made.extend(
            Machine(
                key=f"oven-{k}",
                title="Oven",
                asset_type="oven",
                work_centre="oven",
                batch_max=60,
                batch_wait_s=1_800,
            )
            for k in range(max(1, count // 12))
        )
        return made

    def _people(self) -> tuple[Person, ...]:
        rng, people = self.rng, []
        for centre in self.centres:
            size = sum(m.work_centre == centre for m in self.machines)
            calendar = next(m.calendar for m in self.machines if m.work_centre == centre)
            for k in range(max(1, round(size * 0.75))):
                skills = {f"run-{centre}"}
                if rng.random() < 0.4:
                    skills.add(f"run-{rng.choice(self.centres)}")
                people.append(
                    Person(
                        key=f"p-{centre}-{k}",
                        title="operator",
                        calendar=calendar,
                        skills=tuple(sorted(skills)),
                    )
                )
        setters = max(2, len(self.machines) // 8)
        people.extend(
            Person(key=f"setter-{k}", title="setter", calendar="three", skills=("set",))
            for k in range(setters)
        )
        return tuple(people)

    def _setups(self) -> tuple[SetupChange, ...]:
        rng = self.rng
        return tuple(
            SetupChange(
                machine=centre,
                before=f"f{x}",
                after=f"f{y}",
                seconds=rng.choice((600, 1_200, 1_800, 2_700)),
            )
            for centre in self.centres
            for x in range(FAMILIES)
            for y in range(FAMILIES)
            if x != y
        )

    def _bought(self) -> None:
        origin_ns = int(START.timestamp()) * 10**9
        for k in range(max(3, self.ops // 100)):
            key = f"bar-{k}"
            lead = self.rng.choice((2, 5, 10)) * DAY
            self.items.append(Item(key=key, title="bar stock", make=False, lead_time_s=lead))
            self.stock.append(Stock(item=key, quantity=Decimal(self.rng.randint(20, 200))))
            self.stock.extend(
                Stock(
                    item=key,
                    quantity=Decimal(self.rng.randint(50, 200)),
                    at_ns=origin_ns + day * DAY * 10**9,
                )
                for day in sorted(self.rng.sample(range(1, 20), 2))
            )

    def _products(self, count: int) -> None:
        rng = self.rng
        bars = [item.key for item in self.items]
        for k in range(count):
            key = f"part-{k}"
            lot = rng.choice((0, 0, 0, 20))
            self.items.append(Item(key=key, title="part", lot_max=lot))
            self.routings.append(Routing(item=key, steps=self._steps()))
            self.bom.append(BomLine(item=key, component=rng.choice(bars), quantity=Decimal(1)))
            if k > 2 and rng.random() < 0.15:
                self.bom.append(
                    BomLine(item=key, component=f"part-{rng.randrange(3)}", quantity=Decimal(1))
                )

    def _steps(self) -> tuple[Step, ...]:
        rng = self.rng
        steps = []
        for n in range(rng.randint(4, 14)):
            centre = rng.choice(self.centres)
            own = Alternative(
                machine=centre,
                run_s=float(rng.randrange(60, 900, 10)),
                setup_s=rng.choice((0, 600, 1_200)),
            )
            also: tuple[Alternative, ...] = ()
            if rng.random() < 0.1:
                also = (
                    Alternative(
                        machine="galvanic",
                        run_s=60.0,
                        subcontract=True,
                        lead_s=rng.choice((3, 5)) * DAY,
                        cost_minor=rng.randrange(100, 900),
                    ),
                )
            kind = rng.random()
            steps.append(
                Step(
                    key=str(10 * (n + 1)),
                    title="step",
                    alternatives=(own, *also),
                    family=f"f{rng.randrange(FAMILIES)}",
                    skill=f"run-{centre}" if kind < 0.6 else "",
                    attended=rng.choice((0.2, 0.5, 1.0)),
                    setter="set" if 0.5 < kind < 0.7 else "",
                    tool=f"fixture-{rng.randrange(4)}" if kind > 0.93 else "",
                    transfer=5 if 0.7 < kind < 0.8 else 0,
                    queue_s=rng.choice((0, 0, 900)),
                )
            )
        if rng.random() < 0.3:
            hot = Alternative(machine="oven", run_s=float(rng.choice((7_200, 14_400))))
            at = rng.randrange(1, len(steps))
            steps.insert(
                at,
                Step(key=f"{10 * at}h", title="heat", alternatives=(hot,), family=f"f{at % 3}"),
            )
        return tuple(steps)

    def _orders(self) -> list[tuple[str, int]]:
        """(item, pieces) until there are about enough operations."""
        rng = self.rng
        count = {r.item: len(r.steps) for r in self.routings}
        lots = {i.key: i.lot_max for i in self.items}
        made: dict[str, list[str]] = {}
        for line in self.bom:
            if line.component in count:
                made.setdefault(line.item, []).append(line.component)
        orders, total = [], 0
        while total < self.ops:
            item = rng.choice(self.routings).item
            pieces = rng.choice((1, 4, 10, 20, 40))
            for part in (item, *made.get(item, ())):
                size = lots[part] or pieces
                total += count[part] * -(-pieces // min(size, 60))
            orders.append((item, pieces))
        return orders

    def _dated(self, orders: list[tuple[str, int]], load: str) -> tuple[WorkOrder, ...]:
        """Due dates over the time the busiest work centre needs, stretched by the load."""
        rng = self.rng
        work: dict[str, float] = {}
        steps = {r.item: r.steps for r in self.routings}
        for item, pieces in orders:
            for step in steps[item]:
                first = step.alternatives[0]
                seconds = first.setup_s + 900
                if first.machine != "oven":
                    seconds += first.run_s * pieces
                    work[first.machine] = work.get(first.machine, 0) + seconds
        sizes = {c: sum(m.work_centre == c for m in self.machines) for c in work}
        busiest = max(work[c] / sizes[c] for c in work)
        span = busiest * 2.2 * LOADS[load] + 3 * DAY
        return tuple(
            WorkOrder(
                key=f"order-{k:05}",
                item=item,
                quantity=Decimal(pieces),
                due=START + dt.timedelta(seconds=round(span * rng.uniform(0.15, 1.0))),
                weight_minor_per_h=rng.choice((100, 200, 500, 1_000)),
            )
            for k, (item, pieces) in enumerate(orders)
        )
