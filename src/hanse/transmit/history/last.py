"""The last value of every signal, in memory: what screens and rules ask for most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.transmit.history.rows import Longs, Rows

SIGNAL_ID_MAX = 4_000_000
NEVER_US = -(2**63)


class LastValues(Struct, frozen=True, kw_only=True):
    """Values as of some instant, one row for each signal asked for that has one."""

    signal: NDArray[np.int32]
    at_us: Longs
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.signal.shape[0])


class LastTable:
    """Last values by signal id; grows with the highest id seen."""

    def __init__(self) -> None:
        self._at = np.empty(0, np.int64)
        self._value = np.empty(0, np.float64)
        self._quality = np.empty(0, np.uint8)

    def take(self, rows: Rows) -> None:
        """Take rows up; a late sample never replaces a later one."""
        if len(rows) == 0:
            return
        self._grow(int(rows.signal.max()) + 1)
        order = np.argsort(rows.at_us, kind="stable")
        order = order[rows.at_us[order] >= self._at[rows.signal[order]]]
        signal = rows.signal[order]
        self._at[signal] = rows.at_us[order]
        self._value[signal] = rows.value[order]
        self._quality[signal] = rows.quality[order]

    def get(self, signals: NDArray[np.int32] | None = None) -> LastValues:
        """The last values of some signals, or of all."""
        if signals is None:
            signals = np.flatnonzero(self._at != NEVER_US).astype(np.int32)
        else:
            signals = signals[(signals >= 0) & (signals < self._at.shape[0])]
            signals = signals[self._at[signals] != NEVER_US]
        return LastValues(
            signal=signals,
            at_us=self._at[signals],
            value=self._value[signals],
            quality=self._quality[signals],
        )

    def save(self, path: Path, *, version: int) -> None:
        """Write them down beside the table, as of one of its versions."""
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            np.savez(file, version=version, at=self._at, value=self._value, quality=self._quality)
        temporary.replace(path)

    def load(self, path: Path) -> int:
        """Read them back; the version they are as of, -1 if there is nothing to read."""
        try:
            with np.load(path, allow_pickle=False) as content:
                version = int(content["version"])
                self._at, self._value = content["at"], content["value"]
                self._quality = content["quality"]
        except (OSError, ValueError, KeyError, EOFError):
            return -1
        return version

    def _grow(self, size: int) -> None:
        have = self._at.shape[0]
        if size <= have:
            return
        more = min(max(size, 2 * have), SIGNAL_ID_MAX) - have
        self._at = np.append(self._at, np.full(more, NEVER_US))
        self._value = np.append(self._value, np.zeros(more))
        self._quality = np.append(self._quality, np.zeros(more, np.uint8))
