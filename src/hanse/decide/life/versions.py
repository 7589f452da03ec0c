"""Versions of a model side by side, and what a short life asks of the plan."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8
from hanse.decide.life.model import LifeModel, LifeSettings, Progress, Remaining, train_life
from hanse.model.ids import Key
from hanse.model.text import Text
from hanse.model.time import NS_PER_S, from_ns

NEWEST_SHARE = 5
CUT_AT = (0.25, 0.5, 0.75, 0.9)


class Comparison(Struct, frozen=True, kw_only=True):
    """A new version against the one in use, on the same histories cut at the same rows.

    ``better`` only if its error is smaller and its interval still holds.
    """

    old_rmse: float
    new_rmse: float
    old_cover: float
    new_cover: float
    better: bool


def compare(old: LifeModel, new: LifeModel, cuts: list[F8], left: list[float]) -> Comparison:
    """Both versions on histories cut before their end, and the steps that were left of each."""
    cap = min(old.settings.cap, new.settings.cap)
    true = np.minimum(np.asarray(left), cap)
    one, two = _scored(old, cuts, true), _scored(new, cuts, true)
    holds = two[1] >= new.settings.cover - 0.1
    return Comparison(
        old_rmse=one[0],
        new_rmse=two[0],
        old_cover=one[1],
        new_cover=two[1],
        better=two[0] < one[0] and holds,
    )


def _scored(model: LifeModel, cuts: list[F8], true: F8) -> tuple[float, float]:
    said = model.predict_many(cuts)
    error = np.array([s.steps for s in said]) - true
    inside = [s.low <= t <= s.high for s, t in zip(said, true.tolist(), strict=True)]
    return float(np.sqrt(np.mean(error**2))), float(np.mean(inside))


class Contest(Struct, frozen=True, kw_only=True):
    """A freshly trained version, and whether it may replace the one in use.

    ``comparison`` is on the newest lives, which the candidate that was compared had not seen; None
    where nothing was in use. Then a version is taken up if it knows more than the mean life does.
    """

    model: LifeModel
    adopted: bool
    comparison: Comparison | None = None


def contend(
    histories: list[F8],
    columns: list[str],
    settings: LifeSettings,
    *,
    old: LifeModel | None = None,
    progress: Progress | None = None,
) -> Contest:
    """Train on whole lives in order of their end, and judge whether to take it up.

    Raises:
        BadInput: too few histories, or a shape that does not fit.
    """
    if old is None:
        model = train_life(histories, columns, settings, progress=progress)
        return Contest(model=model, adopted=_knows_something(model, histories))
    tell = progress or (lambda _: None)
    kept = max(len(histories) // NEWEST_SHARE, 2)
    candidate = train_life(
        histories[:-kept], columns, settings, progress=lambda done: tell(done / 2)
    )
    cuts, left = _cuts(histories[-kept:])
    said = compare(old, candidate, cuts, left)
    if not said.better:
        return Contest(model=candidate, adopted=False, comparison=said)
    model = train_life(histories, columns, settings, progress=lambda done: tell(0.5 + done / 2))
    return Contest(model=model, adopted=True, comparison=said)


def _cuts(histories: list[F8]) -> tuple[list[F8], list[float]]:
    """Each life at a quarter, a half, three quarters and nine tenths of it."""
    ends = [(h, max(round(len(h) * share), 1)) for h in histories for share in CUT_AT]
    return [h[:end] for h, end in ends], [float(len(h) - end) for h, end in ends]


def _knows_something(model: LifeModel, histories: list[F8]) -> bool:
    cap = model.settings.cap
    target = np.concatenate([np.minimum(np.arange(len(h)), cap) for h in histories])
    return model.rmse < float(target.std()) and model.cover >= model.settings.cover - 0.1


class MaintenanceWindow(Struct, frozen=True, kw_only=True):
    """When an asset should be looked after, before it fails: for the planner to place."""

    asset: Key
    earliest_ns: int
    latest_ns: int
    text: Text


def maintenance_window(
    asset: str, remaining: Remaining, *, now_ns: int, step_s: float, horizon_s: float
) -> MaintenanceWindow | None:
    """A window that ends where the interval begins, if that lies within the plan's horizon."""
    safe_s = remaining.low * step_s
    if safe_s > horizon_s:
        return None
    latest = now_ns + round(safe_s * NS_PER_S)
    by = from_ns(latest).strftime("%Y-%m-%d %H:%M UTC")
    steps = f"{remaining.steps:.0f} ({remaining.low:.0f}-{remaining.high:.0f})"
    text = Text(
        f"{asset}: about {steps} steps of life left; look after it before {by}",
        f"{asset}:剩余寿命约 {steps} 步;请在 {by} 之前维护",
    )
    return MaintenanceWindow(asset=asset, earliest_ns=now_ns, latest_ns=latest, text=text)
