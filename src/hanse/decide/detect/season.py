"""A repeating shape (a shift, a day, a cycle) learned from the normal period, and taken away."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8

PERIOD_MIN = 12
ALIKE = 0.6
"""How alike the normal period must be to itself a period later (autocorrelation)."""


class Season(Struct, kw_only=True):
    """What is usual at each step of a period, one column a signal; ``place`` is the next step.

    ``period`` 0: there is none.
    """

    period: int = 0
    profile: list[list[float]] = []
    place: int = 0

    def take(self, row: F8) -> F8:
        """The next row without what is usual at its step."""
        if not self.period:
            return row
        usual = np.asarray(self.profile[self.place % self.period])
        self.place += 1
        return np.asarray(row - usual)


def fit_season(rows: F8) -> Season:
    """The strongest period of the first signals' mean shape that repeats at least twice, if any."""
    period = _period(rows)
    if not period:
        return Season()
    middle = rows.mean(axis=0)
    profile = np.array([rows[step::period].mean(axis=0) for step in range(period)]) - middle
    width = max(period // 48, 1)
    smooth = np.stack([_round_mean(column, width) for column in profile.T], axis=1)
    return Season(period=period, profile=smooth.tolist(), place=rows.shape[0])


def left_out(rows: F8, season: Season) -> F8:
    """Rows without their season, each against the profile of the *other* periods.

    A profile of few periods fits itself too well; this is what later rows will look like.
    """
    if not season.period:
        return rows
    steps = np.arange(rows.shape[0]) % season.period
    profile = np.asarray(season.profile)[steps]
    middle = rows.mean(axis=0)
    times = np.bincount(steps, minlength=season.period)[steps][:, None]
    return np.asarray(middle + (rows - middle - profile) * times / np.maximum(times - 1, 1))


def _period(rows: F8) -> int:
    if rows.shape[0] < 2 * PERIOD_MIN + 2:
        return 0
    spread = np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1.0)
    centred = (rows - rows.mean(axis=0)) / spread
    lags = np.arange(PERIOD_MIN, rows.shape[0] // 2 + 1)
    alike = np.array([_alike(centred, int(lag)) for lag in lags])
    below = np.flatnonzero(alike < ALIKE / 2)
    if not below.size:
        return 0
    after = int(below[0])
    best = after + int(alike[after:].argmax())
    return int(lags[best]) if alike[best] >= ALIKE else 0


def _alike(rows: F8, lag: int) -> float:
    one, other = rows[:-lag], rows[lag:]
    sizes = np.sqrt((one * one).sum() * (other * other).sum())
    return float((one * other).sum() / sizes) if sizes > 0 else 0.0


def _round_mean(column: F8, width: int) -> F8:
    kernel = np.ones(2 * width + 1) / (2 * width + 1)
    wide = np.concatenate([column[-width:], column, column[:width]])
    return np.convolve(wide, kernel, mode="valid")
