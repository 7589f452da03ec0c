"""Odd little shops from a seed: every rule of a plan at once, at the density where rules meet.

`benchmarks.shops` is like a real plant; here half the steps need a person, a third a setter, a
quarter a tool, ovens have operators, shifts end in the middle of the night and stock is short. A
plan of twenty operations then shows what a plan of five thousand shows once a week.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import NamedTuple

import msgspec

from benchmarks.shops import START
from hanse.allocate.build import Builder
from hanse.allocate.records import Records, Rules
from hanse.model.errors import BadInput
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

DAYS = tuple(range(7))
STARTS = (START, START + dt.timedelta(days=80), START + dt.timedelta(days=290))
"""A plain week, and those in which Berlin's clocks go forward and back."""

SKILLS = ("turn", "mill")
CENTRES = ("wc0", "wc1", "oven")
FAMILIES = ("", "f1", "f2")


class Plant(NamedTuple):
    """A shop's records, and the instant they are of."""

    records: Records
    at: dt.datetime


def odd(seed: int, *, orders: int = 8) -> Plant:
    """A shop that can be built; the seed decides everything but its size."""
    for attempt in range(100):
        rng = random.Random(f"{seed}/{attempt}")
        at = rng.choice(STARTS)
        records = _Odd(rng, at).make(orders)
        try:
            Builder(records, origin=at)
        except BadInput:
            continue
        return Plant(records, at)
    raise AssertionError("no such shop can be built")


def moved(records: Records, by: dt.timedelta) -> Records:
    """The same shop in another week of the year."""
    replace, ns = msgspec.structs.replace, int(by.total_seconds()) * 10**9
    return replace(
        records,
        orders=tuple(replace(o, due=o.due + by) for o in records.orders),
        outages=tuple(
            replace(o, start=o.start + by, end=None if o.end is None else o.end + by)
            for o in records.outages
        ),
        stock=tuple(
            replace(s, at_ns=None if s.at_ns is None else s.at_ns + ns) for s in records.stock
        ),
    )


