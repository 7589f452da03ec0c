"""What a node watches, from its record: assets, signals, rules, and what an alarm leads to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from hanse.decide import Alarm, AlarmBook, AlarmEvent, Asset, CallOrder, Engine, Rule
from hanse.decide import draft as alarm_draft
from hanse.decide.book import ALARMS_MAX
from hanse.model.errors import BadConfig
from hanse.model.event import Draft
from hanse.model.ids import Ids
from hanse.model.plant import Signal
from hanse.node.notices.book import call_order
from hanse.node.ruling.book import armed_rules, plant_of
from hanse.packs.pack import Effect
from hanse.store import Tx
from hanse.store.deciding import ALARMS
from hanse.transmit.partition import partition

log = structlog.get_logger("decide")


def act_of(number: int) -> str:
    """The command of people's acts on the alarms of one partition: whoever has it answers."""
    return f"decide.act.{number}"


class AlarmAct(Struct, frozen=True, kw_only=True):
    """A person's act on an alarm, as it travels to the decide role."""

    alarm: str
    verb: str
    by: str
    note: str = ""
    for_s: float | None = None


@dataclasses.dataclass(frozen=True)
class Watch:
    """All that one partition of the plant is watched with."""

    engine: Engine
    book: AlarmBook
    effects: dict[str, Effect]
    signals: tuple[Signal, ...] = ()


@dataclasses.dataclass(frozen=True)
class Floor:
    """The plant and its rules as they stand on record, before they are shared out."""

    assets: tuple[Asset, ...]
    signals: tuple[Signal, ...]
    rules: tuple[Rule, ...]
    effects: dict[str, Effect]
    calls: CallOrder | None = None

    def partitions(self, alarms: Iterable[Alarm] = ()) -> frozenset[int]:
        """Those with something to watch: an asset, or an alarm that still stands."""
        told = {a.asset for a in alarms if a.active} | {a.key for a in self.assets}
        return frozenset(partition(key) for key in told)

    def watch(self, number: int, alarms: Iterable[Alarm]) -> Watch:
        """One partition: its assets in an engine, its alarms in a book."""
        assets = tuple(a for a in self.assets if partition(a.key) == number)
        keys = {a.key for a in assets}
        signals = tuple(s for s in self.signals if s.asset in keys)
        engine = fitting_engine(self.rules, assets, signals)
        own = [a for a in alarms if partition(a.asset) == number]
        return Watch(engine, AlarmBook(self.rules, own, calls=self.calls), self.effects, signals)


def alarms_on_record(tx: Tx) -> list[Alarm]:
    """Every alarm that was ever raised and has not been forgotten."""
    return tx.table(ALARMS).where(limit=ALARMS_MAX)


def read_floor(tx: Tx) -> Floor:
    """The plant on record, with the rules that watch it."""
    assets, signals = plant_of(tx)
    rules, effects = armed_rules(tx)
    return Floor(assets, signals, rules, effects, call_order(tx))


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
