"""Giving machines jobs: off as shipped; where the owner allows it, per machine, bounded, audited.

A job goes out whole and by its name, so that a job that is sent again is not done again: by a
method of the device, by registers of which one says the number of the job taken last, or by a
message that is answered by another one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, Protocol

from msgspec import Struct

from hanse.collect.job_doors import JobDoor, JobSheet
from hanse.collect.job_ways import JobWay, way_of
from hanse.collect.ports import Connector, World
from hanse.model.errors import BadInput, HanseError, NotAllowed, TooMuch
from hanse.model.time import Instant


class Handed(Struct, frozen=True, kw_only=True):
    """One attempt to give or take a job; ``refused`` is empty when the device took it."""

    at: Instant
    connection: str
    machine: str
    deed: Literal["start", "end"]
    job: str
    pieces: int = 0
    by: str
    refused: str = ""


class JobAudit(Protocol):
    """Where every attempt is recorded, before and after."""

    async def intend(self, handed: Handed) -> None:
        """Recorded before the device is touched; if this raises, nothing is sent."""
        ...

    async def done(self, handed: Handed) -> None:
        """What came of it."""
        ...


class JobGuard:
    """The only way to give a device jobs.

    Args:
        connection: its key.
        reach: its protocol and checked settings.
        world: what the connector needs.
        audit: where attempts are recorded.
        doors: the machines that may be given jobs; empty, as shipped, means none.
    """

    def __init__(
        self,
        connection: str,
        reach: tuple[Connector, Struct],
        *,
        world: World,
        audit: JobAudit,
        doors: tuple[JobDoor, ...] = (),
    ) -> None:
        self._connection = connection
        self._connector, self._settings = reach
        self._world = dataclasses.replace(world, connection=connection)
        self._audit = audit
        self._doors = {door.asset: door for door in doors}
        self._times_s: dict[str, list[float]] = {}

    async def start(self, sheet: JobSheet, *, by: str) -> None:
        """Give a machine a job, if it may be; one that it knows already changes nothing.

        Raises:
            NotAllowed: the owner did not allow it for this machine.
            BadInput: more pieces than allowed.
            TooMuch: more often than allowed.
            Refused, Unreachable: the device did not take it.
        """
        attempt = self._attempt("start", sheet.machine, sheet.job, by=by, pieces=sheet.pieces)

        def check(door: JobDoor) -> None:
            if sheet.pieces > door.pieces_max:
                raise BadInput(
                    f"at most {door.pieces_max} pieces at once",
                    subject=sheet.job,
                    remedy="Make smaller lots, or allow more on the connection's page",
                )
            self._check_rate(door)

        await self._hand(attempt, check, lambda way: way.start(sheet))

    async def end(self, machine: str, job: str, *, by: str) -> None:
        """Take a job away from a machine; the piece in hand is finished. Raises as `start`."""
        attempt = self._attempt("end", machine, job, by=by)
        await self._hand(attempt, lambda _: None, lambda way: way.end(job))

    def _attempt(
        self, deed: Literal["start", "end"], machine: str, job: str, *, by: str, pieces: int = 0
    ) -> Handed:
        return Handed(
            at=self._world.clock.now(),
            connection=self._connection,
            machine=machine,
            deed=deed,
            job=job,
            pieces=pieces,
            by=by,
        )

    async def _hand(
        self,
        attempt: Handed,
        check: Callable[[JobDoor], None],
        send: Callable[[JobWay], Awaitable[None]],
    ) -> None:
        try:
            door = self._door(attempt.machine)
            check(door)
            way = way_of(door, (self._connector, self._settings), self._world)
            await self._audit.intend(attempt)
            await self._send(send(way))
        except HanseError as error:
            await self._audit.done(_refused(attempt, error))
            raise
        await self._audit.done(attempt)

    def _door(self, machine: str) -> JobDoor:
        door = self._doors.get(machine)
        if door is None:
            raise NotAllowed(
                "giving jobs to this machine is off",
                subject=machine,
                remedy="The owner can allow it with bounds on the connection's page",
            )
        return door

    def _check_rate(self, door: JobDoor) -> None:
        now_s = self._world.clock.monotonic_s()
        recent = [t for t in self._times_s.get(door.asset, []) if now_s - t < 60]
        if len(recent) >= door.per_minute:
            raise TooMuch(
                f"at most {door.per_minute} jobs a minute",
                subject=door.asset,
                remedy="Wait a minute",
            )
        self._times_s[door.asset] = [*recent, now_s]

    async def _send(self, sending: Awaitable[None]) -> None:
        try:
            await sending
        except HanseError:
            raise
        except Exception as error:
            raise self._connector.explain(error, self._settings) from error


def _refused(attempt: Handed, error: HanseError) -> Handed:
    return Handed(
        at=attempt.at,
        connection=attempt.connection,
        machine=attempt.machine,
        deed=attempt.deed,
        job=attempt.job,
        pieces=attempt.pieces,
        by=attempt.by,
        refused=f"{error.name}: {error.what}",
    )


def doors_of(assets: Iterable[str], address: str) -> tuple[JobDoor, ...]:
    """Doors whose addresses follow one pattern: ``{}`` in ``address`` stands for the machine."""
    return tuple(
        JobDoor(
            asset=asset,
            object=address.format(asset),
            start=address.format(f"{asset}.StartJob"),
            end=address.format(f"{asset}.EndJob"),
        )
        for asset in assets
    )
