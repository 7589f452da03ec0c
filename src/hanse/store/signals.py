"""Signals: a number for each ``(asset, name)``, given once and never given to another."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hanse.model.errors import Conflict, TooMuch
from hanse.model.ids import Key
from hanse.model.plant import Signal
from hanse.store.kept import SIGNALS
from hanse.store.table import Table

SIGNALS_MAX = 2_000_000
"""Signals of one node."""


class Signals(Table[Signal]):
    """The signals inside one transaction; none is ever deleted, so no number comes twice."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection, SIGNALS)

    def named(self, signal: Signal) -> Signal:
        """The kept signal of that asset and name; a new one gets the next number.

        The rest (unit, kind, bounds) is taken from what is handed in; its ``id`` is not looked at.

        Raises:
            TooMuch: SIGNALS_MAX signals are there.
        """
        known = self.of(signal.asset, signal.name)
        fresh = msgspec.structs.replace(signal, id=known.id if known else self._next())
        if fresh != known:
            self.put(fresh)
        return fresh

    def of(self, asset: Key, name: str) -> Signal | None:
        """The signal of an asset by its name, or None."""
        return self.first(asset=asset, name=name)

    def delete(self, *key: str | int | None) -> bool:
        """Never: history is kept under a signal's number.

        Raises:
            Conflict: always.
        """
        raise Conflict("a signal's number is for ever", subject=f"signal {key[0] if key else ''}")

    def _next(self) -> int:
        highest = self._connection.execute(sa.select(sa.func.max(SIGNALS.sql.c.id))).scalar()
        number = 1 if highest is None else int(highest) + 1
        if number > SIGNALS_MAX:
            raise TooMuch(f"a node has at most {SIGNALS_MAX} signals", subject="signals")
        return number
