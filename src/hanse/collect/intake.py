"""The intake: what a connector hears becomes samples, gaps and figures. Never blocks or raises.

Pure but for the clock handed in; the collector takes what it has gathered and hands it on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hanse.collect.diagnostics import Troubles
from hanse.collect.gaps import GapBook
from hanse.collect.mapping import Bind, Mapping
from hanse.collect.packing import Packer, number_in, number_of, worst
from hanse.collect.picking import pick
from hanse.collect.ports import NO_TIME
from hanse.model.event import Draft
from hanse.model.plant import SignalKind
from hanse.model.sample import GapReason, Quality
from hanse.model.time import NS_PER_S, UTC, Clock, Instant, from_ns, to_ns

SOURCE_TIME_MIN_NS = to_ns(dt.datetime(1990, 1, 1, tzinfo=UTC))
SOURCE_AHEAD_MAX_NS = 3_600 * NS_PER_S
"""A source time further ahead than this is not believed (IEC 62541-4 leaves it to the client)."""
NUMBER_MAX = 1e300
"""Numbers beyond this take the slow way, which knows what to do with them."""
EVENTS_WAITING_MAX = 10_000
ROOM_SAMPLES_MAX = 50_000
"""Samples waiting at which polling connectors are asked to wait."""

Partition = Callable[[str], int]
"""The partition of an asset."""


class Slot:
    """What one point needs on the fast path."""

    __slots__ = ("bind", "kind", "offset", "packer", "path", "plain", "scale", "signal")

    def __init__(self, bind: Bind, packer: Packer) -> None:
        self.bind = bind
        self.packer = packer
        self.signal = bind.signal.id
        self.kind = bind.signal.kind
        self.scale = bind.scale
        self.offset = bind.offset
        self.path = bind.path
        is_text = bind.signal.kind is SignalKind.TEXT
        self.plain = not (is_text or bind.path or bind.scale != 1.0 or bind.offset)


class SlotTable:
    """The same for columns: what stands in `Slot`, by slot."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.packers = list({id(s.packer): s.packer for s in slots}.values())
        place = {id(p): n for n, p in enumerate(self.packers)}
        self.packer = np.array([place[id(s.packer)] for s in slots], np.int64)
        self.signal = np.array([s.signal for s in slots], np.int64)
        self.scale = np.array([s.scale for s in slots], np.float64)
        self.offset = np.array([s.offset for s in slots], np.float64)
        texts = [s.kind is SignalKind.TEXT for s in slots]
        self.easy = np.array([not (s.path or t) for s, t in zip(slots, texts, strict=True)], bool)


