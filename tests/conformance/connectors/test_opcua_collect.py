"""OPC UA against asyncua's server: values, gaps, browsing, writing, security."""

import datetime as dt

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.conformance.connectors.builders import (
    AuditKept,
    KeptSink,
    SeenNothing,
    a_bind,
    a_collector,
    a_wish,
    a_world,
    free_port,
    running,
    until,
)
from tests.conformance.connectors.processes import opcua, serving

from hanse.collect import Guard, connector
from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.keys import certificate
from hanse.collect.diagnostics import LineState
from hanse.model.door import Role
from hanse.model.errors import BadInput, NotAllowed, TooMuch
from hanse.model.sample import GapReason, Quality
from hanse.model.setting import SetState, Settable

URI = "urn:hanse:test:plant"


def address(name):
    return f"nsu={URI};s=Lathe.{name}"


def settings(port, **changes):
    fields = {"url": f"opc.tcp://127.0.0.1:{port}/", "insecure": True}
    return OpcUaConfig(**{**fields, **changes})


@pytest.fixture(scope="module")
def plant():
    """The port of one server for the tests that leave it as it was."""
    port = free_port()
    served = opcua(port=port)
    served.begin()
    served.first_line()
    yield port
    served.kill()


async def test_values_arrive_with_source_time_quality_and_scaling(plant, tmp_path):
    port, sink = plant, KeptSink()
    binds = [a_bind(1, address("S0")), a_bind(2, address("S1"), scale=0.5, offset=10.0)]
    collector = a_collector("opcua", settings(port), binds, world=a_world(tmp_path), sink=sink)
    async with running(collector):
        await until(lambda: len(sink.values(1)) > 4 and len(sink.values(2)) > 4)
        seen = collector.diagnostics()
    assert seen.state is LineState.RUNNING
    assert seen.round_trip_s is not None
    assert seen.rejected == 0
    by_signal = {s: [(a, v, q) for s2, a, v, q, _ in sink.rows() if s2 == s] for s in (1, 2)}
    times = [a for a, _, _ in by_signal[1]]
    assert times == sorted(times)
    assert all(q == Quality.GOOD for _, _, q in by_signal[1])
    last = by_signal[2][-1][1]
    assert (last - 10.0) / 0.5 % 1000 == 1.0
    seqs = [h.seq for h in sink.frames]
    assert seqs == list(range(len(seqs)))


async def test_a_restarted_server_with_other_namespace_indexes_is_found_again(tmp_path):
    port, sink = free_port(), KeptSink()
    world = a_world(tmp_path)
    collector = a_collector(
        "opcua", settings(port), [a_bind(1, address("S0"))], world=world, sink=sink
    )
    first, second = opcua(port=port), opcua(port=port, namespaces_before=3)
    async with running(collector):
        async with serving(first):
            await until(lambda: sink.values(1))
        await until(lambda: collector.diagnostics().state is LineState.WAITING)
        before = sink.count()
        async with serving(second):
            await until(lambda: sink.count() > before + 3, timeout_s=10)
            await until(lambda: any(g.end_ns for g in sink.gaps.values()))
    reasons = {g.reason: g for g in sink.gaps.values()}
    assert set(reasons) == {GapReason.UNREACHABLE, GapReason.RESTARTED}
    gap = reasons[GapReason.RESTARTED]
    assert gap.start_ns < gap.end_ns
    at = [a for _, a, _, _, _ in sink.rows()]
    assert not [a for a in at if gap.start_ns + 10**9 < a < gap.end_ns - 10**9]


async def test_a_wrong_address_is_told_and_the_others_go_on(plant, tmp_path):
    port, sink = plant, KeptSink()
    binds = [
        a_bind(1, address("S0")),
        a_bind(2, address("Nothing")),
        a_bind(3, "nsu=urn:nobody;s=X"),
        a_bind(4, "rubbish"),
    ]
    collector = a_collector("opcua", settings(port), binds, world=a_world(tmp_path), sink=sink)
    async with running(collector):
        await until(lambda: sink.values(1))
        seen = collector.diagnostics()
    assert {t.subject for t in seen.troubles} == {
        address("Nothing"),
        "nsu=urn:nobody;s=X",
        "rubbish",
    }
    assert all(t.remedy for t in seen.troubles)


async def test_browsing_goes_through_variables_and_reads_units(plant, tmp_path):
    port = plant
    found = await connector("opcua").browse(settings(port), a_world(tmp_path))
    by_address = {(f.address, f.path): f for f in found}
    place = by_address[address("Set"), ""]
    assert (place.unit, place.low, place.high, place.value) == ("°C", 0.0, 120.0, 5.0)
    assert place.trail == ("Lathe", "Set")
    assert place.writable
    assert by_address[address("Set.Inner"), ""].value == 7
    assert by_address[address("Axes"), "[1]"].value == 2.5
    assert by_address[address("Name"), ""].value == "L-200"


