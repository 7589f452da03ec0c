"""What a detector is told before it is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

TRAINING_ROWS_MIN = 40
TRAINING_ROWS_MAX = 50_000
DETECTOR_SIGNALS_MAX = 256
REGIMES_MAX = 12

Method = Literal["lead", "lead_cusum", "ewma", "mewma", "pca", "aakr"]


class DetectorSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to watch an asset. The defaults are the shipped detector.

    ``false_alarm_rate`` is the share of normal rows that may lie beyond the limit; ``margin``
    widens the limit that the normal rows ask for. Once on, it stays on until the score is below
    ``release`` of the limit. ``rebaseline_rows`` lets the centre follow slow drift while all is
    well: over as many rows as it was trained on unless given (0 = never). ``seasonal`` takes a
    repeating shape away first, if the normal period has one.
    ``regimes`` of the signals ``regime_by`` have a centre and spread of their own.
    """

    method: Method = "lead"
    lead: str = ""
    false_alarm_rate: Annotated[float, Meta(gt=0, lt=0.5)] = 0.001
    margin: Annotated[float, Meta(ge=1, le=10)] = 1.0
    release: Annotated[float, Meta(gt=0, le=1)] = 0.5
    weight: Annotated[float, Meta(gt=0, le=1)] = 0.1
    slack: Annotated[float, Meta(ge=0, le=10)] = 0.5
    variance_kept: Annotated[float, Meta(gt=0, lt=1)] = 0.9
    memory_rows: Annotated[int, Meta(ge=20, le=2_000)] = 200
    seasonal: bool = False
    rebaseline_rows: Annotated[int, Meta(ge=0)] | None = None
    regimes: Annotated[int, Meta(ge=1, le=REGIMES_MAX)] = 1
    regime_by: tuple[str, ...] = ()
