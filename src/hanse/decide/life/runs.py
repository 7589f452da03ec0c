"""From samples to lives: rows at even steps, from a start or a repair to the failure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hanse.decide.columns import F8, I4, I8


def even_rows(samples: tuple[I4, I8, F8], signals: list[int], *, step_ns: int) -> F8:
    """A row a step, a column a signal: the mean of its samples in the step.

    Args:
        samples: signal, instant in ns and value, in any order; NaN values are left out.
        signals: the signals' numbers, in order of the columns.
        step_ns: length of a step; steps begin at the first sample.

    A step without a sample has the value before it; rows before all signals spoke are left out.
    """
    signal, at, value = samples
    good = np.isin(signal, signals) & ~np.isnan(value)
    signal, at, value = signal[good], at[good], value[good]
    if not at.size:
        return np.zeros((0, len(signals)))
    step = (at - at.min()) // step_ns
    column = np.searchsorted(np.sort(signals), signal)
    column = np.argsort(signals)[column]
    shape = int(step.max()) + 1, len(signals)
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (step, column), value)
    np.add.at(count, (step, column), 1)
    rows = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    filled = _carried(rows)
    return np.asarray(filled[~np.isnan(filled).any(axis=1)])


def _carried(rows: F8) -> F8:
    place = np.where(np.isnan(rows), 0, np.arange(rows.shape[0])[:, None])
    return np.asarray(np.take_along_axis(rows, np.maximum.accumulate(place, axis=0), axis=0))


def spans_of_life(
    failed: Iterable[int], repaired: Iterable[int], *, begun: int, now: int
) -> tuple[list[tuple[int, int]], int]:
    """Whole lives (start, failure), and when the present one began; instants in ns.

    A life begins at the first sample (``begun``), then at each repair that follows a failure.
    """
    lives: list[tuple[int, int]] = []
    start: int | None = begun
    marks = sorted([(at, True) for at in failed] + [(at, False) for at in repaired])
    for at, is_failure in marks:
        if is_failure and start is not None and at > start:
            lives.append((start, at))
            start = None
        elif not is_failure and start is None:
            start = at
    return lives, now if start is None else start
