"""OPC UA to history, packed and durable, beside Node-RED on the same hop, and what a core can take.

A server in a process of its own (`benchmarks.collect_load`) offers --rate values a second with
source times; a collector, the broker with a sync for every message, and the history writer take
them. ``p50_ms`` and ``p99_ms`` are from source time to queryable. ``offered_s`` is what the server
really wrote, ``timers_ms`` the sum of publishing interval and pack time, ``cores`` CPU seconds a
second of collector, history and broker (which a busy machine does not change as it changes wall
time). ``ceiling_s`` is values a second and core of the same way at --top values a second offered.
``peers``: Node-RED 4.1.15 with node-red-contrib-opcua 0.2.354, subscription to a line in a file a
value, which is neither synced nor open to queries; latency is from source time to written.
thingsboard-gateway 3.8.5 (`benchmarks.tb_gateway`), its OPC UA connector to a local MQTT broker
without any store behind it; latency is from source time to the subscriber of that broker. A peer
that cannot be run here says why under ``not_run``.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks import tb_gateway
from benchmarks.collect_load import NAMESPACE
from benchmarks.outage import LIMITS, Clock, ignore
from hanse.collect import Bind, Collector, Connection, Mapping, Start, World, connector
from hanse.model.plant import Signal
from hanse.transmit.history.query import History
from hanse.transmit.history.writer import HistoryWriter
from hanse.transmit.nats import connect, feed, server, streams
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher
from hanse.transmit.partition import partition

PUBLISHING_S, PACK_S = 0.1, 0.05
SIGNALS = 1_000
START_S_MAX = 300.0
ROOT = Path(__file__).parents[1]
NODE_RED = ("node-red@4.1.15", "node-red-contrib-opcua@0.2.354")
LOGIN = {"user": "bench", "password": "bench-only"}


class Trust:
    def pinned(self, _connection):
        return ""

    async def decide(self, _shown):
        return True


class Sink:
    def __init__(self, publisher):
        self.publisher = publisher
        self.gaps = []

    async def frame(self, frame, *, partition):
        await self.publisher.frame(frame, partition=partition)

    async def gap(self, gap):
        self.gaps.append(gap)

    async def event(self, event):
        pass


@dataclasses.dataclass
class Pipe:
    """Broker, publisher and history writer, with the age of every sample when it was taken."""

    folder: Path
    ages: list = dataclasses.field(default_factory=list)
    taken: int = 0

    async def __aenter__(self):
        config = server.BrokerConfig(folder=self.folder / "nats", **LOGIN)
        self.broker = await server.start(config)
        self.client = await connect.connect(self.broker.url, **LOGIN, name="bench")
        await streams.ensure(self.client.jetstream(), LIMITS)
        self.publisher = FramePublisher(
            self.client, spool=Spool(self.folder / "spool"), clock=Clock(), gaps=ignore
        )
        self.writer = HistoryWriter(
            self.folder / "history", clock=Clock(), gaps=ignore, commit_s=5.0
        )
        self.history = History(self.folder / "history", clock=Clock(), tail=self.writer.tail)
        inner, clock = self.writer.take, Clock()

        def take(frame):
            new = inner(frame)
            self.ages.append(clock.ns() - frame.at_ns)
            self.taken += len(frame) if new else 0
            return new

        self.writer.take = take
        inbox = await feed.frames(self.client.jetstream(), name="history")
        self.tasks = [
            asyncio.create_task(self.publisher.run()),
            asyncio.create_task(self.writer.run(inbox)),
        ]
        self.sink = Sink(self.publisher)
        return self

    async def __aexit__(self, *_):
        for task in reversed(self.tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await connect.close(self.client)
        await self.broker.stop()

    def cpu_s(self):
        own, broker = psutil.Process(), psutil.Process(self.broker.pid)
        return [sum(p.cpu_times()[:2]) for p in (own, broker)]


def a_collector(pipe, key, *, kind, settings, binds):
    world = World(
        clock=Clock(),
        dice=random.Random(1),
        trust=Trust(),
        keys=pipe.folder / "keys",
        secret=lambda name: name,
    )
    connection = Connection(key=key, settings=settings, mapping=Mapping(binds=binds), pack_s=PACK_S)
    start = Start(source=f"bench/{key}", epoch=time.time_ns())
    return Collector(
        connection, kind, sink=pipe.sink, world=world, start=start, partition=partition
    )


def a_bind(number, address):
    return Bind(signal=Signal(id=number, asset="m1", name=f"s{number}"), address=address)


class Load:
    """The server that offers values, in a process of its own."""

    def __init__(self, signals, hz, seconds):
        self.asked = [str(x) for x in (signals, hz, seconds)]

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.collect_load", *self.asked,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(START_S_MAX):
            self.port = int(await self.process.stdout.readline())
        return self

    async def __aexit__(self, *_):
        self.process.kill()
        await self.process.wait()

    async def run(self):
        """Begin, and wait to the end; what was written."""
        self.process.stdin.write(b"go\n")
        seconds = float(self.asked[2])
        async with asyncio.timeout(seconds * 4 + 60):
            return json.loads(await self.process.stdout.readline())


async def end_to_end(folder, rate, seconds):
    async with Pipe(folder) as pipe, Load(SIGNALS, rate / SIGNALS, seconds) as load:
        kind = connector("opcua")
        settings = kind.config(
            url=f"opc.tcp://127.0.0.1:{load.port}",
            policy="None",
            insecure=True,
            publishing_s=PUBLISHING_S,
            sampling_s=0.0,
            queue=20,
            timeout_s=30.0,
        )
        binds = tuple(a_bind(i, f"nsu={NAMESPACE};s=v{i}") for i in range(SIGNALS))
        collector = a_collector(pipe, "server", kind=kind, settings=settings, binds=binds)
        task = asyncio.create_task(collector.run())
        async with asyncio.timeout(START_S_MAX):
            while pipe.taken < SIGNALS:  # every signal's first value
                await asyncio.sleep(0.05)
        first = pipe.taken
        pipe.ages.clear()
        began, cpu = time.perf_counter(), pipe.cpu_s()
        told = await load.run()
        for _ in range(400):
            if pipe.taken - first >= told["written"]:
                break
            await asyncio.sleep(0.05)
        took, cpu_after = time.perf_counter() - began, pipe.cpu_s()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        found = counted(pipe, SIGNALS)
        spent = Spent(pipe.taken - first, took, np.subtract(cpu_after, cpu))
        return answer_of(pipe, told, found, spent)


@dataclasses.dataclass
class Spent:
    """Values taken, in how many seconds, with how many CPU seconds of ours and of the broker."""

    taken: int
    took_s: float
    cpu_s: np.ndarray


def answer_of(pipe, told, found, spent):
    taken, took, cpu_s = spent.taken, spent.took_s, spent.cpu_s
    ages = np.concatenate(pipe.ages) / 1e6
    written = told["written"]
    return {
        "offered_s": round(written / told["took_s"]),
        "delivered_s": round(taken / took),
        "lost": written - found,
        "duplicated": taken - found,
        "p50_ms": round(float(np.percentile(ages, 50)), 1),
        "p99_ms": round(float(np.percentile(ages, 99)), 1),
        "timers_ms": (PUBLISHING_S + PACK_S) * 1e3,
        "cores": round(float(cpu_s.sum()) / took, 3),
        "core_s_per_million": round(float(cpu_s.sum()) / taken * 1e6, 2),
        "ceiling_s": round(taken / float(cpu_s.sum())),
        "broker_share": round(float(cpu_s[1] / cpu_s.sum()), 2),
        "load_cores": round(told["cpu_s"] / told["took_s"], 3),
        "load_late_s": round(told["late_s"], 3),
        "gaps": len(pipe.sink.gaps),
    }


def counted(pipe, signals):
    """Distinct writes in history: the value is the number of the write, 0 the one before it."""
    rows = pipe.history.rows(list(range(signals)), 0, 2**60)
    written = rows.value >= 1
    return np.unique(np.stack([rows.signal[written], rows.value[written]]), axis=1).shape[1]


async def node_red(folder, rate, seconds):
    """The same hop in Node-RED; the reason where it cannot be run."""
    home = ROOT / ".dev" / "npm-node-red-opcua"
    if not (home / "node_modules" / "node-red-contrib-opcua").exists():
        if shutil.which("npm") is None:
            return {"not_run": "npm is not installed"}
        home.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *NODE_RED]
        installed = await asyncio.create_subprocess_exec(
            *command, cwd=home, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        if await installed.wait():
            return {"not_run": "npm could not install it"}
    async with Load(SIGNALS, rate / SIGNALS, seconds) as load:
        script = str(Path(__file__).with_name("node_red_opcua.cjs"))
        out = str(folder / "node-red.csv")
        process = await asyncio.create_subprocess_exec(
            "node", script, str(home), str(load.port), str(SIGNALS), out,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "XDG_CONFIG_HOME": str(home / "config")},
        )  # fmt: skip
        try:
            return await drive_node_red(process, load, seconds)
        except TimeoutError:
            return {"not_run": "it did not subscribe, or gave no answer, in time"}
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def drive_node_red(process, load, seconds):
    await said(process, "ready", START_S_MAX)
    told = await load.run()
    await asyncio.sleep(min(20.0, seconds))  # what it has in hand may end
    process.stdin.write(b"end\n")
    found = await said(process, "received", START_S_MAX)
    took = max(found["seconds"], 1e-9)
    return {
        "offered_s": round(told["written"] / told["took_s"]),
        "delivered_s": round(found["received"] / took),
        "lost": told["written"] - found["distinct"],
        "duplicated": found["received"] - found["distinct"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "cores": round(found["cpu_s"] / took, 3),
        "ceiling_s": round(found["received"] / max(found["cpu_s"], 1e-9)),
        "rss_mb": round(found["rss_mb"]),
    }


async def said(process, key, wait_s):
    """The first JSON line of a process that has a key."""
    async with asyncio.timeout(wait_s):
        while line := await process.stdout.readline():
            with contextlib.suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict) and key in found:
                    return found
    raise TimeoutError(key)


async def all_of_it(asked, folder):
    found = await end_to_end(folder / "opcua", asked.rate, asked.seconds)
    top = await end_to_end(folder / "top", asked.top, asked.seconds)
    found["ceiling_s"] = top["ceiling_s"]
    found["top"] = {k: top[k] for k in ("offered_s", "delivered_s", "lost", "p99_ms", "cores")}
    return found | {"peers": {} if asked.alone else await peers(asked, folder)}


async def peers(asked, folder):
    """The same hop by others, one after another."""
    async with Load(SIGNALS, asked.rate / SIGNALS, asked.seconds) as load:
        gateway = await tb_gateway.run(folder / "tb-gateway", load, signals=SIGNALS)
    return {
        "node_red": await node_red(folder, asked.rate, asked.seconds),
        "thingsboard_gateway": gateway,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument(
        "--top", type=int, default=100_000, help="values/s that ask for the ceiling"
    )
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--alone", action="store_true", help="without peers")
    parser.add_argument("--data", help="not needed")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    import uvloop

    with (
        tempfile.TemporaryDirectory(prefix="hanse-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        found = runner.run(all_of_it(asked, Path(scratch)))
    print(json.dumps(found) if asked.json else "\n".join(f"{k:24} {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
