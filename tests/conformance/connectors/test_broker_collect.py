"""MQTT and Sparkplug against Mosquitto: what is particular to brokers."""

import asyncio
import json

import aiomqtt
import pytest
import trustme
from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    free_port,
    running,
    until,
)
from tests.conformance.connectors.processes import Mosquitto, serving

from hanse.collect import Point, connector
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.connectors.sparkplug.codec import decode
from hanse.collect.connectors.sparkplug.config import SparkplugConfig


class Secured(Mosquitto):
    def __init__(self, port, folder):
        super().__init__(port, folder)
        authority = trustme.CA()
        mine = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        mine.private_key_pem.write_to_path(folder / "key.pem")
        mine.cert_chain_pems[0].write_to_path(folder / "cert.pem")
        # the password is "seven" (PBKDF2-SHA512, 101 rounds), as mosquitto_passwd writes it
        (folder / "passwords").write_text("ann:seven\n")
        (folder / f"mosquitto-{port}.conf").write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous false\npersistence false\nuser root\n"
            f"password_file {folder}/passwords\ncertfile {folder}/cert.pem\n"
            f"keyfile {folder}/key.pem\n"
        )


async def hash_passwords(folder):
    done = await asyncio.create_subprocess_exec("mosquitto_passwd", "-U", str(folder / "passwords"))
    assert await done.wait() == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho's socket
async def test_a_broker_with_tls_and_a_password_is_spoken_to_and_a_wrong_one_is_told(tmp_path):
    port = free_port()
    served = Secured(port, tmp_path)
    await hash_passwords(tmp_path)
    good = {"host": "127.0.0.1", "port": port, "tls": True, "authority": str(tmp_path / "ca.pem")}
    world = a_world(tmp_path, secrets={"broker": "seven"})
    async with serving(served):
        for settings, code in [
            (MqttConfig(**good, user="ann", password="secret:broker"), ""),
            (MqttConfig(**good, user="ann", password="wrong"), "login"),
            (MqttConfig(host="127.0.0.1", port=port, tls=True, user="ann"), "certificate"),
        ]:
            sink = KeptSink()
            collector = a_collector("mqtt", settings, [a_bind(1, "a/b")], world=world, sink=sink)
            async with running(collector):
                if not code:
                    await until(lambda c=collector: c.diagnostics().state == "running")
                else:
                    await until(lambda c=collector: c.diagnostics().last_error)
                    assert collector.diagnostics().last_error.code == code, collector.diagnostics()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_a_kept_session_brings_what_was_published_meanwhile(tmp_path, version):
    port, sink, world = free_port(), KeptSink(), a_world(tmp_path)
    settings = MqttConfig(
        host="127.0.0.1", port=port, client_id="node", keep_session=True, version=version
    )
    async with serving(Mosquitto(port, tmp_path)):
        for n in (1, 2):
            collector = a_collector("mqtt", settings, [a_bind(1, "x")], world=world, sink=sink)
            async with running(collector):
                await until(lambda c=collector: c.diagnostics().state == "running")
            async with aiomqtt.Client("127.0.0.1", port) as client:
                await client.publish("x", str(n), qos=1)
        collector = a_collector("mqtt", settings, [a_bind(1, "x")], world=world, sink=sink)
        async with running(collector):
            await until(lambda: 2.0 in sink.values(1))


async def test_a_frozen_broker_is_noticed_and_left(tmp_path):
    port, sink = free_port(), KeptSink()
    settings = MqttConfig(host="127.0.0.1", port=port, keepalive_s=1)
    async with serving(Mosquitto(port, tmp_path)) as served:
        collector = a_collector(
            "mqtt", settings, [a_bind(1, "x")], world=a_world(tmp_path), sink=sink
        )
        async with running(collector):
            await until(lambda: collector.diagnostics().state == "running")
            served.freeze()
            await until(lambda: collector.diagnostics().gap_since)
            served.thaw()
            await until(lambda: collector.diagnostics().gap_since is None)
    assert all(g.end_ns for g in sink.gaps.values())


async def test_the_host_announces_itself_and_says_goodbye(tmp_path):
    port, sink, states = free_port(), KeptSink(), []
    settings = SparkplugConfig(host="127.0.0.1", port=port, host_id="works")
    topic = "spBv1.0/STATE/works"

    async def listen(client):
        async for message in client.messages:
            if str(message.topic) == topic:
                states.append((json.loads(message.payload), message.qos, message.retain))
            else:
                commands.append((str(message.topic), decode(message.payload), message.retain))

    commands = []
    async with serving(Mosquitto(port, tmp_path)), aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe([(topic, 1), ("spBv1.0/+/NCMD/#", 0)])
        listening = asyncio.create_task(listen(client))
        collector = a_collector(
            "sparkplug", settings, [a_bind(1, "g/n/d:t")], world=a_world(tmp_path), sink=sink
        )
        async with running(collector):
            await until(lambda: states and commands)
            await client.publish(topic, b'{"online": false, "timestamp": 1}', qos=1, retain=True)
            await until(lambda: len(states) >= 3)
        await until(lambda: states[-1][0]["online"] is False and len(states) >= 4)
        listening.cancel()
    said = [s["online"] for s, _, _ in states]
    assert said == [True, False, True, False]
    assert states[0][0]["timestamp"] == states[2][0]["timestamp"]
    assert states[3][0]["timestamp"] >= states[0][0]["timestamp"]
    assert {qos for _, qos, _ in states} == {1}
    (name, command, is_retained) = commands[0]
    assert name == "spBv1.0/g/NCMD/n"
    assert command.metrics[0].value is True
    assert not is_retained


async def test_a_metric_is_set_by_a_command_without_a_number(tmp_path):
    port = free_port()
    settings = SparkplugConfig(host="127.0.0.1", port=port)
    write = connector("sparkplug").write
    async with serving(Mosquitto(port, tmp_path)), aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("spBv1.0/#")
        for address, type_, value in [("g/n/d:set", "Int32", -7), ("g/n:on", "", True)]:
            point = Point(slot=0, address=address, type=type_)
            await write(settings, a_world(tmp_path), point, value)
            message = await asyncio.wait_for(anext(aiter(client.messages)), 5)
            said = decode(message.payload)
            device = "/d" if "/d:" in address else ""
            verb = "DCMD" if device else "NCMD"
            assert str(message.topic) == f"spBv1.0/g/{verb}/n{device}"
            assert (message.qos, message.retain, said.seq) == (0, False, None)
            assert said.at_ms is not None
            assert (said.metrics[0].name, said.metrics[0].value) == (address.split(":")[1], value)


async def test_the_will_says_offline_when_the_host_is_cut_off(tmp_path):
    port = free_port()
    settings = SparkplugConfig(host="127.0.0.1", port=port, host_id="works")
    collector = a_collector(
        "sparkplug", settings, [a_bind(1, "g/n:t")], world=a_world(tmp_path), sink=KeptSink()
    )
    async with serving(Mosquitto(port, tmp_path)), aiomqtt.Client("127.0.0.1", port) as client:
        before = asyncio.all_tasks()
        async with running(collector):
            await until(lambda: collector.diagnostics().state == "running")
            await client.subscribe("spBv1.0/STATE/works", qos=1)
            first = await asyncio.wait_for(anext(aiter(client.messages)), 5)
            assert json.loads(first.payload)["online"] is True
            assert first.retain
        assert len(asyncio.all_tasks() - before) == 0
        last = await asyncio.wait_for(anext(aiter(client.messages)), 5)
    assert json.loads(last.payload)["online"] is False
