"""The collect role: every connection kept alive, frames to the broker, gaps on record."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from hanse.collect.collector import Collector, Start, epoch_of
from hanse.collect.diagnostics import Diagnostics
from hanse.collect.ports import World
from hanse.collect.registry import connector
from hanse.model.errors import HanseError
from hanse.model.event import Draft
from hanse.model.sample import Frame, Gap
from hanse.node.connections import (
    RecordTrust,
    Setup,
    connection_of,
    mapping_of,
    secret_in,
    setups,
)
from hanse.node.context import Context
from hanse.store import Store, Tx
from hanse.transmit.history.writer import ACK_WAIT_S, HistoryWriter
from hanse.transmit.nats.feed import frames, patiently
from hanse.transmit.nats.requests import answer
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher, PublisherStatus
from hanse.transmit.partition import partition

DIAGNOSTICS = "collect.diagnostics"
RELOAD = "collect.reload"
SPOOL_BYTES_MAX = 2_000_000_000
log = structlog.get_logger("collect")


async def run(context: Context) -> None:
    """Run every enabled connection; begin anew when the set-up changes."""
    publisher = FramePublisher(
        context.nats,
        spool=Spool(context.folder / "spool", bytes_max=SPOOL_BYTES_MAX),
        clock=context.clock,
        gaps=partial(_record_gap, context.store),
    )
    floor = _Floor(context, publisher)
    await answer(context.nats, DIAGNOSTICS, question=str, handle=floor.diagnostics)
    await answer(context.nats, RELOAD, question=str, handle=floor.reload)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        tasks.create_task(floor.run())
        tasks.create_task(_keep_history(context))


async def _keep_history(context: Context) -> None:
    """Frames into the history, committed with the numbers they cover, then acknowledged."""
    js = context.nats.jetstream()
    feed = await patiently(lambda: frames(js, name="history", ack_wait_s=ACK_WAIT_S, alone=True))
    writer = HistoryWriter(
        context.folder / "history", clock=context.clock, gaps=partial(_record_gap, context.store)
    )
    await writer.run(feed)


class _Sink:
    """Frames to the publisher, gaps and device events to the record."""

    def __init__(self, publisher: FramePublisher, store: Store) -> None:
        self._publisher = publisher
        self._store = store

    async def frame(self, frame: Frame, *, partition: int) -> None:
        """Keep a frame."""
        await self._publisher.frame(frame, partition=partition)

    async def gap(self, gap: Gap) -> None:
        """Record a gap."""
        await _record_gap(self._store, gap)

    async def event(self, event: Draft) -> None:
        """Record what a device announced."""
        await self._store.write(lambda tx: tx.events.append(event))


async def _record_gap(store: Store, gap: Gap) -> None:
    await store.write(lambda tx: tx.gaps.put(gap))


class _Floor:
    """All collectors of this process."""

    def __init__(self, context: Context, publisher: FramePublisher) -> None:
        self._context = context
        self._publisher = publisher
        self._collectors: dict[str, Collector] = {}
        self._wrong: dict[str, str] = {}
        self._again = asyncio.Event()

    async def run(self) -> None:
        """Keep every connection until the set-up changes, then begin anew."""
        while True:
            self._again.clear()
            tasks = [asyncio.create_task(c.run()) for c in await self._begin()]
            try:
                await self._again.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def reload(self, _question: str) -> bool:
        """The set-up changed."""
        self._again.set()
        return True

    async def diagnostics(self, _question: str) -> tuple[list[Diagnostics], PublisherStatus]:
        """How every connection is, and the way out."""
        return [c.diagnostics() for c in self._collectors.values()], self._publisher.status()

    async def _begin(self) -> list[Collector]:
        enabled = await self._context.store.read(
            lambda tx: [s for s in setups(tx).all() if s.enabled]
        )
        self._collectors, self._wrong = {}, {}
        for setup in enabled:
            try:
                self._collectors[setup.key] = await self._collector(setup)
            except HanseError as error:
                self._wrong[setup.key] = str(error)
                log.warning("connection not started", connection=setup.key, error=str(error))
        return list(self._collectors.values())

    async def _collector(self, setup: Setup) -> Collector:
        context = self._context

        def read(tx: Tx) -> tuple[object, int | None]:
            return mapping_of(tx, setup), None

        mapping, heard_ns = await context.store.write(read)
        world = World(
            clock=context.clock,
            dice=context.dice,
            trust=RecordTrust(context.store),
            keys=context.folder / "keys",
            secret=partial(secret_in, context.folder),
        )
        start = Start(
            source=f"{context.identity.did[-12:]}/{setup.key}",
            epoch=epoch_of(context.clock.ns()),
            last_heard_ns=heard_ns,
        )
        return Collector(
            connection_of(setup, mapping),  # type: ignore[arg-type]
            connector(setup.protocol),
            sink=_Sink(self._publisher, context.store),
            world=world,
            start=start,
            partition=partition,
        )
