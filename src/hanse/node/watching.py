"""The engine of a node from its record: assets, signals, rules, and what an alarm leads to."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from hanse.decide import AlarmBook, AlarmEvent, Asset, Engine, Rule, asset_of, parse_rules
from hanse.decide import draft as alarm_draft
from hanse.model.errors import BadConfig
from hanse.model.event import Draft
from hanse.model.ids import Ids
from hanse.model.plant import Machine, Signal
from hanse.packs.load import load_shipped
from hanse.packs.pack import Effect
from hanse.store import Tx
from hanse.store.shelf import Shelf

PACKS = ("machining",)
ALARMS = "alarms"
ACT = "decide.act"
log = structlog.get_logger("decide")


class RuleFile(Struct, frozen=True, kw_only=True):
    """Rules as their owner wrote them (TOML), and what their alarms lead to."""

    key: str
    text: str
    effects: tuple[Effect, ...] = ()


class AlarmAct(Struct, frozen=True, kw_only=True):
    """A person's act on an alarm, as it travels to the decide role."""

    alarm: str
    verb: str
    by: str
    note: str = ""
    for_s: float | None = None


@dataclasses.dataclass(frozen=True)
class Watch:
    """All that the decide role works with."""

    engine: Engine
    book: AlarmBook
    effects: dict[str, Effect]


def rule_files(tx: Tx) -> Shelf[RuleFile]:
    """The owner's own rules."""
    return tx.shelf("rules", RuleFile)


def read_watch(tx: Tx) -> Watch:
    """The engine and the alarm book of the plant on record."""
    assets = tuple(_asset(machine) for machine in tx.machines.all())
    known = {a.key for a in assets}
    signals = tuple(s for s in tx.signals.all() if s.asset in known)
    rules, effects = _rules(tx)
    engine = fitting_engine(rules, assets, signals)
    saved = tx.settings.get(ALARMS, msgspec.Raw)
    book = AlarmBook.load(engine.rules, bytes(saved)) if saved else AlarmBook(engine.rules)
    return Watch(engine, book, effects)


def _asset(machine: Machine) -> Asset:
    """A machine with the limits of its type where it has none of its own."""
    own = machine.attributes
    for name in PACKS:
        own = load_shipped(name).attributes(machine.asset_type, own)
    return asset_of(msgspec.structs.replace(machine, attributes=own))


def _rules(tx: Tx) -> tuple[tuple[Rule, ...], dict[str, Effect]]:
    rules: dict[str, Rule] = {}
    effects: dict[str, Effect] = {}
    for name in PACKS:
        pack = load_shipped(name)
        rules |= {r.key: r for r in parse_rules(pack.rules, name=f"{name}/rules.toml")}
        effects |= pack.effects
    for file in rule_files(tx).all():
        rules |= {r.key: r for r in parse_rules(file.text, name=file.key)}
        effects |= {e.rule: e for e in file.effects}
    return tuple(r for r in rules.values() if r.enabled), effects


def fitting_engine(
    rules: tuple[Rule, ...], assets: tuple[Asset, ...], signals: tuple[Signal, ...]
) -> Engine:
    """An engine with every rule that fits the plant; the others are left out, and logged."""
    left = list(rules)
    while True:
        try:
            return Engine(left, assets=assets, signals=signals)
        except BadConfig as error:
            unfit = [r for r in left if r.key == error.subject]
            if not unfit:
                raise
            log.info("rule left out", rule=error.subject, why=error.what)
            left = [r for r in left if r.key != error.subject]


def event_of(told: AlarmEvent, effects: dict[str, Effect], ids: Ids) -> Draft:
    """An alarm's step as an event; one that takes a machine down begins a loop."""
    draft = alarm_draft(told)
    effect = effects.get(str(told.about.get("rule", "")))
    if effect is None or told.what not in {"active", "inactive"}:
        return draft
    about: dict[str, Any] = draft.about | {"effect": effect.effect, "repair_s": effect.repair_s}
    return msgspec.structs.replace(draft, about=about, loop=ids.new("loop"))
