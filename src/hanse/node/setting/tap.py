"""What devices told last, off the frames on their way out: for those that cannot be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import numpy as np

from hanse.collect.ports import Sink
from hanse.model.event import Draft
from hanse.model.sample import Frame, Gap, Quality
from hanse.model.setting import Value
from hanse.model.time import Clock

LOOK_S = 0.05


class Tap:
    """A `hanse.collect.ports.Sink` before another, and a `hanse.collect.write.Seen`.

    Only the signals that somebody watches are kept; a value is as old as its arrival here.
    """

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._watched = np.empty(0, np.int32)
        self._last: dict[int, tuple[Value, int]] = {}

    def watch(self, signals: Iterable[int]) -> None:
        """Keep these from now on, beside those before."""
        known = {*self._watched.tolist(), *signals}
        self._watched = np.array(sorted(known), np.int32)

    async def frame(self, frame: Frame, *, partition: int) -> None:
        """Look at a frame, then hand it on."""
        if self._watched.size:
            self._keep(frame)
        await self._sink.frame(frame, partition=partition)

    async def gap(self, gap: Gap) -> None:
        """Hand it on."""
        await self._sink.gap(gap)

    async def event(self, event: Draft) -> None:
        """Hand it on."""
        await self._sink.event(event)

    async def newest(
        self, signal: int, *, since_ns: int, wait_s: float
    ) -> tuple[Value, int] | None:
        """A value that came after ``since_ns``; waited for."""
        until_s = self._clock.monotonic_s() + wait_s
        while True:
            found = self._last.get(signal)
            if found is not None and found[1] > since_ns:
                return found
            if self._clock.monotonic_s() >= until_s:
                return None
            await asyncio.sleep(LOOK_S)

    def _keep(self, frame: Frame) -> None:
        now_ns = self._clock.ns()
        for row in np.flatnonzero(np.isin(frame.signal, self._watched)).tolist():
            if frame.quality[row] != Quality.GOOD:
                continue
            text = frame.texts.get(row)
            value: Value = float(frame.value[row]) if text is None else text
            self._last[int(frame.signal[row])] = value, now_ns
