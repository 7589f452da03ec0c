"""Values that are pushed: a door that checks, reads and hands on."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hanse.collect.connectors.mqtt.payload import leaves
from hanse.collect.connectors.push.config import PushConfig
from hanse.collect.doors import Delivery, Receipt
from hanse.collect.ports import Intake, Point, World
from hanse.collect.times import time_in
from hanse.model.errors import BadInput, NotAllowed, Unreachable

BODY_BYTES_MAX = 5_000_000
VALUES_MAX = 50_000
REJECTED_TOLD_MAX = 20
LOOK_S = 0.5


async def collect(
    config: PushConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """Keep the door open.

    Raises:
        Unreachable: nothing was delivered for ``silent_s``.
        Conflict: the door is open already.
    """
    door = Door(config, points, intake, world)
    with world.doors.opened(world.connection, door.take):
        intake.up()
        while True:
            await asyncio.sleep(LOOK_S)
            if not config.silent_s:
                intake.alive()  # nobody promised to send
            silent_s = world.clock.monotonic_s() - door.heard_s
            if config.silent_s and silent_s > config.silent_s:
                raise Unreachable(
                    f"nothing was delivered for {silent_s:.0f} s",
                    subject=world.connection,
                    remedy="Look whether the sender runs and shows the right token",
                    code="no-notification",
                )


class Door:
    """Reads deliveries: ``{"name": value}`` or ``[{"name", "value", "at"}]``."""

    def __init__(
        self, config: PushConfig, points: Sequence[Point], intake: Intake, world: World
    ) -> None:
        self._token = world.reveal(config.token).encode()
        self._points = {p.address: p for p in points}
        self._intake = intake
        self._clock = world.clock
        self.heard_s = world.clock.monotonic_s()

    async def take(self, delivery: Delivery) -> Receipt:
        """One delivery; it is answered when its values are kept.

        Raises:
            NotAllowed: another token.
            BadInput: too large, or not such a JSON.
        """
        if not hmac.compare_digest(delivery.token.encode(), self._token):
            raise NotAllowed("the token is wrong", remedy="Copy it from the connection's page")
        self.heard_s = self._clock.monotonic_s()
        taken, rejected = 0, []
        for name, value, at in entries_of(delivery.body):
            point = self._points.get(name)
            if point is None:
                rejected.append(name)
                continue
            self._intake.take(point.slot, value, time_in(at) if at is not None else None)
            taken += 1
        for name in rejected[:REJECTED_TOLD_MAX]:
            self._intake.reject("no such signal", subject=name[:120], remedy="Map it, or leave it")
        await self._intake.settled()
        return Receipt(taken=taken, rejected=tuple(rejected[:REJECTED_TOLD_MAX]))


def entries_of(body: bytes) -> Iterator[tuple[str, object, object]]:
    """``(name, value, time or None)`` of every value in a body.

    Raises:
        BadInput: too large, or not such a JSON.
    """
    if len(body) > BODY_BYTES_MAX:
        raise BadInput(f"more than {BODY_BYTES_MAX} bytes", remedy="Send less at once")
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput("not JSON", remedy='Send {"name": value}') from error
    entries = list(_listed(said) if isinstance(said, list) else _object(said))
    if len(entries) > VALUES_MAX:
        raise BadInput(f"more than {VALUES_MAX} values", remedy="Send less at once")
    return iter(entries)


def _object(said: Any) -> Iterator[tuple[str, object, object]]:
    if not isinstance(said, dict):
        raise BadInput("neither an object nor a list", remedy='Send {"name": value}')
    at = said.get("at")
    for name, value in leaves(said):
        if name != "at":
            yield name, value, at


def _listed(said: list[Any]) -> Iterator[tuple[str, object, object]]:
    for entry in said:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise BadInput("an entry without a name", remedy='Send [{"name": .., "value": ..}]')
        yield entry["name"], entry.get("value"), entry.get("at")
