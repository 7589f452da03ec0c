"""Versions of a model side by side, and what a short life asks of the plan."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8
from hanse.decide.life.model import LifeModel, Remaining
from hanse.model.ids import Key
from hanse.model.text import Text
from hanse.model.time import NS_PER_S, from_ns


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
    if remaining.capped and safe_s > horizon_s:
        return None
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
