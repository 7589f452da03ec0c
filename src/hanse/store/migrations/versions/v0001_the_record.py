"""The record: every table of the first version."""

from __future__ import annotations

from alembic import op

from hanse.store.migrations.making import table, things

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _make_the_spine()
    _make_the_things()


def _make_the_spine() -> None:
    table("audit", key="seq:n", rest="at_ns:n who what subject entry sum")
    op.create_index("ix_audit_at", "audit", ["at_ns"])
    op.create_index("ix_audit_subject", "audit", ["subject", "seq"])
    op.create_index("ix_audit_who", "audit", ["who", "seq"])
    table("documents", key="sha256", rest="kind at_ns:n size:n content:b")
    op.create_index("ix_documents_kind", "documents", ["kind", "at_ns"])
    table(
        "events", key="seq:n", rest="id at_ns:n kind subject en zh cause? loop? by about once? sum"
    )
    op.create_index("ix_events_at", "events", ["at_ns"])
    op.create_index("ix_events_cause", "events", ["cause"])
    op.create_index("ix_events_kind", "events", ["kind", "seq"])
    op.create_index("ix_events_loop", "events", ["loop", "seq"])
    op.create_index("ix_events_subject", "events", ["subject", "seq"])
    op.create_index("ux_events_id", "events", ["id"], unique=True)
    op.create_index("ux_events_once", "events", ["once"], unique=True)
    table("inbox", key="peer id", rest="number:n payload:b sum at_ns:n state error answer:b?")
    op.create_index("ix_inbox_state", "inbox", ["state", "peer", "number"])
    op.create_index("ux_inbox_number", "inbox", ["peer", "number"], unique=True)
    table("lanes", key="lane", rest="given:n taken:n")
    table("ledger", key="chain seq:n", rest="hash prev kind by at_ns:n signed")
    op.create_index("ix_ledger_kind", "ledger", ["kind", "at_ns"])
    op.create_index("ux_ledger_hash", "ledger", ["hash"], unique=True)
    table(
        "outbox",
        key="lane number:n",
        rest="id kind payload:b sum at_ns:n state attempts:n next_ns:n error done_ns:n? answer:b?",
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "lane", "number"])
    op.create_index("ux_outbox_id", "outbox", ["lane", "id"], unique=True)
    table(
        "plans",
        key="number:n",
        rest="made_at_ns:n cause? cost_minor:n assignments:n form body:b sum",
    )
    table("shelf", key="kind key", rest="body:b sum")


def _make_the_things() -> None:
    things("alarms", key="id", index="asset active:n severity:n")
    things("assets", index="type machine parent")
    things("bom_lines", key="item step component", index="component")
    things("calendars")
    things("customer_orders", index="customer item state due_ns:n")
    things("files", key="id", index="sha256 subject")
    things("gaps", key="connection start_ns:n", index="end_ns:n")
    things("holds", index="item expires_at_ns:n")
    things("items", index="capability gtin")
    things("leases", key="name")
    things("links", key="hash", index="expires_at_ns:n")
    things("machines", index="asset_type work_centre site")
    things("meters", key="name period")
    things("notices", key="id", index="customer order at_ns:n")
    things("outages", key="resource start_ns:n", index="end_ns:n kind")
    things("people")
    things("pins", key="order step lot:n")
    things("progress", key="order step lot:n")
    things("questions", key="id", index="state event loop")
    things("routings", key="item")
    things("sessions", key="hash", index="user expires_at_ns:n")
    things("settings")
    things("setup_changes", key="machine before after")
    things("signals", key="id:n", index="asset name")
    things("state_spans", key="machine start_ns:n", index="start_ns:n end_ns:n state")
    things("stock", key="item source at_ns:n")
    things("tokens", key="hash", index="user prefix")
    things("tools")
    things("transports", key="before after")
    things("users", key="name")
    things("work_orders", index="item state due_ns:n demand")
