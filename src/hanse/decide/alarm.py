"""One alarm's life by ISA-18.2 / IEC 62682, under the names of OPC UA Part 9 (5.8).

States are values, commands are functions from a state to the next and what to tell. A shelved,
suppressed or out-of-service alarm stays live and is recorded; it only does not call anyone.
"""

from __future__ import annotations

import enum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hanse.decide.rules import Rule
from hanse.decide.transition import Transition
from hanse.model.errors import BadInput, Conflict
from hanse.model.event import Draft
from hanse.model.ids import NOTE_MAX, Key
from hanse.model.plant import AlarmTransition
from hanse.model.text import Text
from hanse.model.time import NS_PER_S

SHELVE_S_MAX = 7 * 86_400.0
TEXT_MAX = 600


class Shelving(enum.StrEnum):
    """ShelvingState of Part 9."""

    UNSHELVED = "unshelved"
    TIMED = "timed"
    ONE_SHOT = "one_shot"


class Alarm(Struct, frozen=True, kw_only=True):
    """The state of one alarm: AlarmConditionType of OPC UA Part 9, as plain fields.

    ``suppressed`` and ``out_of_service`` hold the reason, empty where they are not. ``occurrence``
    counts how often it was raised; a new one is a new alarm, never the old one reused.
    """

    id: str
    rule: Key
    asset: Key
    side: str
    severity: int
    text: Text
    active: bool = False
    acked: bool = True
    confirmed: bool = True
    shelving: Shelving = Shelving.UNSHELVED
    shelved_until_ns: int | None = None
    suppressed: str = ""
    out_of_service: str = ""
    latched: bool = False
    occurrence: int = 0
    raised_ns: int = 0
    changed_ns: int = 0
    told_ns: int = 0
    escalated: int = 0
    first_in_group: bool = False
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    last: str = ""
    last_ns: int = -1
    name: str = ""

    @property
    def retain(self) -> bool:
        """Whether it still stands on the list (Retain of Part 9)."""
        return self.active or self.latched or not self.acked or not self.confirmed

    @property
    def calls(self) -> bool:
        """Whether it may call for someone: not shelved, suppressed or out of service."""
        return self.shelving is Shelving.UNSHELVED and not self.suppressed + self.out_of_service


class AlarmEvent(Struct, frozen=True, kw_only=True):
    """One step in an alarm's life, to be recorded; ``annunciate`` where someone is to be told."""

    id: str
    alarm: str
    what: AlarmTransition
    at_ns: int
    text: Text
    severity: int
    by: str = "node"
    annunciate: bool = False
    role: str = ""
    about: dict[str, Any] = field(default_factory=dict)


Step = tuple[Alarm, AlarmEvent | None]


def fresh(transition: Transition) -> Alarm:
    """An alarm that has never been raised."""
    return Alarm(
        id=transition.alarm,
        rule=transition.rule,
        asset=transition.asset,
        side=transition.side,
        severity=transition.severity,
        text=transition.text,
        name=transition.name,
    )


def event(
    alarm: Alarm, what: AlarmTransition, at_ns: int, text: Text, *, by: str = "node"
) -> AlarmEvent:
    """What is told of a step, with the numbers that made it."""
    return AlarmEvent(
        id=f"{alarm.id}@{at_ns}:{what}",
        alarm=alarm.id,
        what=what,
        at_ns=at_ns,
        text=text,
        severity=alarm.severity,
        by=by,
        about={
            "rule": alarm.rule,
            "asset": alarm.asset,
            "side": alarm.side,
            "value": alarm.value,
            "limit": alarm.limit,
            "unit": alarm.unit,
            "occurrence": alarm.occurrence,
        },
    )


def take(alarm: Alarm, transition: Transition, rule: Rule) -> Step:
    """The rule's output changed.

    A transition already taken, or older, changes nothing; nor does one that raises what is active,
    as after a start without a snapshot.
    """
    if transition.identity == alarm.last or transition.at_ns < alarm.last_ns:
        return alarm, None
    seen = replace(alarm, last=transition.identity, last_ns=transition.at_ns)
    if transition.active:
        return (seen, None) if alarm.active else _raise(seen, transition, rule)
    return _end(seen, transition, rule)


def _raise(alarm: Alarm, transition: Transition, rule: Rule) -> Step:
    raised = replace(
        alarm,
        active=True,
        acked=not rule.acknowledge,
        confirmed=not rule.confirm,
        latched=rule.latch,
        severity=transition.severity,
        text=transition.text,
        occurrence=alarm.occurrence + 1,
        raised_ns=transition.at_ns,
        changed_ns=transition.at_ns,
        told_ns=transition.at_ns,
        escalated=0,
        value=transition.value,
        limit=transition.limit,
        unit=transition.unit,
        name=transition.name or alarm.name,
    )
    told = event(raised, "active", transition.at_ns, transition.text)
    shares = [{"signal": c.signal, "value": c.value, "share": c.share} for c in transition.signals]
    about = told.about | {"since_ns": transition.since_ns, "signals": shares}
    return raised, replace(told, annunciate=raised.calls, about=about)


