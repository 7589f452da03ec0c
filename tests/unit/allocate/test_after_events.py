"""What thousands of random events found, each as small as it could be made."""

import datetime as dt

import msgspec
from tests.unit.allocate.builders import H, at, item, live, machine, order, person, routing, step

from hanse.allocate.board import Line, Stockpile
from hanse.allocate.check import check
from hanse.allocate.live import LivePlan
from hanse.allocate.problem import Plan
from hanse.allocate.twin import brought_back
from hanse.model.ids import Counter
from hanse.model.order import Progress
from hanse.model.plan import Pin
from hanse.model.product import BomLine, SetupChange, Stock


def kit():
    """Kits take shafts: from another order of shafts, else from ones made for them."""
    return {
        "items": (item(), item("kit")),
        "routings": (routing(step("10")), routing(step("10"), of="kit")),
        "bom": (BomLine(item="kit", component="shaft", quantity=1),),
        "orders": (order("k", of="kit", pieces=2, due=90), order("s", pieces=2, due=10)),
    }


def test_what_comes_and_what_is_taken_at_one_instant_may_be_put_back_in_any_order():
    pile = Stockpile([(0, 3), (50, 13)], 10**6)
    for start, quantity in ((50, 3), (20, 3)):
        pile.take(start, quantity)
    assert sum(quantity for _, quantity in pile.changes) == 10


def test_a_machine_is_busy_until_the_last_that_has_started_is_over():
    line = Line()
    for op, (start, end) in enumerate(((0, 100), (20, 40), (100, 110))):
        line.add(start, end, op)
    assert line.blocked_until(50, 60) == 100
    assert line.blocked_until(100, 105) == 110


def test_who_waits_for_an_order_that_is_changed_waits_for_what_it_is_now():
    plan, _ = live(**kit())
    plan.change(order("s", pieces=4, due=10))
    ready = plan.version().ready
    assert set(ready) == {"k", "s"}
    assert ready["k"] > ready["s"]
    assert check(plan.shop, plan.current) == []


def test_pieces_of_a_cancelled_order_are_made_for_who_was_to_get_them():
    plan, _ = live(**kit())
    plan.cancel("s")
    assert set(plan.version().ready) == {"k", "k/s"}
    assert check(plan.shop, plan.current) == []
    plan.cancel("k")
    assert plan.version().assignments == ()


def test_an_order_that_is_changed_makes_its_parts_once():
    plan, _ = live(**{**kit(), "orders": (order("k", of="kit", pieces=2, due=90),)})
    plan.change(order("k", of="kit", pieces=3, due=90))
    named = [(a.order, a.pieces) for a in plan.version().assignments]
    assert sorted(named) == [("k", 3), ("k/shaft", 3)]


def test_parts_that_have_begun_go_on_when_their_order_changes():
    plan, clock = live(**{**kit(), "orders": (order("k", of="kit", pieces=2, due=90),)})
    clock.advance(H / 2)
    plan.change(order("k", of="kit", pieces=3, due=90))
    named = {(a.order, a.lot, a.pieces, a.started) for a in plan.version().assignments}
    assert named == {("k/shaft", 0, 2, True), ("k/shaft", 1, 1, False), ("k", 0, 3, False)}


def test_who_takes_over_a_batch_has_its_operator():
    oven = machine("oven-1", work_centre="ovens", batch_max=10, batch_wait_s=H)
    plan, _ = live(
        machines=(oven,),
        people=(person("ann", "heat"),),
        routings=(routing(step("10", on="ovens", skill="heat")),),
        orders=(order("a"), order("b")),
    )
    plan.cancel("a")
    assert [(a.order, a.person) for a in plan.version().assignments] == [("b", "ann")]
    assert check(plan.shop, plan.current) == []


def test_when_the_operator_of_a_batch_goes_all_of_it_waits():
    oven = machine("oven-1", work_centre="ovens", batch_max=10, batch_wait_s=H)
    plan, clock = live(
        machines=(oven,),
        people=(person("ann", "heat"),),
        routings=(routing(step("10", on="ovens", skill="heat")),),
        orders=(order("a"), order("b")),
    )
    clock.advance(1.5 * H)
    plan.person_away("ann", clock.now(), at(8))
    assert {a.start for a in plan.version().assignments} == {at(8)}


def test_a_machine_that_begins_early_pushes_what_stood_there():
    plan, clock = live(orders=(order("a"), order("b"), order("c")))
    clock.advance(60)
    plan.report(Progress(order="c", step="10", machine="mill-1", started_at=clock.now()))
    assert check(plan.shop, plan.current) == []
    assert plan.version().ready["b"] >= at(2)


