"""Frames out: kept in memory until the broker has them on disk, on our disk while it is away."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from nats.aio.client import Client
from nats.errors import Error as NatsError

from hanse.model.errors import HanseError, TooMuch
from hanse.model.ids import Happening
from hanse.model.sample import Frame, Gap, GapReason
from hanse.model.time import NS_PER_S, Clock
from hanse.transmit import codec
from hanse.transmit.nats.spool import Spool
from hanse.transmit.partition import subject
from hanse.transmit.ports import GapSink

RING_BYTES_MAX = 16_000_000
ACK_WAIT_S = 2.0
AT_ONCE_MAX = 16
RETRY_S = 0.2
GAPS_WAITING_MAX = 1_000
REPLAY_BYTES = 1_000_000


class Mode(enum.StrEnum):
    """Which way frames take."""

    STRAIGHT = "straight"
    SPOOLING = "spooling"
    REPLAYING = "replaying"


class PublisherStatus(Struct, frozen=True, kw_only=True):
    """What a status page shows; limits beside what they limit."""

    mode: Mode
    ring_frames: int
    ring_bytes: int
    ring_bytes_max: int
    spool_bytes: int
    spool_bytes_max: int
    spool_damaged: int
    published_frames: int
    published_samples: int
    replayed_frames: int
    dropped_frames: int
    dropped_samples: int
    oldest_s: float


class _Entry:
    """A frame on its way."""

    __slots__ = ("data", "kept", "partition", "samples", "since_s", "source", "token")

    def __init__(self, frame: Frame, partition: int, since_s: float) -> None:
        self.data = codec.pack(frame)
        self.partition = partition
        self.source = frame.happening.source
        self.token = message_id(frame.happening)
        self.samples = len(frame)
        self.since_s = since_s
        self.kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()


def message_id(happening: Happening) -> str:
    """The Nats-Msg-Id of a frame. An optimisation: once is what consumers see to."""
    return f"{happening.source}/{happening.epoch}/{happening.seq}"


class FramePublisher:
    """Publishes frames in order for each source, and keeps them until the broker has.

    Call `run` in a task. While the broker answers, a frame goes out at once and waits in memory
    for the acknowledgement. No acknowledgement within ACK_WAIT_S: it goes to the spool, as all
    later ones, and they follow in order under the same identity when the broker is back. When
    the spool is full its oldest segment goes, counted and reported as a gap.
    """

    def __init__(self, client: Client, *, spool: Spool, clock: Clock, gaps: GapSink) -> None:
        self._client = client
        self._js = client.jetstream(timeout=ACK_WAIT_S)
        self._spool = spool
        self._clock = clock
        self._gap_sink = gaps
        self._gaps: deque[Gap] = deque(maxlen=GAPS_WAITING_MAX)
        self._ring: deque[_Entry] = deque()
        self._ring_bytes = 0
        self._work = asyncio.Event()
        self._spooled = asyncio.Event()
        self._spool_lock = asyncio.Lock()
        self._idle = asyncio.Event()
        self._away = False
        self._counts = dict.fromkeys(("frames", "samples", "replayed", "lost", "lost_samples"), 0)
        self._work.set()
        self._spooled.set()

    def offer(self, frame: Frame, *, partition: int) -> bool:
        """Take a frame on; False when RING_BYTES_MAX wait already: slow down and offer it again."""
        return self._take(frame, partition) is not None

    async def frame(self, frame: Frame, *, partition: int) -> None:
        """Take a frame on; returns when the broker's disk or the spool has it.

        Raises:
            TooMuch: RING_BYTES_MAX wait already; try again with the same frame.
        """
        entry = self._take(frame, partition)
        if entry is None:
            raise TooMuch(
                f"{self._ring_bytes} bytes wait in memory for a broker that does not answer",
                subject=frame.happening.source,
                remedy="See why neither broker nor spool takes them; the frame may be sent again",
            )
        await entry.kept

    async def run(self) -> None:
        """Publish until cancelled; then what waits in memory goes to the spool."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._drain_ring())
                tasks.create_task(self._drain_spool())
        finally:
            self._keep_rest()

    async def settled(self) -> None:
        """Wait until nothing waits in memory or in the spool."""
        await self._idle.wait()

    def status(self) -> PublisherStatus:
        """Where things stand."""
        now_s = self._clock.monotonic_s()
        waiting = not self._spool.empty
        return PublisherStatus(
            mode=(Mode.SPOOLING if self._away else Mode.REPLAYING) if waiting else Mode.STRAIGHT,
            ring_frames=len(self._ring),
            ring_bytes=self._ring_bytes,
            ring_bytes_max=RING_BYTES_MAX,
            spool_bytes=self._spool.size_bytes,
            spool_bytes_max=self._spool.bytes_max,
            spool_damaged=self._spool.damaged,
            published_frames=self._counts["frames"],
            published_samples=self._counts["samples"],
            replayed_frames=self._counts["replayed"],
            dropped_frames=self._counts["lost"],
            dropped_samples=self._counts["lost_samples"],
            oldest_s=now_s - self._ring[0].since_s if self._ring else 0.0,
        )

    def _take(self, frame: Frame, partition: int) -> _Entry | None:
        entry = _Entry(frame, partition, self._clock.monotonic_s())
        if self._ring and self._ring_bytes + len(entry.data) > RING_BYTES_MAX:
            return None
        self._idle.clear()
        self._ring.append(entry)
        self._ring_bytes += len(entry.data)
        self._work.set()
        return entry

    async def _drain_ring(self) -> None:
        """Straight to the broker while it answers and nothing older waits; else to the spool."""
        while True:
            await self._work.wait()
            if not self._ring:
                self._work.clear()
                self._note_idle()
            elif not self._spool.empty or not await self._straight():
                await self._to_spool()
            await self._report_gaps()

    async def _drain_spool(self) -> None:
        while True:
            await self._spooled.wait()
            if self._spool.empty:
                self._spooled.clear()
                self._note_idle()
            elif not await self._replay():
                self._away = True
                await asyncio.sleep(RETRY_S)

    def _note_idle(self) -> None:
        if not self._ring and self._spool.empty:
            self._idle.set()

    async def _straight(self) -> bool:
        """Publish the head of the ring; False if the broker did not take all of it."""
        head = _first_of_each_source(self._ring)
        sent = await asyncio.gather(*(self._publish(e.partition, e.token, e.data) for e in head))
        for entry, arrived in zip(head, sent, strict=True):
            if arrived:
                self._ring.remove(entry)
                self._settle(entry)
                self._counts["frames"] += 1
                self._counts["samples"] += entry.samples
        return all(sent)

    async def _to_spool(self) -> None:
        entries = list(self._ring)
        if not entries:
            return
        try:
            await self._append([(e.partition, e.data) for e in entries])
        except (TooMuch, OSError):
            await asyncio.sleep(RETRY_S)
            return
        for entry in entries:
            self._ring.popleft()
            self._settle(entry)

    async def _append(self, records: Sequence[tuple[int, bytes]]) -> None:
        """Append to the spool, giving up its oldest segments until there is room."""
        while True:
            async with self._spool_lock:
                try:
                    await asyncio.to_thread(self._spool.append, records)
                    return self._spooled.set()
                except TooMuch:
                    if self._spool.empty:
                        raise
                    self._lost(self._spool.drop_oldest())

    async def _replay(self) -> bool:
        """Publish what is oldest in the spool; False if the broker does not take it."""
        async with self._spool_lock:
            records = await asyncio.to_thread(self._spool.peek, bytes_max=REPLAY_BYTES)
        for record in records:
            frame = codec.unpack(record.data)
            token = message_id(frame.happening)
            if not await self._publish(record.partition, token, record.data):
                return False
            self._away = False
            async with self._spool_lock:
                self._spool.done(record)
            self._counts["replayed"] += 1
            self._counts["frames"] += 1
            self._counts["samples"] += len(frame)
        return True

    async def _publish(self, partition: int, token: str, data: bytes) -> bool:
        if not self._client.is_connected:
            return False
        headers: dict[str, Any] = {"Nats-Msg-Id": token}
        try:
            await self._js.publish(subject(partition), data, timeout=ACK_WAIT_S, headers=headers)
        except (NatsError, TimeoutError, OSError):
            return False  # it may have arrived all the same: sent again under the same identity
        return True

    def _settle(self, entry: _Entry) -> None:
        self._ring_bytes -= len(entry.data)
        if not entry.kept.done():
            entry.kept.set_result(None)

    def _lost(self, frames: Iterable[bytes]) -> None:
        lost: dict[str, tuple[int, int, int]] = {}
        for data in frames:
            frame = codec.unpack(data)
            self._counts["lost"] += 1
            self._counts["lost_samples"] += len(frame)
            times = (int(frame.at_ns.min()), int(frame.at_ns.max())) if len(frame) else (0, 0)
            start, end, n = lost.get(frame.happening.source, (*times, 0))
            lost[frame.happening.source] = (
                min(start, times[0]),
                max(end, times[1]),
                n + len(frame),
            )
        for source, (start, end, n) in lost.items():
            self._gaps.append(_overflow(source, start_ns=start, end_ns=end, lost=n))

    async def _report_gaps(self) -> None:
        with contextlib.suppress(HanseError):
            while self._gaps:
                await self._gap_sink(self._gaps[0])
                self._gaps.popleft()

    def _keep_rest(self) -> None:
        """At the end: what the broker has not acknowledged goes to the spool for next time."""
        entries = [e for e in self._ring if e.data]
        if entries:
            with contextlib.suppress(TooMuch, OSError):
                self._spool.append([(e.partition, e.data) for e in entries])
                for entry in entries:
                    self._settle(entry)
                self._ring.clear()
        for entry in self._ring:
            entry.kept.cancel()
        self._spool.close()


def _first_of_each_source(ring: Iterable[_Entry]) -> list[_Entry]:
    """The longest head of the ring in which no source comes twice: these may go at once."""
    head: list[_Entry] = []
    seen: set[str] = set()
    for entry in ring:
        if entry.source in seen or len(head) == AT_ONCE_MAX:
            break
        seen.add(entry.source)
        head.append(entry)
    return head


def _overflow(source: str, *, start_ns: int, end_ns: int, lost: int) -> Gap:
    seconds = (end_ns - start_ns) / NS_PER_S
    return Gap(
        connection=source,
        start_ns=start_ns,
        end_ns=end_ns,
        reason=GapReason.OVERFLOW,
        detail=f"the spool was full: {lost} samples of {seconds:.0f} s dropped, oldest first",
        lost=lost,
    )
