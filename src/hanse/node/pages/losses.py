"""Stops and OEE, worked out from history and record when they are asked for."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Sequence

from hanse.decide import Oee, Stop, roll_up
from hanse.decide.oee import Loss
from hanse.decide.rules import Rule
from hanse.model.errors import BadInput
from hanse.model.event import Event
from hanse.model.money import Money
from hanse.model.text import Text
from hanse.model.time import Instant, from_ns, to_ns
from hanse.node.assets import asset_named
from hanse.node.context import Context
from hanse.node.losses.facts import HOURS_MAX, Known, MachineFacts, known, read, shift_began
from hanse.node.losses.oee import BY, energy_kwh, figures
from hanse.node.losses.reasons import (
    BEFORE_S,
    StopReason,
    put_reason,
    reason_title,
    stop_reasons,
    stops_of,
)
from hanse.node.ruling.book import standing
from hanse.packs.load import load_shipped
from hanse.store import Tx
from hanse.web.views.common import Done, Option
from hanse.web.views.losses import LossesView, LossRow, OeeRow, ShiftView, StopRow, StopsView
from hanse.web.views.plant import StateSpan

SHIFT_H = 8
"""How far back a machine without shifts is looked at."""
STOPS_SHOWN_MAX = 300
ALARMS_MAX = 20_000
SHORTEST_S: dict[str, float] = {"own": 10.0, "outside": 10.0, "unknown": 10.0, "planned": 300.0}
"""Shorter stops count in the figures, but nobody is asked about them."""
KINDS = {
    "availability.own": Text("stood, own cause", "停机(自身原因)"),
    "availability.outside": Text("stood, from outside", "停机(外部原因)"),
    "availability.planned": Text("ready, not running", "待机"),
    "availability.unknown": Text("no signal", "无信号"),
    "speed": Text("slower than standard", "速度损失"),
    "quality": Text("pieces not good", "质量损失"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything of a time, put together."""

    about: Known
    facts: tuple[MachineFacts, ...]
    stood: dict[str, list[Stop]]
    rules: dict[str, Rule]
    titles: dict[str, str]


class RecordLosses:
    """A `hanse.web.ports.Losses`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._one_at_a_time = asyncio.Lock()

    async def figures(self, *, by: str, hours: int) -> LossesView:
        """Figures by machine, line, shift or product over the last hours."""
        if by not in BY:
            raise BadInput("no such grouping", subject=by[:40], remedy=f"Use {', '.join(BY)}")
        seen = await self._seen(hours)
        found = figures(seen.about, seen.facts, seen.stood, by)
        currency = self._context.settings.firm.currency
        rows = tuple(self._row(seen, by, part) for part in found)
        machines = [part for _, part in figures(seen.about, seen.facts, seen.stood, "machine")]
        whole = roll_up("all", machines)
        total = _oee_row(("", Text("All", "全部")), whole, currency, seen.rules)
        return LossesView(
            by=by,
            start=seen.about.start,
            end=seen.about.end,
            rows=tuple(sorted(rows, key=lambda r: -r.lost.minor)),
            total=_with_energy(total, seen.facts),
            stops=_stop_rows(seen)[:STOPS_SHOWN_MAX],
        )

    def _row(self, seen: Seen, by: str, part: tuple[str, Oee]) -> OeeRow:
        key, found = part
        currency = self._context.settings.firm.currency
        row = _oee_row((key, _title(seen, by, key)), found, currency, seen.rules)
        own = [f for f in seen.facts if by == "machine" and f.machine.key == key]
        own += [f for f in seen.facts if by == "line" and f.machine.work_centre == key]
        return _with_energy(row, own)

    async def stops(self, *, machine: str, hours: int) -> StopsView:
        """Stops of a machine or of all, what nobody has explained first."""
        seen = await self._seen(hours)
        rows = [r for r in _stop_rows(seen) if machine in {"", r.machine}]
        asked = [r for r in rows if not r.reason and r.seconds >= SHORTEST_S[r.cause]]
        rest = [r for r in rows if r.reason]
        reasons = load_shipped("machining").reasons.values()
        return StopsView(
            stops=tuple((asked + rest)[:STOPS_SHOWN_MAX]),
            unexplained=len(asked),
            reasons=tuple(Option(value=r.key, label=r.title) for r in reasons),
        )

    async def shift(self, machine: str) -> ShiftView:
        """One machine since its shift began, or over the last hours where it has no shifts."""
        end = self._context.clock.now()

        def facts_of(tx: Tx) -> tuple[_Record, bool]:
            one = asset_named(tx, machine)
            begin = shift_began(tx.calendars.get(one.calendar), end)
            start = begin or end - dt.timedelta(hours=SHIFT_H)
            return _record(tx, start, end, machine=machine), begin is not None

        record, of_calendar = await self._context.store.read(facts_of)
        seen = await self._put_together(record)
        (part,) = figures(seen.about, seen.facts, seen.stood, "machine")
        stops = _stop_rows(seen)
        return ShiftView(
            machine=machine,
            start=seen.about.start,
            end=end,
            of_calendar=of_calendar,
            figures=self._row(seen, "machine", part),
            states=_states(seen.facts[0], stops, end),
            stops=tuple(stops[:STOPS_SHOWN_MAX]),
        )

    async def explain(self, stop: str, reason: str, *, by: str) -> Done:
        """A person's word on why a machine stood."""
        machine, _, start = stop.rpartition("@")
        if not machine or not start.isdigit():
            raise BadInput("there is no such stop", subject=stop[:80])
        event = await self._context.store.write(
            lambda tx: put_reason(tx, stop=stop, machine=machine, reason=reason, by=by)
        )
        return Done(text=event.text, event=event.id, href="/stops")

    async def _seen(self, hours: int) -> Seen:
        end = self._context.clock.now()
        start = end - dt.timedelta(hours=min(hours, HOURS_MAX))

        def facts_of(tx: Tx) -> _Record:
            return _record(tx, start, end)

        return await self._put_together(await self._context.store.read(facts_of))

    async def _put_together(self, record: _Record) -> Seen:
        async with self._one_at_a_time:
            facts = await asyncio.to_thread(
                read, record.about, self._context.history, clock=self._context.clock
            )
        stood = {
            f.machine.key: stops_of(f, record.said, record.raised, record.rules) for f in facts
        }
        titles = {m.key: m.title for m in record.about.machines}
        return Seen(about=record.about, facts=facts, stood=stood, rules=record.rules, titles=titles)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Record:
    about: Known
    said: dict[str, StopReason]
    raised: list[Event]
    rules: dict[str, Rule]


