"""A rig for each connector: a real server, settings, good and wrong addresses, new values.

A rig is what the conformance suite needs to know of a protocol, and nothing more.
"""

import asyncio
import contextlib
import gzip
import os
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import aiomqtt
from tests.conformance.connectors import npm
from tests.conformance.connectors.builders import free_port
from tests.conformance.connectors.processes import Mosquitto, Served, opcua

from hanse.collect.connectors.files.config import FilesConfig
from hanse.collect.connectors.http.config import HttpConfig
from hanse.collect.connectors.manual.config import ManualConfig
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.push.config import PushConfig
from hanse.collect.connectors.replay.config import ReplayConfig
from hanse.collect.connectors.s7.config import S7Config
from hanse.collect.connectors.sparkplug.config import SparkplugConfig
from hanse.collect.connectors.sql.config import SqlConfig
from hanse.collect.doors import Delivery, Doors
from hanse.model.errors import NotFound


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

    async def release(self):
        """The test is over."""
        await self.stop()

    async def feed(self):
        """Make new values, where the server does not do so by itself."""

    def types(self):
        return {}

    def world(self):
        return {}


class OpcUaRig(Rig):
    protocol = "opcua"
    good = ("nsu=urn:hanse:test:plant;s=Lathe.S0", "nsu=urn:hanse:test:plant;s=Lathe.S1")
    wrong = "nsu=urn:hanse:test:plant;s=Lathe.Nothing"

    kept = None
    """Server and port, kept from test to test: a start costs seconds."""

    def __init__(self, folder):
        super().__init__(folder)
        if OpcUaRig.kept is None:
            port = free_port()
            OpcUaRig.kept = opcua(port=port), port
        self.served, self.port = OpcUaRig.kept

    async def start(self):
        if not self.served.is_running:
            await self.served.start()

    async def release(self):
        """It goes on for the next test."""

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


class S7Rig(Rig):
    """The controller is the one python-snap7 simulates."""

    protocol = "s7"
    good = ("DB1.DBD0", "DB1.DBW4")
    wrong = "DB9.DBW2"
    browses = False

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        script = str(Path(__file__).with_name("s7_server.py"))
        self.served = Served(sys.executable, script, str(self.port))

    def settings(self):
        return S7Config(host="127.0.0.1", port=self.port, poll_s=0.1)

    def types(self):
        return {"DB1.DBD0": "real"}


class HttpRig(Rig):
    protocol = "http"
    good = ("spindle.load", "machines/7#axes[1]")
    wrong = "spindle.nothing"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        self.served = Served(sys.executable, "-c", _HTTP_SERVER, str(self.port))

    def settings(self):
        return HttpConfig(url=f"http://127.0.0.1:{self.port}", poll_s=0.1)


_HTTP_SERVER = """
import http.server, itertools, json, sys
count = itertools.count()
class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        n = next(count)
        if self.path == "/machines/7":
            said = {"axes": [0, n]}
        else:
            said = {"spindle": {"load": n, "state": "running"}, "parts": n}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Door)
print("ready", flush=True)
server.serve_forever()
"""


class DoorRig(Rig):
    """What is pushed or entered: the rig is the sender, the door is the node's own."""

    good = ("temperature", "count")
    can_stop = False
    loses = False
    browses = False

    def __init__(self, folder):
        super().__init__(folder)
        self.doors = Doors()
        self.count = 0

    async def start(self):
        """The door is open as long as the connection runs."""

    def world(self):
        return {"doors": self.doors}

    async def deliver(self, body):
        with contextlib.suppress(NotFound):
            return await self.doors.deliver("dev1", Delivery(body=body, token="open"))


class PushRig(DoorRig):
    protocol = "push"

    def settings(self):
        return PushConfig(token="open")

    async def feed(self):
        self.count += 1
        await self.deliver(b'{"temperature": %d, "count": 1}' % self.count)


class ManualRig(DoorRig):
    protocol = "manual"
    browses = True  # what a person could enter

    def settings(self):
        return ManualConfig(token="open")

    async def feed(self):
        self.count += 1
        first = b'{"name": "temperature", "value": %d}' % self.count
        await self.deliver(b'[%s, {"name": "count", "add": 1}]' % first)


class SqlRig(Rig):
    """A SQLite file here; PostgreSQL has a test of its own."""

    protocol = "sql"
    good = ("load", "temperature")
    wrong = "nothing"

    def __init__(self, folder):
        super().__init__(folder)
        self.file = folder / "machine.db"
        self.count = 0

    def run(self, statement, *values):
        with (
            contextlib.closing(sqlite3.connect(self.file)) as line,
            contextlib.suppress(sqlite3.OperationalError),
        ):
            line.execute(statement, values)
            line.commit()

    async def start(self):
        self.run("create table samples (id integer primary key, load real, temperature real)")

    async def stop(self):
        self.run("drop table samples")

    async def feed(self):
        self.count += 1
        self.run("insert into samples values (?, ?, ?)", self.count, self.count, 20.5)

    def settings(self):
        url = f"sqlite:///{self.file}"
        return SqlConfig(url=url, table="samples", key="id", poll_s=0.1, from_start=True)


class FilesRig(Rig):
    protocol = "files"
    good = ("load", "temperature")
    wrong = "nothing"

    def __init__(self, folder):
        super().__init__(folder)
        self.into = folder / "in"
        self.count = 0

    async def start(self):
        self.into.mkdir(exist_ok=True)

    async def stop(self):
        shutil.rmtree(self.into, ignore_errors=True)

    async def feed(self):
        if not self.into.exists():
            return
        self.count += 1
        file = self.into / f"f{self.count}.csv"
        file.write_text(f"load;temperature\n{self.count};20,5\n{self.count}.5;21\n")
        old = time.time() - 5
        os.utime(file, (old, old))

    def settings(self):
        return FilesConfig(path=str(self.into), watch=True, poll_s=0.1, decimal_comma=True)


RIGS = [
    OpcUaRig,
    ModbusRig,
    S7Rig,
    MqttRig,
    SparkplugRig,
    HttpRig,
    PushRig,
    SqlRig,
    FilesRig,
    ManualRig,
    ReplayRig,
]
