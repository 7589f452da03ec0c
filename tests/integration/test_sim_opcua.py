"""A simulated plant as an OPC UA client sees it."""

import asyncio
import contextlib
import datetime as dt
import hashlib
import socket
import time

import msgspec
import pytest
import pytest_asyncio
from asyncua import Client, ua
from tests.conformance.connectors.builders import a_world

from hanse.collect import JobGuard, JobSheet, doors_of
from hanse.collect.connectors.opcua import CONNECTOR, from_url
from hanse.collect.connectors.opcua.keys import keys_in
from hanse.model.errors import BadInput, NotAllowed, Refused, TooMuch, Unreachable
from hanse.model.plant import PackMLState
from hanse.model.time import parse_instant
from hanse.sim.config import PlantConfig, SimulatedMachine
from hanse.sim.opcua_server import NAMESPACE, SimulatedPlant, serve
from hanse.sim.plant import Job, Machine, MachineSpec
from hanse.sim.space import StandardNodes

pytestmark = pytest.mark.asyncio(loop_scope="module")


STANDARD = StandardNodes()
"""Building the standard address space takes seconds: once for all tests."""


class RealClock:
    def now(self):
        return dt.datetime.now(dt.UTC)

    def ns(self):
        return time.time_ns()

    def monotonic_s(self):
        return time.monotonic()


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def plant_config(**fields):
    job = Job(order="WO-1", item="SHAFT", quantity=1000, run_s=30, setup_s=0)
    machines = (
        SimulatedMachine(spec=MachineSpec(key="M1", title="Lathe 1"), jobs=(job,)),
        SimulatedMachine(spec=MachineSpec(key="M2")),
    )
    return PlantConfig(key="shop", port=free_port(), machines=machines, **fields)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server():
    """A plant that is moved by hand, and a client beside it (building one takes seconds)."""
    config = plant_config()
    async with SimulatedPlant(config, RealClock(), STANDARD) as plant, Client(config.url) as client:
        plant.ns = await client.get_namespace_index(NAMESPACE)
        yield plant, client


@pytest.fixture
def seen(server):
    """The plant as it is in the morning."""
    plant, client = server
    plant.machines = {m.spec.key: Machine(queue=m.jobs) for m in plant.config.machines}
    plant.marks = {key: {} for key in plant.machines}
    return plant, client


def node(plant, client, path):
    return client.get_node(ua.NodeId(path, plant.ns))


async def read(plant, client, path):
    return await node(plant, client, path).read_value()


async def call(plant, client, method, *arguments):
    door = node(plant, client, "Simulation")
    return await door.call_method(ua.NodeId(f"Simulation.{method}", plant.ns), *arguments)


async def advance(plant, seconds):
    for _ in range(round(seconds / 0.5)):
        await plant.advance(0.5)


async def test_a_client_sees_a_machine_cut(seen):
    plant, client = seen
    await advance(plant, 10)
    assert await read(plant, client, "M1.State.StateCurrent") == 6
    assert await read(plant, client, "M1.Job.Order") == "WO-1"
    assert 0.5 < await read(plant, client, "M1.Monitoring.Spindle.Vibration") < 3
    assert await read(plant, client, "M2.State.StateCurrent") == 4


async def test_analog_variables_carry_their_unit_and_range(seen):
    plant, client = seen
    path = "M1.Monitoring.Spindle.Vibration"
    assert (await read(plant, client, f"{path}.EngineeringUnits")).DisplayName.Text == "mm/s"
    assert (await read(plant, client, f"{path}.EURange")).High == 25.0


async def test_machines_are_found_by_browsing(seen):
    plant, client = seen
    machines = await node(plant, client, "Machines").get_children()
    assert [(await m.read_browse_name()).Name for m in machines] == ["M1", "M2"]


