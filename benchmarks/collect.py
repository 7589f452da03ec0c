"""OPC UA to history, packed and durable, and how much one core of ours can take.

Servers (asyncua, processes of their own) write --rate values a second with source times; a
collector, the broker with a sync for every message, and the history writer take them. ``p50_ms``
and ``p99_ms`` are from source time to queryable. ``offered_s`` is what the servers really wrote,
``timers_ms`` the sum of publishing interval and pack time. ``ceiling_s`` is values a second and
core through intake, packing, broker and history from a source that costs nothing: the OPC UA
client before it is measured by ``opcua_core_per_10k``.
"""

import argparse
import asyncio
import dataclasses
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks.collect_load import NAMESPACE
from benchmarks.outage import LIMITS, Clock, ignore
from hanse.collect import Bind, Collector, Connection, Mapping, Start, World, connector
from hanse.collect.ports import Connector
from hanse.model.plant import Signal
from hanse.model.text import Text
from hanse.transmit.history.query import History
from hanse.transmit.history.writer import HistoryWriter
from hanse.transmit.nats import connect, feed, server, streams
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher
from hanse.transmit.partition import partition

PUBLISHING_S, PACK_S = 0.1, 0.05
SERVERS = 2
CEILING_SIGNALS = 1_000
CEILING_SLICE = 2_000
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


async def load(signals, hz, seconds):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.collect_load", str(signals), str(hz), str(seconds),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return process, int(await process.stdout.readline())


async def end_to_end(folder, rate, seconds):
    signals, hz = rate // 10 // SERVERS, 10.0
    async with Pipe(folder) as pipe:
        loads = [await load(signals, hz, seconds) for _ in range(SERVERS)]
        opcua, running = connector("opcua"), []
        for n, (_, port) in enumerate(loads):
            settings = opcua.config(
                url=f"opc.tcp://127.0.0.1:{port}",
                policy="None",
                insecure=True,
                publishing_s=PUBLISHING_S,
                sampling_s=0.0,
                queue=20,
            )
            binds = tuple(
                a_bind(n * signals + i, f"nsu={NAMESPACE};s=v{i}") for i in range(signals)
            )
            running.append(
                a_collector(pipe, f"server{n}", kind=opcua, settings=settings, binds=binds)
            )
        tasks = [asyncio.create_task(c.run()) for c in running]
        async with asyncio.timeout(120):
            while pipe.taken < rate // 10:  # every signal's first value
                await asyncio.sleep(0.05)
        first = pipe.taken
        pipe.ages.clear()
        began, cpu = time.perf_counter(), pipe.cpu_s()
        for process, _ in loads:
            process.stdin.write(b"go\n")
        async with asyncio.timeout(seconds * 4 + 60):
            told = [json.loads(await process.stdout.readline()) for process, _ in loads]
        took, cpu_after = time.perf_counter() - began, pipe.cpu_s()
        written = sum(t["written"] for t in told)
        for _ in range(100):
            await asyncio.sleep(0.05)
            if pipe.taken - first >= written:
                break
        found = counted(pipe, signals * SERVERS)
        for process, _ in loads:
            process.stdin.write(b"end\n")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for process, _ in loads:
            process.kill()
            await process.wait()
        ages = np.concatenate(pipe.ages) / 1e6
        cores = [(b - a) / took for a, b in zip(cpu, cpu_after, strict=True)]
        return {
            "offered_s": round(written / took),
            "delivered_s": round((pipe.taken - first) / took),
            "lost": written - found,
            "duplicated": pipe.taken - first - found,
            "p50_ms": round(float(np.percentile(ages, 50)), 1),
            "p99_ms": round(float(np.percentile(ages, 99)), 1),
            "timers_ms": (PUBLISHING_S + PACK_S) * 1e3,
            "cores": round(sum(cores), 2),
            "cores_by": {"collect_and_history": round(cores[0], 2), "broker": round(cores[1], 2)},
            "late_server_s": round(max(t["late_s"] for t in told), 3),
            "gaps": len(pipe.sink.gaps),
        }


def counted(pipe, signals):
    """Distinct writes in history: the value is the number of the write, 0 the one before it."""
    rows = pipe.history.rows(list(range(signals)), 0, 2**60)
    written = rows.value >= 1
    return np.unique(np.stack([rows.signal[written], rows.value[written]]), axis=1).shape[1]


async def ceiling(folder, seconds):
    """A source that offers values as fast as they are taken."""

    async def collect(_settings, _points, intake, world):
        intake.up()
        n = 0
        while True:
            await intake.room()
            at_ns = world.clock.ns()
            for point in range(CEILING_SLICE):
                intake.take(point % CEILING_SIGNALS, float(n + point), at_ns + point)
            n += CEILING_SLICE
            await asyncio.sleep(0)

    title = Text(en="as fast as it goes", zh="尽快")
    source = Connector(
        name="bench",
        title=title,
        config=type(connector("opcua").config),
        collect=collect,
        explain=lambda error, _: error,
    )
    async with Pipe(folder) as pipe:
        binds = tuple(a_bind(i, f"a{i}") for i in range(CEILING_SIGNALS))
        settings = connector("opcua").config(url="opc.tcp://127.0.0.1:1")
        running = asyncio.create_task(
            a_collector(pipe, "fast", kind=source, settings=settings, binds=binds).run()
        )
        await asyncio.sleep(1.0)
        began, cpu, taken = time.perf_counter(), pipe.cpu_s(), pipe.taken
        await asyncio.sleep(seconds)
        took, cpu_after = time.perf_counter() - began, pipe.cpu_s()
        rate = (pipe.taken - taken) / took
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        cores = sum(b - a for a, b in zip(cpu, cpu_after, strict=True)) / took
        return {"values_s": round(rate), "cores": round(cores, 2), "ceiling_s": round(rate / cores)}


async def both(asked, folder):
    found = await end_to_end(folder / "opcua", asked.rate, asked.seconds)
    top = await ceiling(folder / "ceiling", min(asked.seconds, 8.0))
    core = found["cores"] / max(found["delivered_s"], 1) * 10_000
    return found | {
        "ceiling_s": top["ceiling_s"],
        "ceiling_values_s": top["values_s"],
        "opcua_core_per_10k": round(core, 2),
        "peers": peers(),
    }


def peers():
    """Other agents on the same hop: none is run yet, and that is said."""
    why = "not run: this bench does not drive it yet"
    return {"node_red": {"skipped": why}, "thingsboard_gateway": {"skipped": why}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--data", help="not needed")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    import uvloop

    with (
        tempfile.TemporaryDirectory(prefix="hanse-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        found = runner.run(both(asked, Path(scratch)))
    print(json.dumps(found) if asked.json else "\n".join(f"{k:24} {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
