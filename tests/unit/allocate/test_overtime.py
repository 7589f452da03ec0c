"""Overtime: offered by a calendar, opened where it pays, priced in the plan's cost."""

import msgspec
import pytest
from tests.unit.allocate.builders import H, at, live, machine, order, person, routing, step

from hanse.allocate.check import check
from hanse.allocate.overtime import open_what_pays, worth
from hanse.allocate.problem import cost_minor
from hanse.model.errors import NotFound
from hanse.model.plant import Calendar, Shift

WEEK = Calendar(
    key="day",
    shifts=(
        Shift(days=(0, 1, 2, 3, 4), start_min=360, end_min=840),
        Shift(days=(5,), start_min=360, end_min=600, overtime_minor_per_h=1_000),
    ),
)
SATURDAY = at(5 * 24)


def busy_week(weight, **more):
    """42 hours of work due on Saturday at noon, in a week of 40."""
    return live(
        calendars=(WEEK,),
        machines=(machine(calendar="day"),),
        orders=(order("a", pieces=42, due=5 * 24 + 6, weight_minor_per_h=weight),),
        **more,
    )


def test_overtime_is_closed_until_it_is_opened_and_then_costs_what_it_costs():
    plan, _ = busy_week(200)
    before = plan.version()
    assert before.ready["a"] == at(7 * 24 + 2)
    assert [(o.start, o.cost_minor) for o in plan.offered()][:1] == [(SATURDAY, 4_000)]
    after = plan.open_overtime("day", SATURDAY)
    assert after.ready["a"] == at(5 * 24 + 2)
    assert after.late == {}
    assert after.cost_minor == 4_000
    assert [o.start for o in after.overtime] == [SATURDAY]
    assert check(plan.shop, plan.current) == []
    with pytest.raises(NotFound):
        plan.open_overtime("day", SATURDAY)


@pytest.mark.parametrize(("weight", "opened"), [(50, 0), (200, 1)])
def test_overtime_is_opened_where_it_saves_more_than_it_costs(weight, opened):
    plan, _ = busy_week(weight)
    before = cost_minor(plan.shop, plan.current)
    assert len(open_what_pays(plan)) == opened
    saved = before - cost_minor(plan.shop, plan.current)
    assert (saved > 0) == bool(opened)
    assert all(w.saves_minor <= 0 for w in worth(plan))


def test_people_of_the_calendar_come_too_and_an_outage_stays_an_outage():
    plan, _ = busy_week(
        200,
        people=(person("ann", "mill", calendar="day"),),
        routings=(routing(step(skill="mill")),),
    )
    plan.machine_down("mill-1", SATURDAY, at(5 * 24 + 1))
    plan.open_overtime("day", SATURDAY)
    assert plan.version().ready["a"] == at(5 * 24 + 3)
    assert check(plan.shop, plan.current) == []


def test_what_was_opened_stays_open_through_a_restart():
    plan, clock = busy_week(200)
    plan.open_overtime("day", SATURDAY)
    clock.advance(30 * H)
    kept = msgspec.structs.replace(
        plan.records, plan=plan.version().assignments, overtime=plan.version().overtime
    )
    again = plan.adopt(kept)
    assert again.ready["a"] == at(5 * 24 + 2)
    assert [o.start for o in again.overtime] == [SATURDAY]
    assert again.cost_minor == 4_000
