"""The record behaves alike on SQLite and on PostgreSQL."""

import asyncio
import datetime as dt
from decimal import Decimal

import pytest

from hanse.decide.alarm import Alarm
from hanse.model.door import AuditEntry, Link
from hanse.model.errors import BadInput, BadMessage, Broken, Conflict, NotFound
from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.order import WorkOrder, WorkOrderState
from hanse.model.plan import Assignment, PlanVersion
from hanse.model.plant import Machine, Signal
from hanse.model.text import Text
from hanse.model.time import UTC, to_ns
from hanse.store import BUS, Arrival, Store, peer_lane
from hanse.store.deciding import ALARMS

DUE = dt.datetime(2026, 2, 1, 12, tzinfo=UTC)
PEER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"


def machine(key="m1", **more):
    return Machine(key=key, title="A mill", asset_type="mill", work_centre="milling", **more)


def order(key="o1", **more):
    return WorkOrder(key=key, item="shaft", quantity=Decimal(120), due=DUE, **more)


def draft(kind="alarm.raised", subject="m1", **more):
    return Draft(kind=kind, subject=subject, text=Text("It is hot", "过热"), **more)


def test_a_thing_comes_back_as_it_was_put(store):
    put = order(release=DUE - dt.timedelta(days=3), demand="c1")
    store.write_sync(lambda tx: tx.work_orders.put(put))
    assert store.read_sync(lambda tx: tx.work_orders.need("o1")) == put


def test_what_was_put_again_is_replaced_whole(store):
    store.write_sync(lambda tx: tx.machines.put(machine(rate=2.0)))
    store.write_sync(lambda tx: tx.machines.put(machine(site="north")))
    assert store.read_sync(lambda tx: tx.machines.all()) == [machine(site="north")]


def test_adding_what_is_there_is_a_conflict(store):
    store.write_sync(lambda tx: tx.machines.add(machine()))
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: tx.machines.add(machine()))


def test_what_is_not_there_is_not_found(store):
    with pytest.raises(NotFound, match="no such thing"):
        store.read_sync(lambda tx: tx.machines.need("m9"))


def test_things_are_found_by_columns_ranges_and_order(store):
    orders = [
        order(f"o{n}", state=WorkOrderState.RELEASED if n % 2 else WorkOrderState.PLANNED)
        for n in range(6)
    ]
    late = [order(f"late{n}", demand="c1") for n in range(2)]
    store.write_sync(lambda tx: tx.work_orders.put_many(orders + late))

    def look(tx):
        return (
            [o.key for o in tx.work_orders.where(state="released")],
            [o.key for o in tx.work_orders.where(demand="c1", order="-key")],
            len(tx.work_orders.where(key=("o1", "o2", "zz"))),
            len(tx.work_orders.where(at_least={"due_ns": to_ns(DUE)}, limit=3)),
            tx.work_orders.where(below={"due_ns": to_ns(DUE)}),
            tx.work_orders.count(state="planned"),
        )

    released, demanded, some, three, none, planned = store.read_sync(look)
    assert released == ["o1", "o3", "o5"]
    assert demanded == ["late1", "late0"]
    assert (some, three, none, planned) == (2, 3, [], 5)


def test_text_keys_sort_by_their_bytes_everywhere(store):
    keys = ["a10", "B2", "a_2", "a-1", "A1", "b.1"]
    store.write_sync(lambda tx: tx.machines.put_many(machine(k) for k in keys))
    assert [m.key for m in store.read_sync(lambda tx: tx.machines.all())] == sorted(keys)


def test_a_column_that_is_not_there_is_named(store):
    with pytest.raises(BadInput, match="cannot be found by colour"):
        store.read_sync(lambda tx: tx.machines.where(colour="red"))


def test_nothing_of_a_write_that_failed_is_kept(store):
    def half(tx):
        tx.machines.put(machine())
        tx.events.append(draft())
        raise ValueError("stop here")

    with pytest.raises(ValueError, match="stop here"):
        store.write_sync(half)
    assert store.read_sync(lambda tx: (tx.machines.count(), tx.events.count())) == (0, 0)


def test_a_read_cannot_write(store):
    with pytest.raises(Exception, match=r"read.?only"):
        store.read_sync(lambda tx: tx.machines.put(machine()))


async def test_writes_that_wait_together_fail_alone(store):
    def bad(tx):
        tx.machines.put(machine("bad"))
        raise ValueError("mine alone")

    def good(n):
        return store.write(lambda tx: tx.machines.put(machine(f"m{n}")))

    done = await asyncio.gather(
        *(good(n) if n % 5 else store.write(bad) for n in range(100)), return_exceptions=True
    )
    assert [isinstance(d, ValueError) for d in done] == [n % 5 == 0 for n in range(100)]
    assert await store.read(lambda tx: tx.machines.count()) == 80


