"""Two firms and letters between them."""

import datetime as dt

from hanse.model.keys import DidKeyVerifier, Ed25519Signer
from hanse.model.time import UTC
from hanse.transmit.peerlink import envelope

NOW = dt.datetime(2026, 3, 9, 10, tzinfo=UTC)
BUYER = Ed25519Signer(b"b" * 32)
SELLER = Ed25519Signer(b"s" * 32)
THIRD = Ed25519Signer(b"t" * 32)
VERIFIER = DidKeyVerifier()


def a_message(number=1, *, signer=BUYER, to=SELLER, at=NOW, **changes):
    fields = {
        "id": f"letter-{number}",
        "source": signer.did,
        "audience": to.did,
        "number": number,
        "kind": "request_for_quotation",
        "at": at,
        "expires": at + dt.timedelta(hours=1),
        "subject": "rfq-1",
        "correlation": "loop-1",
        "causation": "event-7",
        "data": b'{"quantity":"120","note":"\xe8\xbd\xb4"}',
    }
    return envelope.Message(**(fields | changes))


def a_letter(number=1, *, signer=BUYER, **changes):
    return envelope.seal(a_message(number, signer=signer, **changes), signer)
