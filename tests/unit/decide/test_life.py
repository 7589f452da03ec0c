import numpy as np
import pytest
from msgspec.structs import replace

from hanse.decide.life import (
    compare,
    contend,
    even_rows,
    load_model,
    maintenance_window,
    spans_of_life,
    train_life,
)
from hanse.decide.life.model import LifeSettings, Remaining
from hanse.model.errors import BadInput

QUICK = LifeSettings(trees=40, seeds=1, conditions=1, threads=1, cap=60)


def worn(n, seed=0):
    dice = np.random.default_rng(seed)
    lives = dice.integers(60, 140, n)
    return [
        np.stack(
            [
                np.exp((np.arange(life) - life) / 20) * 5 + dice.normal(0, 0.1, life),
                dice.normal(0, 1, life),
                np.full(life, 3.0),
            ],
            1,
        )
        for life in lives
    ]


@pytest.fixture(scope="module")
def model():
    return train_life(worn(40), ["wear", "noise", "still"], QUICK)


def test_a_model_tells_the_steps_left_and_why(model):
    history = worn(1, seed=9)[0]
    said = model.predict(history[:-20])
    assert said.low <= said.steps <= said.high
    assert abs(said.steps - 20) < 15
    assert said.shares[0].signal == "wear"


def test_its_interval_holds_about_as_often_as_it_says(model):
    dice = np.random.default_rng(4)
    histories = worn(60, seed=5)
    left = [int(dice.integers(1, 50)) for _ in histories]
    said = model.predict_many([h[:-n] for h, n in zip(histories, left, strict=True)])
    inside = [s.low <= n <= s.high + 1 for s, n in zip(said, left, strict=True)]
    assert 0.6 < np.mean(inside) <= 1.0


def test_a_saved_version_says_the_same(model):
    history = worn(1, seed=8)[0][:50]
    assert load_model(model.save()).predict(history) == model.predict(history)


def test_a_new_version_replaces_the_old_only_if_it_is_better(model):
    weak = train_life(worn(12), ["wear", "noise", "still"], replace(QUICK, trees=2))
    histories = worn(30, seed=6)
    left = [2.0 + n for n in range(30)]
    cuts = [h[: -2 - n] for n, h in enumerate(histories)]
    assert compare(weak, model, cuts, left).better
    assert not compare(model, weak, cuts, left).better


def test_a_life_shorter_than_the_horizon_asks_for_a_window():
    short = Remaining(steps=20, low=12, high=30, capped=False)
    window = maintenance_window("m1", short, now_ns=0, step_s=3_600, horizon_s=86_400)
    assert window.latest_ns == 12 * 3_600 * 10**9
    long = Remaining(steps=60, low=55, high=60, capped=True)
    assert maintenance_window("m1", long, now_ns=0, step_s=3_600, horizon_s=86_400) is None


def test_too_few_histories_are_refused():
    with pytest.raises(BadInput):
        train_life(worn(3), ["wear", "noise", "still"], QUICK)


def test_lives_go_from_a_start_or_a_repair_to_the_failure():
    lives, began = spans_of_life([50, 90, 95], [60, 99], begun=10, now=200)
    assert lives == [(10, 50), (60, 90)]
    assert began == 99
    assert spans_of_life([50], [], begun=10, now=200) == ([(10, 50)], 200)


def test_rows_stand_at_even_steps_and_begin_when_every_signal_has_spoken():
    signal = np.array([7, 3, 7, 7, 3], np.int32)
    at = np.array([0, 12, 14, 16, 38], np.int64)
    rows = even_rows((signal, at, np.array([1.0, 5.0, 2.0, 4.0, 6.0])), [7, 3], step_ns=10)
    assert rows.tolist() == [[3.0, 5.0], [3.0, 5.0], [3.0, 6.0]]


def test_a_newer_version_is_taken_up_only_if_it_does_better_on_the_newest_lives(model):
    columns = ["wear", "noise", "still"]
    told = []
    weak = train_life(worn(12), columns, replace(QUICK, trees=2))
    better = contend(worn(30, seed=6), columns, QUICK, old=weak, progress=told.append)
    assert better.adopted
    assert told == sorted(told)
    assert told[-1] == 1.0
    worse = contend(worn(14, seed=7), columns, replace(QUICK, trees=2), old=model)
    assert not worse.adopted
    assert worse.comparison.new_rmse > worse.comparison.old_rmse
