"""Files between firms, readable by the addressee only, named by the hash of what is inside.

X25519 with a key used once, HKDF-SHA-256, ChaCha20-Poly1305 (the shape of RFC 9180 base mode).
The addressee's X25519 key is that of its Ed25519 identity (the map of RFC 7748, 4.1), so a file can
be sealed for any firm whose key was pinned. Who sent it is proved by the signed message that names
its hash.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hanse.model.did import public_key_of
from hanse.model.errors import BadInput, BadMessage, TooMuch

FILE_BYTES_MAX = 100_000_000
SECRET_BYTES = 32
_P = 2**255 - 19
_MAGIC = b"HSF1"
_NONCE = b"\0" * 12  # the key is used once


def digest_of(data: bytes) -> str:
    """The name of a file in documents: ``sha-256:`` and the base64url hash of its bytes."""
    text = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"sha-256:{text}"


def _montgomery(public_key: bytes) -> bytes:
    """The X25519 key of an Ed25519 key: u = (1 + y) / (1 - y)."""
    y = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    if y in {0, 1, _P - 1} or y >= _P:
        raise BadInput("this key cannot receive files", subject=public_key.hex()[:16])
    u = (1 + y) * pow(1 - y, -1, _P) % _P
    return u.to_bytes(32, "little")


def _private(seed: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(hashlib.sha512(seed).digest()[:32])


def _key(shared: bytes, once: bytes, to: bytes) -> bytes:
    info = b"hanse sealed file v1" + once + to
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(shared)


def seal(data: bytes, *, to: str, secret: bytes) -> bytes:
    """The file, sealed for the firm whose current key (as did:key) is ``to``.

    Args:
        data: at most FILE_BYTES_MAX bytes.
        to: the addressee's key.
        secret: 32 fresh random bytes, never used again.

    Raises:
        TooMuch: too large. BadInput: the key or the secret is not one.
    """
    if len(data) > FILE_BYTES_MAX:
        raise TooMuch(f"a file has at most {FILE_BYTES_MAX} bytes", subject=str(len(data)))
    if len(secret) != SECRET_BYTES:
        raise BadInput("sealing needs 32 random bytes", subject=f"{len(secret)} bytes")
    theirs = _montgomery(public_key_of(to))
    mine = X25519PrivateKey.from_private_bytes(secret)
    once = mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = _key(mine.exchange(X25519PublicKey.from_public_bytes(theirs)), once, theirs)
    return _MAGIC + once + ChaCha20Poly1305(key).encrypt(_NONCE, data, _MAGIC + once)


def unseal(sealed: bytes, *, seed: bytes, digest: str) -> bytes:
    """The file inside, if it was sealed for us and is the one the document names.

    Raises:
        BadMessage: not for us, damaged, or another file than ``digest`` says.
    """
    if len(sealed) > FILE_BYTES_MAX + 100 or sealed[:4] != _MAGIC or len(sealed) < 52:
        raise BadMessage("not a sealed file", subject=digest)
    once, private = sealed[4:36], _private(seed)
    ours = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    try:
        key = _key(private.exchange(X25519PublicKey.from_public_bytes(once)), once, ours)
        data = ChaCha20Poly1305(key).decrypt(_NONCE, sealed[36:], _MAGIC + once)
    except (InvalidTag, ValueError) as error:
        raise BadMessage("the file is damaged or not for us", subject=digest) from error
    if digest_of(data) != digest:
        raise BadMessage("another file than the document names", subject=digest)
    return data