def _end(alarm: Alarm, transition: Transition, rule: Rule) -> Step:
    if not alarm.active:
        return alarm, None
    one_shot = alarm.shelving is Shelving.ONE_SHOT
    ended = replace(
        alarm,
        active=False,
        changed_ns=transition.at_ns,
        text=transition.text,
        shelving=Shelving.UNSHELVED if one_shot else alarm.shelving,
    )
    told = event(ended, "inactive", transition.at_ns, transition.text)
    advice = {"quiet_clear_s": rule.quiet_clear_s} if rule.quiet_clear_s else {}
    return ended, replace(told, about=told.about | advice)


def acknowledge(alarm: Alarm, *, by: str, at_ns: int, note: str = "") -> Step:
    """Someone has seen it.

    Raises:
        Conflict: there is nothing to acknowledge.
    """
    if alarm.acked:
        raise Conflict("the alarm is already acknowledged", subject=alarm.id)
    done = replace(alarm, acked=True, changed_ns=at_ns)
    return done, _by(done, "acknowledged", (at_ns, by, note), Text("acknowledged", "已确认"))


def confirm(alarm: Alarm, *, by: str, at_ns: int, note: str = "") -> Step:
    """Someone has dealt with it.

    Raises:
        Conflict: it is not acknowledged yet, or there is nothing to confirm.
    """
    if not alarm.acked or alarm.confirmed:
        raise Conflict(
            "the alarm cannot be confirmed now", subject=alarm.id, remedy="Acknowledge it first"
        )
    done = replace(alarm, confirmed=True, changed_ns=at_ns)
    return done, _by(done, "confirmed", (at_ns, by, note), Text("dealt with", "已处理"))


def comment(alarm: Alarm, *, by: str, at_ns: int, note: str) -> Step:
    """Someone has something to say about it; nothing else changes.

    Raises:
        BadInput: there are no words, or too many.
    """
    done = replace(alarm, changed_ns=at_ns)
    words = _reason(alarm, note)
    told = _by(done, "commented", (at_ns, by, words), Text("comment", "备注"))
    text = Text(f"{told.text.en}: {words}"[:TEXT_MAX], f"{told.text.zh}:{words}"[:TEXT_MAX])
    return done, replace(told, text=text)


def shelve(alarm: Alarm, *, by: str, at_ns: int, for_s: float | None, note: str = "") -> Step:
    """Keep it quiet for a while, or with ``for_s`` None until it next ends (one shot).

    Raises:
        BadInput: longer than SHELVE_S_MAX (MaxTimeShelved).
        Conflict: it is shelved already.
    """
    if alarm.shelving is not Shelving.UNSHELVED:
        raise Conflict("the alarm is already shelved", subject=alarm.id)
    if for_s is not None and not 0 < for_s <= SHELVE_S_MAX:
        raise BadInput(
            f"an alarm is shelved for at most {SHELVE_S_MAX:.0f} s",
            subject=alarm.id,
            remedy="Choose less, or take it out of service with a reason",
        )
    until = None if for_s is None else at_ns + round(for_s * NS_PER_S)
    shelving = Shelving.ONE_SHOT if for_s is None else Shelving.TIMED
    done = replace(alarm, shelving=shelving, shelved_until_ns=until, changed_ns=at_ns)
    return done, _by(done, "shelved", (at_ns, by, note), Text("shelved", "已搁置"))


def unshelve(alarm: Alarm, *, by: str, at_ns: int) -> Step:
    """Let it call again.

    Raises:
        Conflict: it is not shelved.
    """
    if alarm.shelving is Shelving.UNSHELVED:
        raise Conflict("the alarm is not shelved", subject=alarm.id)
    done = replace(
        alarm, shelving=Shelving.UNSHELVED, shelved_until_ns=None, changed_ns=at_ns, told_ns=at_ns
    )
    told = _by(done, "unshelved", (at_ns, by, ""), Text("no longer shelved", "已取消搁置"))
    return done, replace(told, annunciate=done.active and not done.acked and done.calls)


def suppress(alarm: Alarm, *, reason: str, by: str, at_ns: int) -> Step:
    """The system keeps it quiet by design, while a reason holds.

    Raises:
        Conflict: it is suppressed already.
        BadInput: no reason is given.
    """
    if alarm.suppressed:
        raise Conflict("the alarm is already suppressed", subject=alarm.id)
    done = replace(alarm, suppressed=_reason(alarm, reason), changed_ns=at_ns)
    return done, _by(done, "suppressed", (at_ns, by, reason), Text("suppressed", "已抑制"))


