"""What a pack is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.plant import PackMLState, SignalKind
from hanse.model.quantity import UnitCode
from hanse.model.text import Text

PACK_BYTES_MAX = 1_000_000
TYPES_MAX = 500
SIGNALS_MAX = 500
WORDS_MAX = 200
REASONS_MAX = 500
FIELDS_MAX = 100
SAMPLES_MAX = 100
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")

Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[a-z][a-z0-9_]*$")]


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a pack: a field that is not known is an error, not a silence."""


class SignalType(Shape, frozen=True, kw_only=True):
    """A signal that assets of a type may have.

    ``hints`` are words (folded, any of them) by which it is recognised among what a device offers:
    ``"spindle vibration"`` fits a path in which both words stand. ``unit`` is as shown, ``code``
    that of UN/ECE Rec 20.
    """

    name: Name
    title: Text
    kind: SignalKind = SignalKind.ANALOG
    unit: Annotated[str, Meta(max_length=16)] = ""
    code: UnitCode | None = None
    low: float | None = None
    high: float | None = None
    hints: Annotated[tuple[str, ...], Meta(max_length=WORDS_MAX)] = ()
    needed: bool = False


class AttributeType(Shape, frozen=True, kw_only=True):
    """A number that an asset carries and rules refer to (a limit of its own); with its default."""

    name: Name
    title: Text
    value: float
    unit: Annotated[str, Meta(max_length=16)] = ""
    source: Annotated[str, Meta(max_length=200, description="Where the default comes from")] = ""


class AssetType(Shape, frozen=True, kw_only=True):
    """A type of equipment. ``like`` names a type whose signals and attributes it has as well.

    ``hints`` are single words, small letters, by which a device is told to be one. ``works`` says
    that it does operations of a plan, as a machine does; the others are watched and not planned.
    """

    key: Key
    title: Text
    like: Key | None = None
    signals: Annotated[tuple[SignalType, ...], Meta(max_length=SIGNALS_MAX)] = ()
    attributes: Annotated[tuple[AttributeType, ...], Meta(max_length=SIGNALS_MAX)] = ()
    works: bool = True
    capabilities: Annotated[tuple[str, ...], Meta(max_length=WORDS_MAX)] = ()
    hints: Annotated[tuple[str, ...], Meta(max_length=WORDS_MAX)] = ()


class StateWords(Shape, frozen=True, kw_only=True):
    """What the words or numbers of a make of control mean in PackML (ISA-TR88.00.02)."""

    key: Key
    title: Text
    states: Annotated[dict[str, PackMLState], Meta(max_length=WORDS_MAX)] = {}
    packml_codes: bool = False
    source: Annotated[str, Meta(max_length=200)] = ""


Category = Literal[
    "planned", "setup", "breakdown", "minor_stop", "material", "people", "quality", "external"
]


class Reason(Shape, frozen=True, kw_only=True):
    """Why a machine stood: a code that a person or a rule gives to a stop.

    ``planned`` stops do not count against availability (ISO 22400-2 planned busy time).
    """

    key: Key
    title: Text
    category: Category
    states: tuple[PackMLState, ...] = ()


class Effect(Shape, frozen=True, kw_only=True):
    """What an alarm of a rule does beyond being shown.

    ``machine_down`` takes the machine out of the plan, for ``repair_s`` until someone knows better.
    """

    rule: Key
    effect: Literal["machine_down"]
    repair_s: Annotated[int, Meta(ge=0, le=365 * 86_400)] = 8 * 3_600


class Field(Shape, frozen=True, kw_only=True):
    """One thing that a form asks."""

    name: Name
    title: Text
    kind: Literal["text", "number", "yes_no", "choice", "photo", "video", "signature", "time"]
    unit: Annotated[str, Meta(max_length=16)] = ""
    choices: Annotated[tuple[Text, ...], Meta(max_length=WORDS_MAX)] = ()
    low: float | None = None
    high: float | None = None
    required: bool = False


class Form(Shape, frozen=True, kw_only=True):
    """What is asked of a person on one occasion."""

    key: Key
    title: Text
    occasion: Literal["fault", "setup", "first_piece", "inspection", "maintenance", "stop"]
    asset_types: tuple[Key, ...] = ()
    fields: Annotated[tuple[Field, ...], Meta(min_length=1, max_length=FIELDS_MAX)]


class Pack(Struct, frozen=True, kw_only=True):
    """One trade: everything above, resolved and checked. ``rules`` is TOML text for `decide`."""

    key: Key
    title: Text
    version: str
    about: Text
    types: dict[str, AssetType]
    states: dict[str, StateWords]
    reasons: dict[str, Reason]
    forms: dict[str, Form]
    effects: dict[str, Effect]
    rules: str
    rule_tables: tuple[dict[str, Any], ...]
    samples: dict[str, bytes]

    def attributes(self, asset_type: str, own: Mapping[str, float | str]) -> dict[str, float | str]:
        """An asset's attributes: the type's defaults, over which its own stand.

        A type that the pack does not know gives only its own.
        """
        kind = self.types.get(asset_type)
        given = {a.name: a.value for a in kind.attributes} if kind else {}
        return {**given, **own}

    def recognise(self, asset_type: str, words: str) -> SignalType | None:
        """The signal of a type that a device means by some words (its path, its description).

        The hint with most words wins; None where nothing fits.
        """
        spoken = fold(words)
        best: tuple[int, SignalType] | None = None
        for signal in self.types[asset_type].signals:
            for hint in (signal.name.replace("_", " "), *signal.hints):
                parts = fold(hint).split()
                fits = bool(parts) and all(part in spoken for part in parts)
                if fits and (best is None or len("".join(parts)) > best[0]):
                    best = (len("".join(parts)), signal)
        return best[1] if best else None


def fold(words: str) -> str:
    """Words as they are compared: ``BearingTemperature`` and ``bearing_temperature`` alike."""
    return " ".join(word.lower() for word in _WORD.findall(words))
