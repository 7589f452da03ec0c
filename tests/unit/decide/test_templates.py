"""Templates become rules that parse, and say what is missing."""

import msgspec
import pytest

from hanse.decide import parse_rules
from hanse.decide.templates import TEMPLATES, fill, fitting, proposed, template
from hanse.model.errors import BadInput, NotFound
from hanse.model.plant import SignalKind
from hanse.model.text import Text

LOAD = Text("Load", "负载")


def filled(chosen, **values):
    given = {s.name: s.value or "7" for s in chosen.slots} | values
    return fill(chosen, given, asset_type="lathe", signal="load", named=LOAD)


@pytest.mark.parametrize("chosen", TEMPLATES, ids=lambda t: t.key)
def test_every_template_filled_in_is_a_rule(chosen):
    text = msgspec.toml.encode({"rule": [filled(chosen)]}).decode()
    (rule,) = parse_rules(text)
    assert rule.heading.en.startswith("Load ")
    assert rule.heading.zh.startswith("负载")


@pytest.mark.parametrize("kind", list(SignalKind))
def test_there_is_a_template_for_every_kind_of_signal(kind):
    assert fitting(kind)


def test_a_limit_is_a_number_or_the_name_of_an_attribute():
    high = template("too-high")
    assert filled(high, high="load_warn")["high"] == "load_warn"
    assert filled(high, high="4,5")["high"] == 4.5
    with pytest.raises(BadInput, match="no number"):
        filled(high, high="4 5")
    with pytest.raises(BadInput, match="missing"):
        filled(high, high="")


def test_a_state_is_words_or_numbers():
    assert filled(template("says"), any_of="8, 9,FAULT")["any_of"] == [8.0, 9.0, "FAULT"]


def test_the_first_value_of_a_limit_is_what_the_type_carries_or_the_signals_own_bound():
    slot = template("too-high").slots[0]
    assert proposed(slot, "load", high=100.0, attributes=["load_warn"]) == "load_warn"
    assert proposed(slot, "load", high=100.0, attributes=["other_warn"]) == "100"
    assert proposed(slot, "load", high=None, attributes=[]) == ""


def test_an_unknown_template_is_not_found():
    with pytest.raises(NotFound):
        template("nothing")
