"""A rig for each connector: a real server, settings, good and wrong addresses, new values.

A rig is what the conformance suite needs to know of a protocol, and nothing more.
"""

import asyncio
import contextlib
import gzip

import aiomqtt
from tests.conformance.connectors import npm
from tests.conformance.connectors.builders import free_port
from tests.conformance.connectors.processes import Mosquitto, Served, opcua

from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.replay.config import ReplayConfig
from hanse.collect.connectors.sparkplug.config import SparkplugConfig


class Rig:
    """Base of all rigs: values come by themselves while the server runs."""

    protocol = ""
    good: tuple[str, ...] = ()
    wrong: str | None = None
    can_stop = True
    loses = True
    browses = True

    def __init__(self, folder):
        self.folder = folder
        self.served = None

    async def start(self):
        await self.served.start()

    async def stop(self):
        if self.served is not None:
            self.served.kill()

    async def feed(self):
        """Make new values, where the server does not do so by itself."""

    def types(self):
        return {}


class OpcUaRig(Rig):
    protocol = "opcua"
    good = ("nsu=urn:hanse:test:plant;s=Lathe.S0", "nsu=urn:hanse:test:plant;s=Lathe.S1")
    wrong = "nsu=urn:hanse:test:plant;s=Lathe.Nothing"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        self.served = opcua(port=self.port)

    def settings(self):
        return OpcUaConfig(url=f"opc.tcp://127.0.0.1:{self.port}/", insecure=True)


class ModbusRig(Rig):
    protocol = "modbus"
    good = ("holding:3", "40008")
    wrong = "holding:150"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        modules = str(npm.modules_or_skip())
        self.served = Served("node", npm.script("modbus_server.js"), str(self.port), modules)

    def settings(self):
        return ModbusConfig(host="127.0.0.1", port=self.port, poll_s=0.1)


class ReplayRig(Rig):
    protocol = "replay"
    good = ("a", "b")
    wrong = "c"
    loses = False

    async def start(self):
        rows = "".join(f"2020-01-01T00:00:{n:02d},{n},{n * 2}\n" for n in range(60))
        (self.folder / "r.csv.gz").write_bytes(gzip.compress(("t,a,b\n" + rows).encode()))

    async def stop(self):
        (self.folder / "r.csv.gz").unlink(missing_ok=True)
        await asyncio.sleep(0)

    def settings(self):
        return ReplayConfig(file=str(self.folder / "r.csv.gz"), speed=20, repeat=True)


class MqttRig(Rig):
    protocol = "mqtt"
    good = ("plant/m1/load", "plant/m1/state")
    wrong = "plant/+/load"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        self.served = Mosquitto(self.port, folder)
        self.count = 0

    def settings(self):
        return MqttConfig(host="127.0.0.1", port=self.port, browse_s=0.3)

    async def feed(self):
        self.count += 1
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", self.port, timeout=2) as client:
                await client.publish("plant/m1/load", str(self.count), retain=True)
                await client.publish("plant/m1/state", b"7", qos=1, retain=True)


class SparkplugRig(Rig):
    """The broker is Mosquitto, the edge node is Eclipse Tahu's JavaScript client."""

    protocol = "sparkplug"
    good = ("works/edge/lathe:temperature", "works/edge/lathe:count")
    wrong = "works:temperature"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        modules = str(npm.modules_or_skip())
        self.broker = Mosquitto(self.port, folder)
        self.edge = Served("node", npm.script("sparkplug_edge.js"), str(self.port), modules)

    def settings(self):
        return SparkplugConfig(host="127.0.0.1", port=self.port, browse_s=1.5)

    async def start(self):
        await self.broker.start()
        await self.edge.start()

    async def stop(self):
        self.edge.kill()
        self.broker.kill()


RIGS = [OpcUaRig, ModbusRig, MqttRig, SparkplugRig, ReplayRig]
