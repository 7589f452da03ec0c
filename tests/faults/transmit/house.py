"""A broker, a collector and a historian under attack, and the check afterwards."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from signal import SIGSTOP

from nats.js.errors import NotFoundError
from tests.faults.transmit.roles import LIMITS, PASSWORD, SIGNALS, USER, Clock, ignore
from tests.integration.transmit.doors import free_port

from hanse.transmit.history.files import read_all
from hanse.transmit.history.table import SampleTable
from hanse.transmit.nats import connect, server
from hanse.transmit.nats.keep import BrokerKeeper

ROOT = Path(__file__).parents[3]
COMMIT_S = 0.2


async def until(condition):
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.02)


async def has_all(client):
    """Whether the historian has done every frame; not before it has opened its feed."""
    try:
        info = await client.jetstream(timeout=20).consumer_info("TELEMETRY", "history")
    except (NotFoundError, TimeoutError):
        return False
    return info.num_waiting > 0 and info.num_pending + info.num_ack_pending == 0


class House:
    """Three processes over one folder; ``ack_log`` lies outside of it."""

    def __init__(self, folder, ack_log, *, pause_s=0.002):
        self.folder, self.ack_log, self.pause_s = folder, ack_log, pause_s
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        config = server.BrokerConfig(
            folder=self.folder / "nats",
            user=USER,
            password=PASSWORD,
            port=self.port,
            store_bytes=12_000_000,
        )
        self.keeper = BrokerKeeper(config, limits=LIMITS, on_change=ignore)
        self.collector = None
        self.historian = None
        self.epoch = 0

    async def until_well(self):
        """The keeper looks, and does what is needed, until the broker is as it should be."""
        async with asyncio.timeout(120):
            await self.keeper.check()
            while self.keeper.problem or self.keeper.broker is None:
                await asyncio.sleep(0.05)
                await self.keeper.check()

    def start_collector(self):
        self.epoch += 1
        self.collector = self._role(
            "collect", str(self.ack_log), str(self.epoch), str(self.pause_s)
        )

    def start_historian(self):
        self.historian = self._role("history", str(COMMIT_S))

    def _role(self, role, *rest):
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.transmit.roles", role, self.url,
             str(self.folder), *rest],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    async def start(self):
        await self.until_well()
        self.start_collector()
        self.start_historian()

    async def until_acked(self, n):
        await until(lambda: len(self.acked()) >= n)

    async def kill(self, which, *, back=True):
        if which == "broker":
            await self.keeper.broker.kill()
            if back:
                await self.until_well()
            return
        process = getattr(self, which)
        process.kill()
        process.wait()
        if back:
            getattr(self, f"start_{which}")()

    def freeze(self):
        """Nothing more is said by anyone: as in the instant in which the power goes."""
        for pid in (self.keeper.broker.pid, self.collector.pid, self.historian.pid):
            os.kill(pid, SIGSTOP)

    def kill_roles(self):
        for process in (self.collector, self.historian):
            if process is not None:
                process.kill()
                process.wait()

    async def stop(self):
        self.kill_roles()
        await self.keeper.stop()

    def acked(self):
        """Every (epoch, seq) that was kept for certain."""
        if not self.ack_log.exists():
            return set()
        lines = self.ack_log.read_text().splitlines()
        return {tuple(map(int, line.split())) for line in lines if line.count(" ") == 1}

    async def settle(self):
        """Bring everything up once more, let what waits arrive in history, and stop."""
        self.kill_roles()
        self.pause_s = 0.02
        self.start_historian()
        self.start_collector()
        before = len(self.acked())
        await self.until_acked(before + 3)
        await until(lambda: not any((self.folder / "spool").glob("*.spool")))
        await self.kill("collector", back=False)
        client = await connect.connect(self.url, user=USER, password=PASSWORD, name="settle")
        seen = 0
        async with asyncio.timeout(120):
            while seen < 3:  # a consumer just made says for a moment that nothing waits
                seen = seen + 1 if await has_all(client) else 0
                await asyncio.sleep(0.05)
        await connect.close(client)
        await self.kill("historian", back=False)

    def check(self):
        """I1: every acknowledged frame is in history. I2: each has one effect, whole and right."""
        table = SampleTable(self.folder / "history", clock=Clock())
        seen = {}
        for file in table.log.state.files.values():
            rows = read_all(table.folder, file)
            for at_us, signal in zip(rows.at_us.tolist(), rows.signal.tolist(), strict=True):
                seen[at_us, signal] = seen.get((at_us, signal), 0) + 1
        start_us = 1_767_600_000 * 10**6
        frames = {}
        for at_us, _ in seen:
            epoch, rest = divmod(at_us - start_us, 10**12)
            frames[epoch, rest // 1_000] = frames.get((epoch, rest // 1_000), 0) + 1
        acked = self.acked()
        return {
            "acked": len(acked),
            "lost": len(acked - set(frames)),
            "doubled": sum(n > 1 for n in seen.values()),
            "torn": sum(n != SIGNALS for n in frames.values()),
        }
