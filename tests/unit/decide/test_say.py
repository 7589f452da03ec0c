"""What an alarm says: numbers, and signals as people call them."""

from hanse.decide.rulefile import parse_rules
from hanse.decide.say import raised
from hanse.model.text import Text

WORDS = {
    "vibration": Text("Spindle vibration", "主轴振动"),
    "state": Text("Machine state", "设备状态"),
    "load": Text("Load", "负载"),
}


def rule(**fields):
    table = {"key": "r", "asset_type": "lathe"} | fields
    lines = [f"{name} = {value!r}".replace("'", '"') for name, value in table.items()]
    (made,) = parse_rules("[[rule]]\n" + "\n".join(lines).replace("True", "true"), name="r.toml")
    return made


def said(made, value=None, limit=4.5, side="high"):
    return raised(made, "L1", value, (limit, side, "mm/s"), words=WORDS)


def test_a_signal_is_called_as_people_call_it_in_both_languages():
    text = said(rule(kind="limit", signal="vibration", high=4.5), 5.25)
    assert text.en == "L1: r: Spindle vibration 5.25 mm/s, above 4.5 mm/s"
    assert text.zh == "L1:r:主轴振动 5.25 mm/s,高于 4.5 mm/s"


def test_a_signal_without_words_goes_by_its_own_name():
    text = raised(rule(kind="limit", signal="oil", high=4.5), "L1", 5.0, (4.5, "high", ""))
    assert "oil 5, above 4.5" in text.en


def test_a_formula_is_told_with_the_names_of_its_signals():
    text = said(rule(kind="expr", when="vibration > 4 and mean(load, 60) < 20"))
    assert "Spindle vibration > 4 and mean(Load, 60) < 20" in text.en
    assert "主轴振动 > 4 且 mean(负载, 60) < 20" in text.zh


def test_packml_numbers_are_told_as_states():
    text = said(rule(kind="state", signal="state", any_of=[8.0, 9.0]))
    assert text.en.endswith("Machine state says Aborting, Down")
    assert text.zh.endswith("设备状态 为 中止中、故障停机")