def test_a_bought_out_step_stays_bought_out_after_a_restart():
    away = msgspec.structs.replace(
        step("10").alternatives[0], machine="away", subcontract=True, lead_s=H
    )
    both = msgspec.structs.replace(
        step("10", run_s=9 * H), alternatives=(*step("10", run_s=9 * H).alternatives, away)
    )
    plan, clock = live(routings=(routing(both),), orders=(order("a"),))
    clock.advance(60)
    plan.unkept()
    records = msgspec.structs.replace(plan.records, plan=plan.version().assignments)
    plan.adopt(records)
    assert [a.machine for a in plan.version().assignments] == ["subcontract"]


def test_a_hold_that_lapsed_while_a_search_ran_does_not_come_back_with_what_it_found():
    plan, clock = live(orders=(order("a", due=1), order("b", due=2)))
    held = plan.hold("shaft", 1, expires_at=at(0) + dt.timedelta(seconds=30))
    twin = plan.twin()
    clock.advance(60)
    plan.take(twin)
    assert held.key not in {a.order for a in plan.version().assignments}
    assert sum(placed is not None for placed in plan.current.placed) == 2


def test_stock_that_is_short_is_not_given_twice_after_a_repair():
    supply = (
        Stock(item="bar", quantity=1, at_ns=int(at(1).timestamp()) * 10**9),
        Stock(item="bar", quantity=1, at_ns=int(at(3).timestamp()) * 10**9),
    )
    plan, clock = live(
        items=(item(), item("bar", make=False, lead_time_s=50 * H)),
        bom=(BomLine(item="shaft", component="bar", quantity=1),),
        stock=supply,
        orders=(order("a"), order("b"), order("c")),
    )
    plan.machine_down("mill-1", clock.now(), at(1))
    assert sorted(a.start for a in plan.version().assignments) == [at(1), at(3), at(50)]
    assert check(plan.shop, plan.current) == []


def blue_takes_an_hour():
    """The first blue shaft on the mill takes an hour of setup, the next ones none."""
    return {
        "routings": (routing(step("10", family="blue")),),
        "setups": (SetupChange(machine="mill-1", before="", after="blue", seconds=H),),
    }


def test_what_is_pinned_stays_where_it_was_put_though_its_setup_grows():
    plan, _ = live(
        **blue_takes_an_hour(),
        orders=(order("b1", due=10), order("b2", due=90)),
    )
    plan.pin(Pin(order="b2", step="10", machine="mill-1", start=at(20)))
    plan.cancel("b1")
    assert check(plan.shop, plan.current) == []
    (left,) = plan.version().assignments
    assert left.start >= at(20)
    assert left.setup_s == H


def test_what_runs_side_by_side_on_a_machine_does_so_after_a_restart():
    orders = (order("o1", pieces=8), order("o2", pieces=8))
    plan, clock = live(machines=(machine(capacity=2),), orders=orders)
    clock.advance(H)
    plan.unkept()
    shown = plan.version().assignments
    assert [a.started for a in shown] == [True, True]
    again = LivePlan(clock, Counter())
    again.adopt(msgspec.structs.replace(plan.records, plan=shown))
    assert check(again.shop, again.current) == []
    lanes = [again.shop.ops[op].choices[p.choice].lane for op, p in again.shop.fixed.items()]
    assert sorted(lanes) == [0, 1]


def test_a_hold_that_a_machine_reports_as_made_can_still_be_confirmed():
    plan, clock = live()
    held = plan.hold("shaft", 1, expires_at=at(50))
    clock.advance(2 * H)
    plan.report(Progress(order=held.key, step="10", machine="mill-1", good=1, finished_at=at(1)))
    assert not plan.is_made(held.key)
    plan.confirm(held.key, order("o1"))
    assert plan.is_made("o1")


def test_a_find_that_starts_later_what_has_come_into_the_frozen_zone_is_let_go():
    plan, _ = live(orders=(order("o1", due=10), order("o2", due=20)))
    first, second = (row for row in plan.current.placed if row is not None)
    hour = second.start - first.start
    swapped = Plan([pushed(first, hour), pushed(second, -hour)])
    assert brought_back(plan.shop, swapped) is not None
    plan.shop.not_before -= 60
    plan.shop.fixed[0] = first
    assert brought_back(plan.shop, swapped) is None


def pushed(row, by_s):
    names = ("start", "set_at", "run_at", "left_at", "end", "out_at")
    return row._replace(**{name: getattr(row, name) + by_s for name in names})
