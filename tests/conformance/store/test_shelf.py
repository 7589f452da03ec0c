"""What dealing keeps: one suite for the shelf in memory, on SQLite and on PostgreSQL."""

import datetime as dt

import pytest
from msgspec.structs import replace

from hanse.match.ledger.chain import KeyCard, opening_body
from hanse.match.ledger.entry import entry_hash
from hanse.match.ledger.pair import (
    Intent,
    countersign,
    new_pair,
    propose,
    receive_countersignature,
    receive_proposal,
)
from hanse.match.shelf import ShelfInMemory
from hanse.model.errors import Broken
from hanse.model.keys import Ed25519Signer
from hanse.model.time import UTC

AT = dt.datetime(2026, 3, 1, tzinfo=UTC)


def co_signed(length):
    """A chain of two firms, entry by entry."""
    ours, theirs = Ed25519Signer(bytes(32)), Ed25519Signer(bytes([1] * 32))
    cards = [KeyCard(did=s.did, key=s.did) for s in (ours, theirs)]
    mine, other = new_pair(*cards), new_pair(*cards[::-1])
    made = []
    for n in range(length):
        body = opening_body(mine.chain) if n == 0 else {"id": f"d{n}"}
        intent = Intent(
            kind="open" if n == 0 else "order", body=body, exp=AT + dt.timedelta(days=1)
        )
        mine, proposal = propose(mine, intent, signer=ours, at=AT)
        fresh = receive_proposal(other, proposal, at=AT)
        other, _, counter = countersign(fresh.ledger, signer=theirs, at=AT)
        mine, signed = receive_countersignature(mine, counter, at=AT)
        made.append(signed)
    return mine.chain.id, made


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def shelf(request, place_of, open_at):
    """Does some work on a shelf, in one transaction."""
    if request.param == "memory":
        memory = ShelfInMemory()
        return lambda work: work(memory)
    store = open_at(place_of(request.param))
    return lambda work: store.write_sync(lambda tx: work(tx.desk))


def test_a_record_is_found_by_kind_and_key(shelf):
    shelf(lambda s: s.save("offer", "b", b"{}"))
    shelf(lambda s: s.save("offer", "a", b"1"))
    shelf(lambda s: s.save("offer", "a", b'{"x": "\xc3\xa9"}'))
    shelf(lambda s: s.save("offers", "z", b"2"))
    assert shelf(lambda s: (s.load("offer", "a"), s.load("offer", "zz"))) == (
        b'{"x": "\xc3\xa9"}',
        None,
    )
    assert shelf(lambda s: s.keys("offer")) == ["a", "b"]


def test_the_entries_of_a_chain_come_back_in_order(shelf):
    chain, made = co_signed(4)
    for seq, signed in enumerate(made):
        shelf(lambda s, seq=seq, signed=signed: s.append(chain, seq, signed))
    assert shelf(lambda s: s.entries(chain, 0, 10)) == made
    assert shelf(lambda s: s.entries(chain, 2, 1)) == made[2:3]
    assert shelf(lambda s: s.entries("pair-none", 0, 10)) == []


def test_the_same_entry_again_changes_nothing_and_another_is_refused(shelf):
    chain, made = co_signed(2)
    for _ in range(2):
        shelf(lambda s: s.append(chain, 0, made[0]))
    forged = replace(made[0], sig2=made[1].sig2)
    assert entry_hash(forged) != entry_hash(made[0])
    for seq, signed in ((0, forged), (2, made[1])):
        with pytest.raises(Broken):
            shelf(lambda s, seq=seq, signed=signed: s.append(chain, seq, signed))
    assert shelf(lambda s: s.entries(chain, 0, 10)) == made[:1]
