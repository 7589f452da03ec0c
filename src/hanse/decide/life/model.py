"""Remaining life by gradient boosting, with a split-conformal interval.

LightGBM: Ke et al. 2017. Interval: conformalized by the residuals of histories that were not
trained on (Vovk et al. 2005), taken by how long the prediction is, since errors grow with it. The
target is capped: far from the end a history says nothing about when it comes (Heimes 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8, I8
from hanse.decide.life.features import FeaturePlan, features, plan_features
from hanse.decide.transition import Contribution
from hanse.model.errors import BadInput

HISTORIES_MIN = 10
HISTORIES_MAX = 10_000
HISTORY_ROWS_MAX = 100_000
LIFE_SIGNALS_MAX = 512
FOLDS = 3
THIN = 2
BINS = 4

Progress = Callable[[float], None]


class LifeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model of remaining life is trained; the same for every asset type unless told."""

    settings: tuple[str, ...] = ()
    conditions: int = 6
    cap: float = 125.0
    cover: float = 0.8
    trees: int = 250
    leaves: int = 24
    learning_rate: float = 0.04
    seeds: int = 2
    threads: int = 2


class Remaining(Struct, frozen=True, kw_only=True):
    """Steps left: the estimate, the interval it lies in with the model's ``cover``, and why.

    ``capped`` means: at least this long, no sign of wear yet.
    """

    steps: float
    low: float
    high: float
    capped: bool
    shares: tuple[Contribution, ...] = ()


class LifeModel(Struct, kw_only=True):
    """A trained version: its plan of features, its trees as text, its interval and its score.

    ``rmse`` is out of fold, against the capped target; ``histories`` and ``rows`` say what it
    learned from; ``edges`` and ``low``/``high`` are the interval by length of prediction.
    """

    columns: list[str]
    settings: LifeSettings
    plan: FeaturePlan
    trees: list[str]
    edges: list[float]
    low: list[float]
    high: list[float]
    rmse: float
    histories: int
    rows: int

    def predict(self, history: F8) -> Remaining:
        """Steps left after the last row of a history."""
        row = features(history, self.plan)[-1:]
        boosters = _boosters(self.trees)
        steps = float(np.mean([b.predict(row)[0] for b in boosters]))
        share = np.abs(np.mean([b.predict(row, pred_contrib=True)[0, :-1] for b in boosters], 0))
        return self._remaining(steps, self._shares(share))

    def predict_many(self, histories: list[F8]) -> list[Remaining]:
        """Steps left after the last row of each history, without reasons."""
        rows = np.concatenate([features(h, self.plan)[-1:] for h in histories])
        steps = np.mean([b.predict(rows) for b in _boosters(self.trees)], axis=0)
        return [self._remaining(float(s), ()) for s in steps]

    def _remaining(self, steps: float, shares: tuple[Contribution, ...]) -> Remaining:
        cap = self.settings.cap
        steps = min(max(steps, 0.0), cap)
        k = int(np.searchsorted(self.edges, steps))
        low = max(min(steps + self.low[k], steps), 0.0)
        high = min(max(steps + self.high[k], steps), cap)
        return Remaining(steps=steps, low=low, high=high, capped=high >= cap, shares=shares)

    def _shares(self, share: F8) -> tuple[Contribution, ...]:
        names = self.plan.names(self.columns)
        sums: dict[str, float] = {}
        for name, amount in zip(names, share.tolist(), strict=True):
            signal = name.split(".", 1)[0]
            sums[signal] = sums.get(signal, 0.0) + amount
        total = sum(sums.values()) or 1.0
        ranked = sorted(sums.items(), key=lambda kv: -kv[1])[:5]
        return tuple(Contribution(name, None, amount / total) for name, amount in ranked)

    def save(self) -> bytes:
        """The whole version as JSON."""
        return msgspec.json.encode(self)


def load_model(saved: bytes) -> LifeModel:
    """What `LifeModel.save` gave."""
    return msgspec.json.decode(saved, type=LifeModel)


def _boosters(trees: list[str]) -> list[Any]:
    import lightgbm

    return [lightgbm.Booster(model_str=text) for text in trees]


