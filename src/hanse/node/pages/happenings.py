"""Events and loops off the record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hanse.flows import kinds
from hanse.model.errors import NotFound
from hanse.model.event import Event
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.store import Tx
from hanse.web.views.common import State, Tone
from hanse.web.views.loops import LoopRow

LOOKED_BACK_MAX = 1_000
FOLLOW_S = 0.5
BEGINS = frozenset({kinds.ALARM_ACTIVE, kinds.SOMETHING_WANTED})
_STATES = {
    "done": State("done", Text("closed", "已闭环"), Tone.GOOD),
    "asking": State("asking", Text("waits for a person", "等待人工"), Tone.WARN),
    "stuck": State("stuck", Text("needs a person", "需人工处理"), Tone.BAD),
    "running": State("running", Text("running", "进行中"), Tone.BUSY),
}


class RecordHappenings:
    """A `hanse.web.ports.Happenings`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def loops(self, *, limit: int) -> tuple[LoopRow, ...]:
        """Loops, newest first."""
        return await self._store.read(lambda tx: _loops(tx, limit))

    async def loop(self, loop: str) -> tuple[LoopRow, tuple[Event, ...]]:
        """A loop and its events, oldest first."""
        events = await self._store.read(lambda tx: tx.events.find(loop=loop))
        if not events:
            raise NotFound("there is no such loop", subject=loop)
        return row_of(events), tuple(events)

    async def event(self, event: str) -> Event:
        """One event."""
        return await self._store.read(lambda tx: _need(tx, event))

    async def causes(self, event: str) -> tuple[Event, ...]:
        """The chain of causes, root first."""
        return tuple(await self._store.read(lambda tx: tx.events.chain(event)))

    async def effects(self, event: str) -> tuple[Event, ...]:
        """What the event made happen directly."""
        return tuple(await self._store.read(lambda tx: tx.events.find(cause=event)))

    async def recent(
        self, *, limit: int, subject: str = "", before: Instant | None = None
    ) -> tuple[Event, ...]:
        """Events, newest first; of one subject, or of all."""

        def find(tx: Tx) -> list[Event]:
            return tx.events.find(subject=subject or None, newest_first=True, limit=limit)

        found = await self._store.read(find)
        return tuple(e for e in found if before is None or e.at < before)

    async def follow(self) -> AsyncIterator[Event]:
        """Events as they are recorded, from now on."""
        seq = (await self._store.read(lambda tx: tx.events.head()))[0]
        while True:
            for number, event in await self._store.read(
                lambda tx, after=seq: tx.events.after(after)  # type: ignore[misc]
            ):
                seq = number
                yield event
            await asyncio.sleep(FOLLOW_S)


def _need(tx: Tx, event: str) -> Event:
    found = tx.events.get(event)
    if found is None:
        raise NotFound("there is no such event", subject=event)
    return found


def _loops(tx: Tx, limit: int) -> tuple[LoopRow, ...]:
    recent = tx.events.find(newest_first=True, limit=LOOKED_BACK_MAX)
    names = list(dict.fromkeys(e.loop for e in recent if e.loop))[:limit]
    return tuple(row_of(tx.events.find(loop=name)) for name in names)


def row_of(events: list[Event]) -> LoopRow:
    """A loop as its events, oldest first, tell it."""
    first = events[0]
    done = next((e for e in events if e.kind == kinds.CUSTOMER_TOLD), None)
    return LoopRow(
        id=first.loop or first.id,
        title=first.text,
        state=loop_state(events),
        started_at=first.at,
        ended_at=done.at if done else None,
        steps=len(events),
        machine=str(first.about.get("asset", "")),
    )


def loop_state(events: list[Event]) -> State:
    """How a loop stands, by its events."""
    return _STATES[_standing([e.kind for e in events])]


def _standing(seen: list[str]) -> str:
    if kinds.CUSTOMER_TOLD in seen:
        return "done"
    if seen.count(kinds.QUESTION) > seen.count(kinds.ANSWER):
        return "asking"
    if kinds.NO_OFFER in seen or kinds.NOT_DONE in seen:
        return "stuck"
    return "running"
