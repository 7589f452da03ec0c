"""Rule kinds over columns: each bank holds all instances of one kind and shape.

A bank takes rounds of samples (`Batch`) and tells the latches what each condition is. Banks whose
answer changes with time alone also take wake-ups. All kernels are numpy; `oracle` says the same
one event at a time, and a law holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from hanse.decide.columns import (
    B1,
    F8,
    FALSE,
    I4,
    I8,
    NEVER,
    Batch,
    Columns,
    truth,
)
from hanse.decide.fit import layers
from hanse.decide.latches import Latches, hysteresis
from hanse.model.time import NS_PER_S

PER_SECONDS = {"s": 1.0, "min": 60.0, "h": 3_600.0}


class Stand(NamedTuple):
    """One side of one rule on all its assets: who, which signal, and the numbers."""

    rule: int
    side: str
    asset: I4
    slot: I4
    limit: F8
    sign: int = 1
    band: F8 | None = None


class Bank(Protocol):
    """All instances of one kind and shape, numbered ``first`` and on in the latches."""

    first: int

    @property
    def instances(self) -> int:
        """How many instances it holds."""
        ...

    def take(self, batch: Batch, latches: Latches) -> None:
        """Evaluate one round of samples."""
        ...

    def wake(self, horizon_ns: int, latches: Latches) -> None:
        """Evaluate what changes by an instant with no sample."""
        ...

    def reopen(self, idx: I8, at: I8, latches: Latches) -> None:
        """The schedule of some instances began."""
        ...

    def columns(self) -> Columns:
        """What a snapshot keeps."""
        ...


class SignalBank:
    """What the banks of one signal an instance share: who stands on which signal, and limits."""

    def __init__(self, stands: list[Stand], first: int, slots: int) -> None:
        self.first = first
        self.slot = np.concatenate([s.slot for s in stands])
        n = self.slot.size
        self.limit: F8 = np.concatenate([s.limit for s in stands])
        self.sign: F8 = np.concatenate([np.full(s.slot.size, float(s.sign)) for s in stands])
        bands = [np.zeros(s.slot.size) if s.band is None else s.band for s in stands]
        self.band: F8 = np.concatenate(bands)
        self._layers = layers(self.slot, np.arange(n, dtype=np.int64), slots)

    def __len__(self) -> int:
        return int(self.slot.size)

    @property
    def instances(self) -> int:
        """How many instances it holds."""
        return len(self)

    def meet(self, batch: Batch) -> Iterator[tuple[I8, Batch]]:
        """The bank's own instance numbers that a round touches, with the samples for them."""
        for layer in self._layers:
            at = layer[batch.slot]
            hit = at >= 0
            if hit.all():
                yield at.astype(np.int64), batch
            elif hit.any():
                yield at[hit].astype(np.int64), batch.take(hit)

    def judge(self, mine: I8, at: I8, measured: F8, latches: Latches) -> None:
        """Compare what was measured with the limit, through the band; NaN is unknown."""
        idx = mine + self.first
        beyond = self.sign[mine] * (measured - self.limit[mine])
        cond = hysteresis(beyond, self.band[mine], latches.before(idx), latches.out[idx])
        latches.step(idx, at, cond, measured)

    def wake(self, horizon_ns: int, latches: Latches) -> None:
        """Nothing changes here with time alone."""

    def reopen(self, idx: I8, at: I8, latches: Latches) -> None:
        """The schedule of some instances began: their last condition counts again."""
        latches.recall(idx, at)

    def columns(self) -> Columns:
        """Nothing to keep but the latches."""
        return {}


class LimitBank(SignalBank):
    """A value against its limit."""

    def take(self, batch: Batch, latches: Latches) -> None:
        """Each good value is compared; others are unknown."""
        for mine, samples in self.meet(batch):
            measured = np.where(samples.good, samples.value, np.nan)
            self.judge(mine, samples.at, measured, latches)


class RateBank(SignalBank):
    """The change between two samples at least ``over_ns`` apart, a unit of time."""

    def __init__(self, stands: list[Stand], first: int, slots: int, *, shape: RateShape) -> None:
        super().__init__(stands, first, slots)
        self._shape = shape
        self._at = np.full(len(self), NEVER, np.int64)
        self._value = np.zeros(len(self))

    def take(self, batch: Batch, latches: Latches) -> None:
        """A bad sample makes the rate unknown and begins anew."""
        for mine, samples in self.meet(batch):
            seen = self._at[mine] != NEVER
            span = np.where(seen, samples.at - np.where(seen, self._at[mine], 0), 0)
            ready = samples.good & seen & (span >= max(self._shape.over_ns, 1))
            change = samples.value - self._value[mine]
            scale = np.where(ready, span, 1) / (self._shape.per_s * NS_PER_S)
            rate = np.where(ready, change / scale, np.nan)
            told = ready | ~samples.good
            if told.any():
                self.judge(mine[told], samples.at[told], rate[told], latches)
            anchor = ready | (samples.good & ~seen)
            self._at[mine[anchor]] = samples.at[anchor]
            self._value[mine[anchor]] = samples.value[anchor]
            self._at[mine[~samples.good]] = NEVER

    def columns(self) -> Columns:
        """The sample each next one is compared with."""
        return {"at": self._at, "anchor": self._value}


class RateShape(NamedTuple):
    """What the instances of one rate bank have in common."""

    per_s: float
    over_ns: int


