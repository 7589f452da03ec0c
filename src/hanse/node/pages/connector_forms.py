"""Forms of connections: made from the settings each connector declares, in both languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from hanse.collect.registry import connector
from hanse.model.text import Text
from hanse.web.views.common import Field, FieldKind, Option
from hanse.web.views.connecting import ConnectorKind

FIELDS_MAX = 40
_SECONDS = "_s"


def kind_of(name: str) -> ConnectorKind:
    """What a protocol's form asks for; a field without Chinese words is shown as it is."""
    found = connector(name)
    about = (found.config.__doc__ or "").partition("\n")[0]
    named = Field(name="name", label=Text("Name", "名称"), required=False)
    fields = [_field(f) for f in _fields(name)]
    return ConnectorKind(
        name=name,
        title=found.title,
        about=Text(about, words()["about"].get(name, about)),
        fields=(named, *fields)[:FIELDS_MAX],
        browses=found.browse is not None,
    )


def given(name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """What a person wrote into a form, as the connector's settings take it."""
    lists = {f.name for f in _fields(name) if isinstance(_plain(f.type), _LISTS)}
    kept = {key: value for key, value in values.items() if value != "" and key != "name"}
    parts = {key: re.split(r"\s*,\s*", kept[key].strip()) for key in lists & set(kept)}
    return kept | parts


@cache
def words() -> dict[str, dict[str, str]]:
    """The Chinese words: ``about`` by protocol, ``labels`` by field, ``hints`` by sentence."""
    text = resources.files("hanse.node.pages").joinpath("connector_words.toml")
    return tomllib.loads(text.read_text(encoding="utf-8"))


def word_of(field: str) -> str:
    """The field's name without its unit, under which its Chinese label stands."""
    return field.removesuffix(_SECONDS)


_LISTS = (msgspec.inspect.VarTupleType, msgspec.inspect.ListType)


def _fields(name: str) -> tuple[msgspec.inspect.Field, ...]:
    about: Any = msgspec.inspect.type_info(connector(name).config)
    found: tuple[msgspec.inspect.Field, ...] = about.fields
    return found


def _field(field: msgspec.inspect.Field) -> Field:
    extra = getattr(field.type, "extra_json_schema", None) or {}
    hint = str(extra.get("description", ""))
    choices = _choices(field.type)
    return Field(
        name=re.sub(r"[^a-z0-9_]", "_", field.name),
        label=_label(field.name),
        kind=_kind(field, choices),
        value=_shown(field.default),
        required=field.required,
        options=tuple(Option(one, Text(one, one)) for one in choices),
        hint=Text(hint, words()["hints"].get(hint, hint)),
    )


def _label(name: str) -> Text:
    en, zh = name.replace("_", " "), words()["labels"].get(word_of(name), name)
    if name.endswith(_SECONDS):
        return Text(f"{word_of(name).replace('_', ' ')} (s)", f"{zh}(秒)")
    return Text(en, zh)


def _kind(field: msgspec.inspect.Field, choices: tuple[str, ...]) -> FieldKind:
    if isinstance(field.default, bool):
        return FieldKind.FLAG
    if choices:
        return FieldKind.CHOICE
    secret = bool((getattr(field.type, "extra", None) or {}).get("secret"))
    return FieldKind.SECRET if secret else FieldKind.TEXT


def _shown(default: Any) -> str:
    if default is msgspec.NODEFAULT or default is None:
        return ""
    if isinstance(default, bool):
        return "true" if default else ""
    return ", ".join(map(str, default)) if isinstance(default, tuple | list) else str(default)


def _plain(kind: Any) -> Any:
    while isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    return kind


def _choices(kind: Any) -> tuple[str, ...]:
    """The values of a field that takes one of a few texts."""
    plain = _plain(kind)
    if not isinstance(plain, msgspec.inspect.LiteralType):
        return ()
    texts = tuple(str(value) for value in plain.values)
    return tuple(sorted(texts, key=lambda text: (text != "best", text)))
