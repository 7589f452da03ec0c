"""From frames to rounds: known signals only, in event time, nothing twice, nothing too late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from msgspec import Struct

from hanse.decide.build import WORD_CODE
from hanse.decide.columns import B1, F8, I4, I8, Batch
from hanse.decide.fit import Plant
from hanse.model.sample import Frame, Quality

NOTHING_YET = int(np.iinfo(np.int64).min)


class Counts(Struct):
    """What became of the samples so far: shown on the status page."""

    taken: int = 0
    unknown_signal: int = 0
    late: int = 0
    duplicate: int = 0
    ahead: int = 0
    refused: int = 0


class Intake:
    """Sorts samples into rounds and remembers the newest instant of each signal.

    A sample at or before the newest of its signal is a duplicate or late: counted, not used. One
    further ahead of the clock than ``ahead_ns`` would silence its signal for as long: counted, not
    used.
    """

    def __init__(self, plant: Plant, words: dict[str, float], *, ahead_ns: int) -> None:
        self._plant = plant
        self._words = words
        self._ahead_ns = ahead_ns
        self._stamp: I8 = np.zeros(plant.ids.size, np.int64)
        self.newest: I8 = np.full(plant.ids.size, NOTHING_YET, np.int64)
        self.value: F8 = np.full(plant.ids.size, np.nan)
        self.counts = Counts()

    def batch(self, frames: Iterable[Frame], now_ns: int) -> Batch:
        """All samples of some frames in one batch, by signals this engine knows."""
        taken = [self._frame(f) for f in frames]
        if not taken:
            return Batch(
                np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_)
            )
        joined = join(taken)
        known = joined.slot >= 0
        ahead = joined.at > now_ns + self._ahead_ns
        self.counts.unknown_signal += int(known.size - np.count_nonzero(known))
        self.counts.ahead += int(np.count_nonzero(ahead & known))
        keep = known & ~ahead
        return joined if keep.all() else joined.take(keep)

    def _frame(self, frame: Frame) -> Batch:
        value = frame.value
        if frame.texts:
            value = value.copy()
            for row, text in frame.texts.items():
                value[row] = self._words.get(text, WORD_CODE)
        good = (frame.quality == Quality.GOOD) & ~np.isnan(value)
        return Batch(self._plant.slots(frame.signal), frame.at_ns, value, good)

    def rounds(self, batch: Batch) -> Iterator[Batch]:
        """The batch in rounds, in each of which no signal stands twice; instants only grow."""
        if not batch.slot.size:
            return
        if self._is_unique(batch.slot):
            yield from self._fresh(batch)
            return
        order, rank = _ranked(batch.slot, batch.at)
        batch, top = batch.take(order), int(rank.max())
        for number in range(top + 1):
            yield from self._fresh(batch.take(rank == number))

    def _is_unique(self, slot: I4) -> bool:
        own = np.arange(slot.size)
        self._stamp[slot] = own
        return bool((self._stamp[slot] == own).all())

    def _fresh(self, batch: Batch) -> Iterator[Batch]:
        newest = self.newest[batch.slot]
        fresh = batch.at > newest
        if not fresh.all():
            same = int(np.count_nonzero(batch.at == newest))
            self.counts.duplicate += same
            self.counts.late += int(fresh.size - np.count_nonzero(fresh)) - same
            batch = batch.take(fresh)
        if batch.slot.size:
            self.counts.taken += int(batch.slot.size)
            self.newest[batch.slot] = batch.at
            self.value[batch.slot] = np.where(batch.good, batch.value, np.nan)
            yield batch

    def together(self, rounds: list[Batch], wanted: B1) -> Iterator[Batch]:
        """The samples of wanted slots again, in rounds in which each asset has one instant."""
        if not rounds:
            return
        batch = join(rounds)
        batch = batch.take(wanted[batch.slot])
        if not batch.slot.size:
            return
        asset = self._plant.asset_of_slot[batch.slot]
        order = np.lexsort((batch.at, asset))
        batch, asset = batch.take(order), asset[order]
        if batch.slot.size == 1:
            yield batch
            return
        other = asset[1:] != asset[:-1]
        later = other | (batch.at[1:] != batch.at[:-1])
        instant = np.concatenate(([0], np.cumsum(later)))
        first = np.concatenate(([0], np.where(other, instant[1:], 0)))
        rank = instant - np.maximum.accumulate(first)
        for number in range(int(rank.max()) + 1):
            yield batch.take(rank == number)


def join(batches: list[Batch]) -> Batch:
    """Some batches as one."""
    if len(batches) == 1:
        return batches[0]
    return Batch(*(np.concatenate(column) for column in zip(*batches, strict=True)))


def _ranked(slot: I4, at: I8) -> tuple[I8, I8]:
    """An order by signal and time, and in that order each sample's number within its signal."""
    order = np.argsort(slot, kind="stable")
    by_slot, by_time = slot[order], at[order]
    same = by_slot[1:] == by_slot[:-1]
    if (same & (by_time[1:] < by_time[:-1])).any():
        order = np.lexsort((at, slot))
        by_slot = slot[order]
        same = by_slot[1:] == by_slot[:-1]
    place = np.arange(slot.size)
    starts = np.where(np.concatenate(([True], ~same)), place, 0)
    return order.astype(np.int64), place - np.maximum.accumulate(starts)
