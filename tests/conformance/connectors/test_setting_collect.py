"""Setting signals of real servers: read before, written once, read back, told as it is."""

import asyncio
import contextlib
import json
import shutil

import aiomqtt
import msgspec
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
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
)
from tests.conformance.connectors.processes import Mosquitto, serving
from tests.conformance.connectors.rigs import S7Rig

from hanse.collect import Guard, JobDoor, JobGuard, JobMessages, JobRegisters, JobSheet, connector
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.job_ways import number_of
from hanse.model.door import Role
from hanse.model.errors import BadInput, Refused, Unreachable
from hanse.model.setting import SetState, Settable
from hanse.node.setting.tap import Tap

READ_BACK_S = 30.0


def a_guard(made, world, *, seen=None, **rule):
    rule = {"asset": "m1", "name": "s1", "low": -1_000, "high": 1_000} | rule
    reach = (made.connection, made.connector)
    return Guard(
        *reach, world=world, audit=AuditKept(), seen=seen or SeenNothing(),
        rules=(Settable(**rule),),
    )  # fmt: skip


@contextlib.asynccontextmanager
async def registers(port):
    """A Modbus device of a hundred registers and coils."""
    words = [SimData(0, values=[0] * 100, datatype=DataType.REGISTERS)]
    bits = [SimData(0, values=[False] * 100, datatype=DataType.BITS)]
    server = ModbusTcpServer(
        SimDevice(1, simdata=(bits, bits, words, words)), address=("127.0.0.1", port)
    )
    await server.serve_forever(background=True)
    try:
        yield server
    finally:
        await server.shutdown()


async def test_modbus_registers_and_coils_are_set_and_read_back(tmp_path):
    port, world = free_port(), a_world(tmp_path)
    settings = ModbusConfig(host="127.0.0.1", port=port, timeout_s=5)

    def guard(bind, **rule):
        made = a_collector("modbus", settings, [bind], world=world, sink=KeptSink())
        return a_guard(made, world, **rule)

    async with registers(port):
        scaled = guard(a_bind(1, "holding:10", type="int16", scale=0.1))
        done = await scaled.set(a_wish("s1", 4.1), Role.OWNER)
        assert (done.state, done.old) == (SetState.WRITTEN, 0.0)
        assert done.read == pytest.approx(4.1)
        real = guard(a_bind(1, "holding:12", type="float32"))
        assert (await real.set(a_wish("s1", -0.7), Role.OWNER)).state is SetState.WRITTEN
        coil = guard(a_bind(1, "coil:3"), choices=("on", "off"))
        done = await coil.set(a_wish("s1", True), Role.OWNER)
        assert (done.state, done.old, done.read) == (SetState.WRITTEN, False, True)
        broken = await guard(a_bind(1, "holding:20")).set(a_wish("s1", 1.5), Role.OWNER)
        assert (broken.state, broken.old) == (SetState.REFUSED, 0.0)
        outside = await guard(a_bind(1, "holding:99", type="float32")).set(
            a_wish("s1", 1.5), Role.OWNER
        )
        assert outside.state is SetState.REFUSED
    with pytest.raises(Unreachable):
        await guard(a_bind(1, "holding:10")).set(a_wish("s1", 1.0), Role.OWNER)


async def test_numbers_and_bits_of_an_s7_controller_are_set_and_read_back(tmp_path):
    rig, world = S7Rig(tmp_path), a_world(tmp_path)
    async with serving(rig.served):
        for bind, value in (
            (a_bind(1, "DB1.DBD20", type="real"), 12.5),
            (a_bind(1, "DB1.DBX30.3"), 1.0),
        ):
            made = a_collector("s7", rig.settings(), [bind], world=world, sink=KeptSink())
            done = await a_guard(made, world).set(a_wish("s1", value), Role.OWNER)
            assert (done.state, float(done.old), float(done.read)) == (SetState.WRITTEN, 0, value)


