"""Values of an S7 controller by coalesced reads, until it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from snap7.client import Client
from snap7.error import S7ProtocolError
from snap7.type import Area

from hanse.collect.connectors.polling import beats
from hanse.collect.connectors.s7.blocks import Block, Want, block_of, decode, gather, want_of
from hanse.collect.connectors.s7.config import S7Config
from hanse.collect.ports import Intake, Point, World
from hanse.model.errors import BadConfig
from hanse.model.sample import Quality

AREAS = {"DB": Area.DB, "M": Area.MK, "I": Area.PE, "Q": Area.PA}
CONNECT_S_MAX = 4.0
READ_S_MAX = 5.0
RETRY_REFUSED_BEATS = 30

logging.getLogger("snap7").setLevel(logging.CRITICAL)


async def collect(config: S7Config, points: Sequence[Point], intake: Intake, world: World) -> None:
    """One session: read all blocks every ``poll_s``.

    Raises:
        snap7 errors, OSError, TimeoutError: the controller is lost; always in the end.
    """
    wants = wants_of(points, intake)
    async with client(config) as line:
        reader = _Reader(line, intake, {p.slot: p.address for p in points})
        plan = gather(wants, width=config.width, hole=config.hole)
        async for beat in beats(config.poll_s, intake, world.clock):
            if beat % RETRY_REFUSED_BEATS == 0 and reader.refused:
                plan += [block_of([want]) for want in reader.refused]
                reader.refused = []
            began_s = world.clock.monotonic_s()
            async with asyncio.timeout(READ_S_MAX):
                plan = await reader.read(plan)
            intake.note(round_trip_s=(world.clock.monotonic_s() - began_s) / max(1, len(plan)))
            intake.up()


def wants_of(points: Sequence[Point], intake: Intake) -> list[Want]:
    """What the points want; those that cannot be are told."""
    wants: list[Want] = []
    for point in points:
        try:
            wants.append(want_of(point.address, point.type, slot=point.slot))
        except BadConfig as error:
            intake.reject(error.what, subject=point.address, remedy=error.remedy)
    return wants


@contextlib.asynccontextmanager
async def client(config: S7Config) -> AsyncIterator[Any]:
    """A connected client; its calls block and are made in a thread."""
    line = Client()
    try:
        async with asyncio.timeout(CONNECT_S_MAX):
            await asyncio.to_thread(
                line.connect, config.host, config.rack, config.slot, config.port
            )
        yield line
    finally:
        with contextlib.suppress(Exception):
            line.disconnect()


class _Reader:
    """Reads blocks one after another; learns which reads the controller takes."""

    def __init__(self, line: Any, intake: Intake, addresses: dict[int, str]) -> None:
        self._addresses = addresses
        self._line = line
        self._intake = intake
        self.refused: list[Want] = []

    async def read(self, plan: Sequence[Block]) -> list[Block]:
        """Read every block; returns the plan for the next time, refused blocks halved."""
        kept: list[Block] = []
        todo = list(plan)[::-1]
        while todo:
            block = todo.pop()
            try:
                raw = await asyncio.to_thread(read, self._line, block)
            except S7ProtocolError as error:
                todo += self._refuse(block, error)
                continue
            self._give(block, bytes(raw))
            kept.append(block)
        return kept

    def _give(self, block: Block, raw: bytes) -> None:
        slots, values = [], []
        for want in block.wants:
            at = want.start - block.start
            slots.append(want.slot)
            values.append(decode(raw[at : at + want.size], want))
        self._intake.take_all(slots, values)

    def _refuse(self, block: Block, error: Exception) -> list[Block]:
        """The two halves of a refused block, or the one point that is wrong, told."""
        if len(block.wants) > 1:
            middle = len(block.wants) // 2
            return [block_of(block.wants[middle:]), block_of(block.wants[:middle])]
        (want,) = block.wants
        self.refused.append(want)
        self._intake.take(want.slot, None, quality=Quality.BAD)
        self._intake.reject(
            f"the controller refuses: {error}"[:200],
            subject=self._addresses[want.slot],
            remedy="Check that the block exists, is long enough and is not optimised",
        )
        return []


def read(line: Any, block: Block) -> bytes:
    """One read; blocks.

    Raises:
        snap7 errors: refused, or the line is lost.
    """
    return bytes(line.read_area(AREAS[block.area], block.db, block.start, block.size))
