"""Rollups: what a signal did in each minute or hour, in a few numbers. Pure numpy.

Bad samples and those that are no number count in ``good`` only. The time-weighted mean takes each
value as holding until the next sample of its signal, at most HOLD_US (ISA-18.2 style step hold);
what came before the bucket holds into it.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.transmit.history.rows import HOUR_US, US_PER_S, Longs, Rows, good

MINUTE_US = 60 * US_PER_S
HOLD_US = HOUR_US
ALWAYS_US = 2**62
Floats = NDArray[np.float64]


class Buckets(Struct, frozen=True, kw_only=True):
    """One row for each signal and bucket with samples, sorted; NaN where no sample was good.

    ``at_us`` is the bucket's start; ``count`` counts all samples, ``good`` is the share of good
    ones; ``mean`` is over good samples, ``held`` the time-weighted mean.
    """

    signal: NDArray[np.int32]
    at_us: Longs
    min: Floats
    max: Floats
    mean: Floats
    last: Floats
    held: Floats
    count: NDArray[np.int32]
    good: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.signal.shape[0])


def buckets(rows: Rows, width_us: int, *, origin_us: int = 0) -> Buckets:
    """The buckets of rows sorted by signal and time.

    Args:
        rows: sorted by signal and time, without duplicates.
        width_us: the bucket's width.
        origin_us: where a bucket starts.
    """
    if len(rows) == 0:
        return none()
    start = (rows.at_us - origin_us) // width_us * width_us + origin_us
    first = np.flatnonzero(
        np.append(True, (rows.signal[1:] != rows.signal[:-1]) | (start[1:] != start[:-1]))
    )
    fine = good(rows)
    n_all = np.diff(np.append(first, len(rows)))
    n_good = np.add.reduceat(fine.astype(np.int64), first)
    value = np.where(fine, rows.value, 0.0)
    nothing = n_good == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.add.reduceat(value, first) / n_good
    return Buckets(
        signal=rows.signal[first],
        at_us=start[first],
        min=_blank(np.minimum.reduceat(np.where(fine, rows.value, np.inf), first), nothing),
        max=_blank(np.maximum.reduceat(np.where(fine, rows.value, -np.inf), first), nothing),
        mean=_blank(mean, nothing),
        last=_last(rows, fine, first),
        held=_held(rows, fine, first, starts_us=start[first], width_us=width_us),
        count=n_all.astype(np.int32),
        good=(n_good / n_all).astype(np.float32),
    )


def none() -> Buckets:
    """No buckets."""
    floats, longs = np.empty(0), np.empty(0, np.int64)
    return Buckets(
        signal=np.empty(0, np.int32),
        at_us=longs,
        min=floats,
        max=floats,
        mean=floats,
        last=floats,
        held=floats,
        count=np.empty(0, np.int32),
        good=np.empty(0, np.float32),
    )


def joined(parts: list[Buckets]) -> Buckets:
    """Buckets of several places as one, sorted by signal and time."""
    parts = [p for p in parts if len(p)]
    if not parts:
        return none()
    columns = {
        name: np.concatenate([getattr(p, name) for p in parts])
        for name in Buckets.__struct_fields__
    }
    order = np.lexsort((columns["at_us"], columns["signal"]))
    return Buckets(**{name: column[order] for name, column in columns.items()})


def masked(found: Buckets, mask: NDArray[np.bool_]) -> Buckets:
    """Some of the buckets."""
    return Buckets(**{name: getattr(found, name)[mask] for name in Buckets.__struct_fields__})


def cut(found: Buckets, start_us: int, end_us: int) -> Buckets:
    """The buckets that start in ``start <= at < end``."""
    return masked(found, (found.at_us >= start_us) & (found.at_us < end_us))


def _blank(values: Floats, nothing: NDArray[np.bool_]) -> Floats:
    return np.where(nothing, np.nan, values)


def _last(rows: Rows, fine: NDArray[np.bool_], first: Longs) -> Floats:
    """The last good value of each bucket."""
    at = np.where(fine, np.arange(len(rows)), -1)
    last = np.maximum.reduceat(at, first)
    return np.where(last < 0, np.nan, rows.value[last])


def _held(
    rows: Rows, fine: NDArray[np.bool_], first: Longs, *, starts_us: Longs, width_us: int
) -> Floats:
    """The time-weighted mean of each bucket over the time for which a good value held."""
    until = np.repeat(starts_us + width_us, np.diff(np.append(first, len(rows))))
    same = np.append(rows.signal[1:] == rows.signal[:-1], False)
    following = np.where(same, np.append(rows.at_us[1:], 0), until)
    weight = np.minimum(np.minimum(following, until) - rows.at_us, HOLD_US)
    weight = np.where(fine, weight, 0).astype(np.float64)
    lead, before = _carried(rows, fine, first, starts_us=starts_us)
    total = np.add.reduceat(weight, first) + lead
    area = np.add.reduceat(np.where(fine, rows.value, 0.0) * weight, first) + before * lead
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, area / total, np.nan)


def _carried(
    rows: Rows, fine: NDArray[np.bool_], first: Longs, *, starts_us: Longs
) -> tuple[Floats, Floats]:
    """For each bucket, how long the value from before it holds into it, and that value."""
    previous = np.maximum(first - 1, 0)
    same = (first > 0) & (rows.signal[previous] == rows.signal[first]) & fine[previous]
    same &= rows.at_us[first] - rows.at_us[previous] <= HOLD_US
    lead = np.where(same, rows.at_us[first] - starts_us, 0).astype(np.float64)
    return lead, np.where(same, rows.value[previous], 0.0)
