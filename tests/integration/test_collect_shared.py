"""Two machines collect against one broker and record: one is killed, the other takes over."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np
from nats.js.errors import KeyNotFoundError, NoKeysError
from tests.conformance.connectors.builders import free_port
from tests.conformance.connectors.processes import opcua, serving

from hanse.collect import Line
from hanse.model.sample import GapReason
from hanse.node.broker import USER
from hanse.node.collecting import wire
from hanse.node.connections import Setup, mapping_of, setups
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.settings import (
    BrokerSettings,
    HistorySettings,
    RecordSettings,
    Settings,
    write_settings,
)
from hanse.node.world import RandomIds, RealClock
from hanse.store import Store
from hanse.transmit import codec, lease
from hanse.transmit.history.query import History
from hanse.transmit.nats import connect, server
from hanse.transmit.nats.leases import BUCKET, _key, _name

SIGNALS, ENOUGH = 5, 15


async def until(condition, timeout_s=90):
    async with asyncio.timeout(timeout_s):
        while not (found := condition()):
            await asyncio.sleep(0.05)
    return found


def machines(tmp_path, url):
    """Two folders of one node: the same keys, broker, record and history."""
    made = []
    for name in ("one", "two"):
        folder = Folder(tmp_path / name)
        folder.make()
        if made:
            shutil.copytree(made[0] / "keys", folder / "keys", dirs_exist_ok=True)
        settings = Settings(
            broker=BrokerSettings(url=url),
            record=RecordSettings(url=f"sqlite:///{tmp_path / 'record.sqlite'}"),
            history=HistorySettings(folder=str(tmp_path / "history")),
            roles=("collect",),
        )
        write_settings(folder.path, settings)
        made.append(folder)
    return made


@contextlib.contextmanager
def collecting(folder):
    with (folder.path / "log").open("wb") as log:
        command = [sys.executable, "-m", "hanse.node.process", str(folder.path), "collect"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def holds(folder, connection):
    """Whether the process of a folder said last that it took a connection over."""
    said = [
        json.loads(line)
        for line in (folder.path / "log").read_text().splitlines()
        if line.startswith("{") and f'"{connection}"' in line
    ]
    return bool(said) and said[-1]["event"] == "taken over"


async def where_it_belongs(client, device):
    """Until both machines are known to the broker and the one that should have it has it."""
    bucket = await client.jetstream().key_value(BUCKET)

    async def settled():
        try:
            keys = await bucket.keys()
            held = (await bucket.get(_key(device))).value.decode()
        except (NoKeysError, KeyNotFoundError):
            return False  # a machine that is still starting did not renew in time
        members = {_name(key) for key in keys if key.startswith("member.")}
        return len(members) == 2 and held == lease.owner(device, members)

    async with asyncio.timeout(90):
        while not await settled():
            await asyncio.sleep(0.05)


class Heard:
    """The frames that pass, by epoch."""

    def __init__(self):
        self.frames = []

    async def take(self, message):
        self.frames.append(codec.unpack(message.data))

    def epochs(self):
        return sorted({f.happening.epoch for f in self.frames})

    def has(self, epoch, n):
        return sum(len(f) for f in self.frames if f.happening.epoch == epoch) >= n


async def test_another_process_takes_over_when_one_is_killed(tmp_path):
    first = Folder(tmp_path / "one")
    first.make()
    password = load_identity(first, clock=RealClock()).broker_password
    config = server.BrokerConfig(folder=tmp_path / "nats", user=USER, password=password)
    broker = await server.start(config)
    folders = machines(tmp_path, broker.url)
    port = free_port()
    lines = tuple(
        Line(asset="Lathe", name=f"s{i}", address=f"nsu=urn:hanse:test:plant;s=Lathe.S{i}")
        for i in range(SIGNALS)
    )
    settings = {"url": f"opc.tcp://127.0.0.1:{port}/", "policy": "None", "insecure": True}
    setup = Setup(key="plc", protocol="opcua", settings=settings, lines=lines)
    with Store.open(
        f"sqlite:///{tmp_path / 'record.sqlite'}", clock=RealClock(), ids=RandomIds()
    ) as store:
        store.write_sync(lambda tx: (setups(tx).put("plc", setup), mapping_of(tx, setup)))
        client = await connect.connect(broker.url, user=USER, password=password, name="test")
        heard = Heard()
        await client.subscribe("tele.*", cb=heard.take)
        async with serving(opcua(port=port, signals=SIGNALS)):
            with collecting(folders[0]) as one, collecting(folders[1]) as two:
                await until(lambda: any(holds(f, "plc") for f in folders))
                await until(lambda: heard.epochs() and heard.has(heard.epochs()[-1], ENOUGH))
                await where_it_belongs(client, "plc")
                (victim, other) = (one, two) if holds(folders[0], "plc") else (two, one)
                last = heard.epochs()[-1]
                killed_ns = time.time_ns()
                os.kill(victim.pid, 9)
                await until(lambda: heard.epochs()[-1] > last)
                await until(lambda: heard.has(heard.epochs()[-1], ENOUGH))
                now = await wire.diagnostics(client, ["plc"])
                assert now["plc"].state == "running"
                other.terminate()
                assert await asyncio.to_thread(other.wait, 60) == 0
        gaps = store.read_sync(lambda tx: tx.gaps.where(connection="plc"))
        await connect.close(client)
        await broker.stop()
    stops = [g for g in gaps if g.reason is GapReason.NODE_STOPPED]
    assert any(g.start_ns < killed_ns < (g.end_ns or 0) for g in stops), (killed_ns, gaps)
    check_taken_in_turn(heard.frames)
    check_kept_once(tmp_path / "history", heard.frames)


def check_taken_in_turn(frames):
    """No two starts collected at the same time."""
    spans = {}
    for f in frames:
        low, high = spans.get(f.happening.epoch, (f.received_ns, f.received_ns))
        spans[f.happening.epoch] = (min(low, f.received_ns), max(high, f.received_ns))
    order = [spans[epoch] for epoch in sorted(spans)]
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(order)), order


def check_kept_once(folder, frames):
    """What passed is in the history, and nothing twice."""
    passed = {
        (int(s), int(at) // 1_000)
        for f in frames
        for s, at in zip(f.signal.tolist(), f.at_ns.tolist(), strict=True)
    }
    rows = History(folder, clock=RealClock()).rows(sorted({s for s, _ in passed}), 0, 2**60)
    kept = list(zip(rows.signal.tolist(), rows.at_us.tolist(), strict=True))
    assert len(kept) == len(set(kept))
    assert passed <= set(kept)
    assert np.isfinite(rows.value).all()
