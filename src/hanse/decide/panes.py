"""Windows of time that move in steps: a few panes an instance, whatever the sampling rate."""

from __future__ import annotations

import numpy as np

from hanse.decide.banks import deviation
from hanse.decide.columns import B1, F8, I8, Columns
from hanse.model.time import NS_PER_S

PANES = 24
UNSEEN = -1


class Panes:
    """For each of ``n`` instances the last ``over_ns`` in PANES panes, aligned to whole widths.

    A figure at an instant covers the pane it falls in and the PANES - 1 before it.
    """

    def __init__(self, n: int, over_ns: int, *, of: float = 0.0) -> None:
        self.width = max(over_ns // PANES, 1)
        self._of = of
        self.head = np.full(n, UNSEEN, np.int64)
        self.start = np.zeros(n, np.int64)
        self._count = np.zeros((n, PANES), np.int64)
        self._above = np.zeros((n, PANES), np.int64)
        self._total = np.zeros((n, PANES))
        self._squares = np.zeros((n, PANES))
        self._low = np.full((n, PANES), np.inf)
        self._high = np.full((n, PANES), -np.inf)
        self._first = np.zeros((n, PANES))
        self._first_at = np.zeros((n, PANES), np.int64)

    def boundary(self, who: I8) -> I8:
        """When the next pane begins; meaningless for those that have not begun."""
        return (self.head[who] + 1) * self.width

    def advance(self, who: I8, at: I8) -> None:
        """Let time pass to an instant: panes that fell out are empty."""
        pane = at // self.width
        new = self.head[who] == UNSEEN
        self.start[who[new]] = pane[new]
        gap = np.where(new, PANES, pane - self.head[who])
        for back in range(int(min(gap.max(initial=0), PANES))):
            stale = gap > back
            self._clear(who[stale], (pane[stale] - back) % PANES)
        self.head[who] = np.maximum(pane, self.head[who])

    def _clear(self, who: I8, pane: I8) -> None:
        self._count[who, pane] = 0
        self._above[who, pane] = 0
        self._total[who, pane] = 0.0
        self._squares[who, pane] = 0.0
        self._low[who, pane] = np.inf
        self._high[who, pane] = -np.inf

    def add(self, who: I8, at: I8, value: F8) -> None:
        """Take one good value for each of some instances, after `advance` to its instant.

        A value older than the window is left out.
        """
        inside = at // self.width > self.head[who] - PANES
        if not inside.all():
            who, at, value = who[inside], at[inside], value[inside]
        pane = at // self.width % PANES
        empty = self._count[who, pane] == 0
        self._first[who[empty], pane[empty]] = value[empty]
        self._first_at[who[empty], pane[empty]] = at[empty]
        self._count[who, pane] += 1
        self._above[who, pane] += value > self._of
        self._total[who, pane] += value
        self._squares[who, pane] += value * value
        self._low[who, pane] = np.minimum(self._low[who, pane], value)
        self._high[who, pane] = np.maximum(self._high[who, pane], value)

    def count(self, who: I8) -> I8:
        """How many values the window holds."""
        return np.asarray(self._count[who].sum(axis=1))

    def is_whole(self, who: I8) -> B1:
        """Whether a whole window has passed since the first instant seen."""
        return np.asarray(self.head[who] - self.start[who] >= PANES)

    def figure(self, who: I8, measure: str) -> F8:
        """mean, sd, min, max, range, count or percent of the window; NaN where it is empty."""
        count = self.count(who)
        some = np.maximum(count, 1)
        match measure:
            case "count":
                return count.astype(np.float64)
            case "mean":
                out = self._total[who].sum(axis=1) / some
            case "sd":
                totals = self._total[who].sum(axis=1), self._squares[who].sum(axis=1)
                return deviation(*totals, count)
            case "percent":
                out = 100.0 * self._above[who].sum(axis=1) / some
            case _:
                low, high = self._low[who].min(axis=1), self._high[who].max(axis=1)
                out = {"min": low, "max": high}.get(measure)
                out = (
                    np.where(count > 0, high, 0) - np.where(count > 0, low, 0)
                    if out is None
                    else out
                )
        return np.asarray(np.where(count > 0, out, np.nan))

    def oldest(self, who: I8) -> tuple[F8, I8]:
        """The first value in the window and its instant; NaN where it is empty."""
        order = (self.head[who][:, None] + 1 + np.arange(PANES)) % PANES
        rows = who[:, None]
        there = self._count[rows, order] > 0
        pane = order[np.arange(who.size), there.argmax(axis=1)]
        value = np.where(there.any(axis=1), self._first[who, pane], np.nan)
        return value, self._first_at[who, pane]

    def columns(self) -> Columns:
        """What a snapshot keeps."""
        return {
            "head": self.head,
            "start": self.start,
            "count": self._count,
            "above": self._above,
            "total": self._total,
            "squares": self._squares,
            "low": self._low,
            "high": self._high,
            "first": self._first,
            "first_at": self._first_at,
        }


def seconds(ns: I8) -> F8:
    """Nanoseconds as seconds."""
    return np.asarray(ns / NS_PER_S, np.float64)
