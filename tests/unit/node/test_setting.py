"""Setting signals in a node: who asks is looked up, each attempt is on record once."""

import dataclasses
import datetime as dt

import msgspec
import pytest
from tests.conformance.connectors.builders import SeenNothing, a_world

from hanse.collect import Line
from hanse.model.door import Role, User
from hanse.model.errors import BadInput, Conflict, NotAllowed
from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.setting import SetState, Settable, SignalSet
from hanse.model.text import Text
from hanse.model.time import StillClock
from hanse.node.connections import Setup, mapping_of, setups
from hanse.node.pages.live import LiveValues
from hanse.node.pages.setting import RecordSetting, connection_for
from hanse.node.pages.setting_forms import door_of, rule_of
from hanse.node.setting import desk as desk_module
from hanse.node.setting.desk import SetAsk, SetDesk
from hanse.node.setting.proposing import propose
from hanse.node.setting.records import COMMAND_LINE, begin, ended_sets, lapse, open_sets, set_named
from hanse.node.setting.telling import ASKED, DONE, SENT
from hanse.store import Store

T0 = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)
LINE = {"asset": "m1", "name": "speed", "address": "set"}


@dataclasses.dataclass
class Around:
    """What of a node's context the desk uses."""

    store: Store
    clock: StillClock


class Device:
    def __init__(self):
        self.value, self.writes, self.answer = 5.0, [], None

    async def read(self, _settings, _world, points):
        return [self.value] * len(points)

    async def write(self, _settings, _world, _point, value):
        self.writes.append(value)
        if self.answer is not None:
            raise self.answer
        self.value = value


@pytest.fixture
def device(monkeypatch):
    made = Device()
    known = desk_module.connector("modbus")
    changed = dataclasses.replace(known, read=made.read, write=made.write)
    monkeypatch.setattr(desk_module, "connector", lambda _: changed)
    return made


@pytest.fixture
def node(tmp_path, device):
    clock = StillClock(T0)
    store = Store.open(f"sqlite:///{tmp_path}/record.sqlite", clock=clock, ids=Counter())
    rule = Settable(
        asset="m1", name="speed", low=0, high=100, read_back_s=0, roles=(Role.OWNER, Role.OPERATOR)
    )

    def put(tx):
        for name, role in (("ann", Role.OWNER), ("bo", Role.OPERATOR), ("cy", Role.BUYER)):
            tx.users.put(User(name=name, title=name, role=role, created_at=T0))
        made = Setup(
            key="dev", protocol="modbus", settings={"host": "h"}, lines=(Line(**LINE),),
            sets=(rule,),
        )  # fmt: skip
        setups(tx).put("dev", made)

    store.write_sync(put)
    made = SetDesk(Around(store, clock), lambda: a_world(tmp_path, clock=clock), SeenNothing())
    yield made, store, clock
    store.close()


def wish(id_="w1", value=42.0):
    return SignalSet(id=id_, at=T0, asset="m1", name="speed", value=value, by="x", reason="why not")


def events(store, kind):
    return store.read_sync(lambda tx: tx.events.find(kind=kind, limit=50))


def with_second(store):
    def write(tx):
        setup = setups(tx).need("dev")
        rule = msgspec.structs.replace(setup.sets[0], second=True)
        setups(tx).put("dev", msgspec.structs.replace(setup, sets=(rule,)))

    store.write_sync(write)


async def test_an_attempt_is_two_events_with_who_old_new_and_why_and_is_made_once(node, device):
    desk, store, _ = node
    done = await desk.handle("dev", SetAsk(wish=wish(), by="bo"))
    assert (done.state, done.old, done.read, done.by) == (SetState.WRITTEN, 5.0, 42.0, "bo")
    again = await desk.handle("dev", SetAsk(wish=wish(), by="bo"))
    assert (again, device.writes) == (done, [42.0])
    (sent,), (ended,) = events(store, SENT), events(store, DONE)
    about = {k: sent.about[k] for k in ("name", "old", "value", "reason", "asked_by")}
    assert about == {
        "name": "speed",
        "old": 5.0,
        "value": 42.0,
        "reason": "why not",
        "asked_by": "bo",
    }
    assert (ended.cause, ended.about["state"], ended.about["read"]) == (sent.id, "written", 42.0)
    assert "设" in sent.text.zh