async def test_a_database_error_in_one_write_leaves_those_beside_it_whole(store):
    def clash(tx):
        tx.machines.put(machine("x"))
        tx.connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    writes = [store.write(lambda tx, n=n: tx.machines.put(machine(f"m{n}"))) for n in range(20)]
    writes.insert(7, store.write(clash))
    done = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(done[7], Exception)
    assert await store.read(lambda tx: tx.machines.count()) == 20


def test_a_write_inside_a_write_is_refused_not_a_deadlock(store):
    with pytest.raises(Conflict, match="inside a write"):
        store.write_sync(lambda tx: store.write_sync(lambda tx: None))


def test_an_event_comes_back_with_its_cause_and_its_loop(store):
    def story(tx):
        first = tx.events.append(draft(loop="loop-1", about={"spindle_c": 91.5}))
        second = tx.events.append(draft("plan.repaired", "m1", cause=first.id))
        third = tx.events.append(draft("promise.broken", "o1", cause=second.id))
        return first, second, third

    events = store.write_sync(story)
    assert [e.loop for e in events] == ["loop-1"] * 3
    assert store.read_sync(lambda tx: tx.events.chain(events[2].id)) == list(events)
    assert store.read_sync(lambda tx: tx.events.find(loop="loop-1")) == list(events)
    assert store.read_sync(lambda tx: tx.events.find(kind="alarm.*")) == [events[0]]
    assert store.read_sync(lambda tx: tx.events.find(subject="o1")) == [events[2]]
    newest = store.read_sync(lambda tx: tx.events.find(newest_first=True, limit=1))
    assert newest == [events[2]]
    assert store.read_sync(lambda tx: tx.events.after(1)) == [(2, events[1]), (3, events[2])]


def test_loops_are_named_by_their_newest_event_and_events_found_between_instants(store, clock):
    for loop in ("a", None, "b", "a"):
        store.write_sync(lambda tx, loop=loop: tx.events.append(draft(loop=loop)))
        clock.advance(10)
    assert store.read_sync(lambda tx: tx.events.loops()) == ["a", "b"]
    assert store.read_sync(lambda tx: tx.events.loops(limit=1)) == ["a"]
    cut = clock.ns() - 20 * 10**9
    assert len(store.read_sync(lambda tx: tx.events.find(since_ns=cut))) == 2
    assert len(store.read_sync(lambda tx: tx.events.find(before_ns=cut))) == 2


def test_a_cause_that_never_happened_is_refused(store):
    with pytest.raises(BadInput, match="cause is not in this record"):
        store.write_sync(lambda tx: tx.events.append(draft(cause="event-unknown")))


def test_an_event_under_a_key_happens_once(store):
    first = store.write_sync(lambda tx: tx.events.append(draft(), once="decide/1/7"))
    again = store.write_sync(lambda tx: tx.events.append_once("decide/1/7", draft()))
    assert again == (first, False)
    assert store.read_sync(lambda tx: tx.events.count()) == 1


@pytest.mark.parametrize("bad", [{"kind": "Nonsense"}, {"subject": "x" * 301}])
def test_what_is_not_shaped_like_an_event_is_refused(store, bad):
    with pytest.raises(BadInput, match="not an event"):
        store.write_sync(lambda tx: tx.events.append(draft(**bad)))


def test_text_with_a_null_character_is_kept_or_refused_never_a_crash(store):
    try:
        event = store.write_sync(lambda tx: tx.events.append(draft(subject="a\0b")))
    except BadInput:
        assert store.read_sync(lambda tx: tx.events.count()) == 0
    else:
        assert store.read_sync(lambda tx: tx.events.get(event.id)).subject == "a\0b"


def test_an_event_is_announced_on_the_bus_in_the_transaction_that_recorded_it(store):
    told = []
    store.on_commit(told.append)
    event = store.write_sync(lambda tx: tx.events.append(draft()))
    letters = store.read_sync(lambda tx: tx.outbox.due(BUS))
    assert [(x.id, x.kind, x.number) for x in letters] == [(event.id, "alarm.raised", 1)]
    assert told == [frozenset({BUS})]
    store.write_sync(lambda tx: tx.outbox.sent(BUS, 1))
    assert store.read_sync(lambda tx: tx.outbox.lanes()) == []