class StaleBank(SignalBank):
    """Silence: the limit is in seconds; any sample ends it and starts the clock again."""

    def __init__(self, stands: list[Stand], first: int, slots: int, *, shape: StaleShape) -> None:
        super().__init__(stands, first, slots)
        self._shape = shape
        self._after: I8 = np.round(self.limit * NS_PER_S).astype(np.int64)
        self._value = np.full(len(self), np.nan)
        self._started = np.zeros(len(self), np.bool_)

    def take(self, batch: Batch, latches: Latches) -> None:
        """A sample that counts as life ends the silence."""
        for mine, samples in self.meet(batch):
            alive = self._alive(mine, samples)
            if not alive.any():
                continue
            who, at = mine[alive], samples.at[alive]
            idx = who + self.first
            latches.step(idx, at, np.full(idx.size, FALSE, np.int8), self.limit[who])
            latches.arm(idx, at, at + self._after[who])
            self._value[who] = samples.value[alive]
            self._started[who] = True

    def _alive(self, mine: I8, samples: Batch) -> B1:
        alive = samples.good if self._shape.good_only else np.ones(mine.size, np.bool_)
        if not self._shape.unchanged:
            return alive
        same: B1 = np.abs(samples.value - self._value[mine]) <= self._shape.tolerance
        return alive & ~same

    def wake(self, horizon_ns: int, latches: Latches) -> None:
        """What was never heard of is silent from the first wake-up on."""
        if self._started.all():
            return
        new = np.flatnonzero(~self._started)
        at = np.full(new.size, horizon_ns, np.int64)
        latches.value[new + self.first] = self.limit[new]
        latches.arm(new + self.first, at, at + self._after[new])
        self._started[new] = True

    def reopen(self, idx: I8, at: I8, latches: Latches) -> None:
        """Silence counts from the opening."""
        latches.arm(idx, at, at + self._after[idx - self.first])

    def columns(self) -> Columns:
        """The last value, and who has been heard of."""
        return {"last": self._value, "started": self._started}


class StaleShape(NamedTuple):
    """What the instances of one stale bank have in common."""

    unchanged: bool
    tolerance: float
    good_only: bool


class StateBank(SignalBank):
    """A signal that says one of some states; words were turned into numbers before."""

    def __init__(self, stands: list[Stand], first: int, slots: int, *, states: F8) -> None:
        super().__init__(stands, first, slots)
        self._states = states

    def take(self, batch: Batch, latches: Latches) -> None:
        """True where the value is one of the states."""
        for mine, samples in self.meet(batch):
            cond = truth(np.isin(samples.value, self._states), samples.good)
            latches.step(mine + self.first, samples.at, cond, samples.value)


class WindowShape(NamedTuple):
    """What the instances of one window bank have in common."""

    measure: str
    of: float
    at_least: int
    samples: int = 0
    over_ns: int = 0


class RingBank(SignalBank):
    """A figure over the last good samples of a signal."""

    def __init__(self, stands: list[Stand], first: int, slots: int, *, shape: WindowShape) -> None:
        super().__init__(stands, first, slots)
        self._shape = shape
        self._ring = np.full((len(self), shape.samples), np.nan)
        self._taken = np.zeros(len(self), np.int64)

    def take(self, batch: Batch, latches: Latches) -> None:
        """A bad sample is not counted, and says unknown until the next good one."""
        for mine, samples in self.meet(batch):
            good = samples.good
            who = mine[good]
            self._ring[who, self._taken[who] % self._shape.samples] = samples.value[good]
            self._taken[who] += 1
            measured = np.full(mine.size, np.nan)
            measured[good] = self._figure(who)
            self.judge(mine, samples.at, measured, latches)

    def _figure(self, who: I8) -> F8:
        rows = self._ring[who]
        count = np.minimum(self._taken[who], self._shape.samples)
        full = count == self._shape.samples
        enough = count >= min(self._shape.at_least, self._shape.samples)
        if not full.all():
            rows = np.where(np.arange(self._shape.samples) < count[:, None], rows, np.nan)
            return np.where(enough, _figure_partial(rows, count, self._shape), np.nan)
        return np.where(enough, _figure_full(rows, self._shape), np.nan)

    def columns(self) -> Columns:
        """The rings and how many samples each has taken."""
        return {"ring": self._ring, "taken": self._taken}


def _figure_full(rows: F8, shape: WindowShape) -> F8:
    match shape.measure:
        case "mean":
            return np.asarray(rows.sum(axis=1) / rows.shape[1])
        case "sd":
            return deviation(rows.sum(axis=1), (rows * rows).sum(axis=1), rows.shape[1])
        case "min":
            return np.asarray(rows.min(axis=1))
        case "max":
            return np.asarray(rows.max(axis=1))
        case "range":
            return np.asarray(rows.max(axis=1) - rows.min(axis=1))
        case _:
            return np.asarray(100.0 * (rows > shape.of).sum(axis=1) / rows.shape[1])


def _figure_partial(rows: F8, count: I8, shape: WindowShape) -> F8:
    some = np.maximum(count, 1)
    there = ~np.isnan(rows)
    match shape.measure:
        case "mean":
            return np.asarray(np.where(there, rows, 0.0).sum(axis=1) / some)
        case "sd":
            filled = np.where(there, rows, 0.0)
            return deviation(filled.sum(axis=1), (filled * filled).sum(axis=1), some)
        case "percent":
            return np.asarray(100.0 * (rows > shape.of).sum(axis=1) / some)
        case _:
            low = np.where(there, rows, np.inf).min(axis=1)
            high = np.where(there, rows, -np.inf).max(axis=1)
            return np.asarray({"min": low, "max": high}.get(shape.measure, high - low))


def deviation(total: F8, squares: F8, count: I8 | int) -> F8:
    """Sample standard deviation (n - 1) from sums; NaN below two samples, never below 0."""
    n = np.asarray(count, np.float64)
    spread = np.maximum(squares - total * total / np.maximum(n, 1), 0.0)
    return np.asarray(np.where(n >= 2, np.sqrt(spread / np.maximum(n - 1, 1)), np.nan))
