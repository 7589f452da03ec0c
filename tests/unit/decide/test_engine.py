import pytest
from tests.unit.decide.builders import START, S, brief, engine, run, samples, signals, spindle

from hanse.decide import Engine, EngineSettings, parse_rules
from hanse.model.errors import BadConfig, Conflict

HOT = """
[[rule]]
kind = "limit"
key = "hot"
asset_type = "spindle"
signal = "temperature_c"
high = 80.0
hysteresis = 2.0
on_delay_s = 5.0
off_delay_s = 3.0
title = { en = "Spindle hot", zh = "主轴过热" }
"""


def plain(kind, **fields):
    lines = ["[[rule]]", f'kind = "{kind}"', 'key = "r"', 'asset_type = "spindle"']
    lines += [f"{k} = {v}" for k, v in fields.items()]
    if kind not in {"stale", "spc", "sequence", "model"}:
        lines += [f"{k} = 0.0" for k in ("on_delay_s", "off_delay_s") if k not in fields]
    return "\n".join(lines)


def test_a_limit_comes_on_after_its_delay_by_the_clock_alone():
    told = run(engine(HOT), [samples((0, 90)), 4.9, 5.0])
    assert brief(told) == [(5.0, "on", "high")]
    assert told[0].since_ns == START
    assert (told[0].value, told[0].limit, told[0].unit) == (90.0, 80.0, "Cel")
    assert told[0].text.en == "spindle-1: Spindle hot: temperature_c 90 Cel, above 80 Cel"
    assert "主轴过热" in told[0].text.zh


def test_a_spike_shorter_than_the_delay_is_not_told():
    assert run(engine(HOT), [samples((0, 90), (4, 70)), 100]) == []


def test_a_delay_that_ended_between_two_samples_of_one_frame_is_told_at_its_due():
    told = run(engine(HOT), [samples((0, 90), (7, 70)), 7])
    assert brief(told) == [(5.0, "on", "high")]


def test_it_goes_off_only_below_the_band_and_after_its_delay():
    told = run(engine(HOT), [samples((0, 90)), 5, samples((6, 79)), 20, samples((21, 77.9)), 24])
    assert brief(told) == [(5.0, "on", "high"), (24.0, "off", "high")]


def test_bad_and_missing_values_neither_raise_nor_clear():
    bad = samples((6, 0, 1, 2), (7, float("nan")))
    assert brief(run(engine(HOT), [samples((0, 90)), 5, bad, 60])) == [(5.0, "on", "high")]


def test_unknown_stops_a_delay_that_has_begun():
    told = run(engine(HOT), [samples((0, 90), (2, 0, 1, 2)), 30, samples((31, 90)), 36])
    assert brief(told) == [(36.0, "on", "high")]


def test_late_and_repeated_samples_are_counted_and_not_used():
    eng = engine(plain("limit", signal='"temperature_c"', high=80.0))
    told = run(eng, [samples((1, 70), (1, 90), (0, 60)), 1, samples((1, 99)), 2])
    assert told == []
    assert (eng.counts.taken, eng.counts.duplicate, eng.counts.late) == (2, 2, 0)
    run(eng, [samples((0.5, 99)), 3])
    assert eng.counts.late == 1


def test_a_sample_from_the_far_future_is_not_believed():
    eng = engine(plain("limit", signal='"temperature_c"', high=80.0))
    assert run(eng, [samples((3_600, 99)), 0]) == []
    assert eng.counts.ahead == 1


def test_limits_come_from_the_attributes_of_each_asset():
    eng = engine(
        plain("limit", signal='"temperature_c"', high='"limit_c"'),
        assets=[spindle("a", limit_c=50.0), spindle("b", limit_c=90.0), spindle("c")],
        given=signals("a") + signals("b", first=2) + signals("c", first=3),
    )
    told = run(eng, [samples((0, 60, 1), (0, 60, 2), (0, 60, 3)), 1])
    assert [(t.asset, t.limit) for t in told] == [("a", 50.0)]
    assert [(u.rule, u.asset) for u in eng.unfit] == [("r", "c")]


def test_all_four_sides_of_a_limit_have_lives_of_their_own():
    rule = plain("limit", signal='"temperature_c"', high_high=90, high=80, low=20, low_low=10)
    told = run(engine(rule), [samples((0, 95), (1, 85), (2, 5)), 2])
    assert brief(told) == [
        (0.0, "on", "high_high"),
        (0.0, "on", "high"),
        (1.0, "off", "high_high"),
        (2.0, "off", "high"),
        (2.0, "on", "low"),
        (2.0, "on", "low_low"),
    ]
    assert {t.side: t.severity for t in told if t.active} == {
        "high_high": 800,
        "high": 500,
        "low": 500,
        "low_low": 800,
    }


