"""Alarms off the record: the list, one with all that can be done to it, and how well they work."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Iterable, Mapping

from hanse.decide import Alarm, AlarmEvent, alarm_figures, priority
from hanse.decide.alarm import Shelving
from hanse.model.errors import BadInput, Unreachable
from hanse.model.event import Event
from hanse.model.plant import AlarmPriority
from hanse.model.text import Text
from hanse.model.time import NS_PER_S, Instant, from_ns, to_ns
from hanse.node.assets import titles_of
from hanse.node.context import Context
from hanse.node.notices.desk import called
from hanse.node.ruling.book import standing
from hanse.node.watching import AlarmAct, act_of, alarms_on_record
from hanse.store import Tx
from hanse.store.deciding import ALARMS
from hanse.transmit.nats.requests import ask
from hanse.transmit.partition import partition
from hanse.web.views.common import Deed, Done, Field, FieldKind, Option, State, Tone
from hanse.web.views.plant import AlarmPerformance, AlarmRow, Often

EVENTS_MAX = 50_000
STALE_SHOWN_MAX = 50
TRIES_MAX = 10
AGAIN_S = 0.5
ONE_SHOT = "one_shot"
RECOMMENDED = {
    AlarmPriority.CRITICAL: 0.05,
    AlarmPriority.HIGH: 0.15,
    AlarmPriority.MEDIUM: 0.8,
    AlarmPriority.LOW: 0.0,
}
"""Share of the calls by priority, as ISA-18.2 recommends for three; ours has a fourth below."""


def standing_alarms(tx: Tx) -> list[Alarm]:
    """Alarms that still need someone: worst first, then newest."""
    return _sorted(a for a in alarms_on_record(tx) if a.retain)


def _listed(tx: Tx) -> list[Alarm]:
    """Those, and the ones that are kept quiet: nothing is hidden."""
    return _sorted(a for a in alarms_on_record(tx) if a.retain or not a.calls)


def _sorted(alarms: Iterable[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda a: (not a.calls, -a.severity, -a.raised_ns))


class RecordAlarms:
    """A `hanse.web.ports.Alarms`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rows(self, *, limit: int) -> tuple[AlarmRow, ...]:
        """Alarms that need someone or are kept quiet; the most urgent first."""

        def read(tx: Tx) -> list[AlarmRow]:
            alarms = _listed(tx)[:limit]
            words = _Words(tx) if alarms else None
            return [_row(tx, a, words) for a in alarms if words is not None]

        return tuple(await self._context.store.read(read))

    async def one(self, alarm: str) -> AlarmRow:
        """One alarm, also one that is over."""
        return await self._context.store.read(
            lambda tx: _row(tx, tx.table(ALARMS).need(alarm), _Words(tx))
        )

    async def act(self, alarm: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Do a deed to an alarm; the desk that watches it carries it out."""
        note = values.get("note", "")
        wish = AlarmAct(alarm=alarm, verb=deed, by=by, note=note, for_s=_for_s(deed, values))
        about = await self._context.store.read(lambda tx: tx.table(ALARMS).need(alarm))
        command = act_of(partition(about.asset))
        text = await self._ask(command, wish)
        return Done(text=text, href="/alarms")

    async def _ask(self, command: str, wish: AlarmAct) -> Text:
        """Ask the desk; while rules are taken up there is none for a moment."""
        for _ in range(TRIES_MAX - 1):
            with contextlib.suppress(Unreachable):
                return await ask(self._context.nats, command, wish, answer=Text)
            await asyncio.sleep(AGAIN_S)
        return await ask(self._context.nats, command, wish, answer=Text)

    async def performance(self, *, hours: int) -> AlarmPerformance:
        """How well the alarms themselves work, over the last hours."""
        end = self._context.clock.now()
        start = end - dt.timedelta(hours=hours)
        return await self._context.store.read(lambda tx: _performance(tx, start, end))


def _for_s(deed: str, values: Mapping[str, str]) -> float | None:
    hours = values.get("hours", ONE_SHOT)
    if deed != "shelve" or hours == ONE_SHOT:
        return None
    try:
        return float(hours) * 3_600
    except ValueError as error:
        raise BadInput("not a number of hours", subject=hours[:40]) from error


class _Words:
    """What machines are called, and what rules advise."""

    def __init__(self, tx: Tx) -> None:
        self.titles = titles_of(tx)
        self.rules = {one.rule.key: one.rule for one in standing(tx)}

    def advice(self, rule: str) -> Text:
        """What to do about an alarm of a rule."""
        known = self.rules.get(rule)
        return (known.advice if known else None) or Text("", "")

    def title(self, rule: str) -> Text:
        """What a rule is called."""
        known = self.rules.get(rule)
        return known.heading if known else Text(rule, rule)


def _row(tx: Tx, alarm: Alarm, words: _Words) -> AlarmRow:
    raised = tx.events.find(
        kind="decide.alarm_active", subject=alarm.id, newest_first=True, limit=1
    )
    seen = tx.events.find(
        kind="decide.alarm_acknowledged", subject=alarm.id, newest_first=True, limit=1
    )
    is_seen = alarm.acked and seen and raised and seen[0].at >= raised[0].at
    return AlarmRow(
        id=alarm.id,
        machine=alarm.asset,
        machine_title=words.titles.get(alarm.asset, alarm.asset),
        text=alarm.text,
        priority=priority(alarm.severity),
        state=_state(alarm),
        since=from_ns(alarm.raised_ns),
        active=alarm.active,
        acknowledged=alarm.acked,
        acknowledged_by=seen[0].by if is_seen else "",
        shelved_until=from_ns(alarm.shelved_until_ns) if alarm.shelved_until_ns else None,
        rule=alarm.rule,
        value="" if alarm.value is None else f"{alarm.value:.4g} {alarm.unit}".strip(),
        limit="" if alarm.limit is None else f"{alarm.limit:.4g} {alarm.unit}".strip(),
        event=raised[0].id if raised else "",
        loop=(raised[0].loop or "") if raised else "",
        quieted=_quieted(alarm),
        advice=words.advice(alarm.rule),
        occurrence=alarm.occurrence,
        first_in_group=alarm.active and alarm.first_in_group,
        escalated=0 if alarm.acked else alarm.escalated,
        deeds=_deeds(alarm),
    )


def _state(alarm: Alarm) -> State:
    if not alarm.calls:
        return _quiet_state(alarm)
    if alarm.active:
        return State("active", Text("active", "报警中"), Tone.WARN if alarm.acked else Tone.BAD)
    if alarm.latched:
        return State("latched", Text("ended, latched", "已恢复,锁存"), Tone.WARN)
    if alarm.acked and not alarm.confirmed:
        return State("to_confirm", Text("to be confirmed", "待确认处理"), Tone.WARN)
    return State("ended", Text("ended", "已恢复"), Tone.QUIET)


def _quiet_state(alarm: Alarm) -> State:
    if alarm.out_of_service:
        return State("out_of_service", Text("out of service", "已停用"), Tone.QUIET)
    if alarm.suppressed:
        return State("suppressed", Text("suppressed", "已抑制"), Tone.QUIET)
    return State("shelved", Text("shelved", "已搁置"), Tone.QUIET)


def _quieted(alarm: Alarm) -> Text:
    if alarm.out_of_service or alarm.suppressed:
        said = alarm.out_of_service or alarm.suppressed
        return Text(said, said)
    if alarm.shelving is Shelving.ONE_SHOT:
        return Text("silent until it ends", "静默至本次结束")
    return Text("", "")


_NOTE = Field(name="note", label=Text("Words beside it", "备注"), required=False)
_WHY = Field(name="note", label=Text("Why", "原因"))
_HOURS = Field(
    name="hours",
    label=Text("For how long", "搁置多久"),
    kind=FieldKind.CHOICE,
    options=(
        Option(value="1", label=Text("1 hour", "1 小时")),
        Option(value="4", label=Text("4 hours", "4 小时")),
        Option(value="8", label=Text("8 hours", "8 小时")),
        Option(value="24", label=Text("1 day", "1 天")),
        Option(value="168", label=Text("7 days, the longest", "7 天(最长)")),
        Option(value=ONE_SHOT, label=Text("until it ends once", "直到本次结束")),
    ),
)
_SEEN = Deed(name="acknowledge", label=Text("Seen", "确认看到"), main=True)
_CONFIRM = Deed(name="confirm", label=Text("Dealt with", "确认已处理"), main=True)
_RESET = Deed(name="reset", label=Text("Reset", "复位"), main=True)
_SHELVE = Deed(name="shelve", label=Text("Shelve", "搁置"), fields=(_HOURS, _WHY))
_UNSHELVE = Deed(name="unshelve", label=Text("End the silence", "取消搁置"))
_COMMENT = Deed(name="comment", label=Text("Comment", "备注"), fields=(_WHY,))
_SUPPRESS = Deed(name="suppress", label=Text("Suppress by design", "按设计抑制"), fields=(_WHY,))
_UNSUPPRESS = Deed(name="unsuppress", label=Text("End the suppression", "解除抑制"))
_OUT = Deed(name="out_of_service", label=Text("Out of service", "停用"), fields=(_WHY,))
_IN = Deed(name="in_service", label=Text("Back in service", "恢复使用"))


def _deeds(alarm: Alarm) -> tuple[Deed, ...]:
    """What can be done to it now; what is most likely first."""
    shelved = alarm.shelving is not Shelving.UNSHELVED
    may = (
        (_SEEN, not alarm.acked),
        (_CONFIRM, alarm.acked and not alarm.confirmed),
        (_RESET, alarm.latched and not alarm.active),
        (_UNSHELVE, shelved),
        (_SHELVE, not shelved),
        (_COMMENT, True),
        (_UNSUPPRESS, bool(alarm.suppressed)),
        (_SUPPRESS, not alarm.suppressed),
        (_IN, bool(alarm.out_of_service)),
        (_OUT, not alarm.out_of_service),
    )
    return tuple(deed for deed, can in may if can)


def _performance(tx: Tx, start: Instant, end: Instant) -> AlarmPerformance:
    since_ns, words = to_ns(start), _Words(tx)
    raised = tx.events.find(kind="decide.alarm_active", since_ns=since_ns, limit=EVENTS_MAX)
    alarms = alarms_on_record(tx)
    told = [step for step in map(called, raised) if step is not None]
    figures = alarm_figures(told, alarms, start_ns=since_ns, end_ns=to_ns(end))
    stale = [a for a in alarms if a.id in set(figures.stale)]
    counts = dict(figures.worst)
    chatters = [(alarm, counts.get(alarm, 0)) for alarm in figures.chattering]
    return AlarmPerformance(
        start=start,
        end=end,
        called=figures.called,
        per_hour=figures.per_hour,
        peak_in_10_min=figures.peak_in_10_min,
        flood_share=figures.flood_share,
        standing=sum(a.active for a in alarms),
        shelved=sum(a.shelving is not Shelving.UNSHELVED for a in alarms),
        suppressed=sum(bool(a.suppressed) for a in alarms),
        out_of_service=sum(bool(a.out_of_service) for a in alarms),
        seen_after_s=_seen_after_s(tx, raised, since_ns),
        shares=tuple(
            (p, figures.shares[p.name.lower()], RECOMMENDED[p]) for p in sorted(AlarmPriority)[::-1]
        ),
        worst=_often(figures.worst, told, words),
        chattering=_often(chatters, told, words),
        stale=tuple(_row(tx, a, words) for a in stale[:STALE_SHOWN_MAX]),
        in_10_min=figures.in_10_min,
    )


def _often(
    counts: Iterable[tuple[str, int]], told: list[AlarmEvent], words: _Words
) -> tuple[Often, ...]:
    about = {step.alarm: step.about for step in told}
    return tuple(
        Often(
            alarm=alarm,
            text=words.title(str(about[alarm].get("rule", ""))),
            machine=_machine(str(about[alarm].get("asset", "")), words),
            count=count,
            share=count / max(len(told), 1),
        )
        for alarm, count in counts
    )


def _machine(asset: str, words: _Words) -> str:
    return words.titles.get(asset, asset)


def _seen_after_s(tx: Tx, raised: list[Event], since_ns: int) -> float | None:
    """How long it took until somebody saw an alarm, on average."""
    kind = "decide.alarm_acknowledged"
    seen = tx.events.find(kind=kind, since_ns=since_ns, limit=EVENTS_MAX)
    began = {(e.subject, e.about.get("occurrence")): e.about.get("at_ns", 0) for e in raised}
    waits = [
        (e.about.get("at_ns", 0) - began[key]) / NS_PER_S
        for e in seen
        if (key := (e.subject, e.about.get("occurrence"))) in began
    ]
    return sum(waits) / len(waits) if waits else None
