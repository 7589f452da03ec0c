"""Remaining life by gradient boosting, with a conformal interval.

LightGBM: Ke et al. 2017. Interval: `hanse.decide.life.interval`, from the errors on histories that
the trees had not seen. The target is capped: far from the end a history says nothing about when it
comes (Heimes 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from hanse.decide.columns import B1, F8, I8
from hanse.decide.life.features import FeaturePlan, features, plan_features
from hanse.decide.life.interval import Interval, fit_interval, held
from hanse.decide.transition import Contribution
from hanse.model.errors import BadInput

HISTORIES_MIN = 10
HISTORIES_MAX = 10_000
HISTORY_ROWS_MAX = 100_000
LIFE_SIGNALS_MAX = 512
FOLDS = 5

Progress = Callable[[float], None]


class LifeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model of remaining life is trained; the same for every asset type unless told.

    ``threads`` trees are grown side by side, each by one thread: they wait for one another less.
    """

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

    ``rmse`` and ``cover`` are out of fold, against the capped target: the error, and the share of
    lives that lay in an interval made without them. ``histories`` and ``rows`` say what it learned
    from.
    """

    columns: list[str]
    settings: LifeSettings
    plan: FeaturePlan
    trees: list[str]
    interval: Interval
    rmse: float
    cover: float
    histories: int
    rows: int

    def predict(self, history: F8) -> Remaining:
        """Steps left after the last row of a history."""
        row = features(history, self.plan)[-1:]
        boosters = _boosters(self.trees)
        steps = float(np.mean([b.predict(row, num_threads=1)[0] for b in boosters]))
        share = np.abs(
            np.mean([b.predict(row, pred_contrib=True, num_threads=1)[0, :-1] for b in boosters], 0)
        )
        return self._remaining(steps, self._shares(share))

    def predict_many(self, histories: list[F8]) -> list[Remaining]:
        """Steps left after the last row of each history, without reasons."""
        rows = np.concatenate([features(h, self.plan)[-1:] for h in histories])
        steps = np.mean([b.predict(rows, num_threads=1) for b in _boosters(self.trees)], axis=0)
        return [self._remaining(float(s), ()) for s in steps]

    def _remaining(self, steps: float, shares: tuple[Contribution, ...]) -> Remaining:
        cap = self.settings.cap
        steps = min(max(steps, 0.0), cap)
        low, high = self.interval.around(steps)
        high = min(high, cap)
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
    fold = np.arange(len(rows)) % FOLDS
    *partial, trees = _grow((rows, targets), fold, how, tell)
    guesses = _out_of_fold(rows, fold, partial, cap=how.cap)
    said, true = np.concatenate(guesses), np.concatenate(targets)
    return LifeModel(
        columns=columns,
        settings=how,
        plan=plan,
        trees=[one.model_to_string() for one in trees],
        interval=fit_interval(guesses, targets, cap=how.cap, cover=how.cover),
        rmse=float(np.sqrt(np.mean((said - true) ** 2))),
        cover=held(guesses, targets, fold, cap=how.cap, cover=how.cover),
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


def _grow(data: tuple[list[F8], list[F8]], fold: I8, how: LifeSettings, tell: Progress) -> Any:
    """Trees without each fold, a list each, and last those of all histories, one a seed."""
    everything = [(fold != number, number) for number in range(FOLDS)]
    everything += [(fold >= 0, seed) for seed in range(how.seeds)]
    with ThreadPoolExecutor(max_workers=how.threads) as pool:
        asked = [pool.submit(_fit, data, rows, how, seed) for rows, seed in everything]
        for number, _ in enumerate(as_completed(asked), 1):
            tell(number / len(asked))
        grown = [one.result() for one in asked]
    return [*([one] for one in grown[:FOLDS]), grown[FOLDS:]]


def _fit(data: tuple[list[F8], list[F8]], wanted: B1, how: LifeSettings, seed: int) -> Any:
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
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "verbosity": -1,
    }
    rows, targets = ([column[i] for i in np.flatnonzero(wanted)] for column in data)
    whole = lightgbm.Dataset(np.concatenate(rows), np.concatenate(targets))
    return lightgbm.train(asked, whole, num_boost_round=how.trees)


def _out_of_fold(rows: list[F8], fold: I8, trees: list[list[Any]], *, cap: float) -> list[F8]:
    """Predictions of each history by trees that never saw any row of it."""
    return [
        np.clip(trees[number][0].predict(own, num_threads=1), 0.0, cap)
        for own, number in zip(rows, fold.tolist(), strict=True)
    ]
