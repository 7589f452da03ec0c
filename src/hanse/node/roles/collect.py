"""The collect role: every connection kept alive, frames to the broker and the history.

Alone, it runs all connections. Against a cluster it shares them with the other machines that run
this role, by leases; one of them writes the history.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from functools import partial

import numpy as np
import structlog

from hanse.model.errors import HanseError
from hanse.model.plant import Signal
from hanse.node.collecting import wire
from hanse.node.collecting.floor import Floor
from hanse.node.collecting.sink import RecordSink, record_gap
from hanse.node.context import Context
from hanse.node.keeping import keeping_of
from hanse.node.shopfloor.door import JobDesk
from hanse.transmit.history.keep import Keeping
from hanse.transmit.history.merge import Housekeeper
from hanse.transmit.history.writer import ACK_WAIT_S, HistoryWriter
from hanse.transmit.lease import Pace
from hanse.transmit.nats.feed import frames, patiently
from hanse.transmit.nats.leases import Leases
from hanse.transmit.nats.requests import answer
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher, PublisherStatus

SPOOL_BYTES_MAX = 2_000_000_000
HISTORY = "\0history"
"""What the writer of the history holds a lease on; no connection has such a key."""
NS_PER_US = 1_000
AGAIN_S = 1.0
CLASSIFY_S = 10.0
"""How often signals are looked through for new ones: oftener than they are committed."""

log = structlog.get_logger("collect")


async def run(context: Context) -> None:
    """Run this process's connections until cancelled."""
    publisher = FramePublisher(
        context.nats,
        spool=Spool(context.folder / "spool", bytes_max=SPOOL_BYTES_MAX),
        clock=context.clock,
        gaps=partial(record_gap, context.store),
    )
    history = Historian(context)
    floor = Floor(context, RecordSink(publisher, context.store), last_ns=history.last_ns)

    async def status(_question: str) -> PublisherStatus:
        return publisher.status()

    told = (
        await answer(context.nats, wire.STATUS, question=str, handle=status),
        await answer(context.nats, wire.RELOAD, question=str, handle=floor.reload),
        *await JobDesk(context, floor.world).open(),
    )
    publishing = asyncio.create_task(publisher.run())
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_watched(publishing))
            if context.settings.broker.url:
                floor.mine = set()
                tasks.create_task(_share(context, floor, history))
            else:
                history.begin()
            tasks.create_task(floor.run())
    finally:  # connections have handed on what they took: the way out may close
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        await history.end()
        for one in told:
            with contextlib.suppress(Exception):
                await one.unsubscribe()


async def _watched(publishing: asyncio.Task[None]) -> None:
    """Fails when publishing does; its end is for the role to decide."""
    await asyncio.shield(publishing)


async def _share(context: Context, floor: Floor, history: Historian) -> None:
    """Take part in sharing connections and the history with other machines."""

    async def gain(device: str) -> None:
        log.info("taken over", connection=device.strip("\0"))
        if device == HISTORY:
            history.begin()
        else:
            await floor.gain(device)

    async def lose(device: str) -> None:
        log.info("let go", connection=device.strip("\0"))
        await (history.end() if device == HISTORY else floor.lose(device))

    await floor.known.wait()
    leases = Leases(
        context.nats,
        me=context.ids.new(socket.gethostname()[:40]),
        devices=lambda: (*floor.enabled, HISTORY),
        clock=context.clock,
        on_gain=gain,
        on_loss=lose,
        replicas=context.settings.broker.replicas,
        pace=Pace.of(context.settings.broker.lease_s),
    )
    await leases.run()


class Historian:
    """Writes the history while it may; knows its last values."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._task: asyncio.Task[None] | None = None
        self._writer: HistoryWriter | None = None

    def begin(self) -> None:
        """Keep frames from now on, committed with the numbers they cover, then acknowledged."""
        self._task = asyncio.create_task(self._keep(), name="history")

    async def end(self) -> None:
        """Stop; what was taken is committed first."""
        task, self._task, self._writer = self._task, None, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def last_ns(self, signals: Sequence[int]) -> int | None:
        """The time of the newest sample of some signals, None where nothing is known here."""
        if self._writer is None or not signals:
            return None
        found = self._writer.last.get(np.array(signals, np.int32))
        return int(found.at_us.max()) * NS_PER_US if len(found) else None

    async def _keep(self) -> None:
        context = self._context
        while True:
            try:
                await self._write(keeping_of(context.settings.history, await self._signals()))
            except Exception as error:
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise  # told to end, and something failed on the way out
                log.warning("history interrupted", error=str(error), exc_info=error)
                await asyncio.sleep(AGAIN_S)

    async def _write(self, keeping: Keeping) -> None:
        context, every_s = self._context, self._context.settings.history.merge_every_s
        self._writer = HistoryWriter(
            context.history,
            clock=context.clock,
            gaps=partial(record_gap, context.store),
            classes=keeping.signals,
        )
        merging = Housekeeper(
            context.history,
            keeping=keeping,
            every_s=every_s,
            first_s=every_s * (0.5 + context.dice.random()),
        )
        js = context.nats.jetstream()
        opening = partial(frames, js, name="history", ack_wait_s=ACK_WAIT_S, alone=True)
        feed = await patiently(opening)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._writer.run(feed))
            tasks.create_task(merging.run())
            tasks.create_task(self._classify(self._writer))

    async def _classify(self, writer: HistoryWriter) -> None:
        """Signals that were chosen since fall into their classes before they are committed."""
        while True:
            await asyncio.sleep(CLASSIFY_S)
            with contextlib.suppress(HanseError):  # asked again a moment later
                signals = await self._signals()
                writer.classify(keeping_of(self._context.settings.history, signals).signals)

    async def _signals(self) -> list[Signal]:
        return await self._context.store.read(lambda tx: list(tx.signals.all()))