async def test_an_injected_bearing_fault_trips_the_machine_and_says_when_each_sign_was_written(
    seen,
):
    plant, client = seen
    await advance(plant, 5)
    began = parse_instant(await call(plant, client, "InjectFault", "M1", "bearing", 20.0))
    await advance(plant, 60)
    assert await read(plant, client, "M1.State.StateCurrent") == 9
    marks = [
        parse_instant(await read(plant, client, f"M1.Fault.{name}"))
        for name in ("InjectedAt", "WarnAt", "CriticalAt", "TrippedAt")
    ]
    assert marks == sorted(marks)
    assert marks[0] == began


async def test_the_written_value_has_the_source_time_that_the_mark_names(seen):
    plant, client = seen
    await advance(plant, 5)
    await call(plant, client, "InjectFault", "M1", "stop", 0.0)
    await plant.advance(0.1)
    value = await node(plant, client, "M1.State.StateCurrent").read_data_value()
    tripped = parse_instant(await read(plant, client, "M1.Fault.TrippedAt"))
    assert value.SourceTimestamp.replace(tzinfo=dt.UTC) == tripped


async def test_a_repair_brings_the_machine_back(seen):
    plant, client = seen
    await call(plant, client, "InjectFault", "M1", "stop", 0.0)
    await advance(plant, 5)
    await call(plant, client, "Repair", "M1")
    await advance(plant, 10)
    assert await read(plant, client, "M1.State.StateCurrent") == 6


async def test_a_job_comes_in_through_the_request_variables(seen):
    plant, client = seen
    for name, value, kind in (
        ("Order", "WO-9", ua.VariantType.String),
        ("Item", "SHAFT", ua.VariantType.String),
        ("Quantity", 2, ua.VariantType.UInt32),
        ("RunSeconds", 5.0, ua.VariantType.Double),
        ("CntrlCmd", 2, ua.VariantType.Int32),
    ):
        await node(plant, client, f"M2.Request.{name}").write_value(value, kind)
    await advance(plant, 5)
    assert await read(plant, client, "M2.Job.Order") == "WO-9"
    await advance(plant, 20)
    assert (
        await read(plant, client, "M2.Counters.Good")
        + await read(plant, client, "M2.Counters.Scrap")
        == 2
    )


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("InjectFault", ("M9", "bearing", 1.0)),
        ("InjectFault", ("M1", "gremlins", 1.0)),
        ("Repair", ("M9",)),
    ],
)
async def test_a_wrong_argument_is_answered_with_bad_invalid_argument(seen, method, arguments):
    plant, client = seen
    with pytest.raises(ua.UaStatusCodeError) as refused:
        await call(plant, client, method, *arguments)
    assert refused.value.code == ua.StatusCodes.BadInvalidArgument


async def test_a_job_that_makes_no_sense_is_refused_and_the_machine_goes_on(seen):
    plant, client = seen
    home = node(plant, client, "M2")
    with pytest.raises(ua.UaStatusCodeError):
        await home.call_method(f"{plant.ns}:StartJob", "WO 1?", "SHAFT", 0, -1.0, 0.0, "J1")
    await node(plant, client, "M2.Request.CntrlCmd").write_value(99, ua.VariantType.Int32)
    await advance(plant, 1)
    assert await read(plant, client, "M2.State.StateCurrent") == 4


async def test_only_what_changed_is_written(seen):
    plant, _ = seen
    await advance(plant, 5)
    plant.machines["M1"] = Machine()
    await advance(plant, 5)
    before = plant.writes
    await advance(plant, 5)
    assert plant.writes - before < 10


