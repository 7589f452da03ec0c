"""The pair ledger: entries co-signed (two firms, kept in SQLite) and audited, a second.

Both firms run in this one process, one after the other, so an entry here is the work of two nodes.
What one firm remembers of an entry's text is forgotten before the other firm reads it. Each side
commits 50 entries at a time, flushed to the disk (WAL, synchronous=FULL), as the writer of a node
does with writes that wait together; ``commit_ms`` is what one such commit takes. ``entries_cpu_s``
and ``audit_cpu_s`` are the rates by processor time of this process, which other work on the machine
disturbs less. Signatures alone bound both: two made and two checked an entry, two an audit.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from hanse.match.ledger.audit import audit, to_line
from hanse.match.ledger.chain import KeyCard, opening_body
from hanse.match.ledger.entry import known
from hanse.match.ledger.pair import (
    Intent,
    countersign,
    new_pair,
    propose,
    receive_countersignature,
    receive_proposal,
)
from hanse.model.keys import Ed25519Signer, verify_with

AT = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
COMMIT_EVERY = 50
FULL = 2


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
    commits = []
    books = [sqlite3.connect(folder / f"{n}.sqlite", isolation_level=None) for n in "ab"]
    for book in books:
        book.execute("pragma journal_mode=wal")
        book.execute("pragma synchronous=full")
        assert book.execute("pragma synchronous").fetchone() == (FULL,)
        book.execute("create table entries (seq integer primary key, line blob)")
        book.execute("begin")
    exp, signed = AT + dt.timedelta(days=1), []
    intent = Intent(kind="open", body=opening_body(mine.chain), exp=exp)
    for n in range(count):
        known.clear()
        mine, proposal = propose(mine, intent, signer=one, at=AT)
        known.clear()
        fresh = receive_proposal(theirs, proposal, at=AT)
        theirs, entry, counter = countersign(fresh.ledger, signer=two, at=AT)
        known.clear()
        mine, same = receive_countersignature(mine, counter, at=AT)
        line = to_line(entry)
        for book in books:
            book.execute("insert into entries values (?, ?)", (n, line))
            if n % COMMIT_EVERY == COMMIT_EVERY - 1:
                commits.append(commit(book))
                book.execute("begin")
        assert same == entry
        signed.append(entry)
        intent = Intent(kind="order", body=body(n), exp=exp)
    for book in books:
        commits.append(commit(book))
        book.close()
    return signed, commits


def commit(book):
    begun = time.perf_counter()
    book.execute("commit")
    return time.perf_counter() - begun


def signatures_us(rounds=300):
    """Processor time of one signature made and one checked, over a kilobyte."""
    signer, words = Ed25519Signer(b"c" * 32), b"x" * 1_000
    signature, spent = signer.sign(words), []
    for work in (
        lambda: signer.sign(words),
        lambda: verify_with(signer.public_key, words, signature),
    ):
        begun = time.process_time()
        for _ in range(rounds):
            work()
        spent.append(1e6 * (time.process_time() - begun) / rounds)
    return spent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=3_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun, cpu = time.perf_counter(), time.process_time()
        signed, commits = build(args.entries, Path(folder))
        entries_s = args.entries / (time.perf_counter() - begun)
        entries_cpu_s = args.entries / (time.process_time() - cpu)
    known.clear()
    begun, cpu = time.perf_counter(), time.process_time()
    found = audit(signed)
    audit_s = args.entries / (time.perf_counter() - begun)
    audit_cpu_s = args.entries / (time.process_time() - cpu)
    assert found.ok
    assert found.entries == args.entries
    sign_us, verify_us = signatures_us()
    result = {
        "entries_s": round(entries_s),
        "audit_s": round(audit_s),
        "entries_cpu_s": round(entries_cpu_s),
        "audit_cpu_s": round(audit_cpu_s),
        "flushed_commits": len(commits),
        "commit_ms": round(1_000 * statistics.median(commits), 2),
        "sign_us": round(sign_us),
        "verify_us": round(verify_us),
        "entry_bytes": sum(len(e.entry) for e in signed) // len(signed),
    }
    print(json.dumps(result) if args.json else json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
