"""What machines report: pieces are counted once, and what has begun stays."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.allocate.builders import H, at, item, live, machine, order, routing, step

from hanse.allocate.check import check
from hanse.allocate.live import LivePlan
from hanse.model.ids import Counter
from hanse.model.order import Progress

TWO = (machine("m1"), machine("m2"))


def shafts(pieces=120, **more):
    """Lots of 30 on two mills, an hour a piece, then ground."""
    return live(
        machines=(*TWO, machine("g1", work_centre="grinders")),
        items=(item(lot_max=30),),
        routings=(routing(step("10"), step("20", on="grinders", run_s=H // 4)),),
        orders=(order(pieces=pieces, due=90, **more),),
    )


def told(plan, good=0, *, lot=0, key="10", **more):
    where = next(
        a.machine
        for a in plan.version().assignments
        if (a.order, a.lot, a.step) == ("o1", lot, key)
    )
    more = {"machine": where, "started_at": at(0), **more}
    return Progress(order="o1", step=key, lot=lot, good=good, **more)


def pieces(plan, key="10"):
    return sum(a.pieces for a in plan.version().assignments if a.step == key)


def test_a_report_on_time_moves_nothing():
    plan, clock = shafts()
    before = plan.version().assignments
    clock.advance(3 * H + 20)
    made = plan.report(told(plan, 3))
    assert made.moves == ()
    assert [(a.machine, a.start, a.end) for a in made.assignments] == [
        (a.machine, a.start, a.end) for a in before
    ]


def test_a_machine_that_is_ahead_moves_nothing_and_ends_earlier():
    plan, clock = shafts()
    ends = {(a.step, a.lot): a.end for a in plan.version().assignments}
    clock.advance(H)
    made = plan.report(told(plan, 10))
    now = {(a.step, a.lot): a.end for a in made.assignments}
    assert now["10", 0] == at(21)
    assert {k: v for k, v in now.items() if k != ("10", 0)} == {
        k: v for k, v in ends.items() if k != ("10", 0)
    }


def test_a_machine_that_is_behind_pushes_what_follows():
    plan, clock = shafts()
    clock.advance(10 * H)
    plan.report(told(plan, 2))
    assert check(plan.shop, plan.current) == []
    assert any(a.end > at(38) for a in plan.version().assignments if a.lot == 0)


def test_what_remains_after_a_breakdown_is_what_was_ordered_less_the_good_pieces():
    plan, clock = shafts()
    clock.advance(H)
    plan.report(told(plan, 7, scrap=1))
    plan.machine_down(told(plan).machine, clock.now(), None)
    assert pieces(plan) == 120 - 7
    assert check(plan.shop, plan.current) == []


def test_a_machine_that_reports_is_not_believed_to_have_made_what_the_clock_says():
    plan, clock = shafts()
    first = told(plan, 1)
    clock.advance(H)
    plan.report(first)
    clock.advance(12 * H)
    plan.machine_down(first.machine, clock.now(), None)
    assert pieces(plan) == 119


def test_pieces_that_come_late_from_the_machine_that_failed_are_counted():
    plan, clock = shafts()
    clock.advance(H)
    first = told(plan, 7)
    plan.report(first)
    plan.machine_down(first.machine, clock.now(), None)
    plan.report(msgspec.structs.replace(first, good=8, paused=True))
    assert pieces(plan) == 112
    plan.report(msgspec.structs.replace(first, good=8, paused=True))
    assert pieces(plan) == 112


def test_a_restart_counts_what_was_made_before_it():
    plan, clock = shafts()
    clock.advance(H)
    paused = told(plan, 7, paused=True)
    plan.report(told(plan, 7))
    plan.machine_down(paused.machine, clock.now(), None)
    records = msgspec.structs.replace(
        plan.records, progress=(paused,), plan=plan.version().assignments
    )
    again = LivePlan(clock, Counter())
    again.adopt(records)
    assert pieces(again) == 113
    assert check(again.shop, again.current) == []


def test_a_smaller_order_keeps_what_has_begun_and_gives_up_the_rest():
    plan, clock = shafts()
    clock.advance(H)
    plan.report(told(plan, 7))
    before = next(a for a in plan.version().assignments if (a.lot, a.step) == (0, "10"))
    lots = plan.lots_for("o1", 75)
    smaller = msgspec.structs.replace(plan.records.orders[0], quantity=Decimal(75), lots=lots)
    plan.change(smaller)
    now = next(a for a in plan.version().assignments if (a.lot, a.step) == (0, "10"))
    assert (now.machine, now.start, now.end) == (before.machine, before.start, before.end)
    assert (sum(lots), pieces(plan), pieces(plan, "20")) == (75, 75, 75)
    assert check(plan.shop, plan.current) == []
    plan.machine_down(now.machine, clock.now(), None)
    assert pieces(plan) == 68


def test_a_larger_order_gets_more_lots_of_the_same_size():
    plan, clock = shafts(60)
    clock.advance(H)
    plan.report(told(plan, 7))
    assert plan.lots_for("o1", 100) == (30, 30, 30, 10)


def test_lots_nobody_has_begun_are_cut_anew():
    plan, _ = shafts(60)
    assert plan.lots_for("o1", 45) == ()


def test_an_order_is_made_when_all_its_operations_are_finished():
    plan, clock = shafts(30)
    clock.advance(H)
    plan.report(told(plan, 30, finished_at=at(1)))
    assert not plan.is_made("o1")
    clock.advance(H)
    plan.report(told(plan, 30, key="20", started_at=at(1), finished_at=at(2)))
    assert plan.is_made("o1")
    plan.complete("o1")
    assert plan.version().assignments == ()
    assert plan.unkept() == []
    assert plan.records.orders == ()


def test_what_waits_for_a_machine_that_is_done_early_comes_forward():
    plan, clock = shafts(60)
    lots = {a.lot: a.machine for a in plan.version().assignments if a.step == "10"}
    clock.advance(H)
    plan.report(told(plan, 30, finished_at=at(1)))
    ground = next(a for a in plan.version().assignments if (a.lot, a.step) == (0, "20"))
    assert ground.start == at(1)
    assert lots == {a.lot: a.machine for a in plan.version().assignments if a.step == "10"}
    assert check(plan.shop, plan.current) == []


def test_what_is_kept_counts_pieces_that_still_must_be_ground():
    plan, clock = shafts(30, promised=at(12))
    clock.advance(H)
    plan.report(told(plan, 8))
    for key in ("m1", "m2"):
        plan.machine_down(key, clock.now(), at(100))
    (short,) = plan.unkept()
    assert (short.kept, short.missing) == (8, 22)


def test_a_cancelled_order_is_no_longer_in_the_records():
    plan, _ = shafts()
    plan.cancel("o1")
    assert plan.records.orders == ()
    again = LivePlan(_, Counter())
    again.adopt(plan.records)
    assert again.version().assignments == ()


@pytest.mark.parametrize("finished", [False, True])
@given(
    steps=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 5)), min_size=1, max_size=6),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=30, deadline=None)
def test_reports_in_any_order_and_again_say_the_same(finished, steps, seed):
    rising = [(max(g for g, _ in steps[: n + 1]), max(s for _, s in steps[: n + 1]))
              for n in range(len(steps))]  # fmt: skip
    reports = [
        Progress(
            order="o", step="10", machine="m1", good=good, scrap=scrap,
            started_at=at(0) + dt.timedelta(seconds=n),
            finished_at=at(9) if finished and n == len(rising) - 1 else None,
        )
        for n, (good, scrap) in enumerate(rising)
    ]  # fmt: skip
    mixed = [*reports, *reports[:2]]
    seed.shuffle(mixed)
    whole = reports[0]
    for report in reports:
        whole = whole.joined(report)
    found = mixed[0]
    for report in mixed:
        found = found.joined(report)
    assert found == whole


def test_what_the_clock_thought_had_begun_waits_while_its_machine_reports_something_else():
    plan, clock = live(orders=(order("o1", pieces=2), order("o2", due=120)))
    clock.advance(3 * H)
    plan.version()
    behind = Progress(order="o1", step="10", machine="mill-1", started_at=at(0), good=1)
    plan.report(behind)
    first, second = sorted(plan.version().assignments, key=lambda a: a.start)
    assert (first.order, first.end) == ("o1", at(4))
    assert (second.order, second.start, second.started) == ("o2", at(4), False)
    assert check(plan.shop, plan.current) == []
