"""What is scrapped at a later step is made anew from the first step on, in a lot of its own."""

import contextlib
import random
from decimal import Decimal

import msgspec
import pytest
from tests.unit.allocate.builders import H, at, item, live, machine, order, routing, step

from hanse.allocate.check import check
from hanse.allocate.live import LivePlan
from hanse.model.errors import NotFound
from hanse.model.ids import Counter
from hanse.model.order import Progress
from hanse.model.plan import MoveReason, Outage, OutageKind
from hanse.model.product import BomLine, Stock, Tool

MACHINES = (machine("m1"), machine("g1", work_centre="grinders"), machine("q1", work_centre="qa"))


def shop(*, rework=False, pieces=10, **more):
    """Milled, ground, measured; an hour, a quarter of one and a tenth a piece."""
    steps = (
        step("10"),
        step("20", on="grinders", run_s=H // 4, rework=rework),
        step("30", on="qa", run_s=360),
    )
    return live(
        machines=MACHINES,
        items=(item(), item("bar", make=False, lead_time_s=400 * H)),
        routings=(routing(*steps),),
        orders=(order(pieces=pieces, due=90),),
        **more,
    )


def told(step_key, good, scrap=0, *, start, end=None, lot=0, on="g1"):
    return Progress(
        order="o1", step=step_key, lot=lot, good=good, scrap=scrap, machine=on,
        started_at=at(start), finished_at=None if end is None else at(end),
    )  # fmt: skip


def sizes(plan):
    return {(a.lot, a.step): a.pieces for a in plan.version().assignments}


def to_the_second_step(plan, clock):
    """Ten pieces milled; grinding has begun."""
    clock.advance(10 * H)
    plan.report(told("10", 10, start=0, end=10, on="m1"))


def test_pieces_scrapped_at_a_later_step_are_made_from_the_first_step_on():
    plan, clock = shop()
    to_the_second_step(plan, clock)
    clock.advance(H)
    order_now = plan.made_again(("o1", "20", 0), 3, cause="e-1")
    plan.report(told("20", 1, 3, start=10))
    assert order_now.lots == (7, 3)
    again = {key: n for key, n in sizes(plan).items() if key[0] == 1}
    assert again == {(1, "10"): 3, (1, "20"): 3, (1, "30"): 3}
    assert (sizes(plan)[0, "20"], sizes(plan)[0, "30"]) == (7, 7)
    assert check(plan.shop, plan.current) == []
    (ground,) = [a for a in plan.version().assignments if (a.lot, a.step) == (0, "20")]
    assert (ground.started, ground.end) == (True, at(11) + (at(6) - at(0)) / 4)


def test_the_order_is_made_when_the_lot_that_makes_up_for_it_is():
    plan, clock = shop()
    to_the_second_step(plan, clock)
    clock.advance(3 * H)
    plan.made_again(("o1", "20", 0), 2)
    plan.report(told("20", 8, 2, start=10, end=13))
    clock.advance(H)
    plan.report(told("30", 8, start=13, end=14, on="q1"))
    assert not plan.is_made("o1")
    clock.advance(30 * H)
    for key, on in (("10", "m1"), ("20", "g1"), ("30", "q1")):
        plan.report(told(key, 2, start=14, end=44, lot=1, on=on))
    assert plan.is_made("o1")


def test_a_step_that_can_rework_and_the_first_step_make_it_again_there():
    plan, clock = shop(rework=True)
    to_the_second_step(plan, clock)
    before = sizes(plan)
    assert plan.made_again(("o1", "20", 0), 3) is None
    assert plan.made_again(("o1", "10", 0), 1) is None
    assert plan.made_again(("o1", "20", 7), 1) is None
    assert plan.made_again(("nobody", "20", 0), 1) is None
    assert sizes(plan) == before


def test_a_whole_lot_that_is_scrapped_begins_anew():
    plan, clock = shop(pieces=2)
    clock.advance(2 * H)
    plan.report(told("10", 2, start=0, end=2, on="m1"))
    assert plan.made_again(("o1", "30", 0), 5).lots == (0, 2)
    assert sizes(plan) == {(1, "10"): 2, (1, "20"): 2, (1, "30"): 2}
    assert check(plan.shop, plan.current) == []


def bars(count, later=0):
    stock = (Stock(item="bar", quantity=Decimal(count)),)
    if later:
        ns = int(at(50).timestamp()) * 10**9
        stock = (*stock, Stock(item="bar", quantity=Decimal(later), at_ns=ns))
    return {"bom": (BomLine(item="shaft", component="bar", quantity=Decimal(1)),), "stock": stock}


def test_new_pieces_take_new_material_and_wait_for_it_where_there_is_none():
    plan, clock = shop(**bars(10, later=5))
    to_the_second_step(plan, clock)
    plan.made_again(("o1", "20", 0), 3)
    (first,) = [a for a in plan.version().assignments if (a.lot, a.step) == (1, "10")]
    assert first.start == at(50)
    assert check(plan.shop, plan.current) == []
    plan, clock = shop(**bars(13))
    to_the_second_step(plan, clock)
    plan.made_again(("o1", "20", 0), 3)
    (first,) = [a for a in plan.version().assignments if (a.lot, a.step) == (1, "10")]
    assert first.start == at(10)


def test_a_restart_finds_the_same_lots_and_the_same_need_of_material():
    plan, clock = shop(**bars(10, later=5))
    to_the_second_step(plan, clock)
    scrapped = told("20", 1, 3, start=10)
    fresh = plan.made_again(("o1", "20", 0), 3)
    plan.report(scrapped)
    records = msgspec.structs.replace(
        plan.records,
        orders=(fresh,),
        progress=(told("10", 10, start=0, end=10, on="m1"), scrapped),
        plan=plan.version().assignments,
    )
    again = LivePlan(clock, Counter())
    again.adopt(records)
    assert sizes(again) == sizes(plan)
    (first,) = [a for a in again.version().assignments if (a.lot, a.step) == (1, "10")]
    assert first.start == at(50)
    assert check(again.shop, again.current) == []


def test_what_moves_for_it_says_that_it_was_scrap():
    plan, clock = shop()
    plan.insert(order("o2", pieces=30, due=60))
    to_the_second_step(plan, clock)
    plan.made_again(("o1", "20", 0), 3)
    moves = plan.version().moves
    assert {m.reason for m in moves} <= {MoveReason.SCRAP}
    assert all("3 of o1 were scrapped at step 20" in m.text.en for m in moves)
    assert check(plan.shop, plan.current) == []


def test_a_made_part_goes_along_when_its_order_changes_or_goes():
    pins = (BomLine(item="shaft", component="pin", quantity=Decimal(2)),)
    plan, _ = live(
        machines=MACHINES,
        items=(item(), item("pin")),
        routings=(routing(step("10"), step("20", on="qa")), routing(step("5"), of="pin")),
        bom=pins,
        stock=(Stock(item="pin", quantity=Decimal(2)),),
        orders=(order(pieces=3, due=200),),
    )
    made = {(a.order, a.step): a.pieces for a in plan.version().assignments}
    assert made["o1/pin", "5"] == 4
    plan.change(msgspec.structs.replace(plan.records.orders[0], quantity=Decimal(5)))
    made = {(a.order, a.step): a.pieces for a in plan.version().assignments}
    assert made == {("o1/pin", "5"): 8, ("o1", "10"): 5, ("o1", "20"): 5}
    assert check(plan.shop, plan.current) == []
    plan.made_again(("o1", "20", 0), 1)
    assert sum(a.pieces for a in plan.version().assignments if a.order == "o1/pin") == 10
    assert check(plan.shop, plan.current) == []
    plan.cancel("o1")
    assert plan.version().assignments == ()


def busy_shop(rng):
    """Made and bought parts, lots, a fixture, a step that can rework: as a seed has it."""
    steps = (
        step("10"),
        step("20", on="grinders", run_s=H // 4, rework=rng.random() < 0.2, tool="jig"),
        step("30", on="qa", run_s=360),
    )
    return live(
        machines=(*MACHINES, machine("m2")),
        items=(item(lot_max=rng.choice([0, 4])), item("pin"), item("bar", make=False)),
        tools=(Tool(key="jig", title="jig"),),
        routings=(routing(*steps), routing(step("5", run_s=600), of="pin")),
        bom=(
            BomLine(item="shaft", component="pin", quantity=Decimal(1), step="20"),
            BomLine(item="shaft", component="bar", quantity=Decimal(1)),
        ),
        stock=(
            Stock(item="bar", quantity=Decimal(rng.randint(5, 40))),
            Stock(item="pin", quantity=Decimal(rng.randint(0, 5))),
        ),
        orders=tuple(
            order(f"o{n}", pieces=rng.randint(2, 9), due=rng.randint(20, 90)) for n in range(3)
        ),
    )


def told_at_random(rng, plan, known, now):
    """A report on something that has begun, joined with what was told before, as the node does."""
    begun = [a for a in plan.version().assignments if a.start <= now]
    if not begun:
        return
    work = rng.choice(begun)
    name = work.order, work.step, work.lot
    old = known.get(name) or Progress(order=work.order, step=work.step, lot=work.lot)
    ends = rng.random() < 0.4
    good = work.pieces if ends else min(work.pieces, old.good + rng.randint(0, 3))
    new = old.joined(
        msgspec.structs.replace(
            old, machine=work.machine, started_at=min(work.start, now), good=good,
            finished_at=now if ends else None, scrap=old.scrap + rng.choice([0, 0, 1, 2]),
        )
    )  # fmt: skip
    if new.scrap > old.scrap:
        plan.made_again(name, new.scrap - old.scrap)
    with contextlib.suppress(NotFound):
        plan.report(new)
    known[name] = new
    if plan.is_made(work.order) and work.order in {o.key for o in plan.records.orders}:
        plan.complete(work.order)


def changed_at_random(rng, plan):
    if plan.records.orders:
        old = rng.choice(plan.records.orders)
        pieces = max(1, int(old.quantity) + rng.randint(-2, 3))
        lots = plan.lots_for(old.key, pieces)
        plan.change(msgspec.structs.replace(old, quantity=Decimal(pieces), lots=lots))


def faults(plan):
    """What is wrong, but for machines that reports say do two things at once."""
    return [found for found in check(plan.shop, plan.current) if found.rule != "machine"]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_scrapped_changed_and_out_the_plan_is_right_and_a_restart_finds_it(seed):
    rng = random.Random(seed)
    plan, clock = busy_shop(rng)
    known = {}
    for _ in range(20):
        clock.advance(rng.choice([600, H, 4 * H]))
        now = clock.now()
        deed = rng.choice(["told"] * 6 + ["jig", "changed", "down", "plan"])
        if deed == "told":
            told_at_random(rng, plan, known, now)
        elif deed == "jig":
            until = now + (at(3) - at(0))
            plan.outage(Outage(resource="jig", start=now, end=until, kind=OutageKind.TOOL))
        elif deed == "changed":
            changed_at_random(rng, plan)
        elif deed == "down":
            plan.machine_down("m1", now, now + (at(5) - at(0)))
        else:
            plan.plan()
        assert faults(plan) == []
    after = msgspec.structs.replace(
        plan.records, progress=tuple(known.values()), plan=plan.version().assignments
    )
    again = LivePlan(clock, Counter())
    again.adopt(after)
    assert faults(again) == []
    own = [{k for k in names(p) if "/" not in k[0]} for p in (plan, again)]
    assert own[0] == own[1]


def names(plan):
    return {(a.order, a.step, a.lot) for a in plan.version().assignments}