def test_a_peers_lane_counts_without_holes_and_keeps_its_order(store, clock):
    lane = peer_lane(PEER)
    for n in range(3):
        store.write_sync(
            lambda tx, n=n: tx.outbox.put(lane, id=f"msg{n}", kind="rfq", payload=b"%d" % n)
        )
    later = clock.ns() + 10**9
    store.write_sync(lambda tx: tx.outbox.failed(lane, "msg0", error="away", next_ns=later))
    assert store.read_sync(lambda tx: tx.outbox.due(lane)) == []
    clock.advance(1.0)
    due = store.read_sync(lambda tx: tx.outbox.due(lane))
    assert [(x.number, x.payload, x.attempts) for x in due] == [
        (1, b"0", 1),
        (2, b"1", 0),
        (3, b"2", 0),
    ]
    store.write_sync(lambda tx: tx.outbox.answered(lane, "msg0", b"ack"))
    store.write_sync(lambda tx: tx.outbox.dead(lane, "msg1", error="refused"))
    assert [x.id for x in store.read_sync(lambda tx: tx.outbox.due(lane))] == ["msg2"]
    assert [x.id for x in store.read_sync(lambda tx: tx.outbox.dead_letters())] == ["msg1"]
    assert store.read_sync(lambda tx: tx.outbox.next_number(lane)) == 4


def test_a_message_has_its_effect_once_and_in_order(store):
    def offer(number, payload=b"x"):
        return store.write_sync(
            lambda tx: tx.inbox.offer(PEER, id=f"id{number}", number=number, payload=payload)
        )[0]

    assert offer(2) is Arrival.PARKED
    assert offer(1) is Arrival.NEXT
    assert offer(1) is Arrival.NEXT
    follower = store.write_sync(lambda tx: tx.inbox.taken(PEER, "id1", answer=b"ok"))
    assert (follower.id, follower.state) == ("id2", "next")
    assert store.write_sync(lambda tx: tx.inbox.taken(PEER, "id2", answer=b"ok")) is None
    assert offer(1) is Arrival.REPEATED
    assert store.read_sync(lambda tx: tx.inbox.get(PEER, "id1")).answer == b"ok"
    with pytest.raises(BadMessage, match="other words"):
        offer(1, b"y")


def test_a_message_out_of_turn_cannot_be_taken(store):
    store.write_sync(lambda tx: tx.inbox.offer(PEER, id="b", number=2, payload=b"x"))
    with pytest.raises(NotFound):
        store.write_sync(lambda tx: tx.inbox.taken(PEER, "b", answer=b""))


def test_a_one_time_link_is_used_up_by_the_first(store, clock):
    link = Link(hash="a" * 64, purpose="claim", expires_at=clock.now())
    store.write_sync(lambda tx: tx.links.put(link))
    assert store.write_sync(lambda tx: tx.links.take("a" * 64)) == link
    assert store.write_sync(lambda tx: tx.links.take("a" * 64)) is None


def test_a_lease_has_one_holder_until_it_lapses_or_is_freed(store, clock):
    def take_lease(holder):
        return store.write_sync(lambda tx: tx.leases.take("partition/7", holder, for_s=5))

    assert [take_lease("a"), take_lease("b"), take_lease("a")] == [True, False, True]
    clock.advance(6)
    assert [take_lease("b"), take_lease("a")] == [True, False]
    store.write_sync(lambda tx: tx.leases.free("partition/7", "b"))
    assert take_lease("a")


def test_the_audit_log_comes_back_newest_first_with_its_hashes(store, clock):
    def note(what):
        entry = AuditEntry(at=clock.now(), by="anna", what=what, subject="m1", text=Text("a", "b"))
        return store.write_sync(lambda tx: tx.audit.append(entry))

    lines = [note("alarm.shelve"), note("plan.move")]
    assert store.read_sync(lambda tx: tx.audit.page()) == lines[::-1]
    assert len({line.hash for line in lines}) == 2
    assert store.read_sync(lambda tx: (tx.audit.whole(), tx.audit.whole(last=1)))
    store.write_sync(lambda tx: tx.connection.exec_driver_sql("UPDATE audit SET who='eve'"))
    assert store.read_sync(lambda tx: (tx.audit.whole(), tx.audit.whole(last=1))) == (False, False)


def test_an_alarm_comes_back_and_is_found_while_it_is_active(store):
    def alarm(key, **more):
        named = {"rule": "hot", "asset": "m1", "side": "high", "severity": 700}
        return Alarm(id=key, text=Text("hot", "过热"), **named, **more)

    put = [alarm("a", active=True, raised_ns=5), alarm("b")]
    store.write_sync(lambda tx: tx.table(ALARMS).put_many(put))
    assert store.read_sync(lambda tx: tx.table(ALARMS).where(active=1)) == put[:1]