def train_life(
    histories: list[F8],
    columns: list[str],
    settings: LifeSettings | None = None,
    *,
    progress: Progress | None = None,
) -> LifeModel:
    """A model from histories that each end with the failure: a row a step, a column a signal.

    Meant for a worker process: it takes seconds to minutes. ``progress`` is told shares of 1.

    Raises:
        BadInput: fewer than HISTORIES_MIN histories, or a shape that does not fit.
    """
    how = settings or LifeSettings()
    _check(histories, columns)
    tell = progress or (lambda _: None)
    plan = plan_features(histories, [columns.index(n) for n in how.settings], how.conditions)
    rows = [features(h, plan) for h in histories]
    targets = [np.minimum(np.arange(len(h) - 1, -1, -1.0), how.cap) for h in histories]
    guesses = _out_of_fold((rows, targets), how, tell)
    trees = [_fit(rows, targets, how, seed).model_to_string() for seed in range(how.seeds)]
    tell(1.0)
    said, true = np.concatenate(guesses), np.concatenate(targets)
    edges, low, high = _interval(guesses, targets, how)
    return LifeModel(
        columns=columns,
        settings=how,
        plan=plan,
        trees=trees,
        edges=edges,
        low=low,
        high=high,
        rmse=float(np.sqrt(np.mean((said - true) ** 2))),
        histories=len(histories),
        rows=int(said.size),
    )


def _check(histories: list[F8], columns: list[str]) -> None:
    if not HISTORIES_MIN <= len(histories) <= HISTORIES_MAX:
        raise BadInput(
            f"a model of remaining life learns from {HISTORIES_MIN} to {HISTORIES_MAX} histories",
            subject=f"{len(histories)} histories",
            remedy="Collect more runs to failure, or watch with a detector until then",
        )
    width = {h.shape[1] for h in histories}
    if width != {len(columns)} or len(columns) > LIFE_SIGNALS_MAX:
        raise BadInput("the histories' columns do not match their names")
    if max(len(h) for h in histories) > HISTORY_ROWS_MAX:
        raise BadInput(f"a history has at most {HISTORY_ROWS_MAX} rows", remedy="Thin it out")


def _fit(rows: list[F8], targets: list[F8], how: LifeSettings, seed: int) -> Any:
    import lightgbm

    asked = {
        "objective": "regression",
        "num_leaves": how.leaves,
        "learning_rate": how.learning_rate,
        "min_data_in_leaf": 40,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.5,
        "max_bin": 63,
        "bagging_freq": 1,
        "num_threads": how.threads,
        "seed": seed,
        "deterministic": True,
        "verbosity": -1,
    }
    whole = lightgbm.Dataset(np.concatenate(rows), np.concatenate(targets))
    return lightgbm.train(asked, whole, num_boost_round=how.trees)


def _out_of_fold(data: tuple[list[F8], list[F8]], how: LifeSettings, tell: Progress) -> list[F8]:
    """Predictions of each history by trees that never saw any row of it."""
    rows, targets = data
    fold = np.arange(len(rows)) % FOLDS
    guesses: list[F8] = [np.zeros(0)] * len(rows)
    for number in range(FOLDS):
        train = [i for i in range(len(rows)) if fold[i] != number]
        thin = [rows[i][::THIN] for i in train], [targets[i][::THIN] for i in train]
        trees = _fit(*thin, how, number)
        for i in np.flatnonzero(fold == number).tolist():
            guesses[i] = np.clip(trees.predict(rows[i]), 0.0, how.cap)
        tell((number + 1) / (FOLDS + how.seeds))
    return guesses


def _interval(
    guesses: list[F8], targets: list[F8], how: LifeSettings
) -> tuple[list[float], list[float], list[float]]:
    """Quantiles of out-of-fold errors, in bins of the prediction; a history counts as one.

    Levels are widened by (n + 1) / n for n histories, as split conformal prediction asks.
    """
    said, error, weight = _weighed(guesses, targets)
    edges = np.quantile(said, np.linspace(0, 1, BINS + 1)[1:-1])
    member: I8 = np.searchsorted(edges, said)
    tail = max(1 - (1 + how.cover) / 2 * (1 + 1 / len(guesses)), 0.0)
    low = [_quantile(error[member == k], weight[member == k], tail) for k in range(BINS)]
    high = [_quantile(error[member == k], weight[member == k], 1 - tail) for k in range(BINS)]
    return edges.tolist(), low, high


def _weighed(guesses: list[F8], targets: list[F8]) -> tuple[F8, F8, F8]:
    error = np.concatenate([t - g for g, t in zip(guesses, targets, strict=True)])
    weight = np.concatenate([np.full(g.size, 1.0 / g.size) for g in guesses])
    return np.concatenate(guesses), error, weight


def _quantile(values: F8, weight: F8, level: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / max(weight.sum(), 1e-12)
    return float(values[order][min(int(np.searchsorted(reached, level)), values.size - 1)])
