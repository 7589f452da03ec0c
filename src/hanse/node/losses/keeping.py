"""States of machines on the record, as spans, off the history: late samples put the past right."""

from __future__ import annotations

import asyncio
import datetime as dt

import structlog

from hanse.decide.states import StateChange
from hanse.model.running import StateSpan
from hanse.model.time import Instant, from_ns, to_ns
from hanse.node.context import Context
from hanse.node.losses.facts import MachineFacts, known, read
from hanse.node.losses.reasons import StopReason, stop_reasons
from hanse.store import Tx

EVERY_S = 20.0
FIRST_H = 24
OVERLAP_S = 300
"""What came late by less than this is put right in the record as well."""
log = structlog.get_logger("losses")


async def keep_spans(context: Context) -> None:
    """Bring the record's state spans up to date until cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await keep_once(context)
        except Exception as error:
            log.warning("state spans", error=str(error), exc_info=error)


async def keep_once(context: Context) -> int:
    """Bring them up to date now; how many were written."""
    end = context.clock.now()

    def begin(tx: Tx) -> Instant:
        last = tx.state_spans.first(order="-start_ns")
        oldest = end - dt.timedelta(hours=FIRST_H)
        return oldest if last is None else max(last.start - dt.timedelta(seconds=OVERLAP_S), oldest)

    about = await context.store.read(lambda tx: known(tx, begin(tx), end))
    if not any(s.name == "state" for s in about.signals):
        return 0
    facts = await asyncio.to_thread(read, about, context.history, clock=context.clock)
    return await context.store.write(lambda tx: _write(tx, facts, about.start))


def _write(tx: Tx, facts: tuple[MachineFacts, ...], start: Instant) -> int:
    said = {r.stop: r for r in stop_reasons(tx).all()}
    fresh = [span for one in facts for span in _spans(tx, one, said, start)]
    if fresh:
        tx.state_spans.put_many(fresh)
    return len(fresh)


def _spans(
    tx: Tx, facts: MachineFacts, said: dict[str, StopReason], start: Instant
) -> list[StateSpan]:
    """The spans of a machine that are not yet on record as they are."""
    key = facts.machine.key
    since = {"start_ns": to_ns(start)}
    kept = {s.start: s for s in tx.state_spans.where(machine=key, at_least=since)}
    found = []
    changes = [c for c in facts.changes if c.at_ns > to_ns(start)]
    carried = tx.state_spans.first(order="-start_ns", machine=key) if not kept else None
    if carried is not None and carried.end is None and changes:
        found.append(_ended(carried, changes[0]))
    elif carried is None and not kept:
        changes = list(facts.changes)
    for here, after in zip(changes, [*changes[1:], None], strict=False):
        span = _span(key, here, after, said)
        if kept.get(span.start) != span:
            found.append(span)
    return found


def _ended(span: StateSpan, change: StateChange) -> StateSpan:
    return StateSpan(
        machine=span.machine,
        start=span.start,
        end=from_ns(change.at_ns),
        state=span.state,
        reason=span.reason,
        by=span.by,
    )


def _span(
    key: str, here: StateChange, after: StateChange | None, said: dict[str, StopReason]
) -> StateSpan:
    word = said.get(f"{key}@{here.at_ns}")
    return StateSpan(
        machine=key,
        start=from_ns(here.at_ns),
        end=from_ns(after.at_ns) if after else None,
        state=here.after,
        reason=word.reason if word else "",
        by=word.by if word else "",
    )