def test_a_rate_is_a_change_a_unit_of_time_either_way():
    rule = plain("rate", signal='"temperature_c"', rise=60.0, fall=120.0, per='"min"')
    told = run(engine(rule), [samples((0, 20), (1, 20.5), (2, 22), (3, 19), (4, 19)), 4])
    assert brief(told) == [
        (2.0, "on", "rise"),
        (3.0, "off", "rise"),
        (3.0, "on", "fall"),
        (4.0, "off", "fall"),
    ]
    assert told[0].value == pytest.approx(90.0)


def test_a_window_needs_its_samples_before_it_judges():
    rule = plain("window", signal='"temperature_c"', measure='"mean"', samples=4, above=10.0)
    told = run(engine(rule), [samples((0, 100), (1, 0), (2, 0), (3, 0), (4, 0)), 4])
    assert brief(told) == [(1.0, "on", "above"), (4.0, "off", "above")]


def test_silence_is_told_by_the_clock_and_ends_with_a_sample():
    eng = engine(plain("stale", signal='"temperature_c"', after_s=10.0))
    told = run(eng, [samples((0, 1)), 9.9, 10, samples((20, 1)), 20])
    assert brief(told) == [(10.0, "on", ""), (20.0, "off", "")]
    assert told[0].text.en.endswith("temperature_c silent for 10 s")


def test_what_was_never_heard_of_is_silent_too():
    eng = engine(plain("stale", signal='"temperature_c"', after_s=10.0))
    assert brief(run(eng, [0, 10])) == [(10.0, "on", "")]


def test_a_value_that_does_not_change_is_stuck():
    eng = engine(plain("stale", signal='"temperature_c"', after_s=10.0, unchanged="true"))
    told = run(eng, [samples(*((i, 5) for i in range(13))), 12, samples((13, 6)), 13])
    assert brief(told) == [(10.0, "on", ""), (13.0, "off", "")]


def test_states_are_words_or_numbers():
    eng = engine(plain("state", signal='"temperature_c"', any_of='["FAULT", 7]'))
    said = samples((0, 0), (1, float("nan")), (2, 1), (3, 7), texts={1: "FAULT"})
    assert brief(run(eng, [said, 3])) == [(1.0, "on", ""), (2.0, "off", ""), (3.0, "on", "")]


def test_timers_wait_for_samples_on_their_way():
    eng = Engine(
        parse_rules(HOT),
        assets=[spindle()],
        signals=signals(),
        settings=EngineSettings(settle_ns=S // 20),
    )
    assert run(eng, [samples((0, 90)), 5.04, samples((4.9, 70)), 6]) == []


def test_a_restored_engine_tells_the_same_as_one_that_never_stopped():
    steps = [samples((0, 90)), 3], [samples((4, 91)), 6, samples((7, 70)), 12]
    whole, first, second = engine(HOT), engine(HOT), engine(HOT)
    expected = run(whole, steps[0] + steps[1])
    told = run(first, steps[0])
    second.restore(first.snapshot())
    assert told + run(second, steps[1]) == expected
    assert len({t.identity for t in expected}) == len(expected) == 2


def test_a_snapshot_of_other_rules_is_refused():
    image = engine(HOT).snapshot()
    with pytest.raises(Conflict):
        engine(HOT.replace("80.0", "81.0")).restore(image)


def test_a_rule_for_a_signal_that_is_not_there_names_the_nearest():
    with pytest.raises(BadConfig) as error:
        engine(HOT.replace('"temperature_c"', '"temprature_c"'))
    assert "Did you mean 'temperature_c'" in str(error.value)


def test_default_hysteresis_is_a_share_of_the_range_of_the_signal():
    rule = plain("limit", signal='"temperature_c"', high=80.0)
    eng = engine(rule, given=signals(low=0.0, high=200.0))
    told = run(eng, [samples((0, 81), (1, 76.1), (2, 75.9)), 2])
    assert brief(told) == [(0.0, "on", "high"), (2.0, "off", "high")]


def test_without_a_snapshot_an_alarm_that_stands_still_ends():
    eng = engine(HOT)
    eng.assume(["hot.high/spindle-1"])
    assert brief(run(eng, [samples((0, 70)), 3])) == [(3.0, "off", "high")]
