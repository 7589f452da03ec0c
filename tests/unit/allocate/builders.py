"""Small shops for tests, with defaults for everything."""

import datetime as dt
from decimal import Decimal

from hanse.allocate.live import LivePlan
from hanse.allocate.records import Records, Rules
from hanse.model.ids import Counter
from hanse.model.order import WorkOrder
from hanse.model.plant import Calendar, Machine, Person, Shift
from hanse.model.product import Alternative, Item, Routing, Step
from hanse.model.time import StillClock

MONDAY = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
H = 3_600


def at(hours):
    return MONDAY + dt.timedelta(hours=hours)


def machine(key="mill-1", **more):
    return Machine(
        key=key, title=key, asset_type="mill", work_centre=more.pop("work_centre", "mills"), **more
    )


def step(key="10", on="mills", run_s=H, **more):
    setup_s = more.pop("setup_s", 0)
    return Step(
        key=key,
        title=key,
        alternatives=(Alternative(machine=on, run_s=run_s, setup_s=setup_s),),
        **more,
    )


def item(key="shaft", **more):
    return Item(key=key, title=key, **more)


def routing(*steps, of="shaft"):
    return Routing(item=of, steps=steps or (step(),))


def order(key="o1", of="shaft", pieces=1, due=100, **more):
    return WorkOrder(key=key, item=of, quantity=Decimal(pieces), due=at(due), **more)


def person(key="ann", *skills, **more):
    return Person(key=key, title=key, skills=skills, **more)


def day_shift(key="day"):
    """Monday to Friday, 06:00 to 14:00 UTC."""
    return Calendar(key=key, shifts=(Shift(days=(0, 1, 2, 3, 4), start_min=360, end_min=840),))


def records(**more):
    """One mill, one item with one step of an hour a piece, unless told otherwise."""
    parts = {
        "machines": (machine(),),
        "items": (item(),),
        "routings": (routing(),),
        "rules": Rules(),
    }
    return Records(**{**parts, **more})


def live(**more):
    clock = StillClock(MONDAY)
    plan = LivePlan(clock, Counter())
    plan.adopt(records(**more))
    return plan, clock
