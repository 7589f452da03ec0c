"""Setting signals: who may, to what, once; what came of it is told as it is."""

import asyncio
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conformance.connectors.builders import AuditKept, SeenNothing, a_bind, a_wish, a_world

from hanse.collect import Connection, Connector, Guard, Mapping
from hanse.collect.connectors.mqtt.write import payload_of
from hanse.collect.settable import check_value, same, state_of, value_of
from hanse.collect.whole import whole
from hanse.model.door import Role
from hanse.model.errors import (
    BadInput,
    Conflict,
    HanseError,
    NotAllowed,
    Refused,
    TooMuch,
    Unreachable,
)
from hanse.model.plant import PackMLState
from hanse.model.setting import SetState, Settable
from hanse.model.text import Text


class Device:
    """A device of ten lines: registers by address, and how it answers a write."""

    def __init__(self, **registers):
        self.registers = registers
        self.writes = []
        self.answers = lambda: None
        self.keeps = True

    async def read(self, _settings, _world, points):
        return [self.registers.get(p.address) for p in points]

    async def write(self, _settings, _world, point, value):
        self.writes.append((point.address, value))
        if self.keeps:
            self.registers[point.address] = value
        self.answers()


def fails(error):
    def answer():
        raise error

    return answer


def a_guard(device, tmp_path, audit, *, seen=None, reads=True, **rule):
    rule = {"asset": "m1", "name": "s1", "low": 0, "high": 100, "read_back_s": 0} | rule
    mapping = Mapping(binds=(a_bind(1, "set"), *a_state()))
    connection = Connection(key="dev1", settings=Settable(asset="x", name="x"), mapping=mapping)
    kind = Connector(
        name="own", title=Text("own", "own"), config=Settable, collect=device.read,
        explain=lambda error, _: Unreachable(str(error)),
        read=device.read if reads else None, write=device.write,
    )  # fmt: skip
    return Guard(
        connection, kind, world=a_world(tmp_path), audit=audit, seen=seen or SeenNothing(),
        rules=(Settable(**rule),),
    )  # fmt: skip


def a_state():
    bind = a_bind(2, "state")
    import msgspec

    return [
        msgspec.structs.replace(bind, signal=msgspec.structs.replace(bind.signal, name="state"))
    ]


async def test_a_value_is_written_once_and_read_back(tmp_path):
    device, audit = Device(set=5.0), AuditKept()
    done = await a_guard(device, tmp_path, audit).set(a_wish("s1", 42.0), Role.OWNER)
    assert (done.state, done.old, done.read) == (SetState.WRITTEN, 5.0, 42.0)
    assert device.writes == [("set", 42.0)]
    assert [a.state for a in (*audit.intended, *audit.ended)] == [SetState.SENT, SetState.WRITTEN]


async def test_a_device_that_keeps_another_value_is_told_so(tmp_path):
    device = Device(set=5.0)
    device.keeps = False
    done = await a_guard(device, tmp_path, AuditKept()).set(a_wish("s1", 42.0), Role.OWNER)
    assert (done.state, done.read) == (SetState.DIFFERS, 5.0)


async def test_a_refusal_is_told_with_what_the_device_says(tmp_path):
    device = Device(set=5.0)
    device.keeps, device.answers = False, fails(Refused("exception 2"))
    done = await a_guard(device, tmp_path, AuditKept()).set(a_wish("s1", 42.0), Role.OWNER)
    assert done.state is SetState.REFUSED
    assert "exception 2" in done.why


@pytest.mark.parametrize("error", [TimeoutError(), OSError(104, "reset"), Unreachable("lost")])
async def test_what_may_have_been_carried_out_is_never_sent_again(tmp_path, error):
    device = Device(set=5.0)
    device.keeps, device.answers = False, fails(error)
    done = await a_guard(device, tmp_path, AuditKept()).set(a_wish("s1", 42.0), Role.OWNER)
    assert (done.state, done.read, len(device.writes)) == (SetState.UNSURE, 5.0, 1)
    device.keeps = True
    done = await a_guard(device, tmp_path, AuditKept()).set(a_wish("s1", 43.0), Role.OWNER)
    assert (done.state, done.read, len(device.writes)) == (SetState.WRITTEN, 43.0, 2)


async def test_a_device_that_cannot_be_asked_first_is_not_written_to(tmp_path):
    device, audit = Device(set=5.0), AuditKept()

    async def read(*_):
        raise OSError(111, "nobody")

    device.read = read
    with pytest.raises(Unreachable):
        await a_guard(device, tmp_path, audit).set(a_wish("s1", 42.0), Role.OWNER)
    assert not device.writes
    assert not audit.intended