def _record(tx: Tx, start: Instant, end: Instant, *, machine: str = "") -> _Record:
    since_ns = to_ns(start - dt.timedelta(seconds=BEFORE_S))
    raised = tx.events.find(kind="decide.alarm_active", since_ns=since_ns, limit=ALARMS_MAX)
    return _Record(
        about=known(tx, start, end, machine=machine),
        said={r.stop: r for r in stop_reasons(tx).all()},
        raised=raised,
        rules={one.rule.key: one.rule for one in standing(tx)},
    )


def _states(facts: MachineFacts, stops: Sequence[StopRow], end: Instant) -> tuple[StateSpan, ...]:
    """What it did since the time began, each stop with its reason."""
    reasons = {stop.start: stop.reason_title for stop in stops if stop.reason}
    changes = facts.changes
    ends = [from_ns(change.at_ns) for change in changes[1:]]
    return tuple(
        StateSpan(
            state=change.after,
            start=from_ns(change.at_ns),
            end=until,
            reason=reasons.get(from_ns(change.at_ns), Text("", "")),
        )
        for change, until in zip(changes, [*ends, end], strict=False)
    )


def _title(seen: Seen, by: str, key: str) -> Text:
    if by == "machine":
        name = seen.titles.get(key, key)
        return Text(name, name)
    if by == "product" and not key:
        return Text("no order known", "无工单信息")
    return Text(key, key)


def _oee_row(named: tuple[str, Text], found: Oee, currency: str, rules: dict[str, Rule]) -> OeeRow:
    key, title = named
    losses = tuple(_loss(loss, currency, rules) for loss in found.losses)
    return OeeRow(
        key=key,
        title=title,
        oee=found.oee,
        availability=found.availability,
        effectiveness=found.effectiveness,
        quality=found.quality,
        planned_s=found.planned_s,
        running_s=found.running_s,
        good_s=found.good_s,
        pieces=found.pieces,
        good=found.good,
        lost=Money(sum(max(loss.cost_minor, 0) for loss in found.losses), currency),
        losses=losses,
    )


def _loss(loss: Loss, currency: str, rules: dict[str, Rule]) -> LossRow:
    kind = KINDS[loss.kind]
    why = reason_title(loss.reason, rules)
    is_plain = loss.reason == loss.kind
    return LossRow(
        kind=loss.kind,
        title=kind if is_plain else Text(f"{kind.en}: {why.en}", f"{kind.zh}:{why.zh}"),
        seconds=loss.seconds,
        cost=Money(loss.cost_minor, currency),
        stops=loss.stops,
    )


def _with_energy(row: OeeRow, facts: Sequence[MachineFacts]) -> OeeRow:
    import msgspec

    used = [kwh for f in facts if (kwh := energy_kwh(f)) is not None]
    if not used:
        return row
    each = sum(used) / row.good if row.good else None
    return msgspec.structs.replace(row, energy_kwh=sum(used), energy_per_piece_kwh=each)


def _stop_rows(seen: Seen) -> tuple[StopRow, ...]:
    """Every stop, the newest first."""
    end_ns = to_ns(seen.about.end)
    found = [stop for stops in seen.stood.values() for stop in stops]
    found.sort(key=lambda s: -s.start_ns)
    return tuple(
        StopRow(
            id=stop.id,
            machine=stop.asset,
            machine_title=seen.titles.get(stop.asset, stop.asset),
            start=from_ns(stop.start_ns),
            end=None if stop.end_ns is None else from_ns(stop.end_ns),
            seconds=stop.length_s(end_ns),
            state=stop.state,
            cause=stop.cause,
            reason=stop.reason,
            reason_title=reason_title(stop.reason, seen.rules),
            by="" if stop.explained_by.startswith("rule:") else stop.explained_by,
        )
        for stop in found
    )
