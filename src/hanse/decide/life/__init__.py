"""Remaining life: how long an asset will still run, as a number with an honest interval.

For: assets of which some ran to failure under watch. In: histories of rows at even steps (cycles,
hours), to the failure or cut before it. Out: `Remaining` steps with an interval that holds in a
chosen share of cases, the signals that moved it, and a window for maintenance when the life falls
short of a plan's horizon. Training runs in a worker: LightGBM and scipy are imported only there.
Limits: HISTORIES_MAX histories, HISTORY_ROWS_MAX rows each, LIFE_SIGNALS_MAX signals. No feature
sees a later row.
"""

from hanse.decide.life.features import FeaturePlan, features
from hanse.decide.life.model import LifeModel, LifeSettings, Remaining, load_model, train_life
from hanse.decide.life.runs import even_rows, spans_of_life
from hanse.decide.life.versions import (
    Comparison,
    Contest,
    MaintenanceWindow,
    compare,
    contend,
    maintenance_window,
)

__all__ = [
    "Comparison",
    "Contest",
    "FeaturePlan",
    "LifeModel",
    "LifeSettings",
    "MaintenanceWindow",
    "Remaining",
    "compare",
    "contend",
    "even_rows",
    "features",
    "load_model",
    "maintenance_window",
    "spans_of_life",
    "train_life",
]
