"""Things that only one may have: a one-time link, a lease; and counters that add up."""

from __future__ import annotations

import sqlalchemy as sa

from hanse.model.door import Link
from hanse.model.time import NS_PER_S, Clock
from hanse.store.kept import LEASES
from hanse.store.table import Table
from hanse.store.things import Lease, Meter

LEASE_S_MAX = 300.0


class Links(Table[Link]):
    """One-time links inside one transaction."""

    def take(self, hash_: str) -> Link | None:
        """Use a link up: the first caller has it, every later one has None."""
        link = self.get(hash_)
        return link if link is not None and self.delete(hash_) else None


class Leases:
    """Leases inside one transaction, by the clock of the one who asks."""

    def __init__(self, connection: sa.Connection, *, clock: Clock) -> None:
        self._table = Table(connection, LEASES)
        self._clock = clock

    def take(self, name: str, holder: str, *, for_s: float) -> bool:
        """Hold, or hold on to, a piece of work; False while another holds it.

        ``for_s`` is cut at LEASE_S_MAX.
        """
        now = self._clock.ns()
        held = self._table.get(name)
        if held is not None and held.holder != holder and held.until_ns > now:
            return False
        until = now + round(min(for_s, LEASE_S_MAX) * NS_PER_S)
        self._table.put(Lease(name=name, holder=holder, until_ns=until))
        return True

    def free(self, name: str, holder: str) -> None:
        """Let go of what one holds; of what another holds nothing changes."""
        held = self._table.get(name)
        if held is not None and held.holder == holder:
            self._table.delete(name)

    def all(self) -> list[Lease]:
        """Who holds what."""
        return self._table.all()


class Meters(Table[Meter]):
    """Counters of use inside one transaction."""

    def add_up(self, name: str, period: str, value: int) -> int:
        """Count more of something in a period; the sum."""
        before = self.get(name, period)
        total = value + (before.value if before else 0)
        self.put(Meter(name=name, period=period, value=total))
        return total
