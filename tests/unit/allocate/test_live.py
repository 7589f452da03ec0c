import datetime as dt

import pytest
from tests.unit.allocate.builders import (
    H,
    at,
    day_shift,
    item,
    live,
    machine,
    order,
    routing,
    step,
)

from hanse.allocate.check import check
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.order import Progress
from hanse.model.plan import MoveReason, PromiseKind


def sound(plan):
    assert check(plan.shop, plan.current) == []


def test_orders_are_laid_out_by_due_date_one_after_the_other():
    plan, _ = live(orders=(order("late", due=50), order("soon", due=10)))
    assert [(a.order, a.start) for a in plan.version().assignments] == [
        ("soon", at(0)),
        ("late", at(1)),
    ]
    sound(plan)


def test_work_pauses_while_the_shift_is_closed():
    plan, _ = live(
        machines=(machine(calendar="day"),),
        calendars=(day_shift(),),
        orders=(order(pieces=10, due=100),),
    )
    (only,) = plan.version().assignments
    assert (only.start, only.end) == (at(0), at(24 + 2))


def test_work_that_may_not_pause_waits_for_a_window_that_holds_it():
    plan, _ = live(
        machines=(machine(calendar="day"),),
        calendars=(day_shift(),),
        routings=(routing(step("10", run_s=5 * H, may_pause=False)),),
        orders=(order("a"), order("b")),
    )
    assert [a.start for a in plan.version().assignments] == [at(0), at(24)]


def test_a_breakdown_moves_the_work_to_another_machine_and_says_why():
    plan, clock = live(
        machines=(machine(), machine("mill-2")),
        orders=(order("a", pieces=8, due=9), order("b", pieces=8, due=20)),
    )
    clock.advance(2 * H)
    broken = next(a.machine for a in plan.version().assignments if a.order == "a")
    new = plan.machine_down(broken, clock.now(), at(30), cause="event-1")
    sound(plan)
    moved = next(a for a in new.assignments if a.order == "a")
    assert moved.machine != broken
    assert moved.pieces == 6
    assert new.number == 2
    assert new.cause == "event-1"
    assert {m.reason for m in new.moves} == {MoveReason.MACHINE_DOWN}
    assert broken in new.moves[0].text.en
    assert broken in new.moves[0].text.zh


def test_a_machine_without_work_may_fail_and_come_back():
    plan, clock = live(orders=())
    assert plan.machine_down("mill-1", clock.now(), at(9)).assignments == ()
    assert plan.machine_up("mill-1", at(1)).assignments == ()


def test_what_cannot_be_kept_says_how_many_pieces_still_can():
    plan, clock = live(orders=(order("a", pieces=10, due=12),))
    clock.advance(4 * H)
    plan.machine_down("mill-1", clock.now(), at(9))
    (short,) = plan.unkept()
    assert (short.order, short.quantity, short.kept, short.missing) == ("a", 10, 7, 3)
    assert short.ready_at == at(15)
    assert "7" in short.why.en
    assert "7" in short.why.zh


def test_a_machine_that_stays_down_keeps_nothing_but_what_was_done():
    plan, clock = live(orders=(order("a", pieces=10, due=12),))
    clock.advance(4 * H)
    plan.machine_down("mill-1", clock.now())
    (short,) = plan.unkept()
    assert (short.kept, short.missing) == (4, 6)


def test_a_machine_that_is_back_pulls_work_forward_again():
    plan, clock = live(orders=(order("a", pieces=2, due=12),))
    down = plan.machine_down("mill-1", clock.now(), at(48))
    assert down.late
    up = plan.machine_up("mill-1", at(1))
    assert up.late == {}
    assert {m.reason for m in up.moves} == {MoveReason.CAPACITY_BACK}
    sound(plan)


def test_nothing_that_has_started_moves_when_an_order_is_inserted():
    plan, clock = live(orders=(order("a", pieces=8, due=100),))
    clock.advance(H)
    before = plan.version().assignments
    plan.insert(order("rush", due=2, weight_minor_per_h=10**6))
    assert [a.start for a in before] == [
        a.start for a in plan.version().assignments if a.order == "a"
    ]
    sound(plan)


def test_a_promise_offers_a_gap_a_harmless_and_an_express_date():
    plan, _ = live(
        orders=(order("a", pieces=5, due=20), order("b", pieces=5, due=6)),
    )
    curve = plan.promise("shaft", 2).curve
    assert [p.kind for p in curve] == [
        PromiseKind.UNTOUCHED,
        PromiseKind.HARMLESS,
        PromiseKind.EXPRESS,
    ]
    assert [p.ready_at for p in curve] == [at(12), at(7), at(2)]
    assert [harm.order for harm in curve[-1].harmed] == ["b"]
    assert curve[-1].harm_minor > 0


