"""Placing the rules that need more than one number: charts, expressions, sequences."""

from __future__ import annotations

import difflib
from typing import Protocol

import numpy as np

from hanse.decide.banks import Bank, Stand
from hanse.decide.columns import B1, I4
from hanse.decide.conditions import ExprBank, SequenceBank, Steps, Wiring
from hanse.decide.expr.parse import Name, Node, names, parse_expression
from hanse.decide.expr.units import check_units
from hanse.decide.fit import Plant
from hanse.decide.rules import Expr, Model, Sequence, Spc
from hanse.decide.spc import TESTS, Chart, SpcBank, SpcShape
from hanse.decide.watch import ModelBank
from hanse.model.errors import BadConfig
from hanse.model.text import Text
from hanse.model.time import NS_PER_S


class Draft(Protocol):
    """What `hanse.decide.build` collects."""

    plant: Plant

    def add(self, group: object, make: Make, stand: Stand) -> None:
        """One side of a rule on its assets; instances without a number are refused."""
        ...

    def refuse(self, rule: int, assets: I4, why: Text) -> None:
        """A rule that cannot be armed on some assets."""
        ...


class Make(Protocol):
    """Makes a bank of stands, first instance number and number of slots."""

    def __call__(self, stands: list[Stand], first: int, slots: int, /) -> Bank:
        """The bank."""
        ...


def place_spc(draft: Draft, number: int, rule: Spc) -> None:
    """A chart on each asset; each test an instance of its own, under its name as the side."""
    fitted = draft.plant.signal(rule.asset_type, rule.signal, rule=rule.key)
    shape = SpcShape(
        rule.tests, rule.learn, rule.ewma_lambda, rule.ewma_width, rule.cusum_k, rule.cusum_h
    )
    centre = draft.plant.level(rule.centre, fitted.asset)
    sigma = draft.plant.level(rule.sigma, fitted.asset)
    if rule.centre is None or rule.sigma is None:
        centre, sigma = np.full(fitted.slot.size, np.nan), np.full(fitted.slot.size, np.nan)
    chart = Chart(shape, centre, sigma)

    def make(stands: list[Stand], first: int, slots: int) -> Bank:
        return SpcBank(stands, first, slots, chart=chart)

    own = {"ewma": rule.ewma_width, "cusum": rule.cusum_h}
    for test in rule.tests:
        limit = np.full(fitted.slot.size, own.get(test, TESTS[test][0]))
        draft.add(("spc", number), make, Stand(number, test, fitted.asset, fitted.slot, limit))


def place_expr(draft: Draft, number: int, rule: Expr) -> None:
    """The expression on each asset that has all its names."""
    tree = parse_expression(rule.when)
    wiring = wire(draft, number, rule, tree)

    def make(_: list[Stand], first: int, __: int, /) -> Bank:
        return ExprBank(wiring, first, tree=tree)

    draft.add(("expr", number), make, _joint_stand(number, wiring))


def place_sequence(draft: Draft, number: int, rule: Sequence) -> None:
    """Both conditions on each asset that has all their names."""
    first_tree, then = parse_expression(rule.first), parse_expression(rule.then)
    steps = Steps(first_tree, then, round(rule.within_s * NS_PER_S), rule.alarm_if == "missing")
    wiring = wire(draft, number, rule, first_tree, then)

    def make(_: list[Stand], first: int, __: int, /) -> Bank:
        return SequenceBank(wiring, first, sequence=steps)

    draft.add(("sequence", number), make, _joint_stand(number, wiring, rule.within_s))


def place_model(draft: Draft, number: int, rule: Model) -> None:
    """A detector on each asset that has all the signals.

    Raises:
        BadConfig: the lead, or what tells regimes apart, is not one of the rule's signals.
    """
    stray = [n for n in (rule.lead, *rule.regime_by) if n and n not in rule.signals]
    if stray:
        raise BadConfig(
            f"'{stray[0]}' is not one of the rule's signals",
            subject=rule.key,
            remedy="Add it to signals",
        )
    for name in rule.signals:
        draft.plant.signal(rule.asset_type, name, rule=rule.key)
    wiring = wire(draft, number, rule, *(Name(n) for n in rule.signals))

    def make(_: list[Stand], first: int, __: int, /) -> Bank:
        return ModelBank(wiring, first, rule=rule)

    draft.add(("model", number), make, _joint_stand(number, wiring, 1.0))


def _joint_stand(number: int, wiring: Wiring, limit: float = 0.0) -> Stand:
    n = wiring.asset.size
    slot = wiring.slots[0] if len(wiring.names) else np.zeros(n, np.int32)
    return Stand(number, "", wiring.asset, slot, np.full(n, limit))


def wire(draft: Draft, number: int, rule: Expr | Sequence | Model, *trees: Node) -> Wiring:
    """Which signals and attributes the names of some trees are, on the assets that have all.

    Raises:
        BadConfig: a name is neither a signal nor an attribute of any asset of the type, no name is
            a signal, or units do not agree.
    """
    plant, wanted = draft.plant, sorted(frozenset().union(*(names(t) for t in trees)))
    assets = np.array(
        [i for i, a in enumerate(plant.assets) if a.asset_type == rule.asset_type], np.int32
    )
    signals = [n for n in wanted if n in plant.signal_names(rule.asset_type)]
    for tree in trees:
        units = {n: plant.unit(rule.asset_type, n) for n in signals}
        check_units(tree, units, subject=rule.key)
    if assets.size:
        _check_names(plant, rule, (wanted, signals))
    slots = np.array(
        [[plant.names.get((i, n), -1) for i in assets.tolist()] for n in signals], np.int32
    ).reshape(len(signals), assets.size)
    attributes = {n: plant.level(n, assets) for n in wanted if n not in signals}
    has: B1 = np.asarray((slots >= 0).all(axis=0))
    for column in attributes.values():
        has &= ~np.isnan(column)
    why = Text("the asset lacks a signal or attribute of the rule", "资产缺少规则所需的信号或属性")
    draft.refuse(number, assets[~has], why)
    kept = {n: column[has] for n, column in attributes.items()}
    return Wiring(assets[has], tuple(signals), slots[:, has], kept)


def _check_names(
    plant: Plant, rule: Expr | Sequence | Model, named: tuple[list[str], list[str]]
) -> None:
    wanted, signals = named
    given = {k for a in plant.assets if a.asset_type == rule.asset_type for k in a.attributes}
    for name in wanted:
        if name not in signals and name not in given:
            known = sorted(given | set(plant.signal_names(rule.asset_type)))
            close = difflib.get_close_matches(name, known, n=1)
            raise BadConfig(
                f"'{name}' is neither a signal nor an attribute of '{rule.asset_type}'",
                subject=rule.key,
                remedy=f"Did you mean '{close[0]}'" if close else f"Known are {', '.join(known)}",
            )
    if not signals:
        raise BadConfig(
            "the rule looks at no signal", subject=rule.key, remedy="Name at least one signal"
        )
