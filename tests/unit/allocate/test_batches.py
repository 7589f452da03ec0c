from tests.unit.allocate.builders import H, at, item, live, machine, order, person, routing, step

from hanse.allocate.check import check
from hanse.model.plan import Outage, OutageKind
from hanse.model.product import Alternative, Step


def oven(**more):
    return machine("oven-1", work_centre="ovens", batch_max=10, **more)


def heat():
    return Step(
        key="20",
        title="heat",
        alternatives=(Alternative(machine="ovens", run_s=4 * H),),
        family="h",
    )


def starts(plan, key="20"):
    return [(a.order, a.start) for a in plan.version().assignments if a.step == key]


def test_orders_of_one_family_share_a_batch_that_waited_for_them():
    plan, _ = live(
        machines=(machine(), oven(batch_wait_s=2 * H)),
        routings=(routing(step("10"), heat()),),
        orders=(order("a"), order("b")),
    )
    assert starts(plan) == [("a", at(3)), ("b", at(3))]
    assert check(plan.shop, plan.current) == []


def test_a_batch_takes_no_more_pieces_than_fit():
    plan, _ = live(
        machines=(oven(),),
        routings=(routing(heat()),),
        orders=(order("a", pieces=8), order("b", pieces=8)),
    )
    assert [s for _, s in starts(plan)] == [at(0), at(4)]


def test_an_order_joins_no_batch_that_ends_before_its_last_pieces_came():
    plan, _ = live(
        machines=(machine(), oven(batch_wait_s=6 * H)),
        items=(item(), item("ring")),
        routings=(
            routing(step("10", run_s=3 * H, transfer=1), heat()),
            routing(heat(), of="ring"),
        ),
        orders=(order("a", of="ring", due=1), order("b", pieces=6, due=90)),
    )
    assert check(plan.shop, plan.current) == []


def test_an_order_larger_than_the_oven_is_made_in_lots():
    plan, _ = live(machines=(oven(),), routings=(routing(heat()),), orders=(order("a", pieces=25),))
    assert sorted(a.pieces for a in plan.version().assignments) == [5, 10, 10]


def test_the_next_step_starts_when_the_first_pieces_are_over():
    plan, _ = live(
        machines=(machine(), machine("saw-1", work_centre="saws")),
        routings=(routing(step("10", transfer=1), step("20", on="saws", run_s=H)),),
        orders=(order("a", pieces=5),),
    )
    assert starts(plan) == [("a", at(1))]
    assert plan.version().ready["a"] == at(6)
    assert check(plan.shop, plan.current) == []


def test_one_person_does_not_attend_two_machines_at_once():
    plan, _ = live(
        machines=(machine(), machine("mill-2")),
        people=(person("ann", "mill"),),
        routings=(routing(step("10", run_s=4 * H, skill="mill", attended=0.5)),),
        orders=(order("a"), order("b")),
    )
    assert [s for _, s in starts(plan, "10")] == [at(0), at(2)]
    assert {a.person for a in plan.version().assignments} == {"ann"}


def test_a_person_who_is_away_is_waited_for():
    plan, _ = live(
        people=(person("ann", "mill"),),
        routings=(routing(step("10", skill="mill")),),
        outages=(Outage(resource="ann", start=at(0), end=at(3), kind=OutageKind.PERSON),),
        orders=(order("a"),),
    )
    assert starts(plan, "10") == [("a", at(3))]


def test_a_step_that_is_bought_out_takes_its_lead_time_and_no_machine():
    away = Step(
        key="20",
        title="plate",
        alternatives=(
            Alternative(machine="plater", run_s=1, subcontract=True, lead_s=48 * H, cost_minor=50),
        ),
    )
    plan, _ = live(
        routings=(routing(step("10"), away),), orders=(order("a", pieces=2), order("b", pieces=2))
    )
    assert starts(plan) == [("a", at(2)), ("b", at(4))]
    assert plan.version().cost_minor == 200
