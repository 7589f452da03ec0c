"""Compact JWS (RFC 7515) with Ed25519 (RFC 9864), and nothing else of it."""

from __future__ import annotations

import base64
import binascii
import json
import re

from hanse.model.did import did_of_kid
from hanse.model.errors import BadMessage
from hanse.model.signing import Signer, Verifier
from hanse.transmit.peerlink import strict

ALGORITHM = "Ed25519"
HEADER_BYTES_MAX = 1_000
SIGNATURE_BYTES = 64
_SHAPE = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")


def sign(payload: bytes, *, kind: str, signer: Signer) -> bytes:
    """``header.payload.signature``; ``kind`` is the media type in the header's ``typ``."""
    header = {"alg": ALGORITHM, "kid": signer.kid, "typ": kind}
    text = _encode(json.dumps(header, separators=(",", ":")).encode()) + b"." + _encode(payload)
    return text + b"." + _encode(signer.sign(text))


def verify(sealed: bytes, *, kind: str, verifier: Verifier, bytes_max: int) -> tuple[str, bytes]:
    """The firm that signed (the DID of ``kid``) and the exact payload.

    Raises:
        TooMuch: longer than ``bytes_max``.
        BadMessage: another shape, algorithm or type, a header this version does not know, or a
            signature that the firm's current key did not make.
    """
    strict.bound(sealed, bytes_max)
    if not _SHAPE.fullmatch(sealed):
        raise BadMessage("it is not a signed message", remedy="Send a compact JWS")
    text, _, signature = sealed.rpartition(b".")
    head, _, body = text.partition(b".")
    firm = _firm(_decode(head), kind)
    if not verifier.verify(firm, text, _decode(signature)):
        raise BadMessage(
            "the signature does not fit the firm's key",
            subject=firm,
            remedy="Compare codes with the partner again: its key may have changed",
        )
    return firm, _decode(body)


def payload_of(sealed: bytes) -> bytes:
    """The payload of a message that we signed ourselves; nothing is checked."""
    return _decode(sealed.split(b".")[1])


def _firm(header: bytes, kind: str) -> str:
    content = strict.check(header, bytes_max=HEADER_BYTES_MAX)
    if not isinstance(content, dict) or set(content) != {"alg", "kid", "typ"}:
        raise BadMessage("the signature's header says more or less than alg, kid and typ")
    if content["alg"] != ALGORITHM or content["typ"] != kind or not isinstance(content["kid"], str):
        raise BadMessage(f"it is not signed as {kind} with {ALGORITHM}")
    return did_of_kid(content["kid"])


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise BadMessage("it is not base64url") from error
    if _encode(data) != text:
        raise BadMessage("it is not written the one canonical way")
    return data
