"""Signatures as something handed in: who can sign for the firm, and how a signature is checked."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """Signs for one firm (Ed25519, RFC 8032)."""

    @property
    def did(self) -> str:
        """The firm that signs."""
        ...

    @property
    def kid(self) -> str:
        """The DID URL of the key, as written in a JWS header."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes over the exact message."""
        ...


class Verifier(Protocol):
    """Checks signatures of firms this node knows."""

    def verify(self, did: str, message: bytes, signature: bytes) -> bool:
        """Whether the firm's current key made the signature over the exact message."""
        ...
