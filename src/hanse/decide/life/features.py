"""Features of an asset's history, each from its own past only."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8, I8

_KMEANS_ROUNDS = 25
SMOOTHING = (10, 30, 80)
SPREAD_ROWS = 20


class FeaturePlan(Struct, frozen=True, kw_only=True):
    """How rows are read: which columns are settings, and what is normal under each condition.

    ``centre`` and ``spread`` have a row a condition; ``seeds`` are the conditions' settings.
    ``kept`` are the sensor columns that move.
    """

    settings: list[int]
    kept: list[int]
    seeds: list[list[float]]
    centre: list[list[float]]
    spread: list[list[float]]

    def names(self, columns: list[str]) -> list[str]:
        """The features' names, in order."""
        out = ["age"]
        for what in (
            *(f"mean{n}" for n in SMOOTHING),
            "trend_a",
            "trend_b",
            "spread",
            "since_start",
        ):
            out += [f"{columns[c]}.{what}" for c in self.kept]
        return out


def plan_features(histories: list[F8], settings: list[int], conditions: int) -> FeaturePlan:
    """Learn conditions (k-means on the settings) and what is normal under each, from training."""
    rows = np.concatenate(histories)
    seeds = _seeds(rows[:, settings], conditions) if settings else np.zeros((1, 0))
    member = _member(rows[:, settings], seeds)
    sensors = [c for c in range(rows.shape[1]) if c not in settings]
    centre = np.array([rows[member == k].mean(axis=0) for k in range(len(seeds))])
    spread = np.array([rows[member == k].std(axis=0) for k in range(len(seeds))])
    moving = (spread > 1e-6 * np.maximum(np.abs(centre), 1e-9)).any(axis=0)
    kept = [c for c in sensors if moving[c]]
    spread = np.where(spread > 1e-9, spread, 1.0)
    return FeaturePlan(
        settings=list(settings),
        kept=kept,
        seeds=seeds.tolist(),
        centre=centre[:, kept].tolist(),
        spread=spread[:, kept].tolist(),
    )


def features(history: F8, plan: FeaturePlan) -> F8:
    """One row of features a row of history; row *i* is made from rows 0..*i* alone.

    Age, running means over 10, 30 and 80 rows, two differences of them (trend), the running spread
    over 20 rows, and the distance from the asset's own first rows.
    """
    member = _member(history[:, plan.settings], np.array(plan.seeds))
    centre, spread = np.array(plan.centre)[member], np.array(plan.spread)[member]
    z = np.clip((history[:, plan.kept] - centre) / spread, -10, 10)
    age = np.arange(1, z.shape[0] + 1, dtype=np.float64)[:, None]
    means = [running_mean(z, n) for n in SMOOTHING]
    squares = running_mean(z * z, SPREAD_ROWS)
    plain = running_mean(z, SPREAD_ROWS)
    wobble = np.sqrt(np.maximum(squares - plain * plain, 0.0))
    first = np.cumsum(z, axis=0) / age
    first = np.where(age <= SPREAD_ROWS, first, first[min(SPREAD_ROWS, len(z)) - 1])
    trends = [means[0] - means[1], means[1] - means[2]]
    return np.concatenate([age, *means, *trends, wobble, means[0] - first], axis=1)


def running_mean(z: F8, rows: int) -> F8:
    """Exponential mean of each column with the span of some rows, unbiased from the first on."""
    weight = 2.0 / (rows + 1)
    out = np.empty_like(z)
    level, total = np.zeros(z.shape[1]), 0.0
    for i in range(z.shape[0]):
        level = (1 - weight) * level + weight * z[i]
        total = (1 - weight) * total + weight
        out[i] = level / total
    return out


def _seeds(settings: F8, conditions: int) -> F8:
    """k-means of the settings, seeded by the farthest point in turn (Gonzalez 1985)."""
    span = np.where(settings.std(axis=0) > 1e-9, settings.std(axis=0), 1.0)
    points = settings / span
    seeds = points[:1]
    for _ in range(conditions - 1):
        apart = ((points[:, None, :] - seeds[None]) ** 2).sum(axis=2).min(axis=1)
        if apart.max() < 0.05:
            break
        seeds = np.concatenate([seeds, points[apart.argmax()][None]])
    for _ in range(_KMEANS_ROUNDS):
        member = ((points[:, None, :] - seeds[None]) ** 2).sum(axis=2).argmin(axis=1)
        seeds = np.array([points[member == k].mean(axis=0) for k in range(len(seeds))])
    return np.asarray(seeds * span)


def _member(settings: F8, seeds: F8) -> I8:
    if len(seeds) < 2:
        return np.zeros(settings.shape[0], np.int64)
    scale = np.where(seeds.std(axis=0) > 1e-9, seeds.std(axis=0), 1.0)
    apart = ((settings[:, None, :] - seeds[None]) / scale) ** 2
    return np.asarray(apart.sum(axis=2).argmin(axis=1), np.int64)
