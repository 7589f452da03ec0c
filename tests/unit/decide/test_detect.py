import numpy as np
import pytest

from hanse.decide.detect import DetectorSettings, load_detector, train
from hanse.decide.detect.limit import limit_of
from hanse.model.errors import BadInput

NAMES = ["flow", "pressure", "current"]


def normal(rows=600, seed=1):
    dice = np.random.default_rng(seed)
    load = dice.normal(0, 1, rows)
    return np.stack(
        [32 + load + dice.normal(0, 0.3, rows), 5 - 0.5 * load, 1 + dice.normal(0, 0.1, rows)], 1
    )


def watched(detector, rows):
    return [detector.take(row).beyond for row in rows]


@pytest.mark.parametrize("method", ["lead", "lead_cusum", "ewma", "mewma", "pca", "aakr"])
def test_a_shift_is_seen_and_the_normal_is_mostly_quiet(method):
    detector = train(normal(), NAMES, DetectorSettings(method=method, false_alarm_rate=0.01))
    assert np.mean(watched(detector, normal(seed=2))) < 0.15
    shifted = normal(200, seed=3) - np.array([4.0, 0, 0])
    assert np.mean(watched(detector, shifted)[20:]) > 0.9


@pytest.mark.parametrize("method", ["ewma", "mewma", "pca", "aakr"])
def test_the_signal_that_moved_has_the_largest_share(method):
    detector = train(normal(), NAMES, DetectorSettings(method=method))
    rows = normal(60, seed=3) + np.array([0, 0, 3.0])
    reading = [detector.take(row) for row in rows][-1]
    assert reading.shares[0].signal == "current"
    assert sum(c.share for c in reading.shares) == pytest.approx(1.0)


def test_drift_slower_than_its_normal_period_is_followed_unless_told_not_to():
    drift = np.linspace(0, 2, 6_000)[:, None] * np.array([1.0, 0, 0])
    rows = normal(6_000, seed=4) + drift
    still = train(normal(), NAMES, DetectorSettings(rebaseline_rows=0))
    follows = train(normal(), NAMES, DetectorSettings())
    assert watched(still, rows)[-1]
    assert np.mean(watched(follows, rows)) < 0.05
    faster = normal(400, seed=8) + np.linspace(0, 6, 400)[:, None]
    assert any(watched(follows, faster))


def test_operating_conditions_have_a_normal_of_their_own():
    dice = np.random.default_rng(5)
    speed = np.repeat([1.0, 5.0, 1.0, 5.0, 1.0], 100)
    rows = np.stack([speed, 10 * speed + dice.normal(0, 1, 500)], 1)
    settings = DetectorSettings(lead="load", regimes=2, regime_by=("speed",))
    detector = train(rows, ["speed", "load"], settings)
    assert not any(watched(detector, rows))
    low = np.stack([np.full(50, 1.0), np.full(50, 50.0)], 1)
    assert watched(detector, low)[-1]


def test_a_saved_detector_goes_on_where_it_was():
    one = train(normal(), NAMES, DetectorSettings(method="mewma"))
    watched(one, normal(50, seed=6))
    two = load_detector(one.save())
    rows = normal(50, seed=7)
    assert [one.score(r) for r in rows] == [two.score(r) for r in rows]


def test_a_missing_value_gives_no_word():
    detector = train(normal(), NAMES, DetectorSettings())
    assert detector.take(np.array([1.0, np.nan, 1.0])) is None


def test_too_few_rows_and_unknown_leads_are_refused():
    with pytest.raises(BadInput):
        train(normal(10), NAMES, DetectorSettings())
    with pytest.raises(BadInput):
        train(normal(), NAMES, DetectorSettings(lead="nothing"))


def day(rows, seed):
    dice = np.random.default_rng(seed)
    shape = 10 * (np.arange(rows) % 96 > 40) + dice.normal(0, 0.5, rows)
    return shape[:, None]


def test_a_shape_that_repeats_is_taken_away_and_its_absence_is_seen():
    settings = DetectorSettings(seasonal=True)
    detector = train(day(288, 1), ["load"], settings)
    assert detector.season.period == 96
    assert not any(watched(detector, day(192, 2)))
    assert any(watched(detector, np.zeros((96, 1))))


def test_what_does_not_repeat_has_no_season():
    settings = DetectorSettings(seasonal=True)
    assert train(normal(), NAMES, settings).season.period == 0


def test_a_limit_is_passed_by_about_as_many_later_rows_as_was_asked():
    dice = np.random.default_rng(11)
    passed = []
    for _ in range(20):
        limit = limit_of(np.abs(dice.normal(size=2_000)), 0.01)
        passed.append(np.mean(np.abs(dice.normal(size=20_000)) > limit))
    assert 0.002 < np.mean(passed) < 0.012  # on the safe side


def test_a_limit_grows_where_a_rarer_alarm_is_asked_for():
    scores = np.abs(np.random.default_rng(12).normal(size=400))
    limits = [limit_of(scores, rate) for rate in (0.2, 0.05, 0.01, 0.001)]
    assert limits == sorted(limits)
