"""The shop floor's node side: what is seen, what a person does at a machine, what is asked."""

import datetime as dt
from decimal import Decimal

import msgspec
import numpy as np
import pytest
from tests.unit.allocate.builders import H, at, item, live, machine, order, routing, step

from hanse.flows import kinds
from hanse.flows.floor import progress_of
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.event import Draft
from hanse.model.ids import Counter, Happening
from hanse.model.order import WorkOrderState
from hanse.model.plan import WhatIf
from hanse.model.plant import PackMLState, Signal, SignalKind
from hanse.model.running import JobState, MachineSeen
from hanse.model.sample import frame
from hanse.model.text import Text
from hanse.model.time import StillClock
from hanse.node.planning import wire
from hanse.node.planning.asking import Asking
from hanse.node.planning.by_hand import ByHand
from hanse.node.planning.desk import PlanDesk
from hanse.node.shopfloor.by_hand import JobAct, acted, job_deeds
from hanse.node.shopfloor.records import attempts, open_jobs
from hanse.node.shopfloor.seeing import Eyes, packed, unpacked
from hanse.store import Store

SIGNALS = tuple(
    Signal(id=n, asset="m1", name=name, kind=kind)
    for n, (name, kind) in enumerate(
        [
            ("state", SignalKind.STATE), ("parts_good", SignalKind.COUNTER),
            ("parts_scrap", SignalKind.COUNTER), ("job_report", SignalKind.TEXT),
            ("job_last", SignalKind.TEXT), ("vibration", SignalKind.ANALOG),
        ]
    )
)  # fmt: skip


def said(at_s, **values):
    ids = {s.name: s.id for s in SIGNALS}
    names = list(values)
    return frame(
        Happening("sim", 0, at_s),
        signal=np.array([ids[n] for n in names], np.int32),
        at_ns=np.full(len(names), at_s * 10**9),
        value=np.array([np.nan if isinstance(values[n], str) else values[n] for n in names]),
        texts={i: values[n] for i, n in enumerate(names) if isinstance(values[n], str)},
    )


def test_a_machine_is_seen_as_its_newest_signals_show_it():
    eyes = Eyes(SIGNALS)
    eyes.feed(said(2, state=6, parts_good=7, parts_scrap=1, job_report="J/10/0/1 3 1", vibration=2))
    eyes.feed(said(1, state=4))
    (seen,) = unpacked(packed(eyes.fresh()))
    assert (seen.machine, seen.state) == ("m1", PackMLState.EXECUTE)
    assert (seen.job, seen.last, seen.counters) == (("J/10/0/1", 3, 1), None, (7, 1))
    eyes.feed(said(3, state=6))
    assert eyes.fresh() == ()
    eyes.feed(said(4, job_report="", job_last="J/10/0/1 29 1"))
    (seen,) = eyes.fresh()
    assert (seen.job, seen.last) == (None, ("J/10/0/1", 29, 1))
    assert eyes.all() == (seen,)


