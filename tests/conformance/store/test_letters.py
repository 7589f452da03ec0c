"""The outbox and inbox that transmitting works with: alike in memory, on SQLite, on PostgreSQL."""

import asyncio

import pytest
from tests.unit.transmit.record import RecordInMemory

from hanse.model.errors import BadMessage
from hanse.store import peer_lane

PEER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
LANE = peer_lane(PEER)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def record(request, place_of, open_at):
    """Does some work in one transaction of a record."""
    kept = RecordInMemory() if request.param == "memory" else open_at(place_of(request.param))
    return lambda work: asyncio.run(kept.write(work))


def post(record, *names):
    for name in names:
        record(lambda tx, n=name: tx.outbox.put(LANE, id=n, kind="rfq", payload=n.encode()))


def due(record, limit=9):
    return [
        (x.number, x.id, x.payload) for x in record(lambda tx: tx.outbox.due(LANE, limit=limit))
    ]


def offer(record, number, words=b"x", name=None):
    name = name or f"id{number}"
    work = lambda tx: tx.inbox.offer(PEER, id=name, number=number, payload=words)  # noqa: E731
    return str(record(work)[0])


def test_letters_are_due_in_the_order_they_were_put(record):
    post(record, "a", "b", "c")
    assert due(record) == [(1, "a", b"a"), (2, "b", b"b"), (3, "c", b"c")]
    assert due(record, limit=2) == due(record)[:2]
    assert record(lambda tx: list(tx.outbox.lanes())) == [LANE]


def test_an_answered_letter_and_a_dead_one_are_due_no_more(record):
    post(record, "a", "b", "c")
    record(lambda tx: tx.outbox.answered(LANE, "a", b"receipt"))
    record(lambda tx: tx.outbox.dead(LANE, "b", error="refused", answer=b"no"))
    assert [x[1] for x in due(record)] == ["c"]


def test_a_failed_try_is_counted(record):
    post(record, "a")
    record(lambda tx: tx.outbox.failed(LANE, "a", error="away", next_ns=0))
    assert [x.attempts for x in record(lambda tx: tx.outbox.due(LANE, limit=1))] == [1]


def test_what_was_sent_leaves_the_lane(record):
    post(record, "a", "b")
    record(lambda tx: tx.outbox.sent(LANE, 1, 2))
    assert due(record) == []
    assert record(lambda tx: list(tx.outbox.lanes())) == []


def test_a_letter_in_turn_is_next_one_before_its_turn_waits_one_seen_is_repeated(record):
    assert [offer(record, n) for n in (2, 1, 1)] == ["parked", "next", "next"]
    behind = record(lambda tx: tx.inbox.taken(PEER, "id1", answer=b"ok"))
    assert behind.payload == b"x"
    assert [offer(record, n) for n in (1, 2)] == ["repeated", "next"]
    assert record(lambda tx: tx.inbox.taken(PEER, "id2", answer=b"ok")) is None
    assert record(lambda tx: tx.inbox.expected(PEER)) == 3


def test_the_answer_given_is_kept_for_the_one_that_comes_again(record):
    offer(record, 1)
    record(lambda tx: tx.inbox.refused(PEER, "id1", error="bad", answer=b"signed no"))
    again = record(lambda tx: tx.inbox.offer(PEER, id="id1", number=1, payload=b"x"))
    assert (str(again[0]), again[1].answer) == ("repeated", b"signed no")


def test_a_number_that_comes_with_other_words_is_refused(record):
    offer(record, 1)
    with pytest.raises(BadMessage):
        offer(record, 1, words=b"y")


def test_nothing_of_a_transaction_that_fails_is_kept(record):
    def half(tx):
        tx.inbox.offer(PEER, id="id1", number=1, payload=b"x")
        tx.inbox.taken(PEER, "id1", answer=b"ok")
        tx.outbox.put(LANE, id="a", kind="rfq", payload=b"a")
        raise KeyError("power cut")

    with pytest.raises(KeyError):
        record(half)
    assert due(record) == []
    assert record(lambda tx: tx.inbox.expected(PEER)) == 1
