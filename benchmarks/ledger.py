"""The pair ledger: entries co-signed (two firms, kept in SQLite) and audited, a second."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sqlite3
import tempfile
import time
from pathlib import Path

from hanse.match.ledger.audit import audit, to_line
from hanse.match.ledger.chain import KeyCard, opening_body
from hanse.match.ledger.pair import (
    Intent,
    countersign,
    new_pair,
    propose,
    receive_countersignature,
    receive_proposal,
)
from hanse.model.keys import Ed25519Signer

AT = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
COMMIT_EVERY = 50


def body(number):
    """An order of five lines, about a kilobyte."""
    lines = [
        {
            "id": str(i),
            "item": {"buyersItemIdentification": f"PART-{i}", "description": "轴 shaft"},
            "price": {"priceAmount": "12.40"},
            "quantity": {"unitCode": "C62", "value": "120"},
            "requestedDelivery": [{"dateTime": "2026-11-24T12:00:00Z", "quantity": "120"}],
        }
        for i in range(5)
    ]
    return {"id": f"o-{number}", "documentCurrencyCode": "EUR", "orderLine": lines}


def build(count, folder):
    """Both sides of so many entries, each side's copy written with WAL, 50 to a commit."""
    one, two = Ed25519Signer(b"a" * 32), Ed25519Signer(b"b" * 32)
    cards = [KeyCard(did=s.did, key=s.did) for s in (one, two)]
    mine, theirs = new_pair(*cards), new_pair(*reversed(cards))
    books = [sqlite3.connect(folder / f"{n}.sqlite", isolation_level=None) for n in "ab"]
    for book in books:
        book.execute("pragma journal_mode=wal")
        book.execute("create table entries (seq integer primary key, line blob)")
        book.execute("begin")
    exp, signed = AT + dt.timedelta(days=1), []
    intent = Intent(kind="open", body=opening_body(mine.chain), exp=exp)
    for n in range(count):
        mine, proposal = propose(mine, intent, signer=one, at=AT)
        fresh = receive_proposal(theirs, proposal, at=AT)
        theirs, entry, counter = countersign(fresh.ledger, signer=two, at=AT)
        mine, same = receive_countersignature(mine, counter, at=AT)
        line = to_line(entry)
        for book in books:
            book.execute("insert into entries values (?, ?)", (n, line))
            if n % COMMIT_EVERY == COMMIT_EVERY - 1:
                book.execute("commit")
                book.execute("begin")
        assert same == entry
        signed.append(entry)
        intent = Intent(kind="order", body=body(n), exp=exp)
    for book in books:
        book.execute("commit")
        book.close()
    return signed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=3_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        signed = build(args.entries, Path(folder))
        entries_s = args.entries / (time.perf_counter() - begun)
    begun = time.perf_counter()
    found = audit(signed)
    audit_s = args.entries / (time.perf_counter() - begun)
    assert found.ok
    assert found.entries == args.entries
    result = {"entries_s": round(entries_s), "audit_s": round(audit_s)}
    if args.json:
        print(json.dumps(result))
    else:
        size = sum(len(e.entry) for e in signed) // len(signed)
        print(f"{result['entries_s']} co-signed entries/s, {result['audit_s']} audited/s,", end=" ")
        print(f"{size} bytes an entry")


if __name__ == "__main__":
    main()