def test_a_signals_number_is_given_once_for_ever(store):
    def named(asset, name, unit=""):
        signal = Signal(id=0, asset=asset, name=name, unit=unit)
        return store.write_sync(lambda tx: tx.signals.named(signal))

    first, second = named("m1", "spindle_c"), named("m1", "load")
    again = named("m1", "spindle_c", unit="Cel")
    assert (first.id, second.id, again.id, again.unit) == (1, 2, 1, "Cel")
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: tx.signals.delete(1))


def plan(number, orders=2):
    at = DUE
    work = tuple(
        Assignment(order=f"o{n}", step="10", machine="m1", start=at, end=at + dt.timedelta(hours=1))
        for n in range(orders)
    )
    return PlanVersion(number=number, made_at=DUE, cause=None, assignments=work)


def test_plan_versions_follow_one_another_and_older_ones_stay_whole(store):
    for n in (1, 2, 3):
        store.write_sync(lambda tx, n=n: tx.plans.put(plan(n, orders=n)))
    assert store.read_sync(lambda tx: tx.plans.current()) == plan(3, orders=3)
    assert store.read_sync(lambda tx: tx.plans.get(1)) == plan(1, orders=1)
    with pytest.raises(Conflict, match="does not follow"):
        store.write_sync(lambda tx: tx.plans.put(plan(3)))


def test_a_document_is_its_hash(store):
    digest = store.write_sync(lambda tx: tx.documents.put(b"signed words", kind="order"))
    assert store.write_sync(lambda tx: tx.documents.put(b"signed words", kind="order")) == digest
    assert store.read_sync(lambda tx: tx.documents.get(digest)) == b"signed words"
    with pytest.raises(NotFound):
        store.read_sync(lambda tx: tx.documents.get("0" * 64))


def test_the_names_of_settings_are_found_by_how_they_begin(store):
    for name in ("policy/award", "policy/quote", "policy0", "a", "政策/甲"):
        store.write_sync(lambda tx, name=name: tx.settings.put(name, 1))
    assert store.read_sync(lambda tx: tx.settings.names("policy/")) == [
        "policy/award",
        "policy/quote",
    ]
    assert len(store.read_sync(lambda tx: tx.settings.names())) == 5


def test_things_of_any_kind_are_kept_by_their_key(store):
    store.write_sync(lambda tx: tx.shelf("sale", Machine).put("b", machine("m2")))
    store.write_sync(lambda tx: tx.shelf("sale", Machine).put("a", machine()))
    assert store.read_sync(lambda tx: tx.shelf("sale", Machine).all()) == [machine(), machine("m2")]
    assert store.read_sync(lambda tx: tx.shelf("sale", Machine).keys()) == ["a", "b"]
    assert store.read_sync(lambda tx: tx.shelf("sales", Machine).get("a")) is None
    assert store.write_sync(lambda tx: tx.shelf("sale", Machine).delete("a"))
    with pytest.raises(NotFound, match="no such sale"):
        store.read_sync(lambda tx: tx.shelf("sale", Machine).need("a"))
    with pytest.raises(Broken):
        store.read_sync(lambda tx: tx.shelf("sale", WorkOrder).get("b"))


def test_a_setting_is_read_as_its_type(store):
    store.write_sync(lambda tx: tx.settings.put("policy/award", {"up_to_minor": 500_000}))
    found = store.read_sync(lambda tx: tx.settings.get("policy/award", dict[str, int]))
    assert found == {"up_to_minor": 500_000}
    assert store.read_sync(lambda tx: tx.settings.get("policy/none", int)) is None
    with pytest.raises(Broken):
        store.read_sync(lambda tx: tx.settings.get("policy/award", int))


def test_what_was_written_is_there_when_it_is_opened_again(place, clock):
    with Store.open(place, clock=clock, ids=Counter("a")) as store:
        store.write_sync(lambda tx: tx.machines.put(machine()))
        store.write_sync(lambda tx: tx.events.append(draft()))
    with Store.open(place, clock=clock, ids=Counter("b")) as store:
        store.write_sync(lambda tx: tx.events.append(draft()))
        assert store.read_sync(lambda tx: tx.machines.count()) == 1
        assert [n for n, _ in store.read_sync(lambda tx: tx.events.after(0))] == [1, 2]


def test_a_record_of_a_newer_version_is_not_touched(place, clock, ids):
    with Store.open(place, clock=clock, ids=ids) as store:
        store.write_sync(
            lambda tx: tx.connection.exec_driver_sql(
                "UPDATE alembic_version SET version_num='9999'"
            )
        )
    with pytest.raises(Conflict, match="newer Hanse"):
        Store.open(place, clock=clock, ids=ids)
