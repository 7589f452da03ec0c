"""Giving machines jobs: off as shipped; where the owner allows it, per machine, bounded, audited.

A job goes out by a method of the device that takes it whole and knows it by its name, so that a
job that is sent again is not done again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from hanse.collect.ports import ADDRESS_MAX, Calling, Connector, World
from hanse.model.errors import BadInput, HanseError, NotAllowed, TooMuch
from hanse.model.ids import Key
from hanse.model.time import Instant

JOB_PIECES_MAX = 1_000_000
JOBS_PER_MINUTE_MAX = 60
JOB_RUN_S_MAX = 86_400.0

_Address = Annotated[str, Meta(min_length=1, max_length=ADDRESS_MAX)]


class JobDoor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine that may be given jobs: its object and methods in the device, and the bounds.

    ``start`` takes (order, item, pieces, seconds a piece, setup seconds, job); ``end`` takes (job).
    """

    asset: Key
    object: _Address
    start: _Address
    end: _Address
    pieces_max: Annotated[int, Meta(ge=1, le=JOB_PIECES_MAX)] = 1_000
    per_minute: Annotated[int, Meta(ge=1, le=JOBS_PER_MINUTE_MAX)] = 6


class JobSheet(Struct, frozen=True, kw_only=True):
    """So many pieces of an item on a machine, under a name that the machine knows it by."""

    job: Key
    machine: Key
    order: Key
    item: Key
    pieces: Annotated[int, Meta(ge=1, le=JOB_PIECES_MAX)]
    run_s: Annotated[float, Meta(gt=0, le=JOB_RUN_S_MAX)]
    setup_s: Annotated[float, Meta(ge=0, le=JOB_RUN_S_MAX)] = 0.0


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

        def arguments(door: JobDoor) -> Calling:
            if sheet.pieces > door.pieces_max:
                raise BadInput(
                    f"at most {door.pieces_max} pieces at once",
                    subject=sheet.job,
                    remedy="Make smaller lots, or allow more on the connection's page",
                )
            self._check_rate(door)
            values = (sheet.order, sheet.item, sheet.pieces, sheet.run_s, sheet.setup_s, sheet.job)
            return Calling(object=door.object, method=door.start, arguments=values)

        await self._hand(attempt, arguments)

    async def end(self, machine: str, job: str, *, by: str) -> None:
        """Take a job away from a machine; the piece in hand is finished. Raises as `start`."""
        attempt = self._attempt("end", machine, job, by=by)

        def arguments(door: JobDoor) -> Calling:
            return Calling(object=door.object, method=door.end, arguments=(job,))

        await self._hand(attempt, arguments)

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

    async def _hand(self, attempt: Handed, calling: Callable[[JobDoor], Calling]) -> None:
        try:
            call = calling(self._door(attempt.machine))
            await self._audit.intend(attempt)
            await self._send(call)
        except HanseError as error:
            await self._audit.done(_refused(attempt, error))
            raise
        await self._audit.done(attempt)

    def _door(self, machine: str) -> JobDoor:
        door = self._doors.get(machine)
        if door is None or self._connector.call is None:
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

    async def _send(self, calling: Calling) -> None:
        try:
            if self._connector.call is not None:
                await self._connector.call(self._settings, self._world, calling)
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
