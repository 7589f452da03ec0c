"""One connection, kept alive: sessions one after another, frames handed on, every gap recorded.

The collector runs a connector's `collect` again and again. What ends a session is explained,
shown, and becomes a gap from when the device was last heard to when it is heard again.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import functools
from collections.abc import Awaitable, Callable

from msgspec import Struct

from hanse.collect.diagnostics import Diagnostics, LineState, Trouble, trouble_of
from hanse.collect.gaps import GapBook, reason_of
from hanse.collect.intake import Gathering, Partition
from hanse.collect.mapping import Mapping
from hanse.collect.packing import Packer
from hanse.collect.ports import Connector, Sink, World
from hanse.model.errors import NotAllowed, Refused
from hanse.model.ids import Key
from hanse.model.sample import Gap, GapReason
from hanse.model.time import NS_PER_S, Instant, from_ns

RETRY_FIRST_S = 0.2
RETRY_MAX_S = 1.0
"""A lost device is tried again at least this often, so that it is back within 5 s."""
RETRY_REFUSED_S = 30.0
"""A refused login is tried again this seldom, so that no account gets locked."""
PACK_S_MIN, PACK_S_MAX = 0.01, 5.0
PACK_SAMPLES_MAX = 20_000
LOOKS_PER_PACK = 4
"""How often within ``pack_s`` it is looked whether ``pack_samples`` have come."""
SINK_RETRY_S = 0.5
FLUSH_AT_END_S_MAX = 5.0
RATE_WINDOW_S = 5.0


class Connection(Struct, frozen=True, kw_only=True):
    """One device or source as it is set up: its key, protocol settings and mapping.

    ``pack_s`` and ``pack_samples`` say when a frame is cut, whichever is first.
    """

    key: Key
    settings: Struct
    mapping: Mapping
    pack_s: float = 0.1
    pack_samples: int = 2_000

    def __post_init__(self) -> None:
        if not PACK_S_MIN <= self.pack_s <= PACK_S_MAX:
            raise ValueError(f"pack_s is {PACK_S_MIN} to {PACK_S_MAX}")
        if not 1 <= self.pack_samples <= PACK_SAMPLES_MAX:
            raise ValueError(f"pack_samples is 1 to {PACK_SAMPLES_MAX}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """What identifies a start of a collector, and what is known from before it.

    ``source`` names node and connection; ``epoch`` is larger at every start (the clock's
    nanoseconds do); ``last_heard_ns`` is when an earlier start last heard the device, None if
    never: the time since is recorded as a gap, with ``stopped`` as its reason. ``standing`` is a
    gap that was open when the earlier start ended: it goes on, with its own reason.
    """

    source: str
    epoch: int
    last_heard_ns: int | None = None
    stopped: GapReason = GapReason.NODE_STOPPED
    standing: Gap | None = None


def whole_in_one(_asset: str) -> int:
    """All assets in partition 0: for one machine and for tests."""
    return 0


class Collector:
    """Keeps one connection alive until its `run` is cancelled.

    Args:
        connection: what to collect, from where.
        connector: the protocol.
        sink: where frames, gaps and events go.
        world: clock, dice, trust, keys, secrets.
        start: the identity of this start.
        partition: the partition of an asset; frames are cut per partition.
    """

    def __init__(
        self,
        connection: Connection,
        connector: Connector,
        *,
        sink: Sink,
        world: World,
        start: Start,
        partition: Partition = whole_in_one,
    ) -> None:
        self.connection = connection
        self.connector = connector
        self._sink = sink
        self._world = dataclasses.replace(world, connection=connection.key)
        self._packers = _packers(connection.mapping, start, partition)
        now_ns = world.clock.ns()
        known_ns = start.last_heard_ns
        gaps = GapBook(connection.key, heard_ns=now_ns if known_ns is None else known_ns)
        self._take = Gathering(
            connection.mapping,
            packers=self._packers,
            partition=partition,
            gaps=gaps,
            clock=world.clock,
        )
        if start.standing is not None:
            gaps.go_on(start.standing)
        elif known_ns is not None:
            gaps.lost(start.stopped, "collection was not running")
        self._state = LineState.STOPPED
        self._since = world.clock.now()
        self._error: Trouble | None = None
        self._attempts = 0
        self._frames = 0
        self._squeezed_told = 0
        self._outgoing: collections.deque[Callable[[], Awaitable[None]]] = collections.deque()
        self._rate = _Rate()

    async def run(self) -> None:
        """Collect until cancelled, or until a source that ends has been read."""
        pump = asyncio.create_task(self._pump())
        try:
            await self._sessions()
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump
            if self._state is not LineState.DONE:
                self._enter(LineState.STOPPED)
            await self._last_flush()

    @property
    def heard_ns(self) -> int:
        """When the device was last heard."""
        return self._take.gaps.heard_ns

    def diagnostics(self) -> Diagnostics:
        """How the connection is now."""
        take, now = self._take, self._world.clock.now()
        until = take.certificate_until
        return Diagnostics(
            connection=self.connection.key,
            protocol=self.connector.name,
            state=self._state,
            since=self._since,
            device=take.device,
            signals=len(self.connection.mapping),
            last_error=self._error,
            samples=take.samples,
            frames=self._frames,
            rate_hz=self._rate.hz,
            last_sample_at=_instant(take.last_ns),
            lag_s=take.lag_s,
            round_trip_s=take.round_trip_s,
            certificate_days=None if until is None else (until - now).days,
            attempts=self._attempts,
            gaps=take.gaps.count,
            gap_since=_instant(take.gaps.open.start_ns if take.gaps.open else None),
            rejected=take.troubles.count,
            restamped=take.restamped,
            squeezed=sum(p.squeezed for p in self._packers.values()),
            waiting=take.waiting,
            troubles=take.troubles.shown(),
        )

    # -- sessions --------------------------------------------------------------------------

    async def _sessions(self) -> None:
        failures = 0
        while True:
            self._take.went_up.clear()
            error = await self._session()
            if error is None and self.connector.once:
                self._enter(LineState.DONE)
                return
            failures = 0 if self._take.is_up else failures + 1
            self._lost(error)
            await asyncio.sleep(self._pause_s(error, failures))

    async def _session(self) -> BaseException | None:
        """One session; what ended it, None when the source has no more."""
        self._attempts += 1
        self._enter(LineState.CONNECTING)
        settings = self.connection.settings
        watch = asyncio.create_task(self._enter_running())
        try:
            points = self.connection.mapping.points()
            await self.connector.collect(settings, points, self._take, self._world)
        except Exception as error:  # noqa: BLE001 (whatever a device does, collection goes on)
            return self.connector.explain(error, settings)
        finally:
            watch.cancel()
        return None

    async def _enter_running(self) -> None:
        await self._take.went_up.wait()
        self._enter(LineState.RUNNING)

    def _lost(self, error: BaseException | None) -> None:
        at = self._world.clock.now()
        if error is not None:
            self._error = trouble_of(error, at=at)
        reason = reason_of(error, was_up=self._take.is_up)
        self._take.gaps.lost(reason, str(error or "the source ended"))
        self._enter(LineState.WAITING)

    def _pause_s(self, error: BaseException | None, failures: int) -> float:
        if isinstance(error, Refused | NotAllowed):
            return RETRY_REFUSED_S if getattr(error, "name", "") == "login" else RETRY_MAX_S
        pause_s: float = min(RETRY_MAX_S, RETRY_FIRST_S * 2 ** min(failures, 10))
        return pause_s * (0.75 + 0.5 * self._world.dice.random())

    def _enter(self, state: LineState) -> None:
        if state is not self._state:
            self._state, self._since = state, self._world.clock.now()

    # -- handing on ------------------------------------------------------------------------

    async def _pump(self) -> None:
        pause_s = self.connection.pack_s
        while True:
            await self._wait_for_a_pack(pause_s)
            await self._flush()

    async def _wait_for_a_pack(self, pause_s: float) -> None:
        for _ in range(LOOKS_PER_PACK):
            await asyncio.sleep(pause_s / LOOKS_PER_PACK)
            if self._take.waiting >= self.connection.pack_samples:
                return

    async def _flush(self) -> None:
        """Hand on what waits, then cut the next frames; what is not kept yet stays first."""
        await self._hand_on()
        samples = self._take.samples
        for partition, packer in self._packers.items():
            while (made := packer.cut(self._world.clock.ns())) is not None:
                self._outgoing.append(
                    functools.partial(self._sink.frame, made, partition=partition)
                )
                self._frames += 1
                await self._hand_on()
        self._tell_squeezed()
        self._take.drained(samples)
        self._outgoing += [functools.partial(self._sink.gap, g) for g in self._take.gaps.take()]
        events, self._take.events = self._take.events, []
        self._outgoing += [functools.partial(self._sink.event, e) for e in events]
        await self._hand_on()
        self._rate.count(self._take.samples, self._world.clock.monotonic_s())

    async def _hand_on(self) -> None:
        """Until the sink has everything; the same thing is tried again as it was."""
        while self._outgoing:
            try:
                await self._outgoing[0]()
            except Exception as error:  # noqa: BLE001 (a sink that fails is tried again, and shown)
                self._error = trouble_of(error, at=self._world.clock.now())
                await asyncio.sleep(SINK_RETRY_S)
            else:
                self._outgoing.popleft()

    def _tell_squeezed(self) -> None:
        squeezed = sum(p.squeezed for p in self._packers.values())
        if squeezed > self._squeezed_told:
            self._take.gaps.missed(
                GapReason.OVERFLOW,
                now_ns=self._world.clock.ns(),
                detail="frames could not be handed on: only last values were kept",
                lost=squeezed - self._squeezed_told,
            )
            self._squeezed_told = squeezed

    async def _last_flush(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_AT_END_S_MAX):
                await self._flush()


class _Rate:
    """Samples a second over the last seconds."""

    def __init__(self) -> None:
        self.hz = 0.0
        self._from: tuple[int, float] | None = None

    def count(self, samples: int, at_s: float) -> None:
        if self._from is None:
            self._from = samples, at_s
            return
        before, since_s = self._from
        if at_s - since_s >= RATE_WINDOW_S:
            self.hz = (samples - before) / (at_s - since_s)
            self._from = samples, at_s
        elif self.hz == 0.0 and at_s > since_s:
            self.hz = (samples - before) / (at_s - since_s)


def _packers(mapping: Mapping, start: Start, partition: Partition) -> dict[int, Packer]:
    partitions = sorted({partition(b.signal.asset) for b in mapping.binds})
    return {p: Packer(f"{start.source}/{p}", start.epoch) for p in partitions}


def _instant(ns: int | None) -> Instant | None:
    return None if ns is None else from_ns(ns)


def epoch_of(clock_ns: int) -> int:
    """An epoch that grows at every start: milliseconds since 1970."""
    return clock_ns // (NS_PER_S // 1_000)
