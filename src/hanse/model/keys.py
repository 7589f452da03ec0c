"""Ed25519 keys (RFC 8032): signing for a firm and checking others' signatures."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hanse.model.did import KNOWN_MAX, did_of, kid_of, public_key_of
from hanse.model.errors import BadInput

SEED_BYTES = 32


class Ed25519Signer:
    """Signs for one firm with a private key held in memory (a `hanse.model.signing.Signer`).

    Args:
        seed: the 32 secret bytes.
        did: the firm, where it is not the did:key of this very key (did:web, rotated keys).
    """

    def __init__(self, seed: bytes, did: str = "") -> None:
        if len(seed) != SEED_BYTES:
            raise BadInput("an Ed25519 seed has 32 bytes", subject=f"{len(seed)} bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._did = did or did_of(self.public_key)

    @property
    def did(self) -> str:
        """The firm that signs."""
        return self._did

    @property
    def kid(self) -> str:
        """The DID URL of the key, as it stands in a JWS header."""
        return kid_of(self._did)

    def sign(self, message: bytes) -> bytes:
        """64 bytes over the exact message."""
        return self._key.sign(message)


@lru_cache(maxsize=KNOWN_MAX)
def _verifier(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)


def verify_with(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the raw public key's owner signed the exact message; False for any bad shape."""
    try:
        _verifier(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class DidKeyVerifier:
    """Checks signatures of did:key firms, and of any firm whose key was pinned by hand."""

    def __init__(self, pinned: dict[str, bytes] | None = None) -> None:
        self._pinned = dict(pinned or {})

    def pin(self, did: str, public_key: bytes) -> None:
        """Remember the current key of a firm (did:web, or after a rotation)."""
        self._pinned[did] = public_key

    def key_of(self, did: str) -> bytes:
        """The firm's current raw public key.

        Raises:
            BadInput: not a did:key and never pinned.
        """
        return self._pinned.get(did) or public_key_of(did)

    def verify(self, did: str, message: bytes, signature: bytes) -> bool:
        """Whether the firm's current key made the signature over the exact message."""
        try:
            key = self.key_of(did)
        except BadInput:
            return False
        return verify_with(key, message, signature)
