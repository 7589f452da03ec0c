"""The history writer: frames in, committed with the numbers they cover, then acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from hanse.model.errors import HanseError
from hanse.model.ids import Happening
from hanse.model.sample import Frame, Gap, GapReason
from hanse.model.time import Clock
from hanse.transmit.history.delta import File
from hanse.transmit.history.files import read_all
from hanse.transmit.history.last import LastTable
from hanse.transmit.history.rows import Rows, concat, of_frames
from hanse.transmit.history.table import SampleTable, span_name
from hanse.transmit.ports import GapSink

COMMIT_S = 30.0
COMMIT_SAMPLES_MAX = 1_000_000
PENDING_FRAMES_MAX = 15_000
TAKE_MAX = 500
RETRY_S = 1.0
ACK_WAIT_S = 300.0
"""For the feed: longer than a commit may take."""
LAST_FILE = "last.npz"


class Arrival(Protocol):
    """A delivery of the broker (`hanse.transmit.nats.feed.Delivery`)."""

    @property
    def what(self) -> Frame:
        """The frame."""
        ...

    async def done(self) -> None:
        """Acknowledge it."""
        ...


class FrameFeed(Protocol):
    """Where frames come from (`hanse.transmit.nats.feed.Feed`)."""

    async def take(self, limit: int, *, wait_s: float) -> Sequence[Arrival]:
        """What there is, after at most ``wait_s``."""
        ...


class WriterStatus(Struct, frozen=True, kw_only=True):
    """What a status page shows."""

    committed_samples: int
    committed_frames: int
    duplicate_frames: int
    unbelievable_times: int
    pending_frames: int
    pending_samples: int
    version: int
    files: int
    bytes: int
    last_commit_ns: int
    error: str


class HistoryWriter:
    """Keeps samples. What it has taken is asked for at once (`tail`), and on disk at a commit.

    A frame whose ``(source, epoch, seq)`` was committed before has no second effect, whatever the
    broker numbers it. The numbers are in the same atomic commit as the samples.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        gaps: GapSink,
        classes: Mapping[int, str] | None = None,
        commit_s: float = COMMIT_S,
    ) -> None:
        # Now, in the starting thread: a process started while another thread imports can hang.
        for needed in ("pyarrow.parquet", "pyarrow.compute"):
            importlib.import_module(needed)
        arrow = importlib.import_module("pyarrow")
        arrow.set_memory_pool(arrow.system_memory_pool())  # some 30 MB less than its own
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self.folder = folder
        self.table = SampleTable(folder, clock=clock)
        self.last = LastTable()
        self._clock = clock
        self._gap_sink = gaps
        self._classes = dict(classes or {})
        self._commit_s = commit_s
        self._coverage = self.table.coverage()
        self._tail: list[Rows] = []
        self._touched: set[tuple[str, int]] = set()
        self._gaps: list[Gap] = []
        self._ends: dict[str, int] = {}
        self._pending = 0
        self._pending_samples = 0
        self._since_s = clock.monotonic_s()
        self._counts = dict.fromkeys(("samples", "frames", "duplicates", "times"), 0)
        self._last_commit_ns = 0
        self.error = ""
        self.on_commit: Callable[[list[File]], None] = lambda _: None
        self._restore_last()

    def take(self, frame: Frame) -> bool:
        """Take a frame up; False if it had its effect before (a duplicate)."""
        happening = frame.happening
        before = self._coverage.highest(happening.source, happening.epoch)
        if not self._coverage.add(happening):
            self._counts["duplicates"] += 1
            return False
        self._note_hole(frame, before)
        rows, wrong = of_frames([frame])
        self._tail.append(rows)
        self.last.take(rows)
        self._touched.add((happening.source, happening.epoch))
        self._counts["times"] += wrong
        self._pending += 1
        self._pending_samples += len(rows)
        return True

    def classify(self, classes: Mapping[int, str]) -> None:
        """The classes of signals from the next commit on; what is committed stays where it is."""
        self._classes = dict(classes)

    def tail(self) -> list[Rows]:
        """What was taken and is not yet in the table's files."""
        return list(self._tail)

    async def commit(self) -> None:
        """Put what was taken on disk, with the numbers it covers.

        Raises:
            OSError: the disk refuses; it stays in memory, and nothing may be acknowledged.
        """
        self._since_s = self._clock.monotonic_s()
        if not self._touched:
            return
        n_tail, n_frames, n_samples = len(self._tail), self._pending, self._pending_samples
        rows, spans = concat(self._tail), self._spans()
        touched, self._touched = self._touched, set()
        try:
            added = await asyncio.to_thread(self._append, rows, spans)
        except BaseException:
            self._touched |= touched
            raise
        del self._tail[:n_tail]
        self._pending -= n_frames
        self._pending_samples -= n_samples
        self._counts["frames"] += n_frames
        self._counts["samples"] += n_samples
        self._last_commit_ns = self._clock.ns()
        self.error = ""
        self.on_commit(added)
        await self._report_gaps()

    async def run(self, feed: FrameFeed) -> None:
        """Keep what comes, for ever; commits what it has when it is cancelled.

        Frames are taken while a commit is under way; they belong to the next one.
        """
        waiting: list[Arrival] = []
        committing: asyncio.Task[list[Arrival]] | None = None
        try:
            while True:
                arrivals = await feed.take(TAKE_MAX, wait_s=self._wait_s())
                for arrival in arrivals:
                    self.take(arrival.what)
                waiting += arrivals
                if committing is not None and (committing.done() or self._crowded(waiting)):
                    waiting = await asyncio.shield(committing) + waiting
                    committing = None
                if committing is None and (self.due or self._crowded(waiting)):
                    committing = asyncio.create_task(self._commit_and_acknowledge(waiting))
                    waiting = []
        finally:
            if committing is not None:
                waiting = await committing + waiting
            await self._commit_and_acknowledge(waiting)

    @property
    def due(self) -> bool:
        """Whether it is time to commit."""
        old = self._clock.monotonic_s() - self._since_s >= self._commit_s
        return old or self._pending_samples >= COMMIT_SAMPLES_MAX

    def status(self) -> WriterStatus:
        """Where things stand."""
        state = self.table.log.state
        return WriterStatus(
            committed_samples=self._counts["samples"],
            committed_frames=self._counts["frames"],
            duplicate_frames=self._counts["duplicates"],
            unbelievable_times=self._counts["times"],
            pending_frames=self._pending,
            pending_samples=self._pending_samples,
            version=state.version,
            files=len(state.files),
            bytes=sum(f.size for f in state.files.values()),
            last_commit_ns=self._last_commit_ns,
            error=self.error,
        )

    def highest(self, source: str, epoch: int) -> int | None:
        """The highest number of a source taken, for the start-up check."""
        return self._coverage.highest(source, epoch)

    def covers(self, happening: Happening) -> bool:
        """Whether a frame had its effect (it may not be on disk yet)."""
        return happening in self._coverage

    def _crowded(self, waiting: Sequence[Arrival]) -> bool:
        return len(waiting) >= PENDING_FRAMES_MAX or (
            self._pending_samples >= 2 * COMMIT_SAMPLES_MAX
        )

    async def _commit_and_acknowledge(self, waiting: list[Arrival]) -> list[Arrival]:
        """Commit, then acknowledge; what may not be acknowledged yet."""
        try:
            await self.commit()
        except (OSError, HanseError) as error:
            self.error = f"{type(error).__name__}: {error}"
            await asyncio.sleep(RETRY_S)
            return waiting
        for arrival in waiting:
            await arrival.done()
        return []

    def _wait_s(self) -> float:
        """Until the next commit, at least a moment."""
        age = self._clock.monotonic_s() - self._since_s
        return min(max(self._commit_s - age, 0.05), 1.0)

    def _append(self, rows: Rows, spans: Mapping[str, int]) -> list[File]:
        self.table.log.refresh()
        added = self.table.append(rows, spans=spans, classes=self._classes)
        with contextlib.suppress(OSError):  # it can be made from the files; the commit stands
            self.last.save(self.folder / LAST_FILE, version=self.table.log.state.version)
        return added

    def _spans(self) -> dict[str, int]:
        """The spans of the sources that were touched, as the commit notes them."""
        return {
            span_name(source, epoch, first): last
            for source, epoch, first, last in self._coverage.spans()
            if (source, epoch) in self._touched
        }

    def _note_hole(self, frame: Frame, before: int | None) -> None:
        """A number left out is a period without samples: a gap, until it comes after all."""
        source, seq = frame.happening.source, frame.happening.seq
        start = self._ends.get(source)
        if len(frame):
            self._ends[source] = max(start or 0, int(frame.at_ns.max()))
        if before is None or seq <= before + 1 or start is None or not len(frame):
            return
        self._gaps.append(
            Gap(
                connection=source,
                start_ns=start,
                end_ns=int(frame.at_ns.min()),
                reason=GapReason.SEQUENCE,
                detail=f"frames {before + 1} to {seq - 1} did not arrive",
            )
        )

    async def _report_gaps(self) -> None:
        try:
            while self._gaps:
                await self._gap_sink(self._gaps[0])
                self._gaps.pop(0)
        except HanseError as error:
            self.error = str(error)

    def _restore_last(self) -> None:
        """Last values as they were written down, and what was committed after that."""
        version = self.last.load(self.folder / LAST_FILE)
        state = self.table.log.state
        if version == state.version or not state.files:
            return
        newest = max(f.day for f in state.files.values())
        for file in [f for f in state.files.values() if f.day == newest]:
            self.last.take(read_all(self.table.folder, file))
