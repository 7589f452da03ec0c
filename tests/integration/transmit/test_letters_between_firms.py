import asyncio
import contextlib
import random

import msgspec
import pytest
from tests.integration.transmit.doors import Firm, free_port
from tests.unit.transmit.firms import BUYER, NOW, SELLER, THIRD, VERIFIER, a_letter
from tests.unit.transmit.record import RecordInMemory

from hanse.model.errors import BadConfig, Conflict, Unreachable
from hanse.model.time import StillClock
from hanse.transmit.peerlink import client as clients
from hanse.transmit.peerlink import envelope, relay
from hanse.transmit.peerlink.client import PeerClient, Route
from hanse.transmit.peerlink.relay import LetterRelay


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(relay, "delay_s", lambda *_: 0.01)


def write_down(tx, message):
    tx.effects.append(message.id)


def lane(signer):
    return f"peer:{signer.did}"


def put(record, number, *, to=SELLER, **changes):
    sealed = a_letter(number, to=to, **changes)
    record.tx.outbox.put(lane(to), id=f"letter-{number}", kind="rfq", payload=sealed)


@contextlib.asynccontextmanager
async def relaying(record, routes):
    sender = LetterRelay(
        record=record,
        route=lambda did: routes[did],
        signer=BUYER,
        verifier=VERIFIER,
        clock=StillClock(NOW),
        dice=random.Random(1),
    )
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def test_letters_arrive_in_order_and_the_signed_receipts_are_kept(tmp_path):
    seller, record = Firm(SELLER, tmp_path, effect=write_down), RecordInMemory()
    async with seller.serving(), relaying(record, {SELLER.did: seller.route}) as sender:
        for number in range(1, 21):
            put(record, number)
            sender.poke(lane(SELLER))
        await until(lambda: not record.tx.outbox.lanes())
    rows = record.tx.outbox.rows[lane(SELLER)]
    assert seller.record.tx.effects == [f"letter-{n}" for n in range(1, 21)]
    assert {r.state for r in rows} == {"done"}
    assert all(r.answer == seller.record.tx.inbox.rows[BUYER.did, r.number].answer for r in rows)


async def test_a_firm_that_is_away_holds_up_no_one_and_gets_all_when_it_is_back(tmp_path):
    seller = Firm(SELLER, tmp_path / "s", effect=write_down)
    third = Firm(THIRD, tmp_path / "t", effect=write_down)
    record = RecordInMemory()
    routes = {SELLER.did: seller.route, THIRD.did: third.route}
    async with third.serving(), relaying(record, routes) as sender:
        for number in (1, 2, 3):
            put(record, number)
            put(record, number, to=THIRD)
        sender.poke()
        await until(lambda: len(third.record.tx.effects) == 3)
        assert "does not answer" in sender.states[SELLER.did].error
        async with seller.serving():
            await until(lambda: len(seller.record.tx.effects) == 3)
    assert seller.record.tx.effects == ["letter-1", "letter-2", "letter-3"]


async def test_a_receipt_lost_on_the_way_leads_to_one_effect_all_the_same(tmp_path):
    seller, record = Firm(SELLER, tmp_path, effect=write_down), RecordInMemory()
    put(record, 1)
    await seller.door.receive(record.tx.outbox.rows[lane(SELLER)][0].payload)
    async with seller.serving(), relaying(record, {SELLER.did: seller.route}):
        await until(lambda: not record.tx.outbox.lanes())
    assert seller.record.tx.effects == ["letter-1"]


async def test_a_refused_letter_is_dead_with_its_reason_and_the_next_one_follows(tmp_path):
    def effect(tx, message):
        if message.number == 1:
            raise Conflict("already awarded", subject="rfq-1")
        write_down(tx, message)

    seller, record = Firm(SELLER, tmp_path, effect=effect), RecordInMemory()
    put(record, 1)
    put(record, 2)
    async with seller.serving(), relaying(record, {SELLER.did: seller.route}):
        await until(lambda: not record.tx.outbox.lanes())
    first, second = record.tx.outbox.rows[lane(SELLER)]
    assert (first.state, second.state) == ("dead", "done")
    assert "already awarded" in first.error
    assert first.answer


async def test_a_letter_that_cannot_be_read_is_skipped_after_some_tries(tmp_path):
    seller, record = Firm(SELLER, tmp_path, effect=write_down), RecordInMemory()
    record.tx.outbox.put(lane(SELLER), id="letter-1", kind="rfq", payload=b"not a letter")
    put(record, 2)
    async with seller.serving(), relaying(record, {SELLER.did: seller.route}) as sender:
        await until(lambda: not record.tx.outbox.lanes())
        assert sender.states[SELLER.did].dead == 1
    first, second = record.tx.outbox.rows[lane(SELLER)]
    assert (first.state, second.state) == ("dead", "done")
    assert "not a signed message" in first.error
    assert seller.record.tx.effects == ["letter-2"]


