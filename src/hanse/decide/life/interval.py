"""An interval around a predicted life that holds in a chosen share of assets.

Conformal prediction for data in groups (Dunn, Wasserman and Ramdas 2022, pooled distributions):
the errors of each history are a distribution of its own, histories count alike however many rows
they have, and one more history, of which nothing is known, is added at the far end. Errors grow
with the length of life, so this is done apart for each stretch of the prediction; a history passes
through all of them as it ages. Rows whose life is beyond the cap are left out: how far a prediction
was off there is not known, and they would make the interval look better than it is.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8, I8

STRETCHES = 8
HISTORIES_A_STRETCH_MIN = 10


class Interval(Struct, frozen=True, kw_only=True):
    """How far below and above a prediction the life lies, by the stretch the prediction is in.

    ``edges`` part the stretches; ``low`` and ``high`` are errors, a number a stretch.
    """

    edges: list[float]
    low: list[float]
    high: list[float]

    def around(self, steps: float) -> tuple[float, float]:
        """The interval of a prediction: never below 0, and the prediction is in it."""
        stretch = int(np.searchsorted(self.edges, steps))
        low = min(steps + self.low[stretch], steps)
        return max(low, 0.0), max(steps + self.high[stretch], steps)


def fit_interval(guesses: list[F8], targets: list[F8], *, cap: float, cover: float) -> Interval:
    """The interval from predictions of histories that were not learned from, and the truth.

    ``cap`` is the largest prediction, ``cover`` the share of lives that shall lie inside.
    """
    edges = np.linspace(0.0, cap, STRETCHES + 1)[1:-1]
    known = [_known(g, t, cap) for g, t in zip(guesses, targets, strict=True)]
    errors = [t - g for g, t in known]
    member = [np.searchsorted(edges, g) for g, _ in known]
    bounds = [_bounds(_of_stretch(errors, member, k), cover) for k in range(STRETCHES)]
    return Interval(
        edges=edges.tolist(), low=[low for low, _ in bounds], high=[high for _, high in bounds]
    )


def held(guesses: list[F8], targets: list[F8], fold: I8, *, cap: float, cover: float) -> float:
    """The share of lives below the cap inside intervals made without the fold they are in.

    Each history counts as one.
    """
    inside: list[float] = []
    for number in np.unique(fold).tolist():
        others = np.flatnonzero(fold != number).tolist()
        apart = [guesses[i] for i in others], [targets[i] for i in others]
        interval = fit_interval(*apart, cap=cap, cover=cover)
        own = [_known(guesses[i], targets[i], cap) for i in np.flatnonzero(fold == number).tolist()]
        inside += [_share_inside(*one, interval) for one in own]
    return float(np.mean(inside))


def _known(guess: F8, target: F8, cap: float) -> tuple[F8, F8]:
    below = target < cap
    return guess[below], target[below]


def _share_inside(guess: F8, target: F8, interval: Interval) -> float:
    bounds = np.array([interval.around(g) for g in guess.tolist()])
    return float(np.mean((bounds[:, 0] <= target) & (target <= bounds[:, 1])))


def _of_stretch(errors: list[F8], member: list[I8], stretch: int) -> list[F8]:
    """The errors of each history in a stretch; all of them where too few histories pass it."""
    own = [e[m == stretch] for e, m in zip(errors, member, strict=True)]
    own = [e for e in own if e.size]
    return own if len(own) >= HISTORIES_A_STRETCH_MIN else errors


def _bounds(errors: list[F8], cover: float) -> tuple[float, float]:
    every = np.concatenate(errors)
    weight = np.concatenate([np.full(e.size, 1.0 / e.size) for e in errors])
    tail = max(1 - (1 + cover) / 2 * (1 + 1 / len(errors)), 0.0)
    return _quantile(every, weight, tail), _quantile(every, weight, 1 - tail)


def _quantile(values: F8, weight: F8, level: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][min(int(np.searchsorted(reached, level)), values.size - 1)])
