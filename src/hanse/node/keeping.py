"""How long a node keeps which samples, letters and marks, from its settings."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hanse.match.books import Books
from hanse.model.plant import Signal
from hanse.model.time import NS_PER_S
from hanse.node.settings import HistorySettings
from hanse.transmit.history.keep import STANDARD, Keep, Keeping

if TYPE_CHECKING:
    from hanse.node.context import Context
    from hanse.store import Tx

DAY_NS = 86_400 * NS_PER_S


def keeping_of(told: HistorySettings, signals: Iterable[Signal]) -> Keeping:
    """The classes of the settings, and which signals are in which: the first whose name fits."""
    classes = {name: Keep(days=c.days, rollup_days=c.rollup_days) for name, c in told.keep.items()}
    own = {
        signal.id: name
        for signal in signals
        if (name := _class_of(signal, told)) is not None and name != STANDARD
    }
    standard = Keep(days=told.days, rollup_days=told.rollup_days)
    return Keeping(classes={STANDARD: standard} | classes, signals=own)


def _class_of(signal: Signal, told: HistorySettings) -> str | None:
    for name, rule in told.keep.items():
        if any(fnmatch.fnmatchcase(signal.name, pattern) for pattern in rule.signals):
            return name
    return None


def forget_letters(tx: Tx, context: Context) -> int:
    """Forget answered letters whose time is over; what was agreed is in the ledgers."""
    before_ns = context.clock.ns() - context.settings.record.letters_days * DAY_NS
    return tx.outbox.prune(before_ns=before_ns)


def has_caught_up(tx: Tx) -> bool:
    """Whether every partner's head was seen since the start: a restored copy is none any more."""
    books = Books(tx.desk)
    ledgers = [books.ledger(partner) for partner in books.partners()]
    return all(ledger is None or ledger.synced for ledger in ledgers)
