"""All connections of one process: started, stopped, begun anew when their set-up changes."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from msgspec.structs import replace
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from hanse.collect.collector import Collector
from hanse.collect.diagnostics import Diagnostics, LineState, trouble_of
from hanse.collect.doors import Delivery, Doors, Receipt
from hanse.collect.mapping import Mapping
from hanse.collect.ports import Sink, World
from hanse.collect.registry import connector
from hanse.model.errors import HanseError, Unreachable
from hanse.node.collecting import heard, wire
from hanse.node.collecting.secrets import secret_in
from hanse.node.collecting.sink import MemoryOnRecord
from hanse.node.connections import RecordTrust, Setup, connection_of, mapping_of, setups, sheltered
from hanse.node.context import Context
from hanse.node.setting.desk import SetAsk, SetDesk
from hanse.node.setting.tap import Tap
from hanse.store import Tx
from hanse.transmit.nats.requests import answer
from hanse.transmit.partition import partition

REREAD_S = 5.0
"""How often the set-up is read again unasked: the word that it changed may be lost."""
STOP_S_MAX = 6.0
LAST_NS = Callable[[Sequence[int]], int | None]

log = structlog.get_logger("collect")


@dataclasses.dataclass(frozen=True)
class Line:
    """One connection that runs here, or the reason why it does not."""

    setup: Setup
    collector: Collector | None
    wrong: Diagnostics | None
    task: asyncio.Task[None] | None
    answers: tuple[Subscription, ...]
    epoch: int = 0


class Floor:
    """Runs connections; ``mine`` names those this process may run, None being all.

    ``enabled`` are all that someone has to run, from when ``known`` is set.

    Args:
        context: the node.
        sink: where samples, gaps and events go.
        last_ns: the newest sample of some signals, as far as this process knows.
    """

    def __init__(self, context: Context, sink: Sink, *, last_ns: LAST_NS = lambda _: None) -> None:
        self._context = context
        self._tap = Tap(sink, context.clock)
        self._sink = self._tap
        self._setting = SetDesk(context, self.world, self._tap)
        self._last_ns = last_ns
        self._lines: dict[str, Line] = {}
        self._again = asyncio.Event()
        self._turn = asyncio.Lock()
        self._doors = Doors()
        self.enabled: tuple[str, ...] = ()
        self.known = asyncio.Event()
        self.mine: set[str] | None = None

    async def run(self) -> None:
        """Follow the set-up until cancelled; then stop everything in order."""
        told = await self._context.nats.subscribe(wire.CHANGED, cb=self._changed)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                tasks.create_task(self._keep_heard())
        finally:
            await _end(told)
            await self._stop(list(self._lines))

    async def reload(self, _question: str) -> bool:
        """The set-up changed: all processes are told."""
        await self._context.nats.publish(wire.CHANGED, b"")
        self._again.set()
        return True

    async def gain(self, connection: str) -> None:
        """This process has to run a connection from now on."""
        self.mine = (self.mine or set()) | {connection}
        self._again.set()

    async def lose(self, connection: str) -> None:
        """Another process may run a connection soon: it stops now."""
        self.mine = (self.mine or set()) - {connection}
        async with self._turn:
            await self._stop([connection])

    # -- following the set-up --------------------------------------------------------------

    async def _changed(self, _message: Msg) -> None:
        self._again.set()

    async def _follow(self) -> None:
        while True:
            self._again.clear()
            try:
                async with self._turn:
                    await self._apply()
            except HanseError as error:
                log.warning("the set-up could not be read", error=str(error))
            try:
                async with asyncio.timeout(REREAD_S):
                    await self._again.wait()
            except TimeoutError:
                continue

    async def _apply(self) -> None:
        def read(tx: Tx) -> list[Setup]:
            return [s for s in setups(tx).all() if s.enabled]

        wanted = {s.key: s for s in await self._context.store.read(read)}
        self.enabled = tuple(wanted)
        self.known.set()
        if self.mine is not None:
            wanted = {key: s for key, s in wanted.items() if key in self.mine}
        await self._stop([k for k, line in self._lines.items() if _anew(line, wanted.get(k))])
        for key, setup in wanted.items():
            if key not in self._lines:
                await self._begin(setup)
            elif setup != self._lines[key].setup:  # what may be set or given: nothing stops for it
                self._lines[key] = dataclasses.replace(self._lines[key], setup=setup)
                await self._setting.watch(setup)

    async def _begin(self, setup: Setup) -> None:
        setup = await sheltered(self._context, setup)
        collector, wrong, task, epoch = None, None, None, 0
        try:
            collector, epoch = await self._collector(setup)
            await self._setting.watch(setup)
            task = asyncio.create_task(collector.run(), name=f"collect {setup.key}")
        except HanseError as error:
            wrong = self._wrong(setup, error)
            log.warning("connection not started", connection=setup.key, error=str(error))
        nats = self._context.nats
        look = partial(self._look, setup.key)
        handle = partial(self._deliver, setup.key)
        put = partial(self._setting.handle, setup.key)
        answers = (
            await answer(nats, wire.look_at(setup.key), question=str, handle=look),
            await answer(nats, wire.door_of(setup.key), question=Delivery, handle=handle),
            await answer(nats, wire.set_at(setup.key), question=SetAsk, handle=put),
        )
        self._lines[setup.key] = Line(setup, collector, wrong, task, answers, epoch)

    async def _stop(self, keys: list[str]) -> None:
        gone = [line for line in (self._lines.pop(key, None) for key in keys) if line is not None]
        tasks = [line.task for line in gone if line.task is not None]
        for task in tasks:
            task.cancel()
        for line in gone:
            for one in line.answers:
                await _end(one)
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S_MAX)
        await self._write_heard(gone)

    # -- one connection --------------------------------------------------------------------

    async def _collector(self, setup: Setup) -> tuple[Collector, int]:
        context = self._context
        kind = connector(setup.protocol)
        mapping: Mapping = await context.store.write(lambda tx: mapping_of(tx, setup))
        connection = connection_of(setup, mapping)
        last_ns = self._last_ns([bind.signal.id for bind in mapping.binds])
        source, now_ns = f"{context.identity.did[-12:]}/{setup.key}", context.clock.ns()
        start = await context.store.write(
            lambda tx: heard.begin(tx, setup.key, source=source, now_ns=now_ns, last_ns=last_ns)
        )
        world, sink = self.world(), self._sink
        made = Collector(connection, kind, sink=sink, world=world, start=start, partition=partition)
        return made, start.epoch

    def world(self) -> World:
        """What a connector may use."""
        context = self._context
        return World(
            clock=context.clock,
            dice=context.dice,
            trust=RecordTrust(context.store),
            keys=context.folder / "keys",
            secret=partial(secret_in, context.folder),
            memory=MemoryOnRecord(context.store) if context.settings.broker.url else None,
            doors=self._doors,
        )

    def _wrong(self, setup: Setup, error: HanseError) -> Diagnostics:
        now = self._context.clock.now()
        return Diagnostics(
            connection=setup.key,
            protocol=setup.protocol,
            state=LineState.WAITING,
            since=now,
            signals=len(setup.lines),
            last_error=trouble_of(error, at=now),
        )

    # -- answers ---------------------------------------------------------------------------

    async def _look(self, key: str, _question: str) -> Diagnostics:
        line = self._lines.get(key)
        found = line.wrong if line and line.wrong else None
        if line is not None and line.collector is not None:
            found = line.collector.diagnostics()
        if found is None:
            raise Unreachable("it is being started or stopped", subject=key, remedy="Try again")
        return found

    async def _deliver(self, key: str, delivery: Delivery) -> Receipt:
        return await self._doors.deliver(key, delivery)

    # -- last signs of life ----------------------------------------------------------------

    async def _keep_heard(self) -> None:
        while True:
            await asyncio.sleep(heard.HEARD_S)
            await self._write_heard(list(self._lines.values()))

    async def _write_heard(self, lines: list[Line]) -> None:
        signs = {
            line.setup.key: (line.epoch, line.collector.heard_ns)
            for line in lines
            if line.collector is not None
        }
        if not signs:
            return
        try:
            await self._context.store.write(partial(heard.keep, signs=signs))
        except HanseError as error:
            log.warning("last signs of life not written", error=str(error))


def _anew(line: Line, setup: Setup | None) -> bool:
    """Whether a connection has to end: it is gone, or what it collects has changed."""
    return setup is None or replace(setup, sets=(), jobs=()) != replace(
        line.setup, sets=(), jobs=()
    )


async def _end(told: Subscription) -> None:
    try:
        await told.unsubscribe()
    except Exception:  # noqa: BLE001 (the connection to the broker may be gone, and it with it)
        log.debug("a subscription was gone already")
