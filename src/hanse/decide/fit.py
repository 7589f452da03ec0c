"""Where the rules meet the plant: which rule stands on which asset, with which numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8, I4, I8
from hanse.decide.rules import Level
from hanse.model.errors import BadConfig, TooMuch
from hanse.model.ids import Key
from hanse.model.plant import Machine, Signal
from hanse.model.text import Text

SIGNALS_MAX = 2_000_000
INSTANCES_MAX = 8_000_000
UNFIT_MAX = 1_000


class Asset(Struct, frozen=True, kw_only=True):
    """Something rules are written for: a machine, or a part of one with its own type.

    ``words`` are what people call its signals, by name, for the sentences.
    """

    key: Key
    asset_type: Key
    title: str = ""
    attributes: dict[str, float | str] = {}
    words: dict[str, Text] = {}


def asset_of(machine: Machine) -> Asset:
    """A machine as something to watch."""
    return Asset(
        key=machine.key,
        asset_type=machine.asset_type,
        title=machine.title,
        attributes=machine.attributes,
    )


class Unfit(Struct, frozen=True):
    """A rule that could not be armed on an asset, and why: shown, never silent."""

    rule: Key
    asset: Key
    why: Text


class Fitted(NamedTuple):
    """The signals of one name on all assets of one type: asset numbers and signal slots."""

    asset: I4
    slot: I4


class Plant:
    """Assets and signals numbered side by side, so that rules can take them a column at a time.

    ``slot`` counts the signals given, in order of their id. Attributes are looked up once, when a
    rule is fitted.

    Raises:
        TooMuch: more than SIGNALS_MAX signals.
        BadConfig: a signal of an asset that is not there, or two with one name.
    """

    def __init__(self, assets: Iterable[Asset], signals: Iterable[Signal]) -> None:
        self.assets = tuple(assets)
        self.number = {a.key: i for i, a in enumerate(self.assets)}
        ordered = sorted(signals, key=lambda s: s.id)
        if len(ordered) > SIGNALS_MAX:
            raise TooMuch(f"more than {SIGNALS_MAX} signals in one engine", remedy="Partition it")
        self.ids: I4 = np.array([s.id for s in ordered], np.int32)
        self.asset_of_slot: I4 = np.zeros(len(ordered), np.int32)
        self.low: F8 = np.full(len(ordered), np.nan)
        self.high: F8 = np.full(len(ordered), np.nan)
        self._by_name: dict[tuple[str, str], list[int]] = {}
        self._units: dict[tuple[str, str], str] = {}
        self.names: dict[tuple[int, str], int] = {}
        for slot, signal in enumerate(ordered):
            self._add(slot, signal)
        self._lookup = _lookup(self.ids)

    def _add(self, slot: int, signal: Signal) -> None:
        number = self.number.get(signal.asset)
        if number is None:
            raise BadConfig(
                f"signal {signal.id} belongs to an asset that is not there", subject=signal.asset
            )
        if (number, signal.name) in self.names:
            raise BadConfig(f"two signals are called '{signal.name}'", subject=signal.asset)
        self.names[number, signal.name] = slot
        self.asset_of_slot[slot] = number
        self.low[slot] = np.nan if signal.low is None else signal.low
        self.high[slot] = np.nan if signal.high is None else signal.high
        group = (self.assets[number].asset_type, signal.name)
        self._by_name.setdefault(group, []).append(slot)
        self._units.setdefault(group, signal.unit)

    def slots(self, ids: I4) -> I4:
        """The slot of each signal id, -1 where the engine does not know it."""
        if self._lookup is None:
            at = np.minimum(np.searchsorted(self.ids, ids), max(self.ids.size - 1, 0))
            return np.where(self.ids[at] == ids, at, -1).astype(np.int32)
        inside = (ids >= 0) & (ids < self._lookup.size)
        return np.where(inside, self._lookup[np.where(inside, ids, 0)], -1).astype(np.int32)

    def signal(self, asset_type: str, name: str, *, rule: str) -> Fitted:
        """All signals of one name on the assets of one type; empty if the type has no asset.

        Raises:
            BadConfig: the type has assets, but none with a signal of that name.
        """
        slots = self._by_name.get((asset_type, name))
        if slots is None:
            known = self.signal_names(asset_type)
            if known:
                raise BadConfig(
                    f"assets of type '{asset_type}' have no signal '{name}'",
                    subject=rule,
                    remedy=_closest(name, known),
                )
            slots = []
        column = np.array(slots, np.int32)
        return Fitted(self.asset_of_slot[column], column)

    def forget_names(self) -> None:
        """Let go of what only building needs: at a million signals that is a quarter of it all."""
        self.names.clear()
        self._by_name.clear()

    def signal_names(self, asset_type: str) -> list[str]:
        """The names of signals that assets of a type have."""
        return sorted(name for kind, name in self._by_name if kind == asset_type)

    def unit(self, asset_type: str, name: str) -> str:
        """The unit of a signal of a type, empty where none is known."""
        return self._units.get((asset_type, name), "")

    def level(self, level: Level | None, assets: I4) -> F8:
        """The number a level stands for on each of some assets; NaN where there is none."""
        if level is None:
            return np.full(assets.size, np.nan)
        if not isinstance(level, str):
            return np.full(assets.size, float(level))
        given = (self.assets[i].attributes.get(level) for i in assets.tolist())
        return np.array([v if isinstance(v, int | float) else np.nan for v in given], np.float64)


def _lookup(ids: I4) -> I4 | None:
    top = int(ids[-1]) + 1 if ids.size else 0
    if top > 4 * SIGNALS_MAX:
        return None
    table = np.full(max(top, 1), -1, np.int32)
    table[ids] = np.arange(ids.size, dtype=np.int32)
    return table


def _closest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean '{close[0]}'" if close else f"It has {', '.join(known[:12])}"


def layers(slot: I4, instance: I8, slots: int) -> list[I4]:
    """Columns slot -> instance (-1 for none), as many as a slot has instances at most."""
    out: list[I4] = []
    rest_slot, rest = slot, instance
    while rest_slot.size:
        layer = np.full(slots, -1, np.int32)
        first = np.unique(rest_slot, return_index=True)[1]
        layer[rest_slot[first]] = rest[first]
        out.append(layer)
        left = np.ones(rest_slot.size, np.bool_)
        left[first] = False
        rest_slot, rest = rest_slot[left], rest[left]
    return out
