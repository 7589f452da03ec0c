"""Keeping a broker alive: started again when it ended, hangs, or its disk has room again."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from nats.aio.client import Client

from hanse.model.errors import HanseError
from hanse.transmit.nats import server, watch
from hanse.transmit.nats.server import Broker, BrokerConfig

CHECK_S = 2.0
PULSES_MISSED_MAX = 3
BALLAST_BYTES = 64_000_000
ROOM_BYTES_MIN = 16_000_000

OnChange = Callable[[str], Awaitable[None]]
"""Told in words what became of the broker (``restarted``, the reason it does not answer)."""


class BrokerKeeper:
    """One broker, kept alive at the same port.

    A broker whose disk was full takes nothing even when there is room again until it is started
    again: so it is, when `pulse` was missed PULSES_MISSED_MAX times and the disk has room. A
    ballast file of 64 MB is given up first, so that business messages go on for a while.
    """

    def __init__(self, broker: Broker, client: Client, *, on_change: OnChange) -> None:
        self.broker = broker
        self.restarts = 0
        self.problem = ""
        self._client = client
        self._on_change = on_change
        self._missed = 0
        self._port = int(broker.url.rpartition(":")[2])
        self._ballast = broker.config.folder / "ballast"

    async def run(self) -> None:
        """Watch until cancelled."""
        await asyncio.to_thread(make_ballast, self._ballast)
        while True:
            await self.check()
            await asyncio.sleep(CHECK_S)

    async def check(self) -> None:
        """Look once, and do what is needed."""
        if not self.broker.alive:
            await self._restart("it had ended")
            return
        try:
            await watch.pulse(self._client)
        except HanseError as error:
            await self._note_problem(str(error))
            return
        self.problem, self._missed = "", 0

    async def _note_problem(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            await self._on_change(problem)
        self._missed += 1
        if self._missed < PULSES_MISSED_MAX:
            return
        if not has_room(self.broker.config.folder):
            self._ballast.unlink(missing_ok=True)
        if has_room(self.broker.config.folder):
            await self._restart("it took nothing")

    async def _restart(self, why: str) -> None:
        await self.broker.kill()
        config: BrokerConfig = msgspec.structs.replace(self.broker.config, port=self._port)
        try:
            self.broker = await server.start(config)
        except HanseError as error:
            self.problem = str(error)
            await self._on_change(self.problem)
            return
        self.restarts += 1
        self._missed = 0
        await self._on_change(f"restarted: {why}")


def has_room(folder: Path) -> bool:
    """Whether the disk has room enough for a broker to be of use."""
    return shutil.disk_usage(folder).free >= ROOM_BYTES_MIN


def make_ballast(path: Path) -> None:
    """A file to give up when the disk is full; not made where it would fill the disk itself."""
    if not path.exists() and shutil.disk_usage(path.parent).free > 20 * BALLAST_BYTES:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