@pytest.fixture
def floor(tmp_path):
    """A shop on record with its plan; a person works at m1."""
    clock = StillClock(at(0))
    store = Store.open(f"sqlite:///{tmp_path}/record.sqlite", clock=clock, ids=Counter())
    live_plan, _ = live(
        machines=(machine("m1"),),
        items=(item(),),
        routings=(routing(step("10"), step("20", run_s=H // 2)),),
        orders=(order("o1", pieces=4, due=90),),
    )
    live_plan._clock = clock

    def put(tx):
        records = live_plan.records
        tx.machines.put_many(records.machines)
        tx.items.put_many(records.items)
        tx.routings.put_many(records.routings)
        tx.work_orders.put_many(records.orders)

    store.write_sync(put)
    desk = PlanDesk(live_plan, store, clock)
    yield store, desk, clock
    store.close()


def do(store, deed, seen=None, **counts):
    act = JobAct(machine="m1", deed=deed, by="ann", **counts)
    return store.write_sync(lambda tx: acted(tx, act, seen))


def names(store):
    return [d.name for d in store.read_sync(lambda tx: job_deeds(tx, "m1"))]


async def report(store, desk, step_key):
    progress = progress_of(store.read_sync(lambda tx: attempts(tx, ("o1", step_key, 0))))
    await desk.report(wire.Report(progress=progress))


async def test_a_person_makes_an_order_at_a_machine_the_node_may_not_start(floor):
    store, desk, clock = floor
    await desk.open()
    assert names(store) == ["start"]
    do(store, "start")
    assert names(store) == ["count", "finish"]
    clock.advance(H)
    do(store, "count", good=1)
    await report(store, desk, "10")
    assert store.read_sync(lambda tx: tx.work_orders.need("o1")).state is WorkOrderState.STARTED
    with pytest.raises(BadInput):
        do(store, "count", good=0)
    clock.advance(3 * H)
    do(store, "finish", scrap=0)
    await report(store, desk, "10")
    do(store, "start")
    clock.advance(H)
    do(store, "finish")
    await report(store, desk, "20")
    await report(store, desk, "20")
    made = store.read_sync(lambda tx: tx.work_orders.need("o1"))
    assert (made.state, made.done) == (WorkOrderState.DONE, Decimal(4))
    done = store.read_sync(lambda tx: tx.events.find(kind=kinds.ORDER_COMPLETED))
    assert [(e.subject, e.about["quantity"]) for e in done] == [("o1", "4")]
    assert names(store) == []
    jobs = [e.kind for e in store.read_sync(lambda tx: tx.events.find()) if "job" in e.kind]
    assert jobs == [kinds.JOB_SENT, kinds.JOB_STARTED, kinds.JOB_ENDED] * 2


async def test_scrap_at_a_later_step_is_made_anew_before_the_order_is_complete(floor):
    store, desk, clock = floor
    await desk.open()
    do(store, "start")
    clock.advance(4 * H)
    do(store, "finish")
    await report(store, desk, "10")
    do(store, "start")
    clock.advance(H)
    do(store, "count", good=1, scrap=1)
    await report(store, desk, "20")
    await report(store, desk, "20")
    assert store.read_sync(lambda tx: tx.work_orders.need("o1")).lots == (3, 1)
    (event,) = store.read_sync(lambda tx: tx.events.find(kind=kinds.MADE_AGAIN))
    assert event.about["new_lot"] == 1
    assert "scrapped at step 20" in event.text.en
    assert "工序 20" in event.text.zh
    await desk.reload(wire.Reload())
    clock.advance(H)
    do(store, "finish", good=3, scrap=1)
    await report(store, desk, "20")
    assert store.read_sync(lambda tx: tx.work_orders.need("o1")).state is WorkOrderState.STARTED
    for step_key in ("10", "20"):
        job, _ = do(store, "start")
        assert (job.lot, job.step, job.pieces) == (1, step_key, 1)
        clock.advance(H)
        do(store, "finish")
        progress = progress_of(store.read_sync(lambda tx, k=step_key: attempts(tx, ("o1", k, 1))))
        await desk.report(wire.Report(progress=progress))
    made = store.read_sync(lambda tx: tx.work_orders.need("o1"))
    assert (made.state, made.done) == (WorkOrderState.DONE, Decimal(4))


async def test_a_machine_with_counters_counts_for_the_person(floor):
    store, desk, _ = floor
    await desk.open()
    seen = MachineSeen(machine="m1", at=at(0), counters=(50, 2))
    job, _ = do(store, "start", seen)
    assert (job.base, job.state) == ((50, 2), JobState.STARTED)
    with pytest.raises(NotFound):
        do(store, "start", seen)


async def test_after_a_restart_a_made_order_is_not_planned_again_and_a_begun_one_goes_on(floor):
    store, desk, clock = floor
    await desk.open()
    do(store, "start")
    clock.advance(2 * H)
    do(store, "count", good=2)
    await report(store, desk, "10")
    await desk.reload(wire.Reload())
    version = store.read_sync(lambda tx: tx.plans.current())
    first = next(a for a in version.assignments if a.step == "10")
    assert first.started
    assert first.end == clock.now() + dt.timedelta(hours=2)
    assert len(store.read_sync(lambda tx: open_jobs(tx).all())) == 1


async def test_what_if_and_why_answer_and_change_nothing(floor):
    store, _, _ = floor
    plan, clock = live(
        machines=(machine("m1"),), orders=(order("a", due=1), order("b", due=2)), items=(item(),)
    )
    asking, by_hand, before = Asking(plan), ByHand(plan, store, clock), plan.version()
    out = await by_hand.what_if(WhatIf(machine="m1", hours=5))
    assert (out.late_before, out.late_after) == (0, 2)
    assert [harm.order for harm in out.harmed] == ["a", "b"]
    more = await by_hand.what_if(WhatIf(item="shaft", quantity=3, hours=1))
    assert {d.order for d in more.dates} >= {"shaft-1"}
    gone = await by_hand.what_if(WhatIf(order="a"))
    assert [(d.order, d.after) for d in gone.dates if d.order == "a"] == [("a", None)]
    with pytest.raises(BadInput):
        await by_hand.what_if(WhatIf(machine="m1", order="a"))
    with pytest.raises(NotFound):
        await by_hand.what_if(WhatIf(machine="nobody"))
    chain = await asking.why(wire.WhyAsk(order="b"))
    assert chain[0].kind == "machine"
    assert (await asking.relief(wire.ReliefAsk(machine="m1")))[0].saves_minor >= 0
    assert plan.version() == before


async def test_what_was_tried_is_adopted_as_it_was_shown_unless_it_would_cost_more_by_now(floor):
    store, desk, clock = floor
    await desk.open()
    by_hand = ByHand(desk._live, store, clock)
    ask = WhatIf(item="shaft", quantity=2, hours=3)
    tried = await by_hand.what_if(ask)
    await by_hand.adopt(wire.Adopt(what=ask, cost_minor=tried.cost_after_minor, by="ann"))
    (new,) = [d for d in tried.dates if d.order == "shaft-1"]
    version = store.read_sync(lambda tx: tx.plans.current())
    assert version.ready["shaft-1"] == new.after
    assert store.read_sync(lambda tx: tx.work_orders.need("shaft-1")).quantity == 2
    assert version.cost_minor == tried.cost_after_minor
    (event,) = store.read_sync(lambda tx: tx.events.find(kind=kinds.WHAT_IF_ADOPTED))
    assert event.by == "ann"
    again = await by_hand.what_if(WhatIf(machine="m1", hours=200))
    with pytest.raises(Conflict):
        await by_hand.adopt(
            wire.Adopt(
                what=WhatIf(machine="m1", hours=400), cost_minor=again.cost_after_minor, by="a"
            )
        )
    await by_hand.adopt(wire.Adopt(what=WhatIf(order="shaft-1"), cost_minor=10**6, by="ann"))
    assert store.read_sync(lambda tx: tx.work_orders.need("shaft-1")).state == "cancelled"


async def test_a_move_is_tried_then_done_and_stays_through_a_restart(floor):
    store, desk, clock = floor
    await desk.open()
    by_hand = ByHand(desk._live, store, clock)
    wish = wire.MoveOperation(order="o1", step="20", machine="m1", start=at(10), by="ann")
    tried = await by_hand.try_move(wish)
    assert tried.placed.start == at(10)
    assert store.read_sync(lambda tx: tx.pins.all()) == []
    await by_hand.move(wish)
    assert _start(store, "20") == at(10)
    await desk.reload(wire.Reload())
    assert _start(store, "20") == at(10)
    await by_hand.free(wish)
    assert store.read_sync(lambda tx: tx.pins.all()) == []
    with pytest.raises(NotFound):
        await by_hand.move(msgspec.structs.replace(wish, step="99"))


def _start(store, key):
    version = store.read_sync(lambda tx: tx.plans.current())
    return next(a.start for a in version.assignments if a.step == key)


async def test_what_is_held_becomes_an_order_on_the_same_places(floor):
    store, desk, clock = floor
    await desk.open()
    by_hand = ByHand(desk._live, store, clock)
    held = await desk.quote(wire.QuoteAsk(item="shaft", quantity=2, expires=at(48)))
    await desk.reload(wire.Reload())
    assert [h.key for h in desk._live.holds()] == [held.hold]
    await by_hand.confirm(wire.Confirm(hold=held.hold, order="W-9", by="ann"))
    version = store.read_sync(lambda tx: tx.plans.current())
    assert version.ready["W-9"] <= held.ready
    assert store.read_sync(lambda tx: tx.holds.all()) == []
    with pytest.raises(Conflict):
        await by_hand.confirm(wire.Confirm(hold=held.hold, order="W-10", by="ann"))


async def test_planned_maintenance_stays_in_the_plan_though_the_machine_comes_back(floor):
    store, desk, clock = floor
    await desk.open()

    def happened(kind):
        draft = Draft(kind=kind, subject="m1", text=Text("", ""))
        return store.write_sync(lambda tx: tx.events.append(draft)).id

    window = wire.MachineDown(
        machine="m1",
        since=at(50),
        until=at(54),
        cause=happened(kinds.ANSWER),
        planned=True,
        reason="bearing",
    )
    await desk.machine_down(window)
    fault = wire.MachineDown(
        machine="m1", since=at(1), until=at(40), cause=happened(kinds.ALARM_ACTIVE)
    )
    await desk.machine_down(fault)
    clock.advance(2 * H)
    await desk.machine_up(
        wire.MachineUp(machine="m1", at=clock.now(), cause=happened(kinds.ALARM_INACTIVE))
    )
    kept = {o.reason: o for o in store.read_sync(lambda tx: tx.outages.all())}
    assert (kept["bearing"].start, kept["bearing"].end) == (at(50), at(54))
    assert kept[""].end == clock.now()
    told = store.read_sync(lambda tx: tx.events.find(kind=kinds.CAPACITY_OUT))
    assert "maintenance is planned" in told[0].text.en
