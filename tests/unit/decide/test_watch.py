import numpy as np
import pytest
from tests.unit.decide.builders import engine, run, samples, signals

from hanse.model.errors import BadConfig

MODEL = """
[[rule]]
kind = "model"
key = "odd"
asset_type = "spindle"
signals = ["flow", "current"]
lead = "flow"
learn = 60
"""
REGIMES = MODEL + 'regimes = 2\nregime_by = ["current"]\nfalse_alarm_rate = 0.0001\n'


def plant():
    return engine(MODEL, given=signals(names=("flow", "current")))


def second(at, flow, current):
    return samples((at, flow, 1), (at, current, 2))


def story(dice, start, end, shift=0.0):
    for at in range(start, end):
        yield second(at, 30 + shift + dice.normal(), 1 + dice.normal() / 10)
        yield at


def test_a_model_rule_learns_the_asset_and_then_tells_what_moved():
    eng, dice = plant(), np.random.default_rng(3)
    assert run(eng, story(dice, 0, 120)) == []
    told = run(eng, story(dice, 120, 180, shift=-5.0))
    assert [t.active for t in told] == [True]
    assert told[0].signals[0].signal == "flow"
    assert told[0].value > told[0].limit == 1.0


def test_a_trained_detector_survives_a_restart():
    one, dice = plant(), np.random.default_rng(3)
    run(one, story(dice, 0, 120))
    two = plant()
    two.restore(one.snapshot())
    later = list(story(dice, 120, 180, shift=-5.0))
    assert run(two, later) == run(one, later) != []


def test_a_model_rule_knows_operating_conditions_by_the_signals_it_is_told():
    eng = engine(
        REGIMES.replace("learn = 60", "learn = 150"), given=signals(names=("flow", "current"))
    )
    dice = np.random.default_rng(4)

    def cut(at, flow, current):
        return [second(at, flow + dice.normal(), current), at]

    def shift(start, end, flow):
        for at in range(start, end):
            heavy = at // 10 % 2
            yield from cut(at, flow[heavy], 1.0 + 4.0 * heavy)

    assert run(eng, shift(0, 200, (30, 90))) == []
    assert run(eng, shift(200, 240, (90, 90)))[0].active


def test_what_tells_operating_conditions_apart_must_be_among_the_signals():
    with pytest.raises(BadConfig, match="'speed' is not one of the rule's signals"):
        engine(
            REGIMES.replace('["current"]', '["speed"]'), given=signals(names=("flow", "current"))
        )
