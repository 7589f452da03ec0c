"""What people enter: values as they are, and counters that one press adds to."""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.collect.connectors.manual.config import ManualConfig
from hanse.collect.doors import Delivery, Receipt
from hanse.collect.ports import Intake, Point, World
from hanse.collect.times import time_in
from hanse.model.errors import BadInput, NotAllowed

ENTRIES_MAX = 500
ALIVE_S = 1.0
SEEN_MAX = 10_000
"""Presses remembered, so that one that a phone sends twice counts once."""


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry: a value, or ``add`` to a counter. ``id`` makes sending it twice harmless."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    value: float | bool | Annotated[str, Meta(max_length=1_000)] | None = None
    add: float | None = None
    at: Annotated[str, Meta(max_length=40)] | float | None = None
    id: Annotated[str, Meta(max_length=80)] = ""


async def collect(
    config: ManualConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """Keep the door open for entries.

    Raises:
        Conflict: it is open already.
    """
    desk = Desk(config, points, intake, world)
    with world.doors.opened(world.connection, desk.take):
        intake.up()
        while True:
            await asyncio.sleep(ALIVE_S)
            intake.alive()  # that nobody presses is no gap


class Desk:
    """Takes entries; counters and the presses already counted survive a restart."""

    def __init__(
        self, config: ManualConfig, points: Sequence[Point], intake: Intake, world: World
    ) -> None:
        self._config = config
        self._token = world.reveal(config.token).encode()
        self._points = {p.address: p for p in points}
        self._intake = intake
        self._memory = world.remembered
        self._key = f"manual/{world.connection}"
        kept = _decode(self._memory.get(self._key))
        self._counts = dict(kept.counts)
        self._seen = dict.fromkeys(kept.seen)

    async def take(self, delivery: Delivery) -> Receipt:
        """A list of entries, or one.

        Raises:
            NotAllowed: neither a person who is logged in nor the token.
            BadInput: not entries.
        """
        if not delivery.by and not self._shows_token(delivery.token):
            raise NotAllowed("not logged in", remedy="Log in, or scan the code on the machine")
        taken, rejected = 0, []
        for entry in _entries(delivery.body):
            try:
                taken += self._one(entry)
            except BadInput as error:
                rejected.append(f"{entry.name}: {error.what}")
                self._intake.reject(error.what, subject=entry.name, remedy=error.remedy)
        self._memory.put(self._key, _encode(self._counts, self._seen))
        await self._intake.settled()
        return Receipt(taken=taken, rejected=tuple(rejected))

    def _shows_token(self, token: str) -> bool:
        return bool(self._token) and hmac.compare_digest(token.encode(), self._token)

    def _one(self, entry: Entry) -> int:
        point = self._points.get(entry.name)
        if point is None:
            raise BadInput("no such signal", remedy="Scan the code on the machine again")
        if entry.id and entry.id in self._seen:
            return 0
        if entry.add is not None:
            value: object = self._added(entry.name, entry.add)
        else:
            value = entry.value
        self._intake.take(point.slot, value, None if entry.at is None else time_in(entry.at))
        if entry.id:
            self._seen[entry.id] = None
            if len(self._seen) > SEEN_MAX:
                del self._seen[next(iter(self._seen))]
        return 1

    def _added(self, name: str, add: float) -> float:
        if not math.isfinite(add) or abs(add) > self._config.step_max:
            raise BadInput(
                f"at most {self._config.step_max:g} at once", remedy="Enter the total instead"
            )
        self._counts[name] = self._counts.get(name, 0.0) + add
        return self._counts[name]


class _Kept(Struct):
    counts: dict[str, float] = {}
    seen: list[str] = []


def _decode(text: str) -> _Kept:
    return msgspec.json.decode(text, type=_Kept) if text else _Kept()


def _encode(counts: dict[str, float], seen: dict[str, None]) -> str:
    return msgspec.json.encode(_Kept(counts, list(seen))).decode()


def _entries(body: bytes) -> list[Entry]:
    try:
        said = msgspec.json.decode(body, type=list[Entry] | Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"not an entry: {error}"[:200], remedy='Send {"name", "value"}') from error
    entries = said if isinstance(said, list) else [said]
    if len(entries) > ENTRIES_MAX:
        raise BadInput(f"more than {ENTRIES_MAX} entries", remedy="Send less at once")
    return entries
