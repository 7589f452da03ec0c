"""Events and the audit log: whole chains, and causes that happened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from hanse.store.audit import COVERED as AUDIT_COVERED
from hanse.store.events import COVERED, START, chained
from hanse.store.schema import AUDIT, EVENTS
from hanse.store.tx import Tx
from hanse.store.verify.finding import Looking, rows_of


def events(tx: Tx, looking: Looking) -> None:
    """Every event in its place and unchanged; every cause earlier than what it caused."""
    _chain(tx, EVENTS, COVERED, looking)
    effect, cause = EVENTS.alias(), EVENTS.alias()
    query = (
        sa.select(
            effect.c.id, effect.c.cause, cause.c.seq, cause.c.loop, effect.c.loop.label("mine")
        )
        .select_from(effect.outerjoin(cause, cause.c.id == effect.c.cause))
        .where(effect.c.cause.is_not(None))
        .where(sa.or_(cause.c.seq.is_(None), cause.c.seq >= effect.c.seq))
    )
    for row in tx.connection.execute(query):
        en = f"its cause {row.cause} did not happen before it"
        looking.found(f"event {row.id}", en, f"其原因 {row.cause} 并未在它之前发生")


def audit(tx: Tx, looking: Looking) -> None:
    """Every line of the audit log in its place and unchanged."""
    _chain(tx, AUDIT, AUDIT_COVERED, looking)


def _chain(tx: Tx, table: sa.Table, covered: Iterable[str], looking: Looking) -> None:
    before, number = START, 0
    for row in rows_of(tx, sa.select(table).order_by(table.c.seq)):
        looking.at()
        fault = _fault(row, number, before, covered)
        if fault:
            looking.found(f"{table.name} {row['seq']}", *fault)
        number, before = row["seq"], row["sum"]


def _fault(row: Any, number: int, before: str, covered: Iterable[str]) -> tuple[str, str] | None:
    if row["seq"] != number + 1:
        missing = (number + 1, row["seq"] - 1)
        return "numbers {} to {} are missing".format(*missing), "缺少编号 {} 至 {}".format(*missing)
    if chained(before, row, covered) != row["sum"]:
        return "it was changed afterwards", "事后被更改"
    return None