def unsuppress(alarm: Alarm, *, by: str, at_ns: int) -> Step:
    """The reason to keep it quiet is gone; it calls if it is still unacknowledged.

    Raises:
        Conflict: it is not suppressed.
    """
    if not alarm.suppressed:
        raise Conflict("the alarm is not suppressed", subject=alarm.id)
    done = replace(alarm, suppressed="", changed_ns=at_ns)
    told = _by(done, "unsuppressed", (at_ns, by, ""), Text("no longer suppressed", "已解除抑制"))
    return done, replace(told, annunciate=done.active and not done.acked and done.calls)


def remove_from_service(alarm: Alarm, *, reason: str, by: str, at_ns: int) -> Step:
    """Out of service, for repair of the alarm itself.

    Raises:
        Conflict: it is out of service already.
        BadInput: no reason is given.
    """
    if alarm.out_of_service:
        raise Conflict("the alarm is already out of service", subject=alarm.id)
    done = replace(alarm, out_of_service=_reason(alarm, reason), changed_ns=at_ns)
    return done, _by(done, "out_of_service", (at_ns, by, reason), Text("out of service", "已停用"))


def place_in_service(alarm: Alarm, *, by: str, at_ns: int) -> Step:
    """Back in service; it calls if it is active and unacknowledged.

    Raises:
        Conflict: it is in service.
    """
    if not alarm.out_of_service:
        raise Conflict("the alarm is in service", subject=alarm.id)
    done = replace(alarm, out_of_service="", changed_ns=at_ns)
    told = _by(done, "in_service", (at_ns, by, ""), Text("back in service", "已恢复使用"))
    return done, replace(told, annunciate=done.active and not done.acked and done.calls)


def reset(alarm: Alarm, *, by: str, at_ns: int) -> Step:
    """Release a latched alarm whose condition has ended.

    Raises:
        Conflict: it is not latched, or still active.
    """
    if not alarm.latched or alarm.active:
        raise Conflict(
            "the alarm cannot be reset now", subject=alarm.id, remedy="Wait until it has ended"
        )
    done = replace(alarm, latched=False, changed_ns=at_ns)
    return done, _by(done, "latched_reset", (at_ns, by, ""), Text("reset", "已复位"))


def _reason(alarm: Alarm, reason: str) -> str:
    if not reason.strip() or len(reason) > NOTE_MAX:
        raise BadInput("a reason is needed", subject=alarm.id, remedy="Say why in a few words")
    return reason


def _by(alarm: Alarm, what: AlarmTransition, act: tuple[int, str, str], verb: Text) -> AlarmEvent:
    at_ns, by, note = act
    who, title = alarm.name or alarm.asset, _title(alarm)
    text = Text(f"{who}: {title.en}{verb.en} by {by}", f"{who}:{title.zh}{verb.zh}({by})")
    told = event(alarm, what, at_ns, text, by=by)
    return replace(told, about=told.about | {"note": note}) if note else told


def _title(alarm: Alarm) -> Text:
    """What the alarm is about, out of its sentence: between the asset's name and the numbers."""
    en, zh = alarm.text.en.split(": "), alarm.text.zh.split(":")
    if min(len(en), len(zh)) < 2:
        return Text("", "")
    return Text(f"{en[1]}: ", f"{zh[1]}:")


def part9(alarm: Alarm) -> dict[str, Any]:
    """The alarm's state under the browse names of OPC UA Part 9, for exports and other systems."""
    return {
        "ConditionName": alarm.id,
        "SourceName": alarm.asset,
        "Severity": alarm.severity,
        "Message": {"en": alarm.text.en, "zh": alarm.text.zh},
        "Retain": alarm.retain,
        "EnabledState": True,
        "ActiveState": alarm.active,
        "AckedState": alarm.acked,
        "ConfirmedState": alarm.confirmed,
        "SuppressedState": bool(alarm.suppressed),
        "OutOfServiceState": bool(alarm.out_of_service),
        "ShelvingState": alarm.shelving.value,
        "LatchedState": alarm.latched,
        "FirstInGroupFlag": alarm.first_in_group,
        "SuppressedOrShelved": not alarm.calls,
    }


def draft(told: AlarmEvent) -> Draft:
    """The step as an event for the record; its identity stands in ``about`` to drop repeats.

    One that calls for someone says so, and for which role, empty for all.
    """
    about = told.about | {"identity": told.id, "severity": told.severity, "at_ns": told.at_ns}
    if told.annunciate:
        about |= {"annunciate": True, "role": told.role}
    kind = f"decide.alarm_{told.what}"
    return Draft(kind=kind, subject=told.alarm, text=told.text, by=told.by, about=about)