async def test_it_runs_by_itself_at_its_speed_up():
    config = plant_config(speed_up=50.0, update_s=0.02)
    async with SimulatedPlant(config, RealClock(), STANDARD) as plant:
        task = asyncio.create_task(plant.run())
        while plant.machines["M1"].good == 0:
            await asyncio.sleep(0.05)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_one_process_shows_several_plants_each_on_its_port():
    one, other = plant_config(speed_up=50.0), plant_config(speed_up=50.0)
    task = asyncio.create_task(serve([one, other], RealClock()))
    for config in (one, other):
        client = Client(config.url)
        for _ in range(200):
            try:
                await client.connect()
                break
            except OSError:
                await asyncio.sleep(0.1)
        namespace = await client.get_namespace_index(NAMESPACE)
        energy = client.get_node(ua.NodeId("M1.Monitoring.Energy", namespace))
        while await energy.read_value() == 0:
            await asyncio.sleep(0.05)
        await client.disconnect()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_with_keys_a_plant_speaks_encrypted_only_and_its_certificate_must_be_trusted(
    tmp_path,
):
    config = plant_config(keys=str(tmp_path / "plant"))
    world = a_world(tmp_path / "node", connection="plant")
    async with SimulatedPlant(config, RealClock(), STANDARD) as plant:
        await plant.advance(1.0)
        with pytest.raises(ua.UaError):
            async with Client(config.url):
                pass
        world.trust.refuse = True
        with pytest.raises(Refused):
            await CONNECTOR.browse(from_url(config.url), world)
        world.trust.refuse = False
        found = await CONNECTOR.browse(from_url(config.url), world)
    (vibration,) = [
        f for f in found if f.address == "nsu=urn:hanse:sim;s=M1.Monitoring.Spindle.Vibration"
    ]
    assert vibration.unit == "mm/s"
    (shown,) = world.trust.shown
    pinned = hashlib.sha256(
        keys_in(tmp_path / "plant", at=RealClock().now()).certificate.read_bytes()
    )
    assert shown.fingerprint == pinned.hexdigest()


async def asked_for_a_job(settings, tmp_path):
    """A job is given on a line of its own, which is trusted under the name of its connection."""
    world, audit = a_world(tmp_path / "desk", connection=""), KeptAudit()
    doors = doors_of(["M2"], f"nsu={NAMESPACE};s={{}}")
    guard = JobGuard("plant", (CONNECTOR, settings), world=world, audit=audit, doors=doors)
    await guard.start(sheet("WO-7/10/0/1"), by="node")
    assert [shown.connection for shown in world.trust.shown] == ["plant"]


async def test_a_plant_with_a_login_lets_in_who_knows_it_and_nobody_else(tmp_path):
    config = plant_config(keys=str(tmp_path / "plant"), user="hanse", password="as it should be")
    world = a_world(tmp_path / "node", connection="plant")
    known = msgspec.structs.replace(
        from_url(config.url), policy="Basic256Sha256", user="hanse", password="as it should be"
    )
    async with SimulatedPlant(config, RealClock(), STANDARD):
        assert await CONNECTOR.browse(known, world)
        await asked_for_a_job(known, tmp_path)
        for wrong in ({"password": "another"}, {"user": "someone"}, {"user": "", "password": ""}):
            with pytest.raises(ua.UaError):
                await CONNECTOR.browse(msgspec.structs.replace(known, **wrong), world)


async def test_a_plant_that_dies_begins_where_it_was_and_a_broken_bearing_stays_broken(tmp_path):
    config, memory = plant_config(speed_up=20.0, update_s=0.02), tmp_path / "shop.json"
    plant = SimulatedPlant(config, RealClock(), STANDARD, memory=memory)
    async with plant:
        task = asyncio.create_task(plant.run())
        while plant.machines["M1"].state is not PackMLState.EXECUTE:
            await asyncio.sleep(0.01)
        await plant.inject("M1", "stop", 0.0)
        while plant.machines["M1"].state is not PackMLState.ABORTED:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        task.cancel()
    again = SimulatedPlant(config, RealClock(), STANDARD, memory=memory)
    assert again.machines["M1"].state is PackMLState.ABORTED
    assert again.marks["M1"] == plant.marks["M1"]
    assert again.marks["M1"]["TrippedAt"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"machines": {"M1": {"state": "sleeping"}}}']
)
async def test_a_memory_that_cannot_be_read_is_a_new_morning(tmp_path, content):
    memory = tmp_path / "shop.json"
    memory.write_bytes(content)
    plant = SimulatedPlant(plant_config(), RealClock(), memory=memory)
    assert plant.machines["M1"].state is PackMLState.IDLE


class KeptAudit:
    def __init__(self):
        self.intended, self.ended = [], []

    async def intend(self, handed):
        self.intended.append(handed)

    async def done(self, handed):
        self.ended.append(handed)


