"""Receipts: what a firm signs when a letter reached it."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.model.errors import BadMessage
from hanse.model.ids import Did
from hanse.model.signing import Signer, Verifier
from hanse.model.time import Instant
from hanse.transmit.peerlink import jws, strict

RECEIPT_BYTES_MAX = 8_000
RECEIPT_TYPE = "hanse-receipt+jws"


class Outcome(enum.StrEnum):
    """What became of a letter at the other firm."""

    TAKEN = "taken"
    """It had its effect, or was taken before."""
    REFUSED = "refused"
    """It can have none, and its number is used up; the reason says why."""
    PARKED = "parked"
    """It is kept, and waits for letter ``needed``."""


class Receipt(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One firm's word about one letter of another: ``digest`` is of the letter's sealed bytes."""

    by: Did
    id: Annotated[str, Meta(max_length=120)]
    number: Annotated[int, Meta(ge=1)]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    outcome: Outcome
    at: Instant
    reason: Annotated[str, Meta(max_length=400)] = ""
    code: Annotated[str, Meta(max_length=60)] = ""
    needed: Annotated[int, Meta(ge=0)] = 0


def seal(receipt: Receipt, signer: Signer) -> bytes:
    """The signed bytes of a receipt."""
    return jws.sign(msgspec.json.encode(receipt), kind=RECEIPT_TYPE, signer=signer)


def unseal(sealed: bytes, *, by: str, digest: str, verifier: Verifier) -> Receipt:
    """The receipt that a firm gave for the letter of a digest.

    Raises:
        TooMuch: beyond RECEIPT_BYTES_MAX.
        BadMessage: not signed by that firm, or about another letter.
    """
    firm, payload = jws.verify(
        sealed, kind=RECEIPT_TYPE, verifier=verifier, bytes_max=RECEIPT_BYTES_MAX
    )
    strict.check(payload, bytes_max=RECEIPT_BYTES_MAX)
    try:
        receipt = msgspec.json.decode(payload, type=Receipt)
    except msgspec.MsgspecError as error:
        raise BadMessage(f"a receipt has the wrong shape ({error})", subject=firm) from error
    if not firm == receipt.by == by or receipt.digest != digest:
        raise BadMessage("a receipt of another firm or for another letter", subject=firm)
    return receipt
