"""Samples as sorted columns, the form in which history keeps them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.model.sample import Frame, Quality
from hanse.model.time import NS_PER_S

US_PER_S = 1_000_000
HOUR_US = 3_600 * US_PER_S
DAY_US = 24 * HOUR_US
FUTURE_NS_MAX = 3_600 * NS_PER_S
"""A source clock may be ahead by an hour; beyond that its time is not believed."""
EARLIEST_NS = 631_152_000 * NS_PER_S
"""1990: before it no plant recorded anything; a clock that was reset says 1970 or 1601."""
DELAY_MS_MAX = 2**31 - 1

Longs = NDArray[np.int64]


class Rows(Struct, frozen=True, kw_only=True):
    """Columns of equal length.

    ``at_us`` is source time in microseconds since 1970 (what Delta's timestamp holds);
    ``delay_ms`` how much later the collector had it; ``text`` objects (str or None), or None
    where no row has one.
    """

    signal: NDArray[np.int32]
    at_us: Longs
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    delay_ms: NDArray[np.int32]
    text: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return int(self.signal.shape[0])

    def take(self, which: Any) -> Rows:
        """Some of the rows: a slice, a mask, or indices."""
        return Rows(
            signal=self.signal[which],
            at_us=self.at_us[which],
            value=self.value[which],
            quality=self.quality[which],
            delay_ms=self.delay_ms[which],
            text=None if self.text is None else self.text[which],
        )


def empty() -> Rows:
    """No rows."""
    return Rows(
        signal=np.empty(0, np.int32),
        at_us=np.empty(0, np.int64),
        value=np.empty(0, np.float64),
        quality=np.empty(0, np.uint8),
        delay_ms=np.empty(0, np.int32),
    )


def concat(parts: Sequence[Rows]) -> Rows:
    """Rows one after the other, in the order they arrived."""
    if not parts:
        return empty()
    if len(parts) == 1:
        return parts[0]
    return Rows(
        signal=np.concatenate([p.signal for p in parts]),
        at_us=np.concatenate([p.at_us for p in parts]),
        value=np.concatenate([p.value for p in parts]),
        quality=np.concatenate([p.quality for p in parts]),
        delay_ms=np.concatenate([p.delay_ms for p in parts]),
        text=_concat_texts(parts),
    )


def _concat_texts(parts: Sequence[Rows]) -> NDArray[np.object_] | None:
    if all(p.text is None for p in parts):
        return None
    return np.concatenate(
        [np.full(len(p), None, object) if p.text is None else p.text for p in parts]
    )


def of_frames(frames: Iterable[Frame]) -> tuple[Rows, int]:
    """The rows of some frames, and how many had a time that cannot be believed.

    Those stand under the time they were received at, of uncertain quality at best.
    """
    parts = [_of_frame(f) for f in frames]
    return concat([rows for rows, _ in parts]), sum(n for _, n in parts)


def _of_frame(frame: Frame) -> tuple[Rows, int]:
    at, quality = frame.at_ns, frame.quality
    received = frame.received_ns
    delay = np.zeros(len(frame), np.int32)
    wrong = 0
    if received:
        bad = (at > received + FUTURE_NS_MAX) | (at < EARLIEST_NS)
        wrong = int(np.count_nonzero(bad))
        if wrong:
            at = np.where(bad, received, at)
            quality = np.where(bad, np.maximum(quality, Quality.UNCERTAIN), quality).astype(
                np.uint8
            )
        delay = np.clip((received - at) // 1_000_000, -DELAY_MS_MAX, DELAY_MS_MAX).astype(np.int32)
    text = None
    if frame.texts:
        text = np.full(len(frame), None, object)
        text[list(frame.texts)] = list(frame.texts.values())
    rows = Rows(
        signal=frame.signal,
        at_us=at // 1_000,
        value=frame.value,
        quality=quality,
        delay_ms=delay,
        text=text,
    )
    return rows, wrong


def in_order(rows: Rows) -> Rows:
    """Sorted by signal and time; of samples of one signal and instant the last to arrive stays."""
    if len(rows) < 2:
        return rows
    key = _key(rows)
    if not bool(np.all(key[1:] > key[:-1])):
        order = np.argsort(key, kind="stable")
        key = key[order]
        last = np.append(key[1:] != key[:-1], True)
        rows = rows.take(order[last])
    return rows


def _key(rows: Rows) -> Longs:
    """One number that sorts like (signal, time)."""
    low = int(rows.at_us.min())
    span = int(rows.at_us.max()) - low + 1
    if span * (int(rows.signal.max()) + 1) < 2**63:
        return rows.signal.astype(np.int64) * span + (rows.at_us - low)
    ranks = np.empty(len(rows), np.int64)
    pairs = np.stack([rows.signal.astype(np.int64), rows.at_us])
    ranks[:] = np.unique(pairs, axis=1, return_inverse=True)[1]
    return ranks


def of_signals(rows: Rows, signals: NDArray[np.int32], *, start_us: int, end_us: int) -> Rows:
    """The rows of some signals in ``start <= at < end``."""
    mask = (rows.at_us >= start_us) & (rows.at_us < end_us)
    if signals.shape[0] == 1:
        mask &= rows.signal == signals[0]
    else:
        mask &= np.isin(rows.signal, signals)
    return rows.take(mask)


def good(rows: Rows) -> NDArray[np.bool_]:
    """Rows whose value counts in a mean: not bad, and a number."""
    return (rows.quality < Quality.BAD) & np.isfinite(rows.value)