class _Odd:
    def __init__(self, rng: random.Random, at: dt.datetime) -> None:
        self.rng, self.at = rng, at

    def make(self, orders: int) -> Records:
        parts = [f"part-{k}" for k in range(self.rng.randint(2, 4))]
        return Records(
            machines=self._machines(),
            calendars=self._calendars(),
            people=self._people(),
            tools=tuple(
                Tool(key=f"tool-{k}", title="tool", copies=self.rng.randint(1, 2)) for k in range(2)
            ),
            items=(
                *(Item(key=k, title="part", lot_max=self.rng.choice((0, 0, 3, 5))) for k in parts),
                *(self._bar(f"bar-{k}") for k in range(2)),
            ),
            bom=tuple(self._bill(parts)),
            routings=tuple(Routing(item=key, steps=self._steps()) for key in parts),
            setups=self._setups(),
            transports=(
                Transport(before="main", after="annex", seconds=1_800),
                Transport(before="annex", after="main", seconds=self.rng.choice((600, 7_200))),
            ),
            stock=tuple(self._stock()),
            orders=tuple(self._order(k, self.rng.choice(parts)) for k in range(orders)),
            outages=self._outages(),
            rules=Rules(
                frozen_s=self.rng.choice((0, 3_600, 8 * 3_600)),
                compiled_from_ops=10**6,
                horizon_days=60,
            ),
        )

    def _calendars(self) -> tuple[Calendar, ...]:
        rng = self.rng
        zone = rng.choice(("Europe/Berlin", "UTC"))
        off = (self.at + dt.timedelta(days=rng.randint(1, 6))).date().isoformat()
        early = rng.choice((300, 360, 480))
        return (
            Calendar(
                key="day",
                timezone=zone,
                shifts=(
                    Shift(days=DAYS[:5], start_min=early, end_min=720),
                    Shift(days=DAYS[:5], start_min=735, end_min=early + 540),
                    Shift(days=(5,), start_min=early, end_min=840, overtime_minor_per_h=5_000),
                ),
                days_off=(DayOff(date=off, title="a holiday"),),
            ),
            Calendar(
                key="night",
                timezone=zone,
                shifts=(
                    Shift(days=DAYS, start_min=1_320, end_min=1_800),
                    Shift(days=DAYS[:3], start_min=600, end_min=900),
                ),
            ),
        )

    def _calendar(self) -> str:
        return self.rng.choice(("day", "day", "night", "always"))

    def _machines(self) -> tuple[Machine, ...]:
        rng = self.rng
        plain = [
            self._machine(f"m{k}", CENTRES[k % 2], capacity=rng.choice((1, 1, 2)))
            for k in range(rng.randint(2, 5))
        ]
        oven = self._machine(
            "hot", "oven", batch_max=rng.choice((4, 8, 20)), batch_wait_s=rng.choice((0, 3_600))
        )
        return (*plain, oven)

    def _machine(self, key: str, centre: str, **more: int) -> Machine:
        rng = self.rng
        return Machine(
            key=key, title=key, asset_type="machine", work_centre=centre,
            site=rng.choice(("main", "main", "annex")), calendar=self._calendar(),
            rate=rng.choice((0.7, 1.0, 1.3)), cost_per_hour_minor=rng.choice((0, 3_000)), **more,
        )  # fmt: skip

    def _people(self) -> tuple[Person, ...]:
        rng = self.rng
        people = [
            Person(key=f"p{k}", title="p", calendar=self._calendar(), skills=(skill,))
            for k, skill in enumerate((*SKILLS, "set"))
        ]
        for k in range(rng.randint(0, 3)):
            skills = tuple(sorted(rng.sample((*SKILLS, "set"), rng.randint(1, 3))))
            calendar = self._calendar()
            people.append(Person(key=f"q{k}", title="q", calendar=calendar, skills=skills))
        return tuple(people)

    def _setups(self) -> tuple[SetupChange, ...]:
        return tuple(
            SetupChange(
                machine=centre,
                before=before,
                after=after,
                seconds=self.rng.choice((0, 600, 1_800, 5_400)),
            )
            for centre in CENTRES
            for before in FAMILIES
            for after in FAMILIES
            if before != after
        )

    def _bar(self, key: str) -> Item:
        days = self.rng.choice((1, 3, 30))
        return Item(key=key, title="bar", make=False, lead_time_s=days * 86_400)

    def _stock(self) -> list[Stock]:
        rng, found = self.rng, []
        for key in ("bar-0", "bar-1"):
            found.append(Stock(item=key, quantity=Decimal(rng.randint(0, 12))))
            for _ in range(rng.randint(0, 3)):
                at = self.at + dt.timedelta(hours=rng.randint(5, 150))
                at_ns = int(at.timestamp()) * 10**9
                found.append(Stock(item=key, quantity=Decimal(rng.randint(1, 15)), at_ns=at_ns))
        return found

    def _bill(self, parts: list[str]) -> list[BomLine]:
        rng, lines = self.rng, []
        for n, key in enumerate(parts):
            bar = f"bar-{rng.randrange(2)}"
            step = rng.choice(("10", "20", "99"))
            lines.append(BomLine(item=key, component=bar, quantity=Decimal(1), step=step))
            if n and rng.random() < 0.3:
                lines.append(BomLine(item=key, component=parts[0], quantity=Decimal(1)))
        return lines

    def _steps(self) -> tuple[Step, ...]:
        return tuple(self._step(str(10 * (n + 1))) for n in range(self.rng.randint(1, 4)))

    def _step(self, key: str) -> Step:
        rng = self.rng
        centre = rng.choice((*CENTRES[:2], *CENTRES))
        run_s = float(rng.choice((120, 600, 1_500, 3_600)))
        setup_s = rng.choice((0, 0, 600, 2_000))
        ways = [Alternative(machine=centre, run_s=run_s, setup_s=setup_s)]
        if rng.random() < 0.1:
            lead_s = rng.choice((3_600, 2 * 86_400))
            ways.append(
                Alternative(machine="away", run_s=1, subcontract=True, lead_s=lead_s, cost_minor=90)
            )
        return Step(
            key=key, title=key, alternatives=tuple(ways), family=rng.choice(FAMILIES),
            skill=rng.choice(("", *SKILLS)), attended=rng.choice((0.0, 0.3, 1.0)),
            setter="set" if rng.random() < 0.3 else "",
            tool=f"tool-{rng.randrange(2)}" if rng.random() < 0.25 else "",
            transfer=rng.choice((0, 0, 1, 2, 5)), queue_s=rng.choice((0, 0, 900)),
            transport_s=rng.choice((0, 0, 600)), may_pause=rng.random() < 0.75,
        )  # fmt: skip

    def _order(self, k: int, item: str) -> WorkOrder:
        rng = self.rng
        due = self.at + dt.timedelta(hours=rng.randint(10, 160))
        release = self.at + dt.timedelta(hours=rng.randint(0, 9)) if rng.random() < 0.3 else None
        return WorkOrder(
            key=f"o{k}", item=item, quantity=Decimal(rng.randint(1, 12)), due=due, release=release,
            weight_minor_per_h=rng.choice((0, 100, 1_000)),
        )  # fmt: skip

    def _outages(self) -> tuple[Outage, ...]:
        start = self.at + dt.timedelta(hours=self.rng.randint(0, 60))
        end = start + dt.timedelta(hours=self.rng.randint(1, 12))
        return (Outage(resource="m0", start=start, end=end, planned=True),)
