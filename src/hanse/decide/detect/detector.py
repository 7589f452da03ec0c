"""A trained detector: rows in, readings out; its limit from a false-alarm rate."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hanse.decide.columns import F8
from hanse.decide.detect.limit import limit_of
from hanse.decide.detect.methods import Statistic, fit
from hanse.decide.detect.scale import Scale, fit_scale
from hanse.decide.detect.season import Season, fit_season, left_out
from hanse.decide.detect.settings import (
    DETECTOR_SIGNALS_MAX,
    TRAINING_ROWS_MAX,
    TRAINING_ROWS_MIN,
    DetectorSettings,
)
from hanse.decide.transition import Contribution
from hanse.model.errors import BadInput

_FOLDS = 4


class Reading(Struct, frozen=True):
    """One row judged: ``score`` 1 is the limit; ``shares`` of the signals add up to 1."""

    score: float
    beyond: bool
    shares: tuple[Contribution, ...]


class Detector(Struct, kw_only=True):
    """A detector of one asset with its memory. `take` rows in order of time.

    ``limit`` is in the statistic's own units; ``rows`` how many normal rows it was trained on.
    """

    settings: DetectorSettings
    names: list[str]
    season: Season
    scale: Scale
    statistic: Statistic
    limit: float
    rows: int
    beyond: bool = False
    last: list[float] = []

    def score(self, row: F8) -> float:
        """The score of the next row as a multiple of the limit; NaN while a signal is missing."""
        row = self.season.take(row)
        z = self.scale.standard(row)
        if np.isnan(z).any():
            return float("nan")
        raw, shares = self.statistic.take(np.clip(z, -1e6, 1e6))
        self.last = shares.tolist()
        score = raw / self.limit
        self.beyond = score > (self.settings.release if self.beyond else 1.0)
        if not self.beyond:
            self.scale.learn(row)
        return score

    def take(self, row: F8) -> Reading | None:
        """The next row judged; None while a signal is missing."""
        score = self.score(row)
        if np.isnan(score):
            return None
        total = sum(self.last) or 1.0
        values = zip(self.names, row.tolist(), self.last, strict=True)
        shares = [Contribution(name, value, share / total) for name, value, share in values]
        shares.sort(key=lambda c: -c.share)
        return Reading(score, self.beyond, tuple(shares))

    def save(self) -> bytes:
        """The detector with its memory as JSON."""
        return msgspec.json.encode(self)


def load_detector(saved: bytes) -> Detector:
    """What `Detector.save` gave."""
    return msgspec.json.decode(saved, type=Detector)


def train(rows: F8, names: Sequence[str], settings: DetectorSettings) -> Detector:
    """A detector from the normal period of an asset: a row an even step, a column a signal.

    Rows with a missing value are left out. The limit is read off their own scores on the safe side
    (`hanse.decide.detect.limit`); statistics with more to fit than a centre and a spread are
    scored in stretches of time that they were not fitted to.

    Raises:
        BadInput: too few or too many rows or signals, or a lead that is not among them.
    """
    whole = rows[~np.isnan(rows).any(axis=1)]
    _check(whole, names, settings)
    if settings.rebaseline_rows is None:
        settings = replace(settings, rebaseline_rows=whole.shape[0])
    season = fit_season(whole) if settings.seasonal else Season()
    whole = left_out(whole, season)
    scale, statistic = _fitted(whole, names, settings)
    scores = _normal_scores(whole, names, settings)
    limit = limit_of(scores, settings.false_alarm_rate)
    return Detector(
        settings=settings,
        names=list(names),
        season=season,
        scale=scale,
        statistic=statistic,
        limit=max(limit * settings.margin, 1e-9),
        rows=whole.shape[0],
    )


def _check(rows: F8, names: Sequence[str], settings: DetectorSettings) -> None:
    if not TRAINING_ROWS_MIN <= rows.shape[0] <= TRAINING_ROWS_MAX:
        raise BadInput(
            f"a detector learns from {TRAINING_ROWS_MIN} to {TRAINING_ROWS_MAX} whole rows",
            subject=f"{rows.shape[0]} rows",
            remedy="Give it a longer normal period, or thin it out",
        )
    if not 1 <= len(names) <= DETECTOR_SIGNALS_MAX:
        raise BadInput(f"a detector watches 1 to {DETECTOR_SIGNALS_MAX} signals")
    stray = [n for n in (settings.lead, *settings.regime_by) if n and n not in names]
    if stray:
        raise BadInput(f"'{stray[0]}' is not among the detector's signals", subject=stray[0])


def _normal_scores(rows: F8, names: Sequence[str], settings: DetectorSettings) -> F8:
    """In order of time; a lead has nothing fitted but its centre and spread, so it needs no folds.

    The scale that scores is a copy: what it follows here must not move the detector's own.
    """
    if settings.method in {"lead", "lead_cusum"}:
        return _scored(rows, *_fitted(rows, names, settings))
    folds = np.array_split(np.arange(rows.shape[0]), _FOLDS)
    apart = [_fitted(np.delete(rows, fold, axis=0), names, settings) for fold in folds]
    scores = [_scored(rows[fold], *one) for fold, one in zip(folds, apart, strict=True)]
    return np.concatenate(scores)


def _fitted(rows: F8, names: Sequence[str], settings: DetectorSettings) -> tuple[Scale, Statistic]:
    by = [list(names).index(n) for n in settings.regime_by]
    follow = 1.0 / settings.rebaseline_rows if settings.rebaseline_rows else 0.0
    scale = fit_scale(rows, by=by, regimes=settings.regimes, follow=follow)
    lead = list(names).index(settings.lead) if settings.lead else 0
    z = np.array([scale.standard(row) for row in rows])
    return scale, fit(z, settings, lead)


def _scored(rows: F8, scale: Scale, statistic: Statistic) -> F8:
    """The scores of normal rows as they come, the scale following them where it does."""
    scores = np.empty(rows.shape[0])
    for place, row in enumerate(rows):
        scores[place], _ = statistic.take(scale.standard(row))
        scale.learn(row)
    return scores
