"""The decide role: frames and the clock into the engine, alarms onto the record."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from hanse.decide import AlarmEvent, acknowledge, shelve, unshelve
from hanse.decide.alarm import Step
from hanse.model.errors import BadInput, HanseError, Unreachable
from hanse.model.sample import Frame
from hanse.model.text import Text
from hanse.model.time import from_ns
from hanse.node.context import Context
from hanse.node.watching import ACT, ALARMS, AlarmAct, Watch, event_of, read_watch
from hanse.store import Tx
from hanse.transmit.nats.feed import Feed, frames, patiently
from hanse.transmit.nats.requests import answer

TICK_S = 0.025
WATCH_S = 1.0
SNAPSHOT_S = 5.0
REPLAY_S = 2
RELOAD = "decide.reload"
CONSUMER = "decide"
log = structlog.get_logger("decide")


class Snapshot(Struct, frozen=True):
    """The engine at an instant; frames after it are fed again after a restart."""

    at_ns: int
    fingerprint: str
    image: bytes


async def run(context: Context) -> None:
    """Watch until cancelled; begin anew when the plant or its rules change."""
    again = asyncio.Event()

    async def reload(_question: str) -> bool:
        again.set()
        return True

    desks: list[_Desk] = []

    async def act(question: AlarmAct) -> Text:
        if not desks:
            raise Unreachable("the engine is starting", subject="decide", remedy="Try again")
        return await desks[-1].act(question)

    await answer(context.nats, RELOAD, question=str, handle=reload)
    await answer(context.nats, ACT, question=AlarmAct, handle=act)
    while True:
        again.clear()
        watch = await context.store.read(read_watch)
        desk = _Desk(context, watch)
        desks[:] = [desk]
        task = asyncio.create_task(desk.run())
        waiting = asyncio.create_task(again.wait())
        try:
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


_VERBS: dict[str, Callable[..., Step]] = {
    "acknowledge": acknowledge,
    "shelve": shelve,
    "unshelve": unshelve,
}


class _Desk:
    """One engine at work."""

    def __init__(self, context: Context, watch: Watch) -> None:
        self._context = context
        self._watch = watch
        self._fed = asyncio.Event()
        self._path = context.folder / "run" / "decide.snapshot"

    async def run(self) -> None:
        """Feed and tick until cancelled."""
        await self._tell(self._watch.book.end_without_rule(self._context.clock.ns()))
        feed = await self._open()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._feed(feed))
            tasks.create_task(self._tick())
            tasks.create_task(self._look_after())

    async def act(self, wish: AlarmAct) -> Text:
        """A person's act on an alarm, recorded as any step of it."""
        verb = _VERBS.get(wish.verb)
        if verb is None:
            raise BadInput("there is no such act on an alarm", subject=wish.verb)
        how: dict[str, Any] = {"by": wish.by, "at_ns": self._context.clock.ns()}
        how |= {} if wish.verb == "unshelve" else {"note": wish.note}
        how |= {"for_s": wish.for_s} if wish.verb == "shelve" else {}
        told = self._watch.book.act(wish.alarm, verb, **how)
        await self._tell(told)
        return told[0].text if told else Text("nothing changed", "没有变化")

    async def _open(self) -> Feed[Frame]:
        """The frames since the last snapshot, which is restored; from now on without one."""
        js = self._context.nats.jetstream()
        snapshot = self._restored()
        if snapshot is None:
            standing = [a.id for a in self._watch.book.alarms() if a.active]
            self._watch.engine.assume(standing)
        since = from_ns(snapshot.at_ns - REPLAY_S * 10**9) if snapshot else None
        if snapshot is not None:
            with contextlib.suppress(Exception):
                await js.delete_consumer("TELEMETRY", CONSUMER)
        return await patiently(lambda: frames(js, name=CONSUMER, since=since))

    def _restored(self) -> Snapshot | None:
        try:
            snapshot = msgspec.msgpack.decode(self._path.read_bytes(), type=Snapshot)
            if snapshot.fingerprint != self._watch.engine.fingerprint():
                return None
            self._watch.engine.restore(snapshot.image)
        except (OSError, msgspec.MsgspecError, HanseError) as error:
            log.info("no snapshot", why=str(error))
            return None
        return snapshot

    async def _feed(self, feed: Feed[Frame]) -> None:
        while True:
            for delivery in await feed.take():
                while not self._watch.engine.feed(delivery.what):  # noqa: ASYNC110 (full)
                    await asyncio.sleep(TICK_S)
                await delivery.done()
                self._fed.set()

    async def _tick(self) -> None:
        clock = self._context.clock
        while True:
            self._fed.clear()
            transitions = self._watch.engine.tick(clock.ns())
            if transitions:
                await self._tell(self._watch.book.take(transitions))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._fed.wait(), TICK_S)

    async def _look_after(self) -> None:
        clock, since_s = self._context.clock, 0.0
        while True:
            await asyncio.sleep(WATCH_S)
            await self._tell(self._watch.book.tick(clock.ns()))
            since_s += WATCH_S
            if since_s >= SNAPSHOT_S:
                since_s = 0.0
                self._save(clock.ns())

    def _save(self, now_ns: int) -> None:
        engine = self._watch.engine
        snapshot = Snapshot(now_ns, engine.fingerprint(), engine.snapshot())
        partial = self._path.with_suffix(".new")
        partial.write_bytes(msgspec.msgpack.encode(snapshot))
        partial.replace(self._path)

    async def _tell(self, told: Sequence[AlarmEvent]) -> None:
        if not told:
            return
        saved = msgspec.Raw(self._watch.book.save())
        effects, ids = self._watch.effects, self._context.ids

        def write(tx: Tx) -> None:
            for step in told:
                tx.events.append(event_of(step, effects, ids), once=step.id)
            tx.settings.put(ALARMS, saved)

        await self._context.store.write(write)
