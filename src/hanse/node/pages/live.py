"""Last values of all signals, and a tap on the frames as they pass: kept by the gate in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import numpy as np
from nats.aio.client import Client
from nats.aio.msg import Msg

from hanse.model.errors import BadInput
from hanse.model.sample import Frame, Quality
from hanse.transmit import codec
from hanse.transmit.partition import TELEMETRY_SUBJECT
from hanse.web.views.plant import Series

TAPS_MAX = 200
WAITING_MAX = 64
KEPT_MAX = 3_000
BATCH_S = 0.1


class Last:
    """The last value of one signal, and its recent past."""

    __slots__ = ("at_ns", "past", "quality", "text", "value")

    def __init__(self) -> None:
        self.at_ns = 0
        self.value: float | None = None
        self.text = ""
        self.quality = Quality.GOOD
        self.past: deque[tuple[int, float]] = deque(maxlen=KEPT_MAX)


class LiveValues:
    """Follows the frames of the node; nothing of it is the record."""

    def __init__(self) -> None:
        self.last: dict[int, Last] = {}
        self._taps: set[asyncio.Queue[Frame]] = set()

    async def start(self, client: Client) -> None:
        """Listen from now on."""
        await client.subscribe(f"{TELEMETRY_SUBJECT}.*", cb=self._take)

    async def _take(self, message: Msg) -> None:
        try:
            frame = codec.unpack(message.data)
        except BadInput:
            return  # counted where it is stored
        self._keep(frame)
        for tap in self._taps:
            if not tap.full():
                tap.put_nowait(frame)

    def _keep(self, frame: Frame) -> None:
        columns = (frame.signal, frame.at_ns, frame.value, frame.quality)
        for row, (signal, at_ns, value, quality) in enumerate(
            zip(*(c.tolist() for c in columns), strict=True)
        ):
            last = self.last.setdefault(signal, Last())
            if at_ns < last.at_ns:
                continue
            last.at_ns, last.quality = at_ns, Quality(quality)
            last.text = frame.texts.get(row, "")
            last.value = None if value != value else value  # noqa: PLR0124 (NaN is no value)
            last.past.append((at_ns, value))

    async def follow(self, signals: tuple[int, ...]) -> AsyncIterator[Series]:
        """Samples of signals as they arrive, some ten batches a second."""
        tap: asyncio.Queue[Frame] = asyncio.Queue(WAITING_MAX)
        if len(self._taps) < TAPS_MAX:
            self._taps.add(tap)
        try:
            while True:
                frames = [await tap.get()]
                await asyncio.sleep(BATCH_S)
                while not tap.empty():
                    frames.append(tap.get_nowait())
                series = series_of(_rows(frames, signals), signals)
                if series.t_s.size:
                    yield series
        finally:
            self._taps.discard(tap)

    def past(self, signals: tuple[int, ...], *, start_ns: int, end_ns: int) -> Series:
        """What is remembered of some signals between two instants.

        A value that stands (a device tells changes only) stands at both ends as well.
        """
        rows = self.rows(signals, start_ns=start_ns, end_ns=end_ns)
        held = [row for s in signals for row in self._held(s, start_ns, end_ns)]
        return series_of([*held, *rows], signals)

    def _held(self, signal: int, start_ns: int, end_ns: int) -> list[tuple[int, int, float]]:
        last = self.last.get(signal)
        if last is None or last.quality is not Quality.GOOD:
            return []
        before = next((v for at, v in reversed(last.past) if at < start_ns), None)
        newest = next((v for at, v in reversed(last.past) if at < end_ns), None)
        ends = ((start_ns, before), (end_ns - 1, newest))
        return [(at, signal, value) for at, value in ends if value is not None]

    def rows(
        self, signals: tuple[int, ...], *, start_ns: int, end_ns: int
    ) -> list[tuple[int, int, float]]:
        """The same as rows of (ns, signal, value)."""
        return [
            (at_ns, signal, value)
            for signal in signals
            if signal in self.last
            for at_ns, value in self.last[signal].past
            if start_ns <= at_ns < end_ns
        ]

    def oldest_ns(self, signals: tuple[int, ...]) -> int | None:
        """From when on all of some signals are remembered, None where one is not."""
        firsts = [self.last[s].past[0][0] for s in signals if s in self.last and self.last[s].past]
        return max(firsts) if len(firsts) == len(signals) and firsts else None


def _rows(frames: list[Frame], signals: tuple[int, ...]) -> list[tuple[int, int, float]]:
    rows: list[tuple[int, int, float]] = []
    for frame in frames:
        wanted = np.isin(frame.signal, signals)
        rows += zip(
            frame.at_ns[wanted].tolist(),
            frame.signal[wanted].tolist(),
            frame.value[wanted].tolist(),
            strict=True,
        )
    return rows


def series_of(rows: list[tuple[int, int, float]], signals: tuple[int, ...]) -> Series:
    """Rows of (ns, signal, value) on one time axis, NaN where a signal has no sample."""
    times = sorted({at_ns for at_ns, _, _ in rows})
    place = {at_ns: n for n, at_ns in enumerate(times)}
    columns = {s: np.full(len(times), np.nan, np.float32) for s in signals}
    for at_ns, signal, value in rows:
        columns[signal][place[at_ns]] = value
    return Series(
        signals=signals,
        t_s=np.array(times, np.float64) / 1e9,
        values=tuple(columns[s] for s in signals),
    )
