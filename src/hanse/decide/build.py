"""From rules and a plant to banks: who stands where, numbered, with what could not be armed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from hanse.decide.banks import (
    PER_SECONDS,
    Bank,
    LimitBank,
    RateBank,
    RateShape,
    RingBank,
    StaleBank,
    StaleShape,
    Stand,
    StateBank,
    WindowShape,
)
from hanse.decide.columns import B1, F8, I4, I8
from hanse.decide.conditions import JointBank
from hanse.decide.fit import INSTANCES_MAX, UNFIT_MAX, Fitted, Plant, Unfit
from hanse.decide.latches import Latches
from hanse.decide.place import place_expr, place_model, place_sequence, place_spc
from hanse.decide.rules import (
    Delayed,
    Expr,
    Level,
    Limit,
    Model,
    Rate,
    Rule,
    Sequence,
    Spc,
    Stale,
    State,
    Window,
)
from hanse.decide.windows import PaneBank
from hanse.model.errors import TooMuch
from hanse.model.text import Text
from hanse.model.time import NS_PER_S

HYSTERESIS_SHARE = 0.02
WORD_CODE = 2.0**52
"""Words that states are sent as become numbers from here on."""

NO_NUMBER = Text(
    "the asset has no number for the attribute that the limit names", "资产缺少限值所引用的属性"
)

Make = Callable[[list[Stand], int, int], Bank]


class Places(NamedTuple):
    """Which rule, side and asset each instance number is."""

    rule: I4
    side: I4
    asset: I4
    sides: tuple[str, ...]
    limit: F8


class Built(NamedTuple):
    """Everything the engine runs; ``joint`` banks look at several signals of an asset."""

    banks: list[Bank]
    joint: list[JointBank]
    latches: Latches
    places: Places
    unfit: tuple[Unfit, ...]
    words: dict[str, float]


class Draft:
    """Stands collected by the bank they will share."""

    def __init__(self, rules: tuple[Rule, ...], plant: Plant) -> None:
        self.rules = rules
        self.plant = plant
        self.groups: dict[object, tuple[Make, list[Stand]]] = {}
        self.unfit: list[Unfit] = []
        self.words: dict[str, float] = {}

    def add(self, group: object, make: Make, stand: Stand) -> None:
        """One side of a rule on its assets; instances without a number are refused."""
        missing = np.isnan(stand.limit)
        if missing.any():
            self.refuse(stand.rule, stand.asset[missing], NO_NUMBER)
            stand = keep(stand, ~missing)
        if stand.slot.size:
            self.groups.setdefault(group, (make, []))[1].append(stand)

    def refuse(self, rule: int, assets: I4, why: Text) -> None:
        """A rule that cannot be armed on some assets."""
        for number in assets[: UNFIT_MAX - len(self.unfit)].tolist():
            self.unfit.append(Unfit(self.rules[rule].key, self.plant.assets[number].key, why))

    def word(self, word: str) -> float:
        """The number that a word of a state is taken for."""
        return self.words.setdefault(word, WORD_CODE + len(self.words) + 1)


def keep(stand: Stand, rows: B1) -> Stand:
    """Some rows of a stand."""
    band = None if stand.band is None else stand.band[rows]
    return stand._replace(
        asset=stand.asset[rows], slot=stand.slot[rows], limit=stand.limit[rows], band=band
    )


def build(rules: Iterable[Rule], plant: Plant) -> Built:
    """Banks and latches for all enabled rules on all assets they fit.

    Raises:
        BadConfig: a rule names a signal that its asset type does not have.
        TooMuch: more than INSTANCES_MAX instances.
    """
    draft = Draft(tuple(rules), plant)
    for number, rule in enumerate(draft.rules):
        if rule.enabled:
            _place(draft, number, rule)
    made: list[Bank] = []
    stands: list[Stand] = []
    first = 0
    for make, group in draft.groups.values():
        made.append(make(group, first, plant.ids.size))
        first += sum(s.slot.size for s in group)
        stands += group
    if first > INSTANCES_MAX:
        raise TooMuch(f"more than {INSTANCES_MAX} rule instances", remedy="Partition the assets")
    places = _places(stands)
    latches = _latches(draft.rules, places)
    joint = [b for b in made if isinstance(b, JointBank)]
    banks = [b for b in made if not isinstance(b, JointBank)]
    return Built(banks, joint, latches, places, tuple(draft.unfit), draft.words)


def _places(stands: list[Stand]) -> Places:
    sides = tuple(sorted({s.side for s in stands}))
    size = [s.slot.size for s in stands]
    none = np.zeros(0, np.int32)
    return Places(
        rule=np.repeat(np.array([s.rule for s in stands], np.int32), size),
        side=np.repeat(np.array([sides.index(s.side) for s in stands], np.int32), size),
        asset=np.concatenate([s.asset for s in stands]) if stands else none,
        sides=sides,
        limit=np.concatenate([s.limit for s in stands]) if stands else np.zeros(0),
    )


def _latches(rules: tuple[Rule, ...], places: Places) -> Latches:
    def delay(seconds: Iterable[float]) -> I8:
        return np.round(np.array([*seconds, 0.0]) * NS_PER_S).astype(np.int64)

    delayed = [r if isinstance(r, Delayed) else None for r in rules]
    return Latches(
        rule=places.rule,
        on_delay_ns=delay(r.on_delay_s if r else 0.0 for r in delayed),
        off_delay_ns=delay(r.off_delay_s if r else 0.0 for r in delayed),
    )


def _place(draft: Draft, number: int, rule: Rule) -> None:
    match rule:
        case Limit():
            _place_limit(draft, number, rule)
        case Rate():
            _place_rate(draft, number, rule)
        case Window():
            _place_window(draft, number, rule)
        case Stale():
            _place_stale(draft, number, rule)
        case State():
            _place_state(draft, number, rule)
        case Spc():
            place_spc(draft, number, rule)
        case Expr():
            place_expr(draft, number, rule)
        case Sequence():
            place_sequence(draft, number, rule)
        case Model():
            place_model(draft, number, rule)


def _fitted(draft: Draft, rule: Limit | Rate | Window | Stale | State) -> Fitted:
    return draft.plant.signal(rule.asset_type, rule.signal, rule=rule.key)


def _place_limit(draft: Draft, number: int, rule: Limit) -> None:
    fitted = _fitted(draft, rule)
    for side, level, sign in (
        ("high_high", rule.high_high, 1),
        ("high", rule.high, 1),
        ("low", rule.low, -1),
        ("low_low", rule.low_low, -1),
    ):
        if level is None:
            continue
        limit = draft.plant.level(level, fitted.asset)
        band = _band(draft.plant, rule.hysteresis, fitted, limit)
        stand = Stand(number, side, fitted.asset, fitted.slot, limit, sign, band)
        draft.add(LimitBank, LimitBank, stand)


def _band(plant: Plant, given: Level | None, fitted: Fitted, limit: F8) -> F8:
    if given is not None:
        return np.nan_to_num(plant.level(given, fitted.asset))
    span = plant.high[fitted.slot] - plant.low[fitted.slot]
    return HYSTERESIS_SHARE * np.where(span > 0, span, np.abs(limit))


def _place_rate(draft: Draft, number: int, rule: Rate) -> None:
    fitted = _fitted(draft, rule)
    shape = RateShape(PER_SECONDS[rule.per], round(rule.over_s * NS_PER_S))

    def make(stands: list[Stand], first: int, slots: int) -> Bank:
        return RateBank(stands, first, slots, shape=shape)

    for side, level, sign in (("rise", rule.rise, 1), ("fall", rule.fall, -1)):
        if level is not None:
            limit = sign * draft.plant.level(level, fitted.asset)
            stand = Stand(number, side, fitted.asset, fitted.slot, limit, sign)
            draft.add(("rate", shape), make, stand)


def _place_window(draft: Draft, number: int, rule: Window) -> None:
    fitted = _fitted(draft, rule)
    shape = WindowShape(
        rule.measure,
        rule.of,
        rule.at_least,
        rule.samples or 0,
        round((rule.over_s or 0) * NS_PER_S),
    )

    def make(stands: list[Stand], first: int, slots: int) -> Bank:
        bank = RingBank if shape.samples else PaneBank
        return bank(stands, first, slots, shape=shape)

    for side, level, sign in (("above", rule.above, 1), ("below", rule.below, -1)):
        if level is not None:
            limit = draft.plant.level(level, fitted.asset)
            stand = Stand(number, side, fitted.asset, fitted.slot, limit, sign)
            draft.add(("window", shape), make, stand)


def _place_stale(draft: Draft, number: int, rule: Stale) -> None:
    fitted = _fitted(draft, rule)
    shape = StaleShape(rule.unchanged, rule.tolerance, rule.good_only)

    def make(stands: list[Stand], first: int, slots: int) -> Bank:
        return StaleBank(stands, first, slots, shape=shape)

    limit = draft.plant.level(rule.after_s, fitted.asset)
    draft.add(("stale", shape), make, Stand(number, "", fitted.asset, fitted.slot, limit))


def _place_state(draft: Draft, number: int, rule: State) -> None:
    fitted = _fitted(draft, rule)
    codes = [draft.word(s) if isinstance(s, str) else float(s) for s in rule.any_of]
    states = np.array(codes, np.float64)

    def make(stands: list[Stand], first: int, slots: int) -> Bank:
        return StateBank(stands, first, slots, states=states)

    limit = np.zeros(fitted.slot.size)
    draft.add(("state", number), make, Stand(number, "", fitted.asset, fitted.slot, limit))