class Gathering:
    """An `Intake`: packers by partition, the gap book, troubles, events and figures."""

    def __init__(
        self,
        mapping: Mapping,
        *,
        packers: dict[int, Packer],
        partition: Partition,
        gaps: GapBook,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._slots = [Slot(b, packers[partition(b.signal.asset)]) for b in mapping.binds]
        self._table = SlotTable(self._slots)
        self._packers = packers
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.gaps = gaps
        self.troubles = Troubles()
        self.events: list[Draft] = []
        self.samples = 0
        self.kept = 0
        self._flushed = asyncio.Event()
        self.restamped = 0
        self.went_up = asyncio.Event()
        self.last_ns: int | None = None
        self.lag_s: float | None = None
        self.round_trip_s: float | None = None
        self.certificate_until: Instant | None = None
        self.device = ""
        self._started: Instant | None = None
        self.heard_s = clock.monotonic_s()

    # -- what a connector calls ------------------------------------------------------------

    def take(
        self,
        slot: int,
        value: object,
        at_ns: int | None = None,
        quality: int = Quality.GOOD,
    ) -> None:
        """One value of a point; what cannot be used is counted and shown."""
        to = self._slots[slot]
        now_ns = self._clock.ns()
        if to.plain and type(value) is float and -NUMBER_MAX < value < NUMBER_MAX:
            number: float | None = value
        else:
            if to.path:
                value = pick(value, to.path)
            number = self._scaled(to, value)
        at_ns, quality = self._time(at_ns, now_ns, quality)
        self._heard(now_ns)
        if number is not None:
            to.packer.add(to.signal, at_ns, number, quality)
        else:
            self._add_other(to, value, at_ns, quality)
        self.samples += 1
        self.last_ns = at_ns

    def take_all(
        self,
        slots: Sequence[int],
        values: Sequence[object],
        at_ns: int | None = None,
        quality: int = Quality.GOOD,
    ) -> None:
        """Values of one read; the same as `take` one by one, but faster."""
        now_ns = self._clock.ns()
        self._heard(now_ns)
        stamp_ns, trust = self._time(at_ns, now_ns, quality)
        every = self._slots
        for slot, value in zip(slots, values, strict=False):
            to = every[slot]
            if to.plain and isinstance(value, int | float) and -NUMBER_MAX < value < NUMBER_MAX:
                to.packer.add(to.signal, stamp_ns, value, trust)
                self.samples += 1
            else:
                self.take(slot, value, at_ns, quality)
        self.last_ns = stamp_ns

    def take_columns(
        self,
        slots: NDArray[np.int64],
        values: NDArray[np.float64],
        at_ns: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> None:
        """Numbers of many points; the same as `take` one by one, but much faster."""
        now_ns, table = self._clock.ns(), self._table
        self._heard(now_ns)
        easy = table.easy[slots] & (np.abs(values) < NUMBER_MAX)  # NaN is not
        for row in np.flatnonzero(~easy).tolist():
            at = int(at_ns[row])
            self.take(
                int(slots[row]),
                float(values[row]),
                None if at == NO_TIME else at,
                int(quality[row]),
            )
        if not easy.all():
            slots, values = slots[easy], values[easy]
            at_ns, quality = at_ns[easy], quality[easy]
        if not slots.size:
            return
        stamp_ns, trust = self._times(at_ns, now_ns, quality)
        values = values * table.scale[slots] + table.offset[slots]
        columns = (table.signal[slots], stamp_ns, values, trust)
        whose = table.packer[slots]
        for number in np.unique(whose).tolist():
            which = whose == number
            part = columns if which.all() else tuple(c[which] for c in columns)
            table.packers[number].extend(*(c.tolist() for c in part))
        self.samples += int(slots.size)
        self.last_ns = int(stamp_ns[-1])

    def up(self) -> None:
        """The device answers."""
        self.went_up.set()
        self._heard(self._clock.ns())

    def alive(self) -> None:
        """The device was heard from."""
        self._heard(self._clock.ns())

    def reject(self, what: str, *, subject: str, remedy: str = "") -> None:
        """Count and show what cannot be used."""
        self.troubles.add(what, subject=subject[:200], remedy=remedy, at=self._clock.now())

    def missed(
        self,
        reason: GapReason,
        *,
        detail: str,
        slots: Sequence[int] = (),
        since_ns: int | None = None,
    ) -> None:
        """Record samples lost on a line that stands."""
        self.gaps.missed(
            reason,
            now_ns=self._clock.ns(),
            detail=detail,
            signals=[self._slots[s].signal for s in slots],
            since_ns=since_ns,
        )

    def happened(self, event: Draft) -> None:
        """Keep what a device announced until the collector hands it on."""
        if len(self.events) >= EVENTS_WAITING_MAX:
            self.reject("an event was given up: too many wait", subject=event.subject)
            return
        self.events.append(event)

    def note(
        self,
        *,
        round_trip_s: float | None = None,
        certificate_until: Instant | None = None,
        device: str | None = None,
        started: Instant | None = None,
    ) -> None:
        """Keep a figure for the diagnostics."""
        if started is not None:
            if self._started not in {None, started}:
                self.gaps.restarted()
            self._started = started
        self.round_trip_s = self.round_trip_s if round_trip_s is None else round_trip_s
        self.certificate_until = certificate_until or self.certificate_until
        self.device = self.device if device is None else device[:200]

    async def settled(self) -> None:
        """Wait until all that was taken so far is kept."""
        until = self.samples
        while self.kept < until:
            self._flushed.clear()
            await self._flushed.wait()

    async def room(self) -> None:
        """Wait until what was taken can be handed on."""
        if self.waiting >= ROOM_SAMPLES_MAX:
            self._has_room.clear()
            await self._has_room.wait()

    # -- what the collector asks -----------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """Whether the device answered in this session."""
        return self.went_up.is_set()

    @property
    def waiting(self) -> int:
        """Samples not yet cut into frames."""
        return sum(len(p) for p in self._packers.values())

    def drained(self, samples: int) -> None:
        """So many samples are kept in all: polling may go on if there is room."""
        self.kept = samples
        self._flushed.set()
        if self.waiting < ROOM_SAMPLES_MAX:
            self._has_room.set()

    # -- inside ----------------------------------------------------------------------------

    def _heard(self, now_ns: int) -> None:
        self.gaps.heard(now_ns)
        self.heard_s = self._clock.monotonic_s()

    def _time(self, at_ns: int | None, now_ns: int, quality: int) -> tuple[int, int]:
        if at_ns is None:
            return now_ns, quality
        if SOURCE_TIME_MIN_NS <= at_ns <= now_ns + SOURCE_AHEAD_MAX_NS:
            self.lag_s = (now_ns - at_ns) / NS_PER_S
            return at_ns, quality
        self.restamped += 1
        return now_ns, worst(quality, Quality.UNCERTAIN)

    def _times(
        self, at_ns: NDArray[np.int64], now_ns: int, quality: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        told = at_ns != NO_TIME
        good = (at_ns >= SOURCE_TIME_MIN_NS) & (at_ns <= now_ns + SOURCE_AHEAD_MAX_NS)
        if good.any():
            self.lag_s = (now_ns - int(at_ns[np.flatnonzero(good)[-1]])) / NS_PER_S
        if good.all():
            return at_ns, quality
        odd = told & ~good
        self.restamped += int(np.count_nonzero(odd))
        trust = np.where(odd, np.maximum(quality, int(Quality.UNCERTAIN)), quality)
        return np.where(good, at_ns, now_ns), trust

    def _scaled(self, to: Slot, value: object) -> float | None:
        if to.kind is SignalKind.TEXT:
            return None
        number = number_in(value, to.kind) if isinstance(value, str) else number_of(value)
        if number is None or to.plain:
            return number
        return number_of(number * to.scale + to.offset)

    def _add_other(self, to: Slot, value: object, at_ns: int, quality: int) -> None:
        """A text, or something that is no sample: then a bad one, so that it is seen."""
        is_text = value is not None and to.kind in {SignalKind.TEXT, SignalKind.STATE}
        if not is_text:
            to.packer.add(to.signal, at_ns, float("nan"), Quality.BAD)
            if value is not None:
                self._reject_value(to, value, at_ns)
            return
        to.packer.add(to.signal, at_ns, float("nan"), quality)
        to.packer.say(value if isinstance(value, str) else str(value))

    def _reject_value(self, to: Slot, value: object, at_ns: int) -> None:
        self.troubles.add(
            f"not a number: {type(value).__name__}",
            subject=f"{to.bind.signal.asset}.{to.bind.signal.name}",
            remedy="Choose kind text, or a path to the number in it",
            at=from_ns(at_ns),
        )
