"""EWMA and CUSUM on one lead signal: the smallest detectors, and often enough the best.

EWMA control chart: Roberts 1959, limits after Lucas and Saccucci 1990. CUSUM: Page 1954.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct

from hanse.decide.columns import F8
from hanse.model.errors import BadInput

TRAINING_ROWS_MAX = 200_000
TRAINING_ROWS_MIN = 20


class LeadDetector(Struct, kw_only=True):
    """A trained detector of one signal. ``score`` feeds it; above ``limit`` it is not itself.

    ``centre`` and ``spread`` are those of the normal period (median, scaled median deviation);
    ``up`` and ``down`` are its memory: the EWMA (``up`` only), or the two CUSUM sums.
    """

    method: Literal["ewma", "cusum"]
    centre: float
    spread: float
    limit: float
    weight: Annotated[float, Meta(gt=0, le=1)] = 0.1
    slack: Annotated[float, Meta(ge=0)] = 0.5
    up: float = 0.0
    down: float = 0.0

    def score(self, value: float) -> float:
        """How far from normal it is after one more value; NaN leaves the memory as it was."""
        if np.isnan(value):
            return float("nan")
        z = (value - self.centre) / self.spread
        if self.method == "ewma":
            self.up += self.weight * (z - self.up)
            return abs(self.up)
        self.up = max(0.0, self.up + z - self.slack)
        self.down = max(0.0, self.down - z - self.slack)
        return max(self.up, self.down)


def train_lead(
    normal: F8,
    *,
    method: Literal["ewma", "cusum"] = "ewma",
    false_alarm_rate: float = 0.01,
    weight: float = 0.1,
) -> LeadDetector:
    """A detector of one signal from its normal period, NaN left out.

    The limit is the score that the normal period itself passes in ``false_alarm_rate`` of its rows.

    Raises:
        BadInput: fewer than TRAINING_ROWS_MIN values, or more than TRAINING_ROWS_MAX.
    """
    values = normal[~np.isnan(normal)]
    if not TRAINING_ROWS_MIN <= values.size <= TRAINING_ROWS_MAX:
        raise BadInput(
            f"a detector learns from {TRAINING_ROWS_MIN} to {TRAINING_ROWS_MAX} values",
            subject=str(values.size),
        )
    centre = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - centre))) or float(values.std()) or 1.0
    trained = LeadDetector(
        method=method, centre=centre, spread=spread, limit=float("inf"), weight=weight
    )
    scores = np.array([trained.score(v) for v in values.tolist()])
    trained.limit = float(np.quantile(scores, 1 - false_alarm_rate))
    trained.up = trained.down = 0.0
    return trained
