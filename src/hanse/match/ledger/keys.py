"""Changing the key a firm signs with: rotation, revocation, and recovery of a stolen one.

A firm's identity stays; each pair ledger records from which entry on another key holds. A rotation
is signed by the old key (as the entry) and by the new one (as its proof). A revocation stops the
key at once. A recovery is signed by a key kept off the node, whose hash was agreed before; it works
after theft and after loss, and names the hash of the next recovery key.
"""

from __future__ import annotations

import hashlib
from typing import Any

from hanse.match.ledger.chain import RECOVER, ROTATE, Chain, statement
from hanse.match.ledger.entry import text_of
from hanse.model.did import did_of
from hanse.model.keys import Ed25519Signer


def recovery_hash(recovery_public: bytes) -> str:
    """What a partner is told of a recovery key before it is ever needed."""
    return hashlib.sha256(recovery_public).hexdigest()


def rotation(chain: Chain, did: str, new: Ed25519Signer) -> dict[str, Any]:
    """The body of an entry that brings a new key in."""
    key = did_of(new.public_key)
    words = statement(chain.id, ROTATE, did, chain.keys[did].key, key)
    return {"key": key, "proof": text_of(new.sign(words))}


def recovery(
    chain: Chain, did: str, *, new: Ed25519Signer, recovery_key: Ed25519Signer, next_hash: str
) -> dict[str, Any]:
    """The body of an entry that brings a new key in where the old one is stolen or lost."""
    key = did_of(new.public_key)
    words = statement(chain.id, RECOVER, did, chain.keys[did].key, key, next_hash)
    return {
        "key": key,
        "recovery_key": did_of(recovery_key.public_key),
        "recovery": next_hash,
        "proof": text_of(recovery_key.sign(words)),
    }