async def test_a_restored_record_numbers_on_behind_what_the_partner_has_seen(tmp_path):
    seller, restored = Firm(SELLER, tmp_path, effect=write_down), RecordInMemory()
    for number in (1, 2, 3, 4):
        await seller.door.receive(a_letter(number))
    for number in (2, 3):
        put(restored, number, id=f"fresh-{number}")
    for row, number in zip(restored.tx.outbox.rows[lane(SELLER)], (2, 3), strict=True):
        row.number = number
    async with seller.serving(), relaying(restored, {SELLER.did: seller.route}):
        await until(lambda: not restored.tx.outbox.lanes())
    assert seller.record.tx.effects[4:] == ["fresh-2", "fresh-3"]
    assert [r.number for r in restored.tx.outbox.rows[lane(SELLER)]] == [5, 6]


async def test_letters_that_a_restored_partner_lost_are_sent_again_and_what_is_gone_is_skipped(
    tmp_path,
):
    record = RecordInMemory()
    for number in range(1, 6):
        put(record, number)
    for row in record.tx.outbox.rows[lane(SELLER)][:4]:
        row.state = "done"
    del record.tx.outbox.rows[lane(SELLER)][2]
    restored = Firm(SELLER, tmp_path, effect=write_down)
    await restored.door.receive(a_letter(1))
    async with restored.serving(), relaying(record, {SELLER.did: restored.route}):
        await until(lambda: not record.tx.outbox.lanes())
    assert restored.record.tx.effects == ["letter-1", "letter-2", "letter-4", "letter-5"]


async def test_a_server_with_another_key_gets_not_one_byte_of_a_letter(tmp_path):
    seller, record = Firm(SELLER, tmp_path, effect=write_down), RecordInMemory()
    put(record, 1)
    wrong = msgspec.structs.replace(seller.route, pin="sha256:" + "0" * 64)
    async with seller.serving(), relaying(record, {SELLER.did: wrong}) as sender:
        await until(lambda: sender.states.get(SELLER.did) and sender.states[SELLER.did].error)
        assert "another key" in sender.states[SELLER.did].error
    assert seller.door.counts["received"] == seller.door.counts["rejected"] == 0


async def test_a_restarted_server_is_found_again_over_a_new_connection(tmp_path):
    seller, client = Firm(SELLER, tmp_path, effect=write_down), PeerClient()
    for number in (1, 2):
        async with seller.serving():
            assert (await client.post(seller.route, a_letter(number))).status == 200
    await client.close()
    assert seller.record.tx.effects == ["letter-1", "letter-2"]


async def test_an_address_that_is_none_and_one_where_nobody_is_are_told_apart(monkeypatch):
    client = PeerClient()
    with pytest.raises(BadConfig):
        await client.post(Route(url="http://127.0.0.1:1", pin=""), b"")
    with pytest.raises(Unreachable):
        await client.post(Route(url=f"https://127.0.0.1:{free_port()}", pin=""), b"")


async def test_a_server_that_says_nothing_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(clients, "ANSWER_WAIT_S", 0.2)
    released = asyncio.Event()

    async def silent(_, writer):
        await released.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unreachable, match="does not answer"):
        await PeerClient().post(Route(url=f"https://127.0.0.1:{port}", pin=""), b"letter")
    released.set()
    server.close()
    await server.wait_closed()


def test_a_certificate_renewed_with_its_key_keeps_its_pin():
    from hanse.transmit.peerlink import certificate

    key = certificate.new_key()
    import datetime as dt

    first = certificate.self_signed(key, ["node.example"], at=NOW)
    second = certificate.self_signed(key, ["node.example"], at=NOW + dt.timedelta(days=60))
    assert (
        certificate.pin(first)
        == certificate.pin(second)
        != certificate.pin(certificate.self_signed(certificate.new_key(), ["node.example"], at=NOW))
    )
    assert certificate.days_left(first, at=NOW) == certificate.VALID_DAYS


def test_the_skip_letter_is_a_letter_of_its_own(tmp_path):
    message = envelope.unseal(a_letter(4, kind="skip"), us=SELLER.did, verifier=VERIFIER)
    assert (message.kind, message.number) == (envelope.SKIP_KIND, 4)
