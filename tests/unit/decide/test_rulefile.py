import pytest

from hanse.decide import format_rule, parse_rules, rule_from
from hanse.model.errors import BadConfig

GOOD = """\
[[rule]]
kind = "limit"
key = "hot"
asset_type = "spindle"
signal = "temperature_c"
high = 80

[[rule]]
kind = "stale"
key = "silent"
asset_type = "spindle"
signal = "temperature_c"
after_s = 30
"""


def told(text):
    with pytest.raises(BadConfig) as error:
        parse_rules(text)
    return error.value.subject, str(error.value)


def test_a_good_file_gives_its_rules_in_order():
    assert [r.key for r in parse_rules(GOOD)] == ["hot", "silent"]


def test_an_unknown_word_is_named_with_its_line_and_the_nearest_known():
    place, said = told(GOOD.replace("after_s", "after"))
    assert place == "rules.toml:13"
    assert "'after' is not known here" in said
    assert "Did you mean 'after_s'" in said


def test_a_missing_word_is_named_at_its_rule():
    place, said = told(GOOD.replace('signal = "temperature_c"\nhigh', "high"))
    assert (place, "Add signal = ..." in said) == ("rules.toml:1", True)


def test_a_wrong_value_is_named_at_its_line():
    place, said = told(GOOD.replace("after_s = 30", "after_s = [1]"))
    assert place == "rules.toml:13"
    assert "'after_s'" in said


def test_an_unknown_kind_names_the_nearest():
    place, said = told(GOOD.replace('"stale"', '"stall"'))
    assert place == "rules.toml:9"
    assert "Did you mean 'stale'" in said


def test_two_rules_of_one_key_are_refused():
    place, said = told(GOOD.replace('"silent"', '"hot"'))
    assert (place, "two rules" in said) == ("rules.toml:10", True)


def test_broken_toml_names_its_line():
    assert "line 3" in told('[[rule]]\nkind = "limit"\nkey = \n')[1]


def test_a_limit_without_a_limit_is_refused():
    assert "no other limit" in told(GOOD.replace("high = 80", ""))[1]


def test_a_rule_survives_the_form_and_the_api():
    for rule in parse_rules(GOOD):
        assert rule_from(format_rule(rule)) == rule
