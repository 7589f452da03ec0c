"""The audit log: what people did, each line chained to the one before by SHA-256."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from hanse.model.door import AuditEntry
from hanse.model.errors import BadInput
from hanse.model.time import to_ns
from hanse.store.events import START, chained
from hanse.store.schema import AUDIT

GIVEN_MAX = 1_000
COVERED = ("seq", "at_ns", "who", "what", "subject", "entry")


class Audit:
    """The audit log inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def append(self, entry: AuditEntry) -> AuditEntry:
        """Add a line; it comes back with its hash.

        Raises:
            BadInput: a field is out of its bounds.
        """
        seq, before = self.head()
        row = _row_of(entry) | {"seq": seq + 1}
        row["sum"] = chained(before, row, COVERED)
        self._connection.execute(AUDIT.insert(), row)
        return replace(entry, hash=row["sum"])

    def page(self, *, limit: int = GIVEN_MAX, before_ns: int | None = None) -> list[AuditEntry]:
        """The newest lines, falling."""
        query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        query = query if before_ns is None else query.where(AUDIT.c.at_ns < before_ns)
        return [entry_of(row) for row in self._connection.execute(query).mappings()]

    def whole(self, *, last: int = GIVEN_MAX) -> bool:
        """Whether the newest lines are chained as they were written; `verify` looks at all."""
        query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(last + 1)
        rows = list(self._connection.execute(query).mappings())[::-1]
        first = rows[:1] if rows and rows[0]["seq"] == 1 else []
        links = [*((START, row) for row in first), *((a["sum"], b) for a, b in pairwise(rows))]
        return all(chained(before, row, COVERED) == row["sum"] for before, row in links)

    def head(self) -> tuple[int, str]:
        """The last number and sum; ``(0, START)`` before the first line."""
        query = sa.select(AUDIT.c.seq, AUDIT.c.sum).order_by(AUDIT.c.seq.desc()).limit(1)
        row = self._connection.execute(query).first()
        return (row.seq, row.sum) if row else (0, START)


def entry_of(row: Mapping[Any, Any]) -> AuditEntry:
    """The line of a SQL row."""
    return replace(msgspec.json.decode(row["entry"], type=AuditEntry), hash=row["sum"])


def _row_of(entry: AuditEntry) -> dict[str, Any]:
    body = msgspec.json.encode(replace(entry, hash=""))
    try:
        msgspec.json.decode(body, type=AuditEntry)
    except msgspec.ValidationError as error:
        raise BadInput(f"not a line of the audit log: {error}", subject=entry.what) from error
    return {
        "at_ns": to_ns(entry.at),
        "who": entry.by,
        "what": entry.what,
        "subject": entry.subject,
        "entry": body.decode(),
    }