async def answering(port):
    """A device that takes commands on one topic and says what it does on another."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("m1/cmd")
        await client.publish("m1/speed", b"5", retain=True)
        async for message in client.messages:
            speed = message.payload.partition(b'"speed": ')[2].rstrip(b"}")
            await client.publish("m1/speed", speed, retain=True)


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not installed")
async def test_an_mqtt_device_is_sent_a_command_and_heard(tmp_path):
    port, world = free_port(), a_world(tmp_path)
    tap = Tap(KeptSink(), world.clock)
    tap.watch([1])
    settings = MqttConfig(host="127.0.0.1", port=port)
    made = a_collector("mqtt", settings, [a_bind(1, "m1/speed")], world=world, sink=tap)
    guard = a_guard(
        made, world, seen=tap, address="m1/cmd", payload='{"speed": {value}}',
        read_back_s=READ_BACK_S,
    )  # fmt: skip
    async with serving(Mosquitto(port, tmp_path)), running(made):
        device = asyncio.create_task(answering(port))
        try:
            assert await tap.newest(1, since_ns=0, wait_s=60)
            done = await guard.set(a_wish("s1", 42.0), Role.OWNER)
        finally:
            device.cancel()
            await asyncio.gather(device, return_exceptions=True)
    assert (done.state, done.old, done.read) == (SetState.WRITTEN, 5.0, 42.0)


class JobsKept:
    def __init__(self):
        self.kept = []

    async def intend(self, handed):
        self.kept.append((handed.deed, "intended"))

    async def done(self, handed):
        self.kept.append((handed.deed, "refused" if handed.refused else "done"))


SHEET = JobSheet(job="o-17/10/0/1", machine="m1", order="o-17", item="shaft", pieces=12, run_s=30)


async def machine_of_registers(port, started):
    """A machine that begins when its start register says so, and keeps the number it took."""
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    try:
        while True:
            words = (await client.read_holding_registers(0, count=6, device_id=1)).registers
            if words[5]:
                await client.write_registers(6, words[:2], device_id=1)
                await client.write_register(5, 0, device_id=1)
                started.append((words[0] << 16 | words[1], words[3]))
            await asyncio.sleep(0.02)
    finally:
        client.close()


async def test_a_machine_of_registers_is_given_a_job_once_by_its_number(tmp_path):
    port, started, kept = free_port(), [], JobsKept()
    places = JobRegisters(
        number="holding:0 uint32", pieces="holding:2 uint32", start="holding:5",
        taken="holding:6 uint32", order="holding:8 uint32", end="holding:10",
    )  # fmt: skip
    door = JobDoor(asset="m1", registers=places, pieces_max=20, per_minute=60, answer_s=15)
    reach = (connector("modbus"), ModbusConfig(host="127.0.0.1", port=port, timeout_s=5))
    guard = JobGuard("dev", reach, world=a_world(tmp_path), audit=kept, doors=(door,))
    async with registers(port):
        machine = asyncio.create_task(machine_of_registers(port, started))
        try:
            await guard.start(SHEET, by="node")
            await guard.start(SHEET, by="node")
            assert started == [(number_of(SHEET.job), 12)]
            await guard.end("m1", SHEET.job, by="node")
            with pytest.raises(BadInput):
                await guard.start(msgspec.structs.replace(SHEET, pieces=21), by="node")
        finally:
            machine.cancel()
            await asyncio.gather(machine, return_exceptions=True)
        deaf = msgspec.structs.replace(door, answer_s=0.3)
        guard = JobGuard("dev", reach, world=a_world(tmp_path), audit=kept, doors=(deaf,))
        with pytest.raises(Unreachable, match="taken"):
            await guard.start(msgspec.structs.replace(SHEET, job="another"), by="node")
    ends = [what for _, what in kept.kept if what != "intended"]
    assert ends == ["done", "done", "done", "refused", "refused"]


async def machine_of_messages(port, taken):
    """A machine that answers each job by its name, and takes one that it knows only once."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("m1/jobs")
        await client.publish("m1/listens", b"1", retain=True)
        async for message in client.messages:
            job = json.loads(message.payload)
            if job.get("pieces", 0) > 15:
                answer = {"job": job["job"], "why": "the magazine is empty"}
            else:
                answer = {"job": job["job"], "taken": True}
                taken.setdefault(job["job"], job)
            await client.publish("m1/jobs/answers", json.dumps(answer))


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not installed")
async def test_a_machine_of_messages_answers_each_job_by_its_name(tmp_path):
    port, taken = free_port(), {}
    topics = JobMessages(topic="m1/jobs", answers="m1/jobs/answers")
    door = JobDoor(asset="m1", messages=topics, per_minute=60, answer_s=15)
    reach = (connector("mqtt"), MqttConfig(host="127.0.0.1", port=port))
    guard = JobGuard("dev", reach, world=a_world(tmp_path), audit=JobsKept(), doors=(door,))
    async with serving(Mosquitto(port, tmp_path)):
        machine = asyncio.create_task(machine_of_messages(port, taken))
        try:
            async with aiomqtt.Client("127.0.0.1", port) as client:
                await client.subscribe("m1/listens")
                async with asyncio.timeout(60):
                    await anext(aiter(client.messages))
            await guard.start(SHEET, by="node")
            await guard.start(SHEET, by="node")
            with pytest.raises(Refused, match="magazine"):
                await guard.start(msgspec.structs.replace(SHEET, job="j2", pieces=16), by="node")
            await guard.end("m1", SHEET.job, by="node")
        finally:
            machine.cancel()
            await asyncio.gather(machine, return_exceptions=True)
        assert taken == {SHEET.job: {"deed": "start", **msgspec.to_builtins(SHEET)}}
        deaf = msgspec.structs.replace(door, answer_s=0.3)
        guard = JobGuard("dev", reach, world=a_world(tmp_path), audit=JobsKept(), doors=(deaf,))
        with pytest.raises(Unreachable, match="answer"):
            await guard.start(SHEET, by="node")
