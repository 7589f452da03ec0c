"""Centre and spread of each signal, one pair a regime, that may follow slow drift."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8, I8

_ROUNDS = 20


class Scale(Struct, kw_only=True):
    """Turns a row into distances from normal.

    ``centre`` and ``spread`` have a row a regime; ``seeds`` are the regimes' places among the
    signals ``by`` (column numbers).
    """

    centre: list[list[float]]
    spread: list[list[float]]
    seeds: list[list[float]]
    by: list[int]
    follow: float = 0.0

    def regime(self, row: F8) -> int:
        """Which regime a row belongs to."""
        if len(self.seeds) < 2:
            return 0
        apart = np.asarray(self.seeds) - row[self.by]
        return int(np.argmin(np.nansum(apart * apart, axis=1)))

    def standard(self, row: F8) -> F8:
        """A row as distances from normal, in spreads; NaN stays NaN."""
        regime = self.regime(row)
        centre, spread = np.asarray(self.centre[regime]), np.asarray(self.spread[regime])
        return np.asarray((row - centre) / spread)

    def learn(self, row: F8) -> None:
        """Follow a row that is normal, slowly."""
        if not self.follow:
            return
        regime = self.regime(row)
        centre = np.asarray(self.centre[regime])
        moved = np.where(np.isnan(row), 0.0, row - centre)
        self.centre[regime] = (centre + self.follow * moved).tolist()


def fit_scale(rows: F8, *, by: list[int], regimes: int, follow: float) -> Scale:
    """Median and scaled median deviation of the rows of each regime.

    Where most values are equal the standard deviation stands in; a signal that never moved counts
    in its own units, so that its first move shows.
    """
    member, seeds = _regimes(rows, by, regimes)
    centre, spread = [], []
    for regime in range(seeds.shape[0]):
        own = rows[member == regime]
        own = own if own.shape[0] > 1 else rows
        middle = np.nanmedian(own, axis=0)
        deviation = 1.4826 * np.nanmedian(np.abs(own - middle), axis=0)
        sd = np.nanstd(own, axis=0)
        wide = np.where(deviation > 0.1 * sd, deviation, sd)
        centre.append(middle.tolist())
        spread.append(np.where(wide > 0, wide, 1.0).tolist())
    return Scale(centre=centre, spread=spread, seeds=seeds.tolist(), by=by, follow=follow)


def _regimes(rows: F8, by: list[int], regimes: int) -> tuple[I8, F8]:
    """k-means from evenly spread first seeds (MacQueen 1967), deterministic."""
    if regimes < 2 or not by:
        return np.zeros(rows.shape[0], np.int64), np.zeros((1, len(by)))
    points = np.nan_to_num(rows[:, by])
    order = np.lexsort(points.T)
    seeds = points[order[np.linspace(0, order.size - 1, regimes).astype(int)]]
    member = np.zeros(points.shape[0], np.int64)
    for _ in range(_ROUNDS):
        apart = ((points[:, None, :] - seeds[None]) ** 2).sum(axis=2)
        member = apart.argmin(axis=1)
        seeds = np.array(
            [
                points[member == k].mean(axis=0) if (member == k).any() else seeds[k]
                for k in range(regimes)
            ]
        )
    return member, seeds
