"""A better plan is looked for on a twin, and taken only where it still fits and gains."""

import datetime as dt

import msgspec
from benchmarks.shops import START, shop

from hanse.allocate.check import check
from hanse.allocate.live import LivePlan
from hanse.allocate.problem import Plan
from hanse.model.ids import Counter
from hanse.model.time import StillClock


class Stepping:
    """A clock whose monotonic seconds pass by being asked."""

    def __init__(self):
        self.seconds = 0.0

    def monotonic_s(self):
        self.seconds += 0.02
        return self.seconds


def overloaded(seed=3):
    clock = StillClock(START)
    plan = LivePlan(clock, Counter())
    plan.adopt(shop(60, load="overloaded", seed=seed))
    return plan, clock


def test_what_is_found_on_the_twin_is_taken_and_moves_nothing_that_starts_meanwhile():
    plan, clock = overloaded()
    clock.advance(3_600)
    before = plan.version()
    twin = plan.twin(ahead_s=600)
    held = dict(twin.shop.fixed)
    found = twin.improved(Stepping(), 4.0, stop=lambda: False)
    clock.advance(300)
    made, gained = plan.take(found)
    assert gained > 0
    assert made.cost_minor == before.cost_minor - gained
    assert all(plan.current.placed[op] == placed for op, placed in held.items())
    assert check(plan.shop, plan.current) == []
    assert {m.reason.value for m in made.moves} == {"improved"}


def test_searching_leaves_the_live_plan_alone():
    plan, _ = overloaded()
    plan.unkept()
    before, fixed = plan.current.copy(), dict(plan.shop.fixed)
    plan.twin(ahead_s=7_200).improved(Stepping(), 1.0, stop=lambda: False)
    assert plan.current == before
    assert plan.shop.fixed == fixed


def test_a_search_that_is_told_to_stop_ends_with_what_it_has():
    plan, _ = overloaded()
    found = plan.twin().improved(Stepping(), 1_000.0, stop=lambda: True)
    assert found.cost_minor <= plan.twin().cost_minor


def test_a_plan_found_before_something_happened_is_not_taken():
    plan, clock = overloaded()
    found = plan.twin(ahead_s=60).improved(Stepping(), 3.0, stop=lambda: False)
    busiest = plan.version().assignments[0].machine
    plan.machine_down(busiest, clock.now(), clock.now() + dt.timedelta(hours=30))
    clock.advance(4 * 3_600)
    plan.unkept()
    before = plan.current.copy()
    _, gained = plan.take(found)
    assert gained == 0
    assert plan.current == before


def test_a_plan_for_another_number_of_operations_is_not_taken():
    plan, _ = overloaded()
    twin = plan.twin()
    order = msgspec.structs.replace(plan.records.orders[0], key="new")
    plan.insert(order)
    assert plan.take(twin._replace(plan=Plan(twin.plan.placed)))[1] == 0
