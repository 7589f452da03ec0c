"""Everything a node knows, in files that need no Hanse to be read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hanse.match.ledger.audit import to_line
from hanse.node.context import Context
from hanse.store import Tx

ENTRIES_MAX = 10_000
EVENTS_MAX = 100_000


def export_all(context: Context, target: Path) -> list[str]:
    """The record as SQLite, events as JSON lines, each ledger as JSON lines; the paths written."""
    target.mkdir(parents=True, exist_ok=True)
    written = [str(context.store.backup(target / "record.sqlite"))]
    events = context.store.read_sync(lambda tx: tx.events.find(limit=EVENTS_MAX))
    lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    (target / "events.jsonl").write_bytes(lines)
    written.append(str(target / "events.jsonl"))
    for chain, content in context.store.read_sync(_ledgers).items():
        path = target / f"{chain}.jsonl"
        path.write_bytes(content)
        written.append(str(path))
    return written


def _ledgers(tx: Tx) -> dict[str, bytes]:
    return {
        chain: b"".join(to_line(signed) for signed in tx.desk.entries(chain, 0, ENTRIES_MAX))
        for chain in tx.desk.chains()
    }
