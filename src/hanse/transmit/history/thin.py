"""Fewer points that draw the same line: first, lowest, highest and last of each slice. Pure.

Source: M4, Jugel et al., VLDB 2014: what a line chart of that many pixels can show.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.transmit.history.rows import Longs

POINTS_MIN = 8


def thin(at_us: Longs, value: NDArray[np.float64], points_max: int) -> NDArray[np.intp]:
    """Which of the samples (in order of time) to keep, at most ``points_max`` of them.

    The lowest and highest value of every slice of time stay, and the first and last sample; NaN
    is kept where a slice holds nothing else.
    """
    n = at_us.shape[0]
    if n <= points_max:
        return np.arange(n)
    slices = max(points_max, POINTS_MIN) // 4
    span = int(at_us[-1]) - int(at_us[0]) + 1
    slot = (at_us - at_us[0]) * slices // span
    first = np.flatnonzero(np.append(True, slot[1:] != slot[:-1]))
    last = np.append(first[1:], n) - 1
    low = _extreme(np.where(np.isnan(value), np.inf, value), first, np.minimum)
    high = _extreme(np.where(np.isnan(value), -np.inf, value), first, np.maximum)
    return np.unique(np.concatenate([first, low, high, last]))


def _extreme(value: NDArray[np.float64], first: NDArray[np.intp], which: np.ufunc) -> Longs:
    """The index of the first sample in each slice that has the slice's extreme."""
    n = value.shape[0]
    extreme = np.repeat(which.reduceat(value, first), np.diff(np.append(first, n)))
    at = np.where(value == extreme, np.arange(n), n)
    found: Longs = np.minimum(np.minimum.reduceat(at, first), n - 1)
    return found