async def test_the_role_is_looked_up_and_a_refusal_is_on_record_as_well(node, device):
    desk, store, _ = node
    for n, person in enumerate(("cy", "nobody")):
        with pytest.raises(NotAllowed):
            await desk.handle("dev", SetAsk(wish=wish(f"w{n}"), by=person))
    with pytest.raises(BadInput):
        await desk.handle("dev", SetAsk(wish=wish("w9", 101.0), by="ann"))
    assert (await desk.handle("dev", SetAsk(wish=wish("c1"), by=COMMAND_LINE))).read == 42.0
    assert device.writes == [42.0]
    states = sorted(e.about["state"] for e in events(store, DONE))
    assert states == ["refused", "refused", "refused", "written"]


async def test_where_two_have_to_agree_the_second_is_another_person(node, device):
    desk, store, _ = node
    with_second(store)
    waits = await desk.handle("dev", SetAsk(wish=wish(), by="bo"))
    assert (waits.state, device.writes) == (SetState.WAITING, [])
    for person in ("bo", "cy"):
        with pytest.raises(NotAllowed):
            await desk.handle("dev", SetAsk(deed="agree", wish=waits, by=person))
    done = await desk.handle("dev", SetAsk(deed="agree", wish=waits, by="ann"))
    assert (done.state, done.by, done.agreed_by) == (SetState.WRITTEN, "bo", "ann")
    with pytest.raises(Conflict):
        await desk.handle("dev", SetAsk(deed="agree", wish=waits, by="ann"))
    assert device.writes == [42.0]
    assert len(events(store, ASKED)) == 1


async def test_what_nobody_agrees_to_lapses_and_may_be_declined(node, device):
    desk, store, clock = node
    with_second(store)
    one = await desk.handle("dev", SetAsk(wish=wish("w1"), by="bo"))
    no = await desk.handle("dev", SetAsk(deed="decline", wish=one, by="ann"))
    assert no.state is SetState.DECLINED
    two = await desk.handle("dev", SetAsk(wish=wish("w2"), by="bo"))
    clock.advance(11 * 60)
    with pytest.raises(Conflict):
        await desk.handle("dev", SetAsk(deed="agree", wish=two, by="ann"))
    assert store.read_sync(lambda tx: set_named(tx, "w2")).state is SetState.LAPSED
    assert device.writes == []


async def test_a_command_that_a_crash_cut_off_is_unsure_and_never_sent_again(node, device):
    desk, store, clock = node
    cut = msgspec.structs.replace(wish(), state=SetState.SENT)
    store.write_sync(lambda tx: begin(tx, cut))
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: begin(tx, cut))
    assert (await desk.handle("dev", SetAsk(wish=wish(), by="ann"))).state is SetState.SENT
    clock.advance(3_600)
    store.write_sync(lapse)
    known = await desk.handle("dev", SetAsk(wish=wish(), by="ann"))
    assert (known.state, device.writes) == (SetState.UNSURE, [])
    assert store.read_sync(lambda tx: (open_sets(tx).keys(), ended_sets(tx).keys())) == ([], ["w1"])


def test_a_form_makes_a_rule_only_with_bounds(node):
    _, store, _ = node
    setup = store.read_sync(lambda tx: setups(tx).need("dev"))
    form = {"signal": "m1 speed", "low": "0", "high": "60", "step": "5", "role_owner": "true"}
    rule = rule_of(
        setup, {**form, "states": "idle, Stopped", "until": "2027-01-31", "second": "true"}
    )
    assert (rule.low, rule.high, rule.step, rule.second) == (0, 60, 5, True)
    assert rule.until == dt.datetime(2027, 2, 1, tzinfo=dt.UTC)
    assert [s.value for s in rule.states] == ["idle", "stopped"]
    for wrong in (
        {"low": ""},
        {"signal": "m1 other"},
        {"role_owner": ""},
        {"until": "soon"},
        {"low": "x"},
    ):
        with pytest.raises(BadInput):
            rule_of(setup, form | wrong)
    assert rule_of(setup, form | {"low": "", "choices": "1, 2"}).choices == ("1", "2")


