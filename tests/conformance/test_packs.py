"""Every pack that ships keeps to the one shape, and what it says is understood by who reads it."""

import msgspec
import pytest

from hanse.decide.rulefile import parse_rules
from hanse.decide.states import StateMap, check_map
from hanse.model.plant import PackMLState
from hanse.packs import SHIPPED, load_shipped


@pytest.fixture(params=SHIPPED)
def pack(request):
    return load_shipped(request.param)


def test_it_loads_and_says_in_both_languages_what_it_is(pack):
    assert pack.title.en
    assert pack.title.zh
    assert pack.types
    assert pack.rule_tables


def test_its_rules_are_understood_by_the_engine(pack):
    rules = parse_rules(pack.rules, name=f"{pack.key}/rules.toml")
    assert len(rules) == len(pack.rule_tables)
    assert all(rule.title is not None and rule.title.zh for rule in rules)


def test_its_state_words_are_understood_by_the_state_map(pack):
    for words in pack.states.values():
        check_map(
            StateMap(
                asset_type="machine",
                signal="state",
                states=words.states,
                packml_codes=words.packml_codes,
            )
        )


def test_each_make_of_control_can_say_that_it_works(pack):
    for words in pack.states.values():
        assert words.packml_codes or PackMLState.EXECUTE in words.states.values(), words.key


def test_a_signal_is_recognised_by_each_of_its_own_hints(pack):
    for kind in pack.types.values():
        for signal in kind.signals:
            for hint in signal.hints:
                found = pack.recognise(kind.key, hint)
                assert found is not None
                assert found.name == signal.name, (kind.key, signal.name, hint, found.name)


def test_every_alarm_that_takes_a_machine_out_is_severe(pack):
    rules = {rule.key: rule for rule in parse_rules(pack.rules)}
    assert all(rules[e.rule].severity >= 700 for e in pack.effects.values())


def test_it_is_data_only(pack):
    msgspec.json.encode(pack.types)
    assert not any(name.endswith((".py", ".so", ".js")) for name in pack.samples)
