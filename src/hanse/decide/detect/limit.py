"""A limit from normal scores alone: what they would pass at a chosen rate, read on the safe side.

The tail beyond the ninth tenth is taken for exponential (peaks over a threshold, Pickands 1975), so
that a rate rarer than one row in the period can be asked for. Scores follow one another closely, so
few rows say less than they seem to: whole blocks of time are drawn again (moving block bootstrap,
Künsch 1989), and of the limits that these draws give, one that nine in ten stay under is taken.
"""

from __future__ import annotations

import numpy as np

from hanse.decide.columns import F8

TAIL = 0.1
DRAWS = 200
SAFE = 0.9
BLOCKS = 20
BLOCK_ROWS_MIN = 10
_SEED = 20_261_122


def limit_of(scores: F8, rate: float) -> float:
    """The score that normal rows pass at most at a rate (a share of rows, 0-1).

    Args:
        scores: of normal rows that the statistic was not fitted to, in order of time.
        rate: the false-alarm rate wanted.
    """
    width = max(scores.size // BLOCKS, BLOCK_ROWS_MIN)
    starts = max(scores.size - width + 1, 1)
    dice = np.random.default_rng(_SEED)
    first = dice.integers(0, starts, (DRAWS, -(-scores.size // width)))
    rows = (first[:, :, None] + np.arange(width)).reshape(DRAWS, -1)[:, : scores.size]
    drawn = scores[np.minimum(rows, scores.size - 1)]
    return float(np.quantile([_passed_at(one, rate) for one in drawn], SAFE))


def _passed_at(scores: F8, rate: float) -> float:
    threshold = float(np.quantile(scores, 1 - TAIL))
    if rate >= TAIL:
        return float(np.quantile(scores, 1 - rate))
    beyond = scores[scores > threshold] - threshold
    spread = float(beyond.mean()) if beyond.size else 0.0
    return threshold + spread * float(np.log(TAIL / rate))