async def test_setting_is_off_then_bounded_read_back_rated_and_recorded(plant, tmp_path):
    port, audit = plant, AuditKept()
    world, sink = a_world(tmp_path), KeptSink()
    binds = [a_bind(7, address("Set"))]
    device = a_collector("opcua", settings(port), binds, world=world, sink=sink)
    rule = Settable(asset="m1", name="s7", low=0, high=50, per_minute=2)
    reach = (device.connection, device.connector)
    off = Guard(*reach, world=world, audit=audit, seen=SeenNothing())
    on = Guard(*reach, world=world, audit=audit, seen=SeenNothing(), rules=(rule,))
    with pytest.raises(NotAllowed):
        await off.set(a_wish("s7", 9.0), Role.OWNER)
    with pytest.raises(NotAllowed):
        await on.set(a_wish("s7", 9.0), Role.OPERATOR)
    for value in (51.0, float("nan"), "hot"):
        with pytest.raises(BadInput):
            await on.set(a_wish("s7", value), Role.OWNER)
    one = await on.set(a_wish("s7", 42.0), Role.OWNER)
    two = await on.set(a_wish("s7", 43.0), Role.OWNER)
    with pytest.raises(TooMuch):
        await on.set(a_wish("s7", 44.0), Role.OWNER)
    assert (one.state, one.read, two.old, two.read) == (SetState.WRITTEN, 42.0, 42.0, 43.0)
    assert [w.value for w in audit.intended] == [42.0, 43.0] == [w.value for w in audit.ended]


async def test_what_a_server_does_not_take_is_told_with_its_status(plant, tmp_path):
    world, audit = a_world(tmp_path), AuditKept()
    binds = [a_bind(1, address("S0"))]
    device = a_collector("opcua", settings(plant), binds, world=world, sink=KeptSink())
    guard = Guard(
        device.connection, device.connector, world=world, audit=audit, seen=SeenNothing(),
        rules=(Settable(asset="m1", name="s1", low=0, high=50),),
    )  # fmt: skip
    done = await guard.set(a_wish("s1", 5.0), Role.OWNER)
    assert done.state is SetState.REFUSED
    assert "BadUserAccessDenied" in done.why or "BadNotWritable" in done.why


def own_certificate(folder, name):
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    made = certificate(
        key, uri="urn:hanse:test:server", name=name, at=dt.datetime.now(dt.UTC), days=30
    )
    (folder / f"{name}.der").write_bytes(made.public_bytes(serialization.Encoding.DER))
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / f"{name}.pem").write_bytes(pem)
    return {"certificate": str(folder / f"{name}.der"), "key": str(folder / f"{name}.pem")}


async def test_the_strongest_policy_is_taken_and_the_certificate_is_asked_about_once(tmp_path):
    port, sink, world = free_port(), KeptSink(), a_world(tmp_path)
    world.trust.refuse = True
    secure = settings(port, insecure=False)
    collector = a_collector("opcua", secure, [a_bind(1, address("S0"))], world=world, sink=sink)
    async with serving(opcua(port=port, **own_certificate(tmp_path, "one"))), running(collector):
        await until(lambda: collector.diagnostics().last_error)
        error = collector.diagnostics().last_error
        assert error.code == "certificate"
        assert "fingerprint" in error.remedy
        assert not sink.values(1)
        world.trust.refuse = False
        await until(lambda: sink.values(1))
        assert collector.diagnostics().certificate_days in {28, 29}
    assert len(world.trust.shown) == 1


async def test_a_server_without_security_is_refused_unless_ticked(plant, tmp_path):
    port, sink = plant, KeptSink()
    secure = settings(port, insecure=False)
    collector = a_collector(
        "opcua", secure, [a_bind(1, address("S0"))], world=a_world(tmp_path), sink=sink
    )
    async with running(collector):
        await until(lambda: collector.diagnostics().last_error)
        assert collector.diagnostics().last_error.code == "no-security"
    assert not sink.rows()


async def test_structures_arrays_and_alarms_are_taken(tmp_path):
    port, sink = free_port(), KeptSink()
    binds = [
        a_bind(1, f"nsu={URI};s=Spindle", path="Load"),
        a_bind(2, f"nsu={URI};s=Spindle", path="Axes[1]"),
        a_bind(3, address("Axes"), path="[2]"),
        a_bind(4, address("Axes"), path="[9]"),
    ]
    rich = settings(port, alarms=True)
    async with serving(opcua(port=port, rich=True)):
        collector = a_collector("opcua", rich, binds, world=a_world(tmp_path), sink=sink)
        async with running(collector):
            await until(lambda: len(sink.values(1)) > 2 and sink.events and sink.values(3))
        found = await connector("opcua").browse(rich, a_world(tmp_path))
    assert sink.values(1)[1:] == sink.values(2)[1:]
    assert sink.values(3)[0] == 3.5
    assert [q for s, _, _, q, _ in sink.rows() if s == 4] == [Quality.BAD]
    event = sink.events[0]
    assert event.kind == "collect.device_event"
    assert event.text.en == "Lathe: coolant low"
    assert event.about["severity"] == 700
    assert (event.about["active"], event.about["acknowledged"]) == (True, False)
    paths = {f.path for f in found if f.address == f"nsu={URI};s=Spindle"}
    assert paths == {"Load", "Axes[0]", "Axes[1]"}


async def test_a_wrong_password_is_told_and_not_tried_often(tmp_path):
    port, sink = free_port(), KeptSink()
    mine = settings(port, user="ann", password="secret:plc")
    world = a_world(tmp_path, secrets={"plc": "wrong"})
    collector = a_collector("opcua", mine, [a_bind(1, address("S0"))], world=world, sink=sink)
    async with serving(opcua(port=port, users=True)), running(collector):
        await until(lambda: collector.diagnostics().last_error)
        seen = collector.diagnostics()
        assert seen.last_error.code == "login", seen.last_error
        assert seen.last_error.remedy
        assert seen.attempts == 1
