import asyncio
import contextlib
import time

import pytest
from tests.integration.transmit.brokers import (
    PASSWORD,
    USER,
    broker,
    broker_and_client,
    client,
)
from tests.integration.transmit.doors import free_port
from tests.unit.transmit.builders import Gaps, a_frame

from hanse.model.errors import Unreachable
from hanse.transmit import lease
from hanse.transmit.nats import feed, streams
from hanse.transmit.nats.leases import Leases
from hanse.transmit.nats.server import Cluster
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher

DEVICES = [f"press-{n}" for n in range(12)]


class Monotonic:
    def monotonic_s(self):
        return time.monotonic()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(lease, "LEASE_S", 1.5)
    monkeypatch.setattr(lease, "RENEW_S", 0.4)
    monkeypatch.setattr(lease, "STOP_S", 1.0)


class Collector:
    """Takes part in sharing; remembers who worked on what together with whom."""

    working: dict[str, set[str]]

    def __init__(self, connection, me, working, replicas=1):
        self.me, self.working = me, working
        self.overlaps = []
        self.leases = Leases(
            connection,
            me=me,
            devices=lambda: DEVICES,
            clock=Monotonic(),
            on_gain=self.gain,
            on_loss=self.lose,
            replicas=replicas,
        )

    async def gain(self, device):
        if self.working.setdefault(device, set()):
            self.overlaps.append(device)
        self.working[device].add(self.me)

    async def lose(self, device):
        self.working[device].discard(self.me)


async def until(condition, timeout_s=25):
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


def shared(collectors):
    held = [d for c in collectors for d in c.leases.held]
    return sorted(held) == sorted(DEVICES) and all(c.leases.held for c in collectors)


async def test_collectors_share_devices_and_another_takes_over_when_one_dies(tmp_path):
    async with broker_and_client(tmp_path) as (running, _), contextlib.AsyncExitStack() as stack:
        working = {}
        collectors, tasks = [], []
        for me in ("one", "two"):
            connection = await stack.enter_async_context(client(running.url, me))
            collectors.append(Collector(connection, me, working))
            tasks.append(asyncio.create_task(collectors[-1].leases.run()))
        await until(lambda: shared(collectors))
        dead, alive = collectors
        tasks[0].cancel()  # and what it held stays held until it vanishes, as after a kill
        dead.leases._leave = None
        await asyncio.gather(tasks[0], return_exceptions=True)
        for holders in working.values():
            holders.discard("one")
        await until(lambda: alive.leases.held == frozenset(DEVICES))
        tasks[1].cancel()
        await asyncio.gather(tasks[1], return_exceptions=True)
        assert alive.overlaps == dead.overlaps == []
        assert alive.leases.held == frozenset()


async def test_one_that_loses_the_broker_stops_by_itself(tmp_path):
    async with broker_and_client(tmp_path) as (running, connection):
        collector = Collector(connection, "one", {})
        task = asyncio.create_task(collector.leases.run())
        await until(lambda: collector.leases.held == frozenset(DEVICES))
        await running.kill()
        await until(lambda: not collector.leases.held)
        assert not any(collector.working.values())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def three_brokers(folder):
    routes = [free_port() for _ in range(3)]
    async with contextlib.AsyncExitStack() as stack:
        starting = [
            broker(
                folder / f"n{i}",
                name=f"n{i}",
                cluster=Cluster(
                    name="plant",
                    host="127.0.0.1",
                    port=port,
                    routes=tuple(f"127.0.0.1:{p}" for p in routes),
                ),
            )
            for i, port in enumerate(routes)
        ]
        yield [await stack.enter_async_context(s) for s in starting]


async def ready(connection):
    """A cluster answers once it has chosen a leader."""
    limits = streams.StreamLimits(telemetry_bytes=50_000_000, events_bytes=5_000_000, replicas=3)
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(Exception):
                return await streams.ensure(connection.jetstream(timeout=3), limits)
            await asyncio.sleep(0.2)


async def opened(connection):
    """While the servers left choose a new leader, one asks again."""
    async with asyncio.timeout(90):
        while True:
            with contextlib.suppress(Unreachable):
                return await feed.frames(connection.jetstream(timeout=5), name="all")
            await asyncio.sleep(0.2)


async def test_a_cluster_of_three_loses_a_server_and_a_collector_and_nothing_else(tmp_path):
    from hanse.transmit.nats import connect

    async with three_brokers(tmp_path) as brokers, contextlib.AsyncExitStack() as stack:
        urls = [b.url for b in brokers]
        working, collectors, tasks = {}, [], []
        connections = []
        for me in ("one", "two"):
            connection = await connect.connect(urls, user=USER, password=PASSWORD, name=me)
            stack.push_async_callback(connect.close, connection)
            connections.append(connection)
        await ready(connections[0])
        publisher = FramePublisher(
            connections[1], spool=Spool(tmp_path / "spool"), clock=Monotonic(), gaps=Gaps()
        )
        tasks.append(asyncio.create_task(publisher.run()))
        for me, connection in zip(("one", "two"), connections, strict=True):
            collectors.append(Collector(connection, me, working, replicas=3))
            tasks.append(asyncio.create_task(collectors[-1].leases.run()))
        await until(lambda: shared(collectors), 60)
        for seq in range(10):
            await publisher.frame(a_frame(seq), partition=seq % 4)
        tasks[1].cancel()
        await asyncio.gather(tasks[1], return_exceptions=True)
        await brokers[0].kill()
        for seq in range(10, 30):
            await publisher.frame(a_frame(seq), partition=seq % 4)
        await until(lambda: collectors[1].leases.held == frozenset(DEVICES), 60)
        await asyncio.wait_for(publisher.settled(), 60)
        inbox = await opened(connections[1])
        got = set()
        async with asyncio.timeout(60):
            while len(got) < 30:
                got |= {d.what.happening.seq for d in await inbox.take()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert got == set(range(30))
