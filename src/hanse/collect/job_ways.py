"""The ways a job goes to a device: a method, registers, or a message. Only the job guard uses them.

Each knows a job that was sent before: the device by its name, the registers by the number of the
job that was taken last. So sending again is safe, and an answer that did not come is no answer.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from hanse.collect.job_doors import JobDoor, JobMessages, JobRegisters, JobSheet
from hanse.collect.ports import Calling, Connector, Point, World
from hanse.model.errors import NotAllowed, Unreachable
from hanse.model.setting import Value

LOOK_S = 0.2
NUMBER_BITS = 31
_MASK = (1 << NUMBER_BITS) - 1


class JobWay(Protocol):
    """How one machine is given jobs."""

    async def start(self, sheet: JobSheet) -> None:
        """Give it a job; one that it knows already changes nothing."""
        ...

    async def end(self, job: str) -> None:
        """Take a job away."""
        ...


def way_of(door: JobDoor, reach: tuple[Connector, Struct], world: World) -> JobWay:
    """The way of a door.

    Raises:
        NotAllowed: its protocol cannot do that.
    """
    connector = reach[0]
    if door.registers is not None and connector.read is not None and connector.write is not None:
        return _ByRegisters(door, door.registers, reach, world)
    if connector.call is None or door.registers is not None:
        raise NotAllowed(
            "this protocol does not take jobs so",
            subject=door.asset,
            remedy="Choose another way on the connection's page",
        )
    if door.messages is not None:
        return _ByMessages(door, door.messages, reach, world)
    return _ByMethod(door, reach, world)


def number_of(job: str) -> int:
    """The number that a device of registers knows a job by: 1 to 2^31 - 1, the same for a name."""
    return (zlib.crc32(job.encode()) & _MASK) or 1


class _ByMethod:
    """Methods of an object of the device."""

    def __init__(self, door: JobDoor, reach: tuple[Connector, Struct], world: World) -> None:
        self._door = door
        self._reach = reach
        self._world = world

    async def start(self, sheet: JobSheet) -> None:
        """Call its method for a new job."""
        said = (sheet.order, sheet.item, sheet.pieces, sheet.run_s, sheet.setup_s, sheet.job)
        await self._call(self._door.start, said)

    async def end(self, job: str) -> None:
        """Call its method that ends one."""
        await self._call(self._door.end, (job,))

    async def _call(self, method: str, said: tuple[Value, ...]) -> None:
        connector, settings = self._reach
        if connector.call is not None:
            calling = Calling(object=self._door.object, method=method, arguments=said)
            await connector.call(settings, self._world, calling)


class _ByMessages:
    """A message with the job, and one that answers it."""

    def __init__(
        self,
        door: JobDoor,
        topics: JobMessages,
        reach: tuple[Connector, Struct],
        world: World,
    ) -> None:
        self._door = door
        self._topics = topics
        self._reach = reach
        self._world = world

    async def start(self, sheet: JobSheet) -> None:
        """Send the whole job."""
        await self._send({"deed": "start", **msgspec.to_builtins(sheet)}, sheet.job)

    async def end(self, job: str) -> None:
        """Say that it is taken back."""
        await self._send({"deed": "end", "job": job}, job)

    async def _send(self, said: dict[str, object], job: str) -> None:
        connector, settings = self._reach
        body = msgspec.json.encode(said).decode()
        if connector.call is not None:
            asked = (body, job, self._door.answer_s)
            calling = Calling(
                object=self._topics.topic, method=self._topics.answers, arguments=asked
            )
            await connector.call(settings, self._world, calling)


class _ByRegisters:
    """Registers: number, pieces and the rest, then the start; the device repeats the number."""

    def __init__(
        self,
        door: JobDoor,
        registers: JobRegisters,
        reach: tuple[Connector, Struct],
        world: World,
    ) -> None:
        self._door = door
        self._at = registers
        self._reach = reach
        self._world = world

    async def start(self, sheet: JobSheet) -> None:
        """Write the job, then the start, unless the device has it already."""
        number = number_of(sheet.job)
        if await self._taken() == number:
            return
        at = self._at
        digits = "".join(c for c in sheet.order if c.isdigit())[-9:]
        for address, value in (
            (at.number, number),
            (at.pieces, sheet.pieces),
            (at.order, int(digits or 0)),
            (at.run_s, round(sheet.run_s)),
            (at.setup_s, round(sheet.setup_s)),
            (at.start, 1),
        ):
            if address:
                await self._write(address, float(value))
        await self._until(number, sheet.job)

    async def end(self, job: str) -> None:
        """Set the register that ends the job, where there is one and the device has that job."""
        if self._at.end and await self._taken() == number_of(job):
            await self._write(self._at.end, 1.0)

    async def _until(self, number: int, job: str) -> None:
        clock = self._world.clock
        until_s = clock.monotonic_s() + self._door.answer_s
        while await self._taken() != number:
            if clock.monotonic_s() >= until_s:
                raise Unreachable(
                    "the machine does not say that it has taken the job",
                    subject=job,
                    remedy="Look at the machine; it is asked again before it is sent again",
                )
            await asyncio.sleep(LOOK_S)

    async def _taken(self) -> int | None:
        connector, settings = self._reach
        found: Sequence[object] = ()
        if connector.read is not None:
            found = await connector.read(settings, self._world, [point_at(self._at.taken)])
        value = found[0] if found else None
        return int(value) if isinstance(value, int | float) else None

    async def _write(self, address: str, value: float) -> None:
        connector, settings = self._reach
        if connector.write is not None:
            await connector.write(settings, self._world, point_at(address), value)


def point_at(text: str) -> Point:
    """An address with its type behind a space: ``holding:10 uint32``."""
    address, _, type_ = text.strip().partition(" ")
    return Point(slot=0, address=address, type=type_.strip())
