"""Keeping a broker alive: started again when it ended, hangs, or its disk has room again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from nats.aio.client import Client
from nats.js import JetStreamContext

from hanse.model.errors import HanseError
from hanse.transmit.nats import connect, server, streams, watch
from hanse.transmit.nats.server import Broker, BrokerConfig
from hanse.transmit.nats.streams import StreamLimits

CHECK_S = 2.0
RETRY_S = 0.5
PULSES_MISSED_MAX = 3
NOTE_CHECKS = 30
"""Looks between two notes of how far the streams are: a minute."""
BALLAST_BYTES = 64_000_000
ROOM_BYTES_MIN = 16_000_000

OnChange = Callable[[str], Awaitable[None]]
"""Told in words what became of the broker (``restarted``, the reason it does not answer)."""


class BrokerKeeper:
    """One broker, started and kept alive at the port it first had.

    A broker whose disk was full may take nothing, or serve one stream and not another, even when
    there is room again, until it is started again. So every stream shows its pulse (it takes a
    message, and gives it back); when one was missed while the disk was full, the broker is started
    again as soon as there is room; when PULSES_MISSED_MAX were missed with room, at once. A ballast
    file of 64 MB is given up first, so that business messages go on for a while, and made again
    when there is room.

    Args:
        config: the broker to run; port 0 takes a free one and keeps it.
        limits: its streams, made (or brought up to date) after each start.
        on_change: told what became of it.
    """

    def __init__(
        self, config: BrokerConfig, *, limits: StreamLimits | None = None, on_change: OnChange
    ) -> None:
        self.config = config
        self.broker: Broker | None = None
        self.restarts = 0
        self.problem = ""
        self._limits = limits or StreamLimits()
        self._client: Client | None = None
        self._on_change = on_change
        self._missed = 0
        self._was_full = False
        self._has_streams = False
        self._checks = 0
        self._ballast = config.folder / "ballast"
        self._noted = watch.Noted(config.folder / "positions.json")

    async def run(self) -> None:
        """Keep it alive until cancelled; it goes on running then, until `stop`."""
        while True:
            await self.check()
            if self.broker is None:
                await asyncio.sleep(RETRY_S)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self.broker.wait()

    async def check(self) -> None:
        """Look once, and do what is needed."""
        if self.broker is None:
            await self._start("started")
        elif not self.broker.alive:
            await self._restart("it had ended")
        elif problem := await self._feel():
            await self._note_problem(problem)
        else:
            await self._note_well()

    async def stop(self) -> None:
        """End the broker in good order."""
        if self._client is not None:
            await connect.close(self._client)
            self._client = None
        if self.broker is not None:
            await self.broker.stop()

    async def _feel(self) -> str:
        """What is wrong with it, or nothing."""
        try:
            client = await self._connected()
            js = client.jetstream(timeout=watch.PULSE_WAIT_S)
            if not self._has_streams:
                await streams.ensure(js, self._limits)
                await self._compare(js)
                self._has_streams = True
            await watch.pulse(client)
            if self._checks % NOTE_CHECKS == 0:
                self._noted.write(await watch.positions(js))
            self._checks += 1
        except HanseError as error:
            return str(error)
        except OSError as error:
            return f"positions are not noted ({error})"
        return ""

    async def _compare(self, js: JetStreamContext) -> None:
        """Whether the streams have what they had; consumers of one that has not start over."""
        for back in await watch.check(js, self._noted):
            await self._on_change(f"{back.stream} went back from {back.noted} to {back.found}")

    async def _note_well(self) -> None:
        had, self.problem = self.problem, ""
        self._missed, self._was_full = 0, False
        make_ballast(self._ballast)
        if had:
            await self._on_change("takes messages again")

    async def _connected(self) -> Client:
        assert self.broker is not None, "felt only while it runs"
        if self._client is None:
            self._client = await connect.connect(
                self.broker.url,
                user=self.config.user,
                password=self.config.password,
                name="keeper",
            )
        return self._client

    async def _note_problem(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            await self._on_change(problem)
        self._missed += 1
        if not has_room(self.config.folder):
            self._was_full = True
            self._ballast.unlink(missing_ok=True)
        if has_room(self.config.folder):
            if self._was_full:
                await self._restart("its disk had been full")
            elif self._missed >= PULSES_MISSED_MAX:
                await self._restart("it took nothing")

    async def _restart(self, why: str) -> None:
        if self.broker is not None:
            await self.broker.kill()
        self.restarts += 1
        await self._start(f"restarted: {why}")

    async def _start(self, told: str) -> None:
        try:
            self.broker = await server.start(self.config)
        except (HanseError, OSError) as error:
            self.broker = None
            if str(error) != self.problem:
                self.problem = str(error)
                await self._on_change(self.problem)
            return
        port = int(self.broker.url.rpartition(":")[2])
        self.config = msgspec.structs.replace(self.config, port=port)
        self._missed, self._was_full, self._has_streams = 0, False, False
        await self._on_change(told)


def has_room(folder: Path) -> bool:
    """Whether the disk has room enough for a broker to be of use."""
    return shutil.disk_usage(folder).free >= ROOM_BYTES_MIN


def make_ballast(path: Path) -> None:
    """A file to give up when the disk is full; not made where it would fill the disk itself."""
    if path.exists() or shutil.disk_usage(path.parent).free < 20 * BALLAST_BYTES:
        return
    with contextlib.suppress(OSError), path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
