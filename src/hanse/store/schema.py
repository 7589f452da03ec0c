"""The tables that are not simply things: events, outbox, inbox, documents, plans, ledger, audit.

Instants are nanoseconds since 1970 in ``*_ns`` columns; sums are hexadecimal SHA-256 unless said.
"""

from __future__ import annotations

import sqlalchemy as sa

from hanse.store.spec import METADATA, TEXT


def _text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=key, nullable=null)


def _count(name: str, *, key: bool = False, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), primary_key=key, nullable=null, autoincrement=False)


def _bytes(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


EVENTS = sa.Table(
    "events",
    METADATA,
    _count("seq", key=True),
    _text("id"),
    _count("at_ns"),
    _text("kind"),
    _text("subject"),
    _text("en"),
    _text("zh"),
    _text("cause", null=True),
    _text("loop", null=True),
    _text("by"),
    _text("about"),
    _text("once", null=True),
    _text("sum"),
    sa.Index("ux_events_id", "id", unique=True),
    sa.Index("ux_events_once", "once", unique=True),
    sa.Index("ix_events_kind", "kind", "seq"),
    sa.Index("ix_events_subject", "subject", "seq"),
    sa.Index("ix_events_loop", "loop", "seq"),
    sa.Index("ix_events_cause", "cause"),
    sa.Index("ix_events_at", "at_ns"),
)
"""``sum`` is SHA-256 over the sum before and this row: a chain, without holes in ``seq``."""

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    _text("lane", key=True),
    _count("number", key=True),
    _text("id"),
    _text("kind"),
    _bytes("payload"),
    _text("sum"),
    _count("at_ns"),
    _text("state"),
    _count("attempts"),
    _count("next_ns"),
    _text("error"),
    _count("done_ns", null=True),
    _bytes("answer", null=True),
    sa.Index("ux_outbox_id", "lane", "id", unique=True),
    sa.Index("ix_outbox_due", "state", "lane", "number"),
)

LANES = sa.Table(
    "lanes",
    METADATA,
    _text("lane", key=True),
    _count("given"),
    _count("taken"),
)
"""Per lane the last number given to a message out, and the last one taken in, without holes."""

INBOX = sa.Table(
    "inbox",
    METADATA,
    _text("peer", key=True),
    _text("id", key=True),
    _count("number"),
    _bytes("payload"),
    _text("sum"),
    _count("at_ns"),
    _text("state"),
    _text("error"),
    _bytes("answer", null=True),
    sa.Index("ux_inbox_number", "peer", "number", unique=True),
    sa.Index("ix_inbox_state", "state", "peer", "number"),
)

DOCUMENTS = sa.Table(
    "documents",
    METADATA,
    _text("sha256", key=True),
    _text("kind"),
    _count("at_ns"),
    _count("size"),
    _bytes("content"),
    sa.Index("ix_documents_kind", "kind", "at_ns"),
)

PLANS = sa.Table(
    "plans",
    METADATA,
    _count("number", key=True),
    _count("made_at_ns"),
    _text("cause", null=True),
    _count("cost_minor"),
    _count("assignments"),
    _text("form"),
    _bytes("body"),
    _text("sum"),
)

LEDGER = sa.Table(
    "ledger",
    METADATA,
    _text("chain", key=True),
    _count("seq", key=True),
    _text("hash"),
    _text("prev"),
    _text("kind"),
    _text("by"),
    _count("at_ns"),
    _text("signed"),
    sa.Index("ux_ledger_hash", "hash", unique=True),
    sa.Index("ix_ledger_kind", "kind", "at_ns"),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    _count("seq", key=True),
    _count("at_ns"),
    _text("who"),
    _text("what"),
    _text("subject"),
    _text("entry"),
    _text("sum"),
    sa.Index("ix_audit_at", "at_ns"),
    sa.Index("ix_audit_who", "who", "seq"),
    sa.Index("ix_audit_subject", "subject", "seq"),
)
