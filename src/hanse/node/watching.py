"""The engine of a node from its record: assets, signals, rules, and what an alarm leads to."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from hanse.decide import AlarmBook, AlarmEvent, Asset, Engine, Rule
from hanse.decide import draft as alarm_draft
from hanse.model.errors import BadConfig
from hanse.model.event import Draft
from hanse.model.ids import Ids
from hanse.model.plant import Signal
from hanse.node.ruling.book import armed_rules, plant_of
from hanse.packs.pack import Effect
from hanse.store import Tx

ALARMS = "alarms"
ACT = "decide.act"
log = structlog.get_logger("decide")


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


def read_watch(tx: Tx) -> Watch:
    """The engine and the alarm book of the plant on record."""
    assets, signals = plant_of(tx)
    rules, effects = armed_rules(tx)
    engine = fitting_engine(rules, assets, signals)
    saved = tx.settings.get(ALARMS, msgspec.Raw)
    book = AlarmBook.load(engine.rules, bytes(saved)) if saved else AlarmBook(engine.rules)
    return Watch(engine, book, effects)


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
