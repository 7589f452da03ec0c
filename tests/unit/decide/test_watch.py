import numpy as np
from tests.unit.decide.builders import engine, run, samples, signals

MODEL = """
[[rule]]
kind = "model"
key = "odd"
asset_type = "spindle"
signals = ["flow", "current"]
lead = "flow"
learn = 60
"""


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
