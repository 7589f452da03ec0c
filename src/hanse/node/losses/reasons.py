"""Why machines stood: a person's word, an alarm beside it, or visibly nobody's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from hanse.decide import explain
from hanse.decide.rules import Rule, Stale, State
from hanse.decide.stops import SILENT_AFTER_S, Cause, Stop, stops
from hanse.flows import kinds
from hanse.model.event import Draft, Event
from hanse.model.ids import Key
from hanse.model.text import Text
from hanse.model.time import NS_PER_S, Instant
from hanse.node.losses.facts import MachineFacts
from hanse.packs.load import load_shipped
from hanse.packs.pack import Category
from hanse.store import Tx
from hanse.store.shelf import Shelf

BEFORE_S, AFTER_S = 300, 10
"""An alarm that was raised so long before a stop, or so soon after, explains it."""
ALARM = "alarm:"
CAUSES: dict[Category, Cause] = {
    "planned": "planned",
    "setup": "planned",
    "breakdown": "own",
    "minor_stop": "own",
    "quality": "own",
    "material": "outside",
    "people": "outside",
    "external": "outside",
}


class StopReason(Struct, frozen=True, kw_only=True):
    """A person's word on why a machine stood."""

    stop: Annotated[str, Meta(max_length=200)]
    machine: Key
    reason: Annotated[str, Meta(min_length=1, max_length=80)]
    by: str
    at: Instant


def stop_reasons(tx: Tx) -> Shelf[StopReason]:
    """What people said, by stop."""
    return tx.shelf("stop_reason", StopReason)


def put_reason(tx: Tx, *, stop: str, machine: str, reason: str, by: str) -> Event:
    """Keep a person's word; a later one stands in its place."""
    at = tx.clock.now()
    said = StopReason(stop=stop, machine=machine, reason=reason, by=by, at=at)
    stop_reasons(tx).put(stop, said)
    title, called = reason_title(reason), tx.machines.need(machine).title
    text = Text(f"{called}: the stop was {title.en} ({by})", f"{called}:停机原因为{title.zh}({by})")
    about = {"stop": stop, "reason": reason}
    draft = Draft(kind=kinds.STOP_EXPLAINED, subject=machine, text=text, by=by, about=about)
    return tx.events.append(draft)


def reason_title(reason: str, rules: dict[str, Rule] | None = None) -> Text:
    """What a reason is called."""
    known = load_shipped("machining").reasons.get(reason)
    if known is not None:
        return known.title
    rule = (rules or {}).get(reason.removeprefix(ALARM))
    if reason.startswith(ALARM) and rule is not None:
        return rule.heading
    if not reason or reason == "unexplained":
        return Text("not explained", "原因不明")
    return Text(reason, reason)


def cause_of_reason(reason: str, before: Cause) -> Cause:
    """Whose doing a reason is."""
    known = load_shipped("machining").reasons.get(reason)
    return before if known is None else CAUSES[known.category]


def is_planned(reason: str) -> bool:
    """Whether a stop of that reason was planned: it does not count against availability."""
    known = load_shipped("machining").reasons.get(reason)
    return known is not None and known.category == "planned"


def stops_of(
    facts: MachineFacts,
    said: dict[str, StopReason],
    raised: Sequence[Event],
    rules: dict[str, Rule],
) -> list[Stop]:
    """The stops of a machine with their reasons: a person's word, else an alarm beside it."""
    key = facts.machine.key
    found = [*stops(facts.changes, asset=key), *_silence(key, facts)]
    alarms = [e for e in raised if e.about.get("asset") == key]
    return [_explained(stop, said, alarms, rules) for stop in sorted(found, key=_start)]


def _start(stop: Stop) -> int:
    return stop.start_ns


def _silence(key: str, facts: MachineFacts) -> Iterable[Stop]:
    """Unqualified downtime: silent for longer than SILENT_AFTER_S."""
    wait = round(SILENT_AFTER_S * NS_PER_S)
    for begin, end in facts.silent:
        if end - begin > wait:
            yield Stop(asset=key, start_ns=begin + wait, end_ns=end, state=None, cause="unknown")


def _explained(
    stop: Stop, said: dict[str, StopReason], alarms: Sequence[Event], rules: dict[str, Rule]
) -> Stop:
    word = said.get(stop.id)
    if word is not None:
        return explain(
            stop, reason=word.reason, by=word.by, cause=cause_of_reason(word.reason, stop.cause)
        )
    beside = [e for e in alarms if _beside(stop, e) and _tells_why(e, rules)]
    if stop.cause == "planned" or not beside:
        return stop
    worst = max(beside, key=lambda e: int(e.about.get("severity", 0)))
    rule = str(worst.about.get("rule", ""))
    return explain(stop, reason=f"{ALARM}{rule}"[:80], by=f"rule:{rule}", cause="own")


def _beside(stop: Stop, event: Event) -> bool:
    at_ns = int(event.about.get("at_ns", 0))
    return -BEFORE_S * NS_PER_S <= at_ns - stop.start_ns <= AFTER_S * NS_PER_S


def _tells_why(event: Event, rules: dict[str, Rule]) -> bool:
    """A rule on a state or on silence only says that it stood."""
    rule = rules.get(str(event.about.get("rule", "")))
    return rule is not None and not isinstance(rule, State | Stale)
