"""Forms of connections: both languages, and what is left as it stands is taken as it stands."""

import msgspec
import pytest

from hanse.collect.registry import BUILT_IN, connector, settings_of
from hanse.node.pages.connector_forms import given, kind_of, word_of, words
from hanse.web.views.common import FieldKind

NEEDED = {
    "opcua": {"url": "opc.tcp://plc:4840"},
    "modbus": {"host": "plc"},
    "s7": {"host": "plc"},
    "mqtt": {"host": "broker"},
    "sparkplug": {"host": "broker"},
    "http": {"url": "https://machine/values"},
    "push": {"token": "secret:door"},
    "sql": {"url": "sqlite:///a", "table": "t", "key": "id"},
    "files": {"path": "/data"},
    "manual": {},
    "replay": {"file": "a.csv"},
}


def declared():
    return [f for n in BUILT_IN for f in msgspec.inspect.type_info(connector(n).config).fields]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_form_left_as_it_stands_gives_the_settings_as_they_come(name):
    form = kind_of(name)
    shown = {f.name: f.value for f in form.fields} | NEEDED[name]
    assert settings_of(name, given(name, shown)) == settings_of(name, NEEDED[name])
    asked = {f.name for f in form.fields if f.required}
    assert asked == set(NEEDED[name])


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_choice_of_a_form_is_taken(name):
    for field in kind_of(name).fields:
        if field.kind is FieldKind.CHOICE:
            assert field.value in {option.value for option in field.options}
            for option in field.options:
                chosen = NEEDED[name] | {field.name: option.value}
                assert settings_of(name, given(name, chosen))


def test_a_list_is_written_with_commas():
    fields = given("sparkplug", {"host": "broker", "groups": "Hall 1 , Hall 2"})
    assert settings_of("sparkplug", fields).groups == ("Hall 1", "Hall 2")


def test_every_label_sentence_and_protocol_has_its_chinese_words_and_none_is_left_over():
    hints = {(f.type.extra_json_schema or {}).get("description", "") for f in declared()}
    assert set(words()["about"]) == set(BUILT_IN)
    assert set(words()["labels"]) == {word_of(f.name) for f in declared()} | {"name"}
    assert set(words()["hints"]) == hints
    for name in BUILT_IN:
        form = kind_of(name)
        assert form.about.en != form.about.zh
        assert all(f.label.en != f.label.zh for f in form.fields)
