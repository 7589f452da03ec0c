"""did:key identities of Ed25519 keys (W3C did:key, multicodec 0xed01, base58btc)."""

from __future__ import annotations

from functools import lru_cache

from hanse.model.errors import BadInput

PUBLIC_KEY_BYTES = 32
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"
_METHOD = "did:key:z"
_ENCODED_MAX = 60
KNOWN_MAX = 1_024
"""Identities whose key is remembered: reading base58 costs half as much as a signature."""


def base58(data: bytes) -> str:
    """Base58 (Bitcoin alphabet), leading zero bytes kept as ``1``."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        digits = BASE58[rest] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def unbase58(text: str) -> bytes:
    """The bytes of a base58 text.

    Raises:
        BadInput: a character outside the alphabet, or longer than a key can be.
    """
    if len(text) > _ENCODED_MAX or any(c not in BASE58 for c in text):
        raise BadInput("not base58", subject=text[:80], remedy="Copy the whole identity again")
    number = 0
    for c in text:
        number = number * 58 + BASE58.index(c)
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + body


def did_of(public_key: bytes) -> str:
    """The did:key of a raw 32-byte Ed25519 public key."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise BadInput("an Ed25519 public key has 32 bytes", subject=f"{len(public_key)} bytes")
    return _METHOD + base58(_ED25519 + public_key)


@lru_cache(maxsize=KNOWN_MAX)
def public_key_of(did: str) -> bytes:
    """The raw Ed25519 public key inside a did:key.

    Raises:
        BadInput: not a did:key, or not of an Ed25519 key.
    """
    if not did.startswith(_METHOD):
        raise BadInput("not a did:key", subject=did[:80], remedy="Paste the firm's whole identity")
    raw = unbase58(did[len(_METHOD) :])
    if raw[:2] != _ED25519 or len(raw) != PUBLIC_KEY_BYTES + 2:
        raise BadInput(
            "not an Ed25519 identity", subject=did[:80], remedy="Ask the firm for its identity"
        )
    return raw[2:]


def kid_of(did: str) -> str:
    """The DID URL of a did:key's only key, as it stands in a JWS header."""
    return f"{did}#{did.removeprefix('did:key:')}" if did.startswith(_METHOD) else f"{did}#key-1"


def did_of_kid(kid: str) -> str:
    """The DID before the ``#`` of a DID URL."""
    return kid.split("#", 1)[0]