async def test_the_page_shows_what_may_be_set_and_the_owner_forbids_it_again(node):
    desk, store, clock = node

    class NoBroker:
        async def request(self, *_, **__):
            raise TimeoutError

    around = Around(store, clock)
    around.nats = NoBroker()
    pages = RecordSetting(around, LiveValues())
    await desk.handle("dev", SetAsk(wish=wish(), by="ann"))
    (row,) = (await pages.at("m1")).settable
    assert (row.name, row.low, row.high, row.roles) == (
        "speed",
        0,
        100,
        (Role.OWNER, Role.OPERATOR),
    )
    view = await pages.writing("dev")
    assert ([r.key for r in view.sets], len(view.forms)) == (["m1 speed"], 2)
    await pages.allow("dev", "forbid", {"key": "m1 speed"}, by="ann")
    assert (await pages.at("m1")).settable == ()
    with pytest.raises(NotAllowed):
        store.read_sync(lambda tx: connection_for(tx, "m1", "speed"))
    with pytest.raises(NotAllowed):
        await desk.handle("dev", SetAsk(wish=wish("w2"), by="ann"))


def test_a_form_says_how_a_machine_is_given_jobs(node):
    _, store, _ = node
    setup = store.read_sync(lambda tx: setups(tx).need("dev"))
    form = {
        "asset": "m1", "at_number": "holding:0 uint32", "at_pieces": "holding:2",
        "at_start": "holding:5", "at_taken": "holding:6 uint32", "pieces_max": "50",
    }  # fmt: skip
    door = door_of(setup, form)
    assert (door.registers.taken, door.pieces_max) == ("holding:6 uint32", 50)
    assert not door.names_jobs
    for wrong in ("at_taken=", "asset=m2", "pieces_max=0"):
        name, _, value = wrong.partition("=")
        with pytest.raises(BadInput):
            door_of(setup, form | {name: value})
    by_messages = msgspec.structs.replace(setup, protocol="mqtt")
    made = door_of(by_messages, {"asset": "m1", "at_topic": "jobs", "at_answers": "told"})
    assert (made.messages.topic, made.messages.answers) == ("jobs", "told")
    by_method = msgspec.structs.replace(setup, protocol="opcua")
    with pytest.raises(BadInput):
        door_of(by_method, {"asset": "m1", "at_object": "s=M"})


async def test_a_rule_proposes_and_a_person_carries_it_out(node, device):
    desk, store, _ = node

    def allow(tx):
        setup = setups(tx).need("dev")
        mapping_of(tx, setup)
        rule = msgspec.structs.replace(setup.sets[0], rule="m1-hot", rule_value="10")
        setups(tx).put("dev", msgspec.structs.replace(setup, sets=(rule,)))

    def alarm(tx, rule="m1-hot"):
        about = {"rule": rule, "asset": "m1"}
        draft = Draft(
            kind="decide.alarm_active", subject="a1", text=Text("m1 is hot", "m1 过热"), about=about
        )
        event = tx.events.append(draft)
        propose(tx, event)
        return event

    store.write_sync(allow)
    raised = store.write_sync(alarm)
    store.write_sync(alarm)
    store.write_sync(lambda tx: alarm(tx, rule="another"))
    (waits,) = store.read_sync(lambda tx: open_sets(tx).all())
    assert (waits.value, waits.by, waits.reason) == (10.0, "rule:m1-hot", "m1 is hot")
    assert (device.writes, events(store, ASKED)[0].cause) == ([], raised.id)
    done = await desk.handle("dev", SetAsk(deed="agree", wish=waits, by="bo"))
    assert (done.state, done.by, done.agreed_by) == (SetState.WRITTEN, "rule:m1-hot", "bo")
    assert device.writes == [10.0]
