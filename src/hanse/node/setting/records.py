"""Attempts to set signals on record: those that are open, and those that are over."""

from __future__ import annotations

import datetime as dt

import msgspec

from hanse.model.door import Role
from hanse.model.errors import Conflict
from hanse.model.setting import SetState, Settable, SignalSet
from hanse.node.connections import Setup, setups
from hanse.node.setting import telling
from hanse.store import Tx
from hanse.store.shelf import Shelf

WAIT_S_MAX = 600
SENT_S_MAX = 120
COMMAND_LINE = "command line"
"""Who may read the node's folder is its owner; no user can have a name with a space."""


def open_sets(tx: Tx) -> Shelf[SignalSet]:
    """Attempts of which something may still come."""
    return tx.shelf("signal_set", SignalSet)


def ended_sets(tx: Tx) -> Shelf[SignalSet]:
    """Attempts that are over."""
    return tx.shelf("signal_set_ended", SignalSet)


def set_named(tx: Tx, key: str) -> SignalSet | None:
    """An attempt, open or over."""
    return open_sets(tx).get(key) or ended_sets(tx).get(key)


def keep_set(tx: Tx, attempt: SignalSet) -> SignalSet:
    """An attempt on the shelf it belongs to, with the event that tells of it."""
    event = tx.events.append(telling.told(attempt))
    kept = msgspec.structs.replace(attempt, event=attempt.event or event.id)
    if kept.state.is_over:
        open_sets(tx).delete(kept.id)
        ended_sets(tx).put(kept.id, kept)
    else:
        open_sets(tx).put(kept.id, kept)
    return kept


def begin(tx: Tx, attempt: SignalSet) -> None:
    """An attempt is about to be sent: recorded before, and once.

    Raises:
        Conflict: it was sent before.
    """
    known = set_named(tx, attempt.id)
    if known is not None and known.state is not SetState.WAITING:
        raise Conflict("this was done before", subject=attempt.id)
    keep_set(tx, attempt)


def lapse(tx: Tx) -> None:
    """What nobody agreed to in time lapses; what a crash cut off is unsure, and not sent again."""
    now = tx.clock.now()
    for one in open_sets(tx).all():
        age = now - one.at
        if one.state is SetState.WAITING and age > dt.timedelta(seconds=WAIT_S_MAX):
            keep_set(tx, msgspec.structs.replace(one, state=SetState.LAPSED))
        elif one.state is SetState.SENT and age > dt.timedelta(seconds=WAIT_S_MAX + SENT_S_MAX):
            why = "the node stopped while the device had the command"
            keep_set(tx, msgspec.structs.replace(one, state=SetState.UNSURE, why=why))


def role_of(tx: Tx, person: str) -> Role | None:
    """The role of somebody the node knows and lets in."""
    if person == COMMAND_LINE:
        return Role.OWNER
    user = tx.users.get(person)
    return user.role if user is not None and user.enabled else None


def settable(tx: Tx, asset: str, name: str = "") -> list[tuple[Setup, Settable]]:
    """What may be set at an asset, with the connection that does it."""
    return [
        (setup, rule)
        for setup in setups(tx).all()
        for rule in setup.sets
        if rule.asset == asset and name in {"", rule.name}
    ]
