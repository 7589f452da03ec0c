"""Bit rot: the database's own pages, and every row against its checksum."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from hanse.model.errors import Broken
from hanse.store import schema
from hanse.store.plans import version_of
from hanse.store.shelf import SHELF, whole
from hanse.store.spec import SPECS, Spec
from hanse.store.table import thing_of
from hanse.store.tx import Tx
from hanse.store.verify.finding import Looking, rows_of

_BYTES = (
    (schema.OUTBOX, "payload", "sum", "id"),
    (schema.INBOX, "payload", "sum", "id"),
    (schema.DOCUMENTS, "content", "sha256", "sha256"),
)


def database(tx: Tx, looking: Looking) -> None:
    """The database's own check of its pages (SQLite; PostgreSQL keeps checksums of its own)."""
    if tx.connection.dialect.name != "sqlite":
        return
    for (line,) in tx.connection.exec_driver_sql("PRAGMA integrity_check(100)"):
        looking.at()
        if line != "ok":
            looking.found("database", f"a page is damaged: {line}", f"数据库页损坏:{line}")


def things(tx: Tx, looking: Looking) -> None:
    """Every thing against its checksum, its type, and the columns it is found by."""
    for spec in SPECS:
        for row in rows_of(tx, sa.select(spec.sql)):
            looking.at()
            _thing(spec, row, looking)
    for kept in tx.connection.execute(sa.select(SHELF).execution_options(yield_per=500)):
        looking.at()
        try:
            whole(kept)
        except Broken as error:
            looking.found(error.subject, error.what, "行数据已损坏")


def _thing(spec: Spec[Any], row: Any, looking: Looking) -> None:
    try:
        thing = thing_of(spec, row)
    except Broken as error:
        looking.found(error.subject, error.what, "行数据已损坏")
        return
    for column in (*spec.key, *spec.index):
        if column.of(thing) != row[column.name]:
            subject = f"{spec.name} {row[spec.key[0].name]}"
            en = f"the column {column.name} does not say what the row says"
            looking.found(subject, en, f"列 {column.name} 与行内容不符")


def exact_bytes(tx: Tx, looking: Looking) -> None:
    """Messages and documents against their SHA-256; plans against theirs."""
    for table, content, digest, name in _BYTES:
        for row in rows_of(tx, sa.select(table)):
            looking.at()
            if hashlib.sha256(row[content]).hexdigest() != row[digest]:
                subject = f"{table.name} {row[name]}"
                looking.found(subject, "its bytes were changed on disk", "其字节已被更改")
    plans = sa.select(schema.PLANS).execution_options(yield_per=10)
    for plan in tx.connection.execute(plans):
        looking.at()
        try:
            version_of(plan)
        except Broken as error:
            looking.found(error.subject, error.what, "计划数据已损坏")
