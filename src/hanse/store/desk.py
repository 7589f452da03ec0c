"""What dealing keeps: its records, and the co-signed entries of each pair's ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hanse.match.ledger.entry import CoSigned, Entry, entry_hash
from hanse.model.errors import Broken
from hanse.model.time import to_ns
from hanse.store.schema import LEDGER
from hanse.store.shelf import RawShelf

ENTRIES_MAX = 10_000
"""Ledger entries one query gives."""
_PREFIX = "desk/"
_signed = msgspec.json.Decoder(CoSigned).decode
_entry = msgspec.json.Decoder(Entry).decode


class Desk:
    """A `hanse.match.shelf.Shelf` inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._shelf = RawShelf(connection)

    def load(self, kind: str, key: str) -> bytes | None:
        """The record, or None."""
        return self._shelf.load(_PREFIX + kind, key)

    def save(self, kind: str, key: str, body: bytes) -> None:
        """Write or replace the record."""
        self._shelf.save(_PREFIX + kind, key, body)

    def keys(self, kind: str) -> list[str]:
        """Every key of a kind, sorted."""
        return self._shelf.keys(_PREFIX + kind)

    def append(self, chain: str, seq: int, signed: CoSigned) -> None:
        """Add the entry after the last one; the same entry again changes nothing.

        Raises:
            Broken: another entry stands at this place, or it does not follow the last one.
        """
        standing = self.entries(chain, seq, 1)
        if standing:
            if entry_hash(standing[0]) != entry_hash(signed):
                raise Broken("another entry stands at this place", subject=f"{chain} #{seq}")
            return
        length = self.length(chain)
        if seq != length:
            raise Broken(f"the chain has {length} entries", subject=f"{chain} #{seq}")
        self._connection.execute(LEDGER.insert(), _row_of(chain, seq, signed))

    def entries(self, chain: str, start: int, limit: int) -> list[CoSigned]:
        """Entries of a chain from a number on, in order, at most ``limit``."""
        tests = (LEDGER.c.chain == chain, LEDGER.c.seq >= start)
        query = sa.select(LEDGER).where(*tests).order_by(LEDGER.c.seq)
        rows = self._connection.execute(query.limit(min(limit, ENTRIES_MAX))).mappings()
        return [signed_of(row) for row in rows]

    def chains(self) -> list[str]:
        """Every chain that has an entry."""
        query = sa.select(LEDGER.c.chain).distinct().order_by(LEDGER.c.chain)
        return list(self._connection.execute(query).scalars())

    def length(self, chain: str) -> int:
        """How many entries a chain has."""
        query = sa.select(sa.func.max(LEDGER.c.seq)).where(LEDGER.c.chain == chain)
        last = self._connection.execute(query).scalar_one()
        return 0 if last is None else int(last) + 1


def signed_of(row: Mapping[Any, Any]) -> CoSigned:
    """The entry of a SQL row."""
    return _signed(row["signed"])


def _row_of(chain: str, seq: int, signed: CoSigned) -> dict[str, Any]:
    entry = _entry(signed.entry)
    return {
        "chain": chain,
        "seq": seq,
        "hash": entry_hash(signed),
        "prev": entry.prev,
        "kind": entry.kind,
        "by": entry.by,
        "at_ns": to_ns(entry.at),
        "signed": msgspec.json.encode(signed).decode(),
    }
