import base64
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transmit.firms import BUYER, NOW, SELLER, THIRD, VERIFIER, a_letter, a_message

from hanse.model.errors import BadMessage, TooMuch
from hanse.model.keys import Ed25519Signer
from hanse.transmit.peerlink import envelope, jws, receipt
from hanse.transmit.peerlink.envelope import seal, unseal


def opened(sealed, us=SELLER):
    return unseal(sealed, us=us.did, verifier=VERIFIER)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed(header, payload, signer=BUYER):
    text = encode(json.dumps(header).encode()) + b"." + encode(payload)
    return text + b"." + encode(signer.sign(text))


HEADER = {"alg": "Ed25519", "kid": BUYER.kid, "typ": envelope.LETTER_TYPE}


def payload_of(sealed):
    return base64.urlsafe_b64decode(sealed.split(b".")[1] + b"===")


def test_a_letter_says_on_the_other_side_what_it_said_here():
    sealed = a_letter()
    digest = envelope.digest_of(sealed)
    assert opened(sealed) == msgspec.structs.replace(a_message(), digest=digest)


def test_its_payload_is_a_cloudevent_anyone_can_read():
    content = json.loads(payload_of(a_letter()))
    assert content["specversion"] == "1.0"
    assert content["type"] == "org.hanse.request_for_quotation"
    assert content["source"] == BUYER.did
    assert content["time"] == "2026-03-09T10:00:00Z"
    assert content["data"]["quantity"] == "120"


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(at, bit):
    sealed = bytearray(a_letter())
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises((BadMessage, TooMuch)):
        opened(bytes(sealed))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_no_letter(data):
    with pytest.raises(BadMessage):
        opened(data)


def test_the_signature_of_another_firm_is_refused():
    with pytest.raises(BadMessage, match="signature"):
        opened(signed(HEADER, payload_of(a_letter()), THIRD))


def test_a_partner_cannot_speak_for_another():
    header = HEADER | {"kid": THIRD.kid}
    with pytest.raises(BadMessage, match="another sender"):
        opened(signed(header, payload_of(a_letter()), THIRD))
    with pytest.raises(BadMessage, match="its own letters"):
        seal(a_message(), THIRD)


def test_a_letter_for_another_firm_is_refused():
    with pytest.raises(BadMessage, match="for another firm"):
        opened(a_letter(), us=THIRD)


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "EdDSA"},
        {"alg": "HS256"},
        {"typ": receipt.RECEIPT_TYPE},
        {"crit": ["b64"], "b64": False},
        {"jwk": {}},
        {"kid": 7},
        {"kid": "did:web:nobody.example#key-1"},
    ],
)
def test_another_header_is_refused(change):
    with pytest.raises(BadMessage):
        opened(signed(HEADER | change, payload_of(a_letter())))


def test_no_signature_at_all_is_refused():
    head, payload, _ = a_letter().split(b".")
    for end in (b"", b"A" * 86):
        with pytest.raises(BadMessage):
            opened(b".".join((head, payload, end)))


def changed(**fields):
    content = json.loads(payload_of(a_letter())) | fields
    return json.dumps({k: v for k, v in content.items() if v is not None}).encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"\xff",
        b'{"a": 1, "a": 2}',
        changed(data={"price": 1.5}),
        changed(data={"n": 10**18}),
        changed(number=0),
        changed(number="1"),
        changed(audience="did:key:x"),
        changed(time="2026-03-09T10:00:00"),
        changed(type="com.other.thing"),
        changed(specversion="0.3"),
        changed(critical="field this version does not know"),
        changed(data=None),
        changed(id="x" * 200),
        b'{"data": NaN}',
        b'{"data": "\\ud800"}',
        b'{"data":' + b"[" * 100 + b"]" * 100 + b"}",
        b"[" * 100_000,
    ],
)
def test_a_payload_of_the_wrong_shape_is_refused_though_it_is_signed(payload):
    with pytest.raises((BadMessage, TooMuch)):
        opened(signed(HEADER, payload))


def test_a_letter_beyond_the_limit_is_refused_on_both_sides():
    long = json.dumps({"text": "x" * envelope.LETTER_BYTES_MAX}).encode()
    with pytest.raises(TooMuch):
        a_letter(data=long)
    with pytest.raises(TooMuch):
        opened(b"x" * (envelope.LETTER_BYTES_MAX + 1))


def test_what_could_be_read_in_two_ways_is_not_sent():
    for data in (b'{"a":1,"a":2}', b'{"price":1.5}', b"{", b""):
        with pytest.raises(BadMessage):
            a_letter(data=data)


def test_a_rotated_key_is_the_firms_when_it_was_pinned():
    from hanse.model.keys import DidKeyVerifier

    new = Ed25519Signer(b"n" * 32, did=BUYER.did)
    verifier = DidKeyVerifier({BUYER.did: new.public_key})
    sealed = seal(a_message(), new)
    assert unseal(sealed, us=SELLER.did, verifier=verifier).source == BUYER.did
    with pytest.raises(BadMessage):
        opened(sealed)


def a_receipt(digest, signer=SELLER):
    return receipt.Receipt(
        by=signer.did, id="letter-1", number=1, digest=digest, outcome=receipt.Outcome.TAKEN, at=NOW
    )


def test_a_receipt_counts_only_from_that_firm_and_for_that_letter():
    digest = "a" * 64
    sealed = receipt.seal(a_receipt(digest), SELLER)
    got = receipt.unseal(sealed, by=SELLER.did, digest=digest, verifier=VERIFIER)
    assert got == a_receipt(digest)
    for by, about in ((THIRD.did, digest), (SELLER.did, "b" * 64)):
        with pytest.raises(BadMessage):
            receipt.unseal(sealed, by=by, digest=about, verifier=VERIFIER)
    forged = receipt.seal(a_receipt(digest), THIRD)
    with pytest.raises(BadMessage):
        receipt.unseal(forged, by=SELLER.did, digest=digest, verifier=VERIFIER)


def test_a_letter_is_no_receipt():
    with pytest.raises(BadMessage, match="not signed as"):
        jws.verify(a_letter(), kind=receipt.RECEIPT_TYPE, verifier=VERIFIER, bytes_max=10_000)
