"""Devices publish straight into the node's own broker, and see nothing else of it."""

import asyncio
import datetime as dt
import ssl

import aiomqtt
import pytest
from tests.integration.transmit.brokers import broker, client
from tests.integration.transmit.doors import free_port

from hanse.model.errors import HanseError
from hanse.node.broker import KeptBroker
from hanse.node.folder import Folder
from hanse.node.settings import BrokerSettings, Settings
from hanse.transmit.nats import connect
from hanse.transmit.nats.server import DeviceDoor
from hanse.transmit.peerlink.certificate import new_key, self_signed

PASSWORD = "what devices show"


def a_door(**more):
    return DeviceDoor(user="device", password=PASSWORD, port=free_port(), **more)


def device(running, *, password=PASSWORD, context=None):
    port = running.config.devices.port
    return aiomqtt.Client(
        "127.0.0.1", port, username="device", password=password, tls_context=context
    )


async def first(messages):
    async with asyncio.timeout(60):
        return await anext(messages)


async def test_what_a_device_publishes_is_heard_under_its_topic_and_by_the_node(tmp_path):
    async with broker(tmp_path, devices=a_door()) as running, client(running.url) as own:
        heard = await own.subscribe("device.>")
        async with device(running) as press, device(running) as listens:
            await listens.subscribe("device/press/#", qos=1)
            await listens.subscribe("spBv1.0/#", qos=0)
            await press.publish("device/press/force", b"12.5", qos=1)
            message = await first(aiter(listens.messages))
            assert (str(message.topic), message.payload) == ("device/press/force", b"12.5")
            await press.publish("spBv1.0/hall/NDATA/edge", b"\x08\x01")
            assert str((await first(aiter(listens.messages))).topic) == "spBv1.0/hall/NDATA/edge"
        assert (await heard.next_msg(timeout=60)).data == b"12.5"


async def test_a_device_neither_says_nor_hears_anything_of_the_nodes(tmp_path):
    async with broker(tmp_path, devices=a_door()) as running, client(running.url) as own:
        heard = await own.subscribe(">")
        async with device(running) as press:
            for topic in ("tele/0", "event/x", "plan/repair", "$JS/API/STREAM/DELETE/TELEMETRY"):
                await press.publish(topic, b"no", qos=0)
            refused = [await press.subscribe(topic, qos=1) for topic in ("tele/#", "#", "$SYS/#")]
            assert all(code.is_failure for codes in refused for code in codes)
            await press.publish("device/last", b"yes", qos=1)
        seen = []
        while not seen or seen[-1].subject != "device.last":
            seen.append(await heard.next_msg(timeout=60))
        assert [m.data for m in seen if m.data == b"no"] == []


async def test_only_its_own_password_opens_it_and_it_opens_no_other_door(tmp_path):
    async with broker(tmp_path, devices=a_door()) as running:
        with pytest.raises(aiomqtt.MqttError):
            async with device(running, password="a guess"):
                pass
        with pytest.raises(HanseError):
            await connect.connect(running.url, user="device", password=PASSWORD, name="device")


async def test_it_is_encrypted_with_the_nodes_certificate(tmp_path):
    key, names = new_key(), ("localhost", "127.0.0.1")
    certificate = self_signed(key, names, at=dt.datetime.now(dt.UTC))
    for name, content in (("node.key", key), ("node.crt", certificate)):
        (tmp_path / name).write_bytes(content)
    files = {"certificate": str(tmp_path / "node.crt"), "key": str(tmp_path / "node.key")}
    async with broker(tmp_path, devices=a_door(**files)) as running:
        context = ssl.create_default_context(cafile=files["certificate"])
        async with device(running, context=context) as press:
            await press.publish("device/press/force", b"1", qos=1)
        with pytest.raises((OSError, aiomqtt.MqttError)):
            async with device(running):
                pass


def test_it_is_shut_as_shipped_and_its_password_lies_with_the_keys(tmp_path):
    folder = Folder(tmp_path)
    folder.make()
    shut = KeptBroker(folder, Settings(), "node's own")
    assert shut._keeper.config.devices is None
    opened = KeptBroker(folder, Settings(broker=BrokerSettings(mqtt_port=8883)), "node's own")
    door = opened._keeper.config.devices
    path = folder / "keys" / "secret-device-door"
    assert (door.port, door.password) == (8883, path.read_text())
    assert door.certificate.endswith("keys/node.crt")
    assert path.stat().st_mode & 0o077 == 0
