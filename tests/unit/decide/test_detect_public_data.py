"""On SKAB (public, never committed): the shipped detector beside the published best."""

import os
from pathlib import Path

import pytest
from benchmarks.detect import METHODS, SKAB_LEAD, found, rates, skab_one

from hanse.decide.detect import DetectorSettings

DATA = Path(os.environ.get("HANSE_DATA", Path(__file__).parents[4] / "shared" / "data"))
SKAB = DATA / "signals" / "skab"


@pytest.mark.data
@pytest.mark.skipif(not SKAB.is_dir(), reason=f"the public data is not at {SKAB}")
def test_the_shipped_detector_keeps_false_alarms_low_and_finds_most():
    paths = [p for p in found(SKAB, "*.csv", "*.csv.gz") if "anomaly-free" not in p.name]
    settings = DetectorSettings(lead=SKAB_LEAD)
    counts = [skab_one(p, settings)[0] for p in paths]
    told = rates({k: sum(c[k] for c in counts) for k in ("tp", "fp", "fn", "tn")})
    assert settings.method == METHODS[0]
    assert told["f1"] > 0.78
    assert told["far"] < 15
