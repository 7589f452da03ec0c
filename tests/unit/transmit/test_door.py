import datetime as dt
import json

import pytest
from tests.unit.transmit.firms import BUYER, NOW, SELLER, THIRD, VERIFIER, a_letter
from tests.unit.transmit.record import RecordInMemory

from hanse.model.errors import Conflict, Unreachable
from hanse.model.time import StillClock
from hanse.transmit.peerlink import door as doors
from hanse.transmit.peerlink import envelope, receipt
from hanse.transmit.peerlink.receipt import Outcome


def write_down(tx, message):
    tx.effects.append(message.id)


def a_door(record, effect=write_down, at=NOW):
    return doors.Door(
        signer=SELLER,
        verifier=VERIFIER,
        known=lambda did: did == BUYER.did,
        record=record,
        effect=effect,
        clock=StillClock(at),
    )


def receipt_of(reply, sealed):
    assert reply.status == 200
    digest = envelope.digest_of(sealed)
    return receipt.unseal(reply.body, by=SELLER.did, digest=digest, verifier=VERIFIER)


async def test_a_letter_has_its_effect_and_the_receipt_says_so():
    record = RecordInMemory()
    reply = await a_door(record).receive(a_letter())
    assert receipt_of(reply, a_letter()).outcome is Outcome.TAKEN
    assert record.tx.effects == ["letter-1"]


async def test_a_letter_that_comes_again_has_one_effect_and_the_same_answer():
    record = RecordInMemory()
    first = await a_door(record).receive(a_letter())
    again = await a_door(record, at=NOW + dt.timedelta(seconds=5)).receive(a_letter())
    assert again.body == first.body
    assert record.tx.effects == ["letter-1"]


async def test_letters_out_of_order_wait_and_are_taken_in_order():
    record = RecordInMemory()
    door = a_door(record)
    for number in (3, 2):
        parked = receipt_of(await door.receive(a_letter(number)), a_letter(number))
        assert (parked.outcome, parked.needed) == (Outcome.PARKED, 1)
    assert record.tx.effects == []
    await door.receive(a_letter(1))
    assert record.tx.effects == ["letter-1", "letter-2", "letter-3"]


async def test_a_refused_letter_changes_nothing_uses_its_number_up_and_says_why():
    def effect(tx, message):
        tx.effects.append("half done")
        if message.number == 1:
            raise Conflict("the offer was withdrawn", subject="rfq-1")

    record = RecordInMemory()
    door = a_door(record, effect)
    refused = receipt_of(await door.receive(a_letter(1)), a_letter(1))
    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "conflict")
    assert "withdrawn" in refused.reason
    assert record.tx.effects == []
    assert receipt_of(await door.receive(a_letter(2)), a_letter(2)).outcome is Outcome.TAKEN


@pytest.mark.parametrize("late", [dt.timedelta(hours=2), dt.timedelta(hours=-2)])
async def test_a_letter_beyond_its_time_has_no_effect(late):
    record = RecordInMemory()
    door = a_door(record, at=NOW + late)
    refused = receipt_of(await door.receive(a_letter(1)), a_letter(1))
    assert refused.code in {"expired", "clock"}
    assert record.tx.effects == []


@pytest.mark.parametrize("error", [Unreachable("the disk is slow"), ZeroDivisionError("a bug")])
async def test_what_fails_is_tried_again_and_is_poison_in_the_end(error):
    def effect(tx, message):
        if message.number == 1:
            raise error
        write_down(tx, message)

    record = RecordInMemory()
    door = a_door(record, effect)
    for _ in range(doors.TRIES_MAX - 1):
        reply = await door.receive(a_letter(1))
        assert reply.status == 503
        assert "bug" not in reply.body.decode()
    poison = receipt_of(await door.receive(a_letter(1)), a_letter(1))
    assert (poison.outcome, poison.code) == (Outcome.REFUSED, "poison")
    await door.receive(a_letter(2))
    assert record.tx.effects == ["letter-2"]


async def test_a_number_used_twice_for_different_letters_is_refused():
    record = RecordInMemory()
    door = a_door(record)
    await door.receive(a_letter(1))
    reply = await door.receive(a_letter(1, data=b'{"quantity":"999"}'))
    assert reply.status == 409
    assert record.tx.effects == ["letter-1"]


async def test_strangers_and_noise_get_no_signature():
    record = RecordInMemory()
    door = a_door(record)
    assert (await door.receive(a_letter(signer=THIRD))).status == 403
    assert (await door.receive(b"hello")).status == 400
    assert (await door.receive(a_letter(to=THIRD))).status == 400
    reply = await door.receive(b"x" * 2_000_000)
    assert (reply.status, json.loads(reply.body)["code"]) == (413, "too-much")
    assert reply.media_type == "application/problem+json"
    assert record.tx.inbox.rows == {}


async def test_a_skip_takes_a_number_without_an_effect():
    record = RecordInMemory()
    door = a_door(record)
    await door.receive(a_letter(1, kind="skip"))
    await door.receive(a_letter(2))
    assert record.tx.effects == ["letter-2"]
