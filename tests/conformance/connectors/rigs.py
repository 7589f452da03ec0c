"""A rig for each connector: a real server, settings, good and wrong addresses, new values.

A rig is what the conformance suite needs to know of a protocol, and nothing more.
"""

import asyncio
import gzip

from tests.conformance.connectors import npm
from tests.conformance.connectors.builders import free_port
from tests.conformance.connectors.processes import Served, opcua

from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.replay.config import ReplayConfig


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


RIGS = [OpcUaRig, ModbusRig, ReplayRig]