def job_guard(tmp_path, url, *machines, **bounds):
    doors = doors_of(machines, f"nsu={NAMESPACE};s={{}}")
    doors = tuple(msgspec.structs.replace(door, **bounds) for door in doors)
    settings = from_url(f"{url}?insecure=1&policy=None")
    world, audit = a_world(tmp_path), KeptAudit()
    reach = (CONNECTOR, settings)
    return JobGuard("plant", reach, world=world, audit=audit, doors=doors), audit


def sheet(name, machine="M2", pieces=3):
    return JobSheet(job=name, machine=machine, order="WO-7", item="SHAFT", pieces=pieces, run_s=5.0)


async def test_a_machine_takes_a_job_once_counts_it_and_says_what_came_of_it(seen, tmp_path):
    plant, client = seen
    guard, audit = job_guard(tmp_path, plant.config.url, "M2")
    await guard.start(sheet("WO-7/10/0/1"), by="node")
    await guard.start(sheet("WO-7/10/0/1"), by="node")
    await advance(plant, 9)
    name, good, scrap = (await read(plant, client, "M2.Job.Report")).split()
    assert (name, int(good) + int(scrap)) == ("WO-7/10/0/1", 1)
    await guard.start(sheet("WO-7/10/0/1"), by="node")
    await advance(plant, 40)
    name, good, scrap = (await read(plant, client, "M2.Job.Last")).split()
    assert (name, int(good) + int(scrap)) == ("WO-7/10/0/1", 3)
    await guard.start(sheet("WO-7/10/0/1"), by="node")
    await advance(plant, 5)
    assert await read(plant, client, "M2.State.StateCurrent") == 4
    assert [h.refused for h in audit.ended] == [""] * 4
    assert {(h.deed, h.job, h.by) for h in audit.intended} == {("start", "WO-7/10/0/1", "node")}


async def test_a_job_taken_away_ends_with_the_piece_in_hand_and_does_not_come_back(seen, tmp_path):
    plant, client = seen
    guard, _ = job_guard(tmp_path, plant.config.url, "M2")
    await guard.start(sheet("J1", pieces=50), by="node")
    await advance(plant, 4)
    await guard.end("M2", "J1", by="node")
    await guard.end("M2", "J2", by="node")
    await advance(plant, 20)
    await guard.start(sheet("J2"), by="node")
    await advance(plant, 5)
    assert plant.machines["M2"].good + plant.machines["M2"].scrap == 1
    assert await read(plant, client, "M2.State.StateCurrent") == 4


async def test_jobs_are_given_only_where_the_owner_allowed_it_and_within_bounds(seen, tmp_path):
    plant, _ = seen
    guard, audit = job_guard(tmp_path, plant.config.url, "M2", pieces_max=10, per_minute=2)
    with pytest.raises(NotAllowed):
        await guard.start(sheet("J1", machine="M1"), by="node")
    with pytest.raises(BadInput):
        await guard.start(sheet("J1", pieces=11), by="node")
    await guard.start(sheet("J1"), by="node")
    await guard.start(sheet("J2"), by="node")
    with pytest.raises(TooMuch):
        await guard.start(sheet("J3"), by="node")
    off, _ = job_guard(tmp_path, plant.config.url)
    with pytest.raises(NotAllowed):
        await off.start(sheet("J4"), by="node")
    assert len(audit.intended) == 2
    assert [bool(h.refused) for h in audit.ended] == [True, True, False, False, True]


async def test_a_job_that_the_device_refuses_or_cannot_be_brought_is_told_with_what_to_do(
    seen, tmp_path
):
    plant, _ = seen
    guard, _ = job_guard(tmp_path, plant.config.url, "M2", start=f"nsu={NAMESPACE};s=M2.Nothing")
    with pytest.raises(Refused) as refused:
        await guard.start(sheet("J1"), by="node")
    assert refused.value.remedy
    away, _ = job_guard(tmp_path, f"opc.tcp://127.0.0.1:{free_port()}/x", "M2")
    with pytest.raises(Unreachable):
        await away.start(sheet("J1"), by="node")
