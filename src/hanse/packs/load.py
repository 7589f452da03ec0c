"""A folder to a pack: read with bounds, resolved, and checked against itself."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hanse.model.errors import BadConfig, NotFound
from hanse.model.ids import Key
from hanse.model.text import Text
from hanse.packs.pack import (
    PACK_BYTES_MAX,
    SAMPLES_MAX,
    TYPES_MAX,
    AssetType,
    Effect,
    Form,
    Pack,
    Reason,
    Shape,
    StateWords,
)

SHIPPED = ("machining", "common")
LIKE_DEPTH_MAX = 5
_PARTS = ("pack", "asset_types", "states", "rules", "effects", "reasons", "forms")
_T = TypeVar("_T", bound=Struct)


class _Head(Shape, frozen=True, kw_only=True):
    """``pack.toml``."""

    key: Key
    title: Text
    version: str
    about: Text


@functools.cache
def load_shipped(key: str) -> Pack:
    """A pack that comes with Hanse.

    Raises:
        NotFound: there is none of that name.
    """
    if key not in SHIPPED:
        raise NotFound("no such pack", subject=key[:80], remedy=f"There are {', '.join(SHIPPED)}")
    return load_pack(resources.files("hanse.packs") / key)


def load_pack(folder: Traversable) -> Pack:
    """The pack of a folder.

    Raises:
        BadConfig: a file is missing, too large or not TOML; a field is wrong; or something refers
            to what the pack does not define. The subject names the file.
    """
    texts = {part: _text(folder, f"{part}.toml") for part in _PARTS}
    tables = {part: _toml(text, f"{part}.toml") for part, text in texts.items()}
    head = _convert(tables["pack"], _Head, "pack.toml")
    pack = Pack(
        key=head.key,
        title=head.title,
        version=head.version,
        about=head.about,
        types=_resolved(_parts(tables["asset_types"], "type", AssetType)),
        states=_by_key(_parts(tables["states"], "states", StateWords)),
        reasons=_by_key(_parts(tables["reasons"], "reason", Reason)),
        forms=_by_key(_parts(tables["forms"], "form", Form)),
        effects={e.rule: e for e in _parts(tables["effects"], "effect", Effect)},
        rules=texts["rules"],
        rule_tables=tuple(tables["rules"].get("rule", ())),
        samples=dict(_samples(folder / "samples")),
    )
    check(pack)
    return pack


def check(pack: Pack) -> None:
    """Hold a pack against itself.

    Raises:
        BadConfig: naming the file and what refers to nothing.
    """
    wrong = next(_complaints(pack), None)
    if wrong is not None:
        file, what = wrong
        raise BadConfig(what, subject=f"{pack.key}/{file}", remedy="Define it or correct the name")


def _complaints(pack: Pack) -> Iterator[tuple[str, str]]:
    for text in texts_of(pack):
        if not text.en.strip() or not text.zh.strip():
            yield "pack.toml", f"'{text.en or text.zh}' is not in both languages"
    rules = {str(rule.get("key")) for rule in pack.rule_tables}
    for rule in pack.rule_tables:
        yield from _rule_complaints(pack, rule)
    for effect in pack.effects.values():
        if effect.rule not in rules:
            yield "effects.toml", f"an effect names the rule '{effect.rule}', which is not there"
    for form in pack.forms.values():
        for key in form.asset_types:
            if key not in pack.types:
                yield "forms.toml", f"form {form.key} names the type '{key}', which is not there"


def _rule_complaints(pack: Pack, rule: dict[str, Any]) -> Iterator[tuple[str, str]]:
    key = str(rule.get("key"))
    kind = pack.types.get(str(rule.get("asset_type")))
    if kind is None:
        yield "rules.toml", f"rule {key} is for a type that is not there"
        return
    names = {s.name for s in kind.signals}
    attributes = {a.name for a in kind.attributes}
    for signal in (rule.get("signal"), rule.get("lead"), *rule.get("signals", ())):
        if signal is not None and signal not in names:
            yield "rules.toml", f"rule {key} reads the signal '{signal}', which {kind.key} has not"
    for field, level in rule.items():
        is_level = field in _LEVELS and isinstance(level, str)
        if is_level and level not in attributes:
            yield "rules.toml", f"rule {key} names the attribute '{level}', which is not there"


_LEVELS = frozenset(
    {"high", "high_high", "low", "low_low", "hysteresis", "rise", "fall", "above", "below"}
    | {"after_s", "centre", "sigma"}
)


def texts_of(pack: Pack) -> Iterator[Text]:
    """Every sentence of a pack."""
    yield pack.title
    yield pack.about
    for kind in pack.types.values():
        yield kind.title
        yield from (s.title for s in kind.signals)
        yield from (a.title for a in kind.attributes)
    yield from (part.title for part in pack.states.values())
    yield from (part.title for part in pack.reasons.values())
    for form in pack.forms.values():
        yield form.title
        for field in form.fields:
            yield field.title
            yield from field.choices


def _text(folder: Traversable, name: str) -> str:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise BadConfig("is missing", subject=name, remedy="A pack has seven TOML files") from error
    if len(content) > PACK_BYTES_MAX:
        raise BadConfig(f"is over {PACK_BYTES_MAX} bytes", subject=name, remedy="Shorten it")
    return content.decode("utf-8", errors="replace")


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"not TOML: {error}", subject=name, remedy="Correct that line") from error


def _parts(tables: dict[str, Any], name: str, kind: type[_T]) -> list[_T]:
    listed = tables.get(name, [])
    if not isinstance(listed, list) or len(listed) > TYPES_MAX:
        raise BadConfig(
            f"[[{name}]] is not a list of at most {TYPES_MAX}", remedy=f"Begin each with [[{name}]]"
        )
    return [_convert(table, kind, f"[[{name}]] {n}") for n, table in enumerate(listed, 1)]


def _convert(table: Any, kind: type[_T], subject: str) -> _T:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise BadConfig(str(error), subject=subject, remedy="Correct that field") from error


def _by_key(parts: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        if part.key in found:
            raise BadConfig("stands twice", subject=part.key, remedy="Keep one of the two")
        found[part.key] = part
    return found


def _resolved(types: list[AssetType]) -> dict[str, AssetType]:
    """Types with what they have from the types they are like; their own comes first."""
    given: dict[str, AssetType] = _by_key(types)
    return {key: _with_inherited(kind, given) for key, kind in given.items()}


def _with_inherited(kind: AssetType, given: dict[str, AssetType]) -> AssetType:
    signals = {s.name: s for s in kind.signals}
    attributes = {a.name: a for a in kind.attributes}
    above = kind.like
    for _ in range(LIKE_DEPTH_MAX):
        if above is None:
            break
        if above not in given:
            raise BadConfig(f"is like '{above}', which is not there", subject=kind.key)
        signals = {**{s.name: s for s in given[above].signals}, **signals}
        attributes = {**{a.name: a for a in given[above].attributes}, **attributes}
        above = given[above].like
    return replace(kind, signals=tuple(signals.values()), attributes=tuple(attributes.values()))


def _samples(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        return
    files = sorted((f for f in folder.iterdir() if f.is_file()), key=lambda f: f.name)
    for file in files[:SAMPLES_MAX]:
        yield file.name, file.read_bytes()
