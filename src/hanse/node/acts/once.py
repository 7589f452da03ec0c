"""The mark that makes a command's effect happen once for its event."""

from __future__ import annotations

from collections.abc import Callable

from hanse.flows.commands import Command, UpdateCustomer
from hanse.model.event import Event
from hanse.model.time import NS_PER_S, Clock
from hanse.store import Store, Tx
from hanse.transmit.nats.streams import EVENTS_AGE_S_MAX

MARK = "done/"
KEPT_S = 2 * EVENTS_AGE_S_MAX
"""Twice as long as the broker can still bring an event."""


async def once(store: Store, event: Event, command: Command, effect: Callable[[Tx], None]) -> bool:
    """Run the effect in one transaction with its mark; False where it happened before."""
    mark = _mark(event, command)

    def write(tx: Tx) -> bool:
        if tx.settings.get(mark, bool):
            return False
        effect(tx)
        tx.settings.put(mark, True)  # noqa: FBT003 (the value kept)
        return True

    return await store.write(write)


def _mark(event: Event, command: Command) -> str:
    """One a kind of command; where an event leads to several of a kind, one for each."""
    which = f"/{command.demand}" if isinstance(command, UpdateCustomer) else ""
    return f"{MARK}{event.id}/{type(command).__name__}{which}"


def forget_marks(tx: Tx, clock: Clock) -> int:
    """Forget the marks of events too old to come again; how many there were."""
    before_ns = clock.ns() - KEPT_S * NS_PER_S
    newest = tx.events.find(before_ns=before_ns, newest_first=True, limit=1)
    return tx.settings.forget_between(MARK, f"{MARK}{newest[0].id}") if newest else 0
