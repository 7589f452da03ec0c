import numpy as np
import pytest
from tests.unit.decide.builders import brief, engine, run, samples, signals, spindle

from hanse.decide import parse_rules
from hanse.decide.expr import parse_expression
from hanse.decide.expr.evaluate import join
from hanse.decide.expr.units import check_units
from hanse.model.errors import BadConfig

NAN = float("nan")


def rule(when, kind="expr", extra=""):
    return f'[[rule]]\nkind="{kind}"\nkey="r"\nasset_type="spindle"\n{extra}' + (
        f'when="{when}"' if when else ""
    )


def two(toml, **attributes):
    named = signals(names=("temperature_c", "load_pct"), unit="")
    return engine(toml, assets=[spindle(**attributes)], given=named)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("temperature_c >", "cannot be read"),
        ("__import__('os').system('x') > 1", "not a known function"),
        ("a.b > 1", "not allowed"),
        ("[x for x in y] > 1", "not allowed"),
        ("(lambda: 1)() > 1", "not a known function"),
        ("a ** 2 > 1", "sign that is not allowed"),
        ("mena(a, 5) > 1", "Did you mean 'mean'"),
        ("mean(a) > 1", "Write mean(x, seconds)"),
        ("mean(a + b, 5) > 1", "not a signal's name"),
        ("for_(a, 5)", "condition is needed"),
        ("a + 1", "a number, not a condition"),
        ("a > 'x'", "not a number"),
        ("a and b", "condition is needed"),
        ("mean(a, 99999999) > 1", "not a number of seconds"),
    ],
)
def test_what_is_not_in_the_subset_is_refused_with_its_place(text, word):
    with pytest.raises(BadConfig) as error:
        parse_expression(text)
    assert word in str(error.value)
    assert "column" in str(error.value)


def test_a_wrong_expression_in_a_file_names_its_line():
    with pytest.raises(BadConfig) as error:
        parse_rules(rule("mena(a, 5) > 1"))
    assert error.value.subject == "rules.toml:5"


def test_three_valued_logic_is_kleenes():
    values = np.array([1.0, 0.0, NAN])
    left, right = (m.ravel() for m in np.meshgrid(values, values, indexing="ij"))
    np.testing.assert_array_equal(join("and", left, right), [1, 0, NAN, 0, 0, 0, NAN, 0, NAN])
    np.testing.assert_array_equal(join("or", left, right), [1, 1, 1, 1, 0, NAN, 1, NAN, NAN])


def test_units_that_differ_are_not_compared():
    with pytest.raises(BadConfig) as error:
        check_units(parse_expression("a > b + 1"), {"a": "Cel", "b": "bar"}, subject="r")
    assert "between Cel and bar" in str(error.value)
    check_units(parse_expression("a / 2 > 80 and b / b < 1"), {"a": "Cel"}, subject="r")


def test_an_expression_sees_signals_and_attributes_and_tells_its_values():
    eng = two(rule("temperature_c > limit_c and load_pct < 20"), limit_c=80.0)
    told = run(eng, [samples((0, 90, 1)), 0, samples((1, 10, 2)), 1, samples((2, 30, 2)), 2])
    assert brief(told) == [(1.0, "on", ""), (2.0, "off", "")]
    assert {c.signal: c.value for c in told[0].signals} == {"temperature_c": 90.0, "load_pct": 10.0}


def test_bad_input_leaves_an_expression_as_it_was():
    eng = two(rule("temperature_c > 80 and load_pct < 20"))
    told = run(eng, [samples((0, 90, 1), (0, 10, 2)), 0, samples((1, 0, 1, 2)), 1])
    assert brief(told) == [(0.0, "on", "")]


def test_for_comes_true_by_the_clock_alone():
    told = run(two(rule("for_(temperature_c > 80, 5)")), [samples((0, 90, 1)), 4.9, 5])
    assert brief(told) == [(5.0, "on", "")]


def test_a_name_that_is_not_there_names_the_nearest():
    with pytest.raises(BadConfig) as error:
        two(rule("temprature_c > 1"))
    assert "Did you mean 'temperature_c'" in str(error.value)


def test_what_should_follow_and_does_not_is_told_by_the_clock():
    steps = 'first="temperature_c > 50"\nthen="load_pct > 10"\nwithin_s=10\n'
    eng = two(rule("", "sequence", steps))
    told = run(eng, [samples((0, 0, 1), (0, 0, 2), (1, 60, 1)), 10.9, 11, samples((12, 20, 2)), 12])
    assert brief(told) == [(11.0, "on", ""), (12.0, "off", "")]
    assert told[0].text.en.endswith("temperature_c > 50, but not load_pct > 10 within 10 s")


def test_a_schedule_keeps_a_rule_quiet_and_takes_it_up_again():
    # START is Monday 2026-01-05 08:00 UTC
    toml = (
        '[[rule]]\nkind="limit"\nkey="r"\nasset_type="spindle"\nsignal="temperature_c"\nhigh=80\n'
        'on_delay_s=0\noff_delay_s=0\nschedule={from="09:00", until="10:00", days=[0]}'
    )
    told = run(engine(toml), [samples((0, 90)), 0, 3_599, 3_600, 7_199, 7_200, 90_000])
    assert brief(told) == [(3_600.0, "on", "high"), (7_200.0, "off", "high")]
