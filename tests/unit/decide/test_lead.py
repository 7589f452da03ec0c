import numpy as np
import pytest

from hanse.decide.detect.lead import train_lead
from hanse.model.errors import BadInput


@pytest.mark.parametrize("method", ["ewma", "cusum"])
def test_a_shift_of_two_sigma_is_seen_and_normal_is_mostly_quiet(method):
    dice = np.random.default_rng(7)
    detector = train_lead(dice.normal(50, 2, 500), method=method)
    quiet = [detector.score(v) > detector.limit for v in dice.normal(50, 2, 500)]
    shifted = [detector.score(v) > detector.limit for v in dice.normal(54, 2, 100)]
    assert sum(quiet) < 50
    assert sum(shifted) > 80


def test_missing_values_are_passed_over():
    detector = train_lead(np.arange(100.0))
    assert np.isnan(detector.score(float("nan")))


def test_too_little_to_learn_from_is_refused():
    with pytest.raises(BadInput):
        train_lead(np.arange(5.0))