async def test_nothing_is_sent_where_it_cannot_be_recorded_first(tmp_path):
    device, audit = Device(set=5.0), AuditKept()

    async def intend(_):
        raise Conflict("this was done before")

    audit.intend = intend
    with pytest.raises(Conflict):
        await a_guard(device, tmp_path, audit).set(a_wish("s1", 42.0), Role.OWNER)
    assert not device.writes


async def test_an_interlock_opens_only_in_a_state_that_is_known(tmp_path):
    device = Device(set=5.0, state=6)
    guard = a_guard(device, tmp_path, AuditKept(), states=(PackMLState.IDLE, PackMLState.STOPPED))
    with pytest.raises(Conflict, match="execute"):
        await guard.set(a_wish("s1", 42.0), Role.OWNER)
    device.registers["state"] = None
    with pytest.raises(Conflict, match="nobody knows"):
        await guard.set(a_wish("s1", 42.0), Role.OWNER)
    device.registers["state"] = 4
    assert (await guard.set(a_wish("s1", 42.0), Role.OWNER)).state is SetState.WRITTEN


async def test_who_and_until_when_and_how_often_are_held(tmp_path):
    device = Device(set=5.0)
    guard = a_guard(device, tmp_path, AuditKept(), roles=(Role.TECHNICIAN,), per_minute=1)
    for role in (None, Role.OWNER, Role.OPERATOR):
        with pytest.raises(NotAllowed):
            await guard.set(a_wish("s1", 42.0), role)
    await guard.set(a_wish("s1", 42.0), Role.TECHNICIAN)
    with pytest.raises(TooMuch):
        await guard.set(a_wish("s1", 43.0), Role.TECHNICIAN)
    over = a_guard(device, tmp_path, AuditKept(), until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(NotAllowed, match="over"):
        await over.set(a_wish("s1", 42.0), Role.OWNER)
    assert len(device.writes) == 1


async def test_where_nothing_can_be_asked_what_the_device_tells_next_is_the_answer(tmp_path):
    class Tells:
        def __init__(self, *values):
            self.values = list(values)

        async def newest(self, signal, *, since_ns, wait_s):
            await asyncio.sleep(0)
            return (self.values.pop(0), since_ns + 1) if self.values else None

    device = Device()
    guard = a_guard(
        device, tmp_path, AuditKept(), seen=Tells(5.0, 42.0), reads=False,
        address="m1/set", payload="{value}",
    )  # fmt: skip
    done = await guard.set(a_wish("s1", 42.0), Role.OWNER)
    assert (done.state, done.old, done.read) == (SetState.WRITTEN, 5.0, 42.0)
    assert device.writes == [("m1/set", 42.0)]
    silent = a_guard(device, tmp_path, AuditKept(), reads=False)
    assert (await silent.set(a_wish("s1", 42.0), Role.OWNER)).state is SetState.UNSURE


@given(
    low=st.integers(-100, 100),
    steps=st.integers(1, 500),
    step=st.sampled_from([0.1, 0.25, 1.0, 5.0]),
    value=st.floats(-1e4, 1e4),
)
def test_what_is_allowed_lies_within_bounds_and_on_a_step(low, steps, step, value):
    rule = Settable(asset="m1", name="s1", low=low, high=low + steps * step, step=step)
    try:
        check_value(rule, value)
    except BadInput:
        check_value(rule, min(rule.high, low + round(abs(value)) % steps * step))
    else:
        assert rule.low <= value <= rule.high
        assert abs((value - low) / step - round((value - low) / step)) < 1e-3


@given(value=st.floats() | st.text(max_size=5) | st.booleans())
def test_a_signal_without_bounds_takes_nothing(value):
    with pytest.raises(HanseError):
        check_value(Settable(asset="m1", name="s1"), value)


def test_choices_are_numbers_or_texts_as_they_are_written():
    rule = Settable(asset="m1", name="s1", choices=("1", "2.5", "auto"))
    for value in (1.0, 2.5, "auto", True):
        check_value(rule, value)
    for value in (2.0, "AUTO", "1.5"):
        with pytest.raises(BadInput):
            check_value(rule, value)
    typed = [value_of(t) for t in ("1", "auto", "on", "False")]
    assert typed == [1.0, "auto", True, False]
    assert [type(value) for value in typed] == [float, str, bool, bool]
    assert value_of("on", is_text=True) == "on"


def test_small_words_values_and_payloads():
    assert (state_of(6), state_of("Held"), state_of(99), state_of("?")) == (
        PackMLState.EXECUTE, PackMLState.HELD, None, None,
    )  # fmt: skip
    assert same(0.1, 0.10000000149011612)
    assert same(1.0, True)
    assert not same(1.0, None)
    assert whole(40.99999999999999) == 41
    with pytest.raises(ValueError, match="whole"):
        whole(12.5)
    assert payload_of("", 5.0) == b"5"
    assert payload_of('{"mode": "{value}"}', 'a"b') == b'{"mode": "a\\"b"}'
