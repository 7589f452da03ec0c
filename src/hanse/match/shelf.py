"""What dealing needs from the record, and the same in memory for tests and simulated worlds."""

from __future__ import annotations

from typing import Protocol

from hanse.match.ledger.entry import CoSigned, entry_hash
from hanse.model.errors import Broken

RECORD_KINDS = (
    "peer",
    "ledger",
    "enquiry",
    "offer",
    "contract",
    "index",
    "grants",
    "meter",
    "seen",
    "profile",
)
"""Kinds of records that dealing keeps; each record is one JSON value under (kind, key)."""


class Shelf(Protocol):
    """Records by kind and key, and the entries of the ledgers, within one transaction."""

    def load(self, kind: str, key: str) -> bytes | None:
        """The record, or None."""
        ...

    def save(self, kind: str, key: str, body: bytes) -> None:
        """Write or replace the record."""
        ...

    def keys(self, kind: str) -> list[str]:
        """Every key of a kind, sorted."""
        ...

    def append(self, chain: str, seq: int, signed: CoSigned) -> None:
        """Add the entry after the last one; the same entry again changes nothing.

        Raises:
            Broken: another entry stands at this place.
        """
        ...

    def entries(self, chain: str, start: int, limit: int) -> list[CoSigned]:
        """Entries of a chain from a number on, in order, at most ``limit``."""
        ...


class ShelfInMemory:
    """A `Shelf` in two dictionaries."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], bytes] = {}
        self.chains: dict[str, list[CoSigned]] = {}

    def load(self, kind: str, key: str) -> bytes | None:
        """The record, or None."""
        return self.records.get((kind, key))

    def save(self, kind: str, key: str, body: bytes) -> None:
        """Write or replace the record."""
        self.records[kind, key] = body

    def keys(self, kind: str) -> list[str]:
        """Every key of a kind, sorted."""
        return sorted(key for found, key in self.records if found == kind)

    def append(self, chain: str, seq: int, signed: CoSigned) -> None:
        """Add the entry after the last one; the same entry again changes nothing."""
        entries = self.chains.setdefault(chain, [])
        if seq < len(entries) and entry_hash(entries[seq]) == entry_hash(signed):
            return
        if seq != len(entries):
            raise Broken("another entry stands at this place", subject=f"{chain} #{seq}")
        entries.append(signed)

    def entries(self, chain: str, start: int, limit: int) -> list[CoSigned]:
        """Entries of a chain from a number on, in order, at most ``limit``."""
        return self.chains.get(chain, [])[start : start + limit]
