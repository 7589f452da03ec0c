import pytest
from tests.unit.decide.builders import engine, run, samples

from hanse.decide.rules import SpcTest

CHART = """
[[rule]]
kind = "spc"
key = "chart"
asset_type = "spindle"
signal = "temperature_c"
tests = ["{test}"]
centre = 0
sigma = 1
"""

CASES = {
    "western_electric_1": ([3.1], [3.0]),
    "western_electric_2": ([2.1, 0, 2.1], [2.1, 0, -2.1]),
    "western_electric_3": ([1.1, 1.1, 0, 1.1, 1.1], [1.1, 1.1, 0, 1.1, 0.9]),
    "western_electric_4": ([0.1] * 8, [0.1] * 7 + [-0.1]),
    "nelson_1": ([-3.1], [-3.0]),
    "nelson_2": ([-0.1] * 9, [-0.1] * 8),
    "nelson_3": ([0, 0.1, 0.2, 0.3, 0.4, 0.5], [0, 0.1, 0.2, 0.3, 0.4, 0.4]),
    "nelson_4": ([0.5, -0.5] * 7, [0.5, -0.5] * 6 + [0.5]),
    "nelson_5": ([-2.1, -2.1], [-2.1, -1.9]),
    "nelson_6": ([1.1] * 4, [1.1] * 3),
    "nelson_7": ([0.5, -0.5, 0.2] * 5, [0.5, -0.5, 0.2] * 4 + [0.5, 0.5]),
    "nelson_8": ([1.1, -1.1] * 4, [1.1, -1.1] * 3 + [0.9, 1.1]),
    "ewma": ([1.5] * 12, [1.0, -1.0] * 6),
    "cusum": ([1.5] * 6, [1.5] * 5),
}


def told(test, values):
    points = [samples((i, v)) for i, v in enumerate(values)]
    return run(engine(CHART.format(test=test)), [*points, len(values)])


@pytest.mark.parametrize("test", CASES)
def test_each_named_test_sees_its_pattern_and_not_the_one_just_short_of_it(test):
    seen, unseen = CASES[test]
    raised = [t for t in told(test, seen) if t.active]
    assert [t.side for t in raised] == [test]
    assert [t for t in told(test, unseen) if t.active] == []


def test_there_is_a_case_for_every_test():
    assert set(CASES) == set(SpcTest.__args__)


def test_a_chart_shows_the_lines_it_learned():
    toml = CHART.format(test="nelson_1").replace("centre = 0\nsigma = 1", "learn = 10")
    eng = engine(toml)
    assert eng.chart("chart", "spindle-1") is None
    run(eng, [samples(*((i, 10.0 + i % 2) for i in range(10))), 10])
    centre, sigma = eng.chart("chart", "spindle-1")
    assert centre == 10.5
    assert sigma == pytest.approx(0.527, abs=0.001)
    assert eng.chart("chart", "nobody") is None