def test_asking_changes_nothing():
    plan, _ = live(orders=(order("a", pieces=5, due=6),))
    before = plan.version()
    plan.promise("shaft", 2)
    plan.promised_by("shaft", 10, at(20))
    assert plan.version() == before


def test_of_many_pieces_those_that_fit_by_a_date_are_counted():
    plan, _ = live(orders=(order("a", pieces=5, due=6),))
    assert plan.promised_by("shaft", 100, at(12)) == 7


def test_a_hold_reserves_and_release_restores_the_plan():
    plan, _ = live(orders=(order("a", pieces=5, due=6),))
    before = plan.version().assignments
    hold = plan.hold("shaft", 3, expires_at=at(2))
    assert hold.ready_at == at(8)
    assert plan.promise("shaft", 1, express=False).curve[0].ready_at == at(9)
    plan.release(hold.key)
    assert plan.version().assignments == before
    with pytest.raises(NotFound):
        plan.release(hold.key)


def test_a_hold_lapses_by_itself():
    plan, clock = live()
    plan.hold("shaft", 3, expires_at=at(1))
    clock.advance(H)
    assert plan.promise("shaft", 1, express=False).curve[0].ready_at == at(2)
    assert plan.holds() == []


def test_a_confirmed_hold_keeps_its_place_under_the_orders_key():
    plan, _ = live()
    hold = plan.hold("shaft", 3, expires_at=at(1))
    version = plan.confirm(hold.key, order("o9", pieces=3, due=5))
    assert [(a.order, a.start, a.end) for a in version.assignments] == [("o9", at(0), at(3))]
    assert plan.keepable("o9") == 3


def test_an_express_date_cannot_be_held():
    plan, _ = live()
    with pytest.raises(Conflict):
        plan.hold("shaft", 3, expires_at=at(1), kind=PromiseKind.EXPRESS)


def test_a_reported_delay_pushes_what_follows():
    plan, clock = live(orders=(order("a", pieces=2, due=3), order("b", pieces=2, due=9)))
    clock.advance(2 * H)
    plan.report(Progress(order="a", step="10", good=1))
    assert [a.start for a in plan.version().assignments if a.order == "b"] == [at(3)]
    sound(plan)


def test_a_bigger_order_is_laid_out_again():
    plan, _ = live(orders=(order("a", pieces=2, due=3),))
    version = plan.change(order("a", pieces=4, due=3))
    assert version.late == {"a": H}
    assert plan.cancel("a").assignments == ()


def test_why_leads_back_to_the_outage():
    plan, clock = live(orders=(order("a", pieces=2, due=3), order("b", pieces=2, due=4)))
    plan.machine_down("mill-1", clock.now(), at(10))
    chain = plan.why("b")
    assert [c.kind for c in chain] == ["machine", "outage"]
    assert chain[-1].subject == "mill-1"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"orders": (order(of="ghost"),)}, "missing-routing"),
        ({"machines": (machine(calendar="never"),)}, "unknown-calendar"),
        ({"routings": (routing(step(on="ghost")),), "orders": (order(),)}, "unknown-machine"),
        ({"routings": (routing(step(skill="weld")),), "orders": (order(),)}, "unknown-skill"),
        ({"orders": (order(due=1, release=at(2)),)}, "impossible-due-date"),
        (
            {
                "machines": (machine(calendar="day"),),
                "calendars": (day_shift(),),
                "routings": (routing(step(run_s=9 * H, may_pause=False)),),
                "orders": (order(),),
            },
            "longer-than-shift",
        ),
    ],
)
def test_records_that_contradict_themselves_are_named(parts, code):
    with pytest.raises(BadInput) as caught:
        live(**parts)
    assert caught.value.name == code
    assert caught.value.remedy


def test_an_item_that_contains_itself_is_an_error_with_the_circle_written_out():
    from decimal import Decimal

    from hanse.model.product import BomLine

    lines = (
        BomLine(item="a", component="b", quantity=Decimal(1)),
        BomLine(item="b", component="a", quantity=Decimal(1)),
    )
    with pytest.raises(BadInput, match="a > b > a"):
        live(items=(item("a"), item("b")), bom=lines)


def test_a_restart_with_the_plan_before_moves_nothing_that_started():
    plan, clock = live(orders=(order("a", pieces=4, due=9), order("b", pieces=4, due=9)))
    clock.advance(H)
    plan.plan()
    import msgspec

    kept = msgspec.structs.replace(plan.records, plan=plan.version().assignments)
    again = plan.adopt(kept)
    assert [(a.order, a.start) for a in again.assignments] == [("a", at(0)), ("b", at(4))]


def test_a_day_in_the_plan_is_a_day_on_the_wall():
    assert at(24) - at(0) == dt.timedelta(days=1)
