"""The book of all alarms: takes transitions and people's acts, and watches the clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from hanse.decide import alarm as life
from hanse.decide.alarm import Alarm, AlarmEvent, Shelving, Step
from hanse.decide.calling import CallOrder
from hanse.decide.rules import Rule
from hanse.decide.transition import Transition
from hanse.model.errors import NotFound, TooMuch
from hanse.model.text import Text
from hanse.model.time import NS_PER_S
from hanse.model.titles import role_title

ALARMS_MAX = 200_000
NS_PER_MIN = 60 * NS_PER_S


class AlarmBook:
    """Alarms by id. Every call gives the steps to be recorded; nothing happens elsewhere.

    Taking a transition twice, as after a replay, changes nothing and tells nothing. ``calls`` is
    the order of roles for rules that name none of their own.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        alarms: Iterable[Alarm] = (),
        *,
        calls: CallOrder | None = None,
    ) -> None:
        self._rules: Mapping[str, Rule] = {r.key: r for r in rules}
        self._calls = calls or CallOrder()
        self._alarms = {a.id: a for a in alarms}

    def alarms(self) -> list[Alarm]:
        """Every alarm that was ever raised and has not been forgotten."""
        return list(self._alarms.values())

    def standing(self) -> list[Alarm]:
        """Those that still need someone: worst first, then newest."""
        held = [a for a in self._alarms.values() if a.retain]
        return sorted(held, key=lambda a: (-a.severity, -a.raised_ns, a.id))

    def get(self, alarm: str) -> Alarm:
        """One alarm.

        Raises:
            NotFound: there is none of this id.
        """
        found = self._alarms.get(alarm)
        if found is None:
            raise NotFound("there is no such alarm", subject=alarm[:200])
        return found

    def take(self, transitions: Iterable[Transition]) -> list[AlarmEvent]:
        """What the engine told; rules with ``alarm = false`` are left out."""
        told: list[AlarmEvent] = []
        for transition in transitions:
            rule = self._rules.get(transition.rule)
            if rule is None or not rule.alarm:
                continue
            before = self._alarms.get(transition.alarm) or self._open(transition)
            step = life.take(self._first(before, rule), transition, rule)
            told += [self._meant(one, rule) for one in self._keep(step)]
        return told

    def _meant(self, told: AlarmEvent, rule: Rule) -> AlarmEvent:
        """The call for the role that is called first."""
        return replace(told, role=self._calls.first_of(rule)) if told.annunciate else told

    def _open(self, transition: Transition) -> Alarm:
        if len(self._alarms) >= ALARMS_MAX:
            raise TooMuch(f"more than {ALARMS_MAX} alarms", remedy="Disable rules that flood")
        return life.fresh(transition)

    def _first(self, before: Alarm, rule: Rule) -> Alarm:
        if not rule.group or before.active:
            return before
        others = (a for a in self._alarms.values() if a.active and self._group_of(a) == rule.group)
        first = not any(a.asset == before.asset for a in others)
        return replace(before, first_in_group=first)

    def _group_of(self, alarm: Alarm) -> str:
        rule = self._rules.get(alarm.rule)
        return rule.group if rule else ""

    def _keep(self, step: Step) -> list[AlarmEvent]:
        after, told = step
        self._alarms[after.id] = after
        return [] if told is None else [told]

    def act(self, alarm: str, verb: Callable[..., Step], **how: Any) -> list[AlarmEvent]:
        """A person's or the system's act: one of the functions of `hanse.decide.alarm`.

        Raises:
            NotFound: there is no such alarm.
            Conflict: it cannot be done in its state.
        """
        return self._keep(verb(self.get(alarm), **how))

    def tick(self, now_ns: int) -> list[AlarmEvent]:
        """What the clock does: shelves end, unheard alarms call again and escalate."""
        told: list[AlarmEvent] = []
        for alarm in list(self._alarms.values()):
            if alarm.shelving is Shelving.TIMED and now_ns >= (alarm.shelved_until_ns or 0):
                told += self.act(alarm.id, life.unshelve, by="node", at_ns=now_ns)
            rule = self._rules.get(alarm.rule)
            if rule is not None and alarm.retain:
                told += self._watch(self._alarms[alarm.id], rule, now_ns)
        return told

    def _watch(self, alarm: Alarm, rule: Rule, now_ns: int) -> list[AlarmEvent]:
        quiet_ns = rule.quiet_clear_s * NS_PER_S
        if quiet_ns and not alarm.active and now_ns - alarm.changed_ns >= quiet_ns:
            return self._clear_quietly(alarm, now_ns)
        if alarm.acked or not alarm.active or not alarm.calls:
            return []
        steps = self._calls.steps_of(rule, alarm.severity)
        if len(steps) > alarm.escalated:
            step = steps[alarm.escalated]
            if now_ns - alarm.raised_ns >= step.after_s * NS_PER_S:
                return self._escalate(alarm, now_ns, (step.role, step.severity or alarm.severity))
        if rule.re_alarm_s and now_ns - alarm.told_ns >= rule.re_alarm_s * NS_PER_S:
            again = replace(alarm, told_ns=now_ns)
            told = life.event(again, "re_alarmed", now_ns, alarm.text)
            meant = self._meant(replace(told, annunciate=True), rule)
            return self._keep((again, meant))
        return []

    def _clear_quietly(self, alarm: Alarm, now_ns: int) -> list[AlarmEvent]:
        if alarm.acked:
            return []
        text = Text("did not come back: acknowledged by itself", "未再发生:自动确认")
        done = replace(alarm, acked=True, confirmed=True, changed_ns=now_ns)
        return self._keep((done, life.event(done, "acknowledged", now_ns, text)))

    def _escalate(self, alarm: Alarm, now_ns: int, to: tuple[str, int]) -> list[AlarmEvent]:
        role, severity = to
        worse = replace(alarm, escalated=alarm.escalated + 1, severity=severity, told_ns=now_ns)
        title, waited = role_title(role), round((now_ns - alarm.raised_ns) / NS_PER_MIN)
        text = Text(
            f"{alarm.text.en}; nobody has seen it for {waited} min, now for the {title.en.lower()}",
            f"{alarm.text.zh};已 {waited} 分钟无人确认,升级至{title.zh}",
        )
        told = life.event(worse, "escalated", now_ns, text)
        about = told.about | {"step": worse.escalated, "waited_s": waited * 60}
        return self._keep((worse, replace(told, annunciate=True, role=role, about=about)))

    def end_without_rule(self, at_ns: int) -> list[AlarmEvent]:
        """End active alarms whose rule is gone or disabled: nothing would ever end them."""
        told: list[AlarmEvent] = []
        for alarm in self._active():
            rule = self._rules.get(alarm.rule)
            if rule is None or not rule.enabled:
                text = Text(
                    f"{alarm.name or alarm.asset}: the rule {alarm.rule} is no longer armed",
                    f"{alarm.name or alarm.asset}:规则 {alarm.rule} 已不再启用",
                )
                told += self._end(alarm, text, at_ns)
        return told

    def agree(self, standing: Collection[str], *, at_ns: int) -> list[AlarmEvent]:
        """End active alarms that the engine, having seen all there is, does not hold.

        Frames fed again may tell of a delay differently from when they came late the first time;
        an alarm that nothing holds would never end, and hide the next one.
        """
        told: list[AlarmEvent] = []
        for alarm in self._active():
            if alarm.id not in standing:
                text = Text(
                    f"{alarm.name or alarm.asset}: no longer so, as found in looking again",
                    f"{alarm.name or alarm.asset}:重新检查时已不再成立",
                )
                told += self._end(alarm, text, at_ns)
        return told

    def _active(self) -> list[Alarm]:
        return [a for a in self._alarms.values() if a.active]

    def _end(self, alarm: Alarm, text: Text, at_ns: int) -> list[AlarmEvent]:
        ended = replace(alarm, active=False, changed_ns=at_ns, text=text)
        return self._keep((ended, life.event(ended, "inactive", at_ns, text)))

    def save(self) -> bytes:
        """All alarms as JSON."""
        return msgspec.json.encode(self.alarms())

    @classmethod
    def load(cls, rules: Iterable[Rule], saved: bytes) -> AlarmBook:
        """A book from what `save` gave."""
        return cls(rules, msgspec.json.decode(saved, type=list[Alarm]))
