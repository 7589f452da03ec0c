"""An identity is its key; a signature holds for one message and one firm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.model.did import base58, did_of, did_of_kid, kid_of, public_key_of, unbase58
from hanse.model.errors import BadInput
from hanse.model.keys import DidKeyVerifier, Ed25519Signer

# The did:key of the W3C did:key document's Ed25519 example.
KNOWN = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"


@given(st.binary(max_size=34))
def test_base58_brings_the_same_bytes_back(data):
    assert unbase58(base58(data)) == data


def test_a_published_identity_reads_and_writes_the_same():
    assert did_of(public_key_of(KNOWN)) == KNOWN
    assert did_of_kid(kid_of(KNOWN)) == KNOWN


@pytest.mark.parametrize("did", ["", "did:web:a.example", "did:key:z0OIl", "did:key:z" + "1" * 99])
def test_what_is_not_an_identity_is_refused(did):
    with pytest.raises(BadInput):
        public_key_of(did)


def test_a_signature_holds_for_its_message_and_firm_only():
    a, b = Ed25519Signer(bytes(32)), Ed25519Signer(bytes([1]) * 32)
    signature = a.sign(b"120 shafts")
    verifier = DidKeyVerifier()
    assert verifier.verify(a.did, b"120 shafts", signature)
    assert not verifier.verify(a.did, b"121 shafts", signature)
    assert not verifier.verify(b.did, b"120 shafts", signature)
    assert not verifier.verify("did:web:a.example", b"120 shafts", signature)
    verifier.pin("did:web:a.example", a.public_key)
    assert verifier.verify("did:web:a.example", b"120 shafts", signature)
