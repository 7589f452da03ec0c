"""A chain as anyone may check it: the fold over co-signed entries, with the keys of both firms."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hanse.match.ledger.entry import (
    GENESIS,
    CoSigned,
    Entry,
    Hex,
    Proposal,
    bytes_of,
    canonical,
    entry_hash,
    is_void,
    parse_entry,
    second_signature_bytes,
)
from hanse.model.did import public_key_of
from hanse.model.errors import BadMessage
from hanse.model.ids import Did
from hanse.model.keys import verify_with
from hanse.model.time import Instant

CHAIN_PREFIX = "pair-"
OPEN, ROTATE, RECOVER, REVOKE = "open", "rotate", "recover", "revoke"
KEY_KINDS = frozenset({OPEN, ROTATE, RECOVER, REVOKE})


class KeyCard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A firm's key as its partners pin it.

    ``key`` is the current public key written as a did:key; ``recovery`` the SHA-256 of the raw
    public key of a recovery key kept off the node, or empty where there is none.
    """

    did: Did
    key: Did
    recovery: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""


class KeyState(Struct, frozen=True, kw_only=True):
    """The key a firm signs with on this chain now, and whether it still may."""

    key: Did
    recovery: str = ""
    revoked: bool = False


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a chain is and the hash of its last entry; rides on every message."""

    chain: Annotated[str, Meta(max_length=80)]
    length: Annotated[int, Meta(ge=0)]
    hash: Hex


class Chain(Struct, frozen=True, kw_only=True):
    """A chain up to its head. ``parties`` are the two DIDs, sorted; the first one leads.

    The leader's proposal wins where both propose at the same place.
    """

    id: str
    parties: tuple[str, str]
    keys: dict[str, KeyState]
    length: int = 0
    head: str = GENESIS
    last_at: Instant | None = None

    @property
    def leader(self) -> str:
        """The firm whose proposal goes first when both propose at once."""
        return self.parties[0]

    def other(self, did: str) -> str:
        """The partner of one of the two."""
        first, second = self.parties
        return second if did == first else first


def chain_id(a: str, b: str) -> str:
    """The name of the one chain of two firms: the same whoever asks."""
    both = "\n".join(sorted((a, b))).encode()
    return CHAIN_PREFIX + hashlib.sha256(b"hanse pair ledger v1\n" + both).hexdigest()[:40]


def new_chain(a: KeyCard, b: KeyCard) -> Chain:
    """The empty chain of two firms, with the keys they pinned of one another.

    Raises:
        BadMessage: one firm with itself.
    """
    if a.did == b.did:
        raise BadMessage("a firm keeps no ledger with itself", subject=a.did)
    first, second = sorted((a.did, b.did))
    keys = {c.did: KeyState(key=c.key, recovery=c.recovery) for c in (a, b)}
    return Chain(id=chain_id(a.did, b.did), parties=(first, second), keys=keys)


def opening_body(chain: Chain) -> dict[str, Any]:
    """The body of the first entry: who the two are and with which keys they begin."""
    cards = [
        KeyCard(did=d, key=chain.keys[d].key, recovery=chain.keys[d].recovery)
        for d in chain.parties
    ]
    return {"parties": msgspec.to_builtins(cards)}


def head_of(chain: Chain) -> Head:
    """The head, as it rides on messages."""
    return Head(chain=chain.id, length=chain.length, hash=chain.head)


def check_proposal(chain: Chain, proposal: Proposal, *, verify: bool = True) -> Entry:
    """The entry of a proposal that fits at the end of the chain and is signed by a party.

    ``verify`` False skips the signature, where this very proposal was verified before.

    Raises:
        BadMessage: of another chain, not next, prev differs, not a party, revoked key, signature.
    """
    entry = parse_entry(proposal.entry)
    _fits(chain, entry)
    key = _proposer_key(chain, entry)
    if verify and not verify_with(key, proposal.entry.encode(), bytes_of(proposal.sig1)):
        raise BadMessage("the proposer's signature is wrong", subject=_name(entry))
    return entry


def extend(
    chain: Chain, signed: CoSigned, *, first: bool = True, second: bool = True
) -> tuple[Chain, Entry]:
    """The chain with one more entry, both signatures checked, and that entry.

    ``first`` or ``second`` False skips a signature that we made or verified ourselves just before.

    Raises:
        BadMessage: as `check_proposal`, or the second signature is wrong.
    """
    entry = check_proposal(chain, Proposal(entry=signed.entry, sig1=signed.sig1), verify=first)
    witness = chain.keys[chain.other(entry.by)]
    if witness.revoked:
        raise BadMessage("the countersigner's key is revoked", subject=_name(entry))
    words, sig2 = second_signature_bytes(signed), bytes_of(signed.sig2)
    if second and not verify_with(public_key_of(witness.key), words, sig2):
        raise BadMessage("the countersignature is wrong", subject=_name(entry))
    return _after(chain, entry, signed), entry


def _after(chain: Chain, entry: Entry, signed: CoSigned) -> Chain:
    keys = chain.keys if is_void(entry, signed) else _keys_after(chain, entry)
    return Chain(
        id=chain.id,
        parties=chain.parties,
        keys=keys,
        length=chain.length + 1,
        head=entry_hash(signed),
        last_at=entry.at,
    )


def _fits(chain: Chain, entry: Entry) -> None:
    if entry.chain != chain.id:
        raise BadMessage("an entry of another chain", subject=_name(entry))
    if entry.by not in chain.parties:
        raise BadMessage("proposed by neither firm of this chain", subject=_name(entry))
    if entry.seq != chain.length or entry.prev != chain.head:
        raise BadMessage(
            f"the entry does not follow number {chain.length - 1}",
            subject=_name(entry),
            remedy="Exchange heads and the entries in between",
        )
    if (entry.kind == OPEN) != (entry.seq == 0):
        raise BadMessage("a chain is opened by its first entry only", subject=_name(entry))
    if entry.kind == OPEN and entry.body != opening_body(chain):
        raise BadMessage("the opening names other firms or keys", subject=_name(entry))


def _name(entry: Entry) -> str:
    return f"{entry.chain} #{entry.seq} {entry.kind}"


# ---------------------------------------------------------------- keys that change


def statement(chain: str, purpose: str, *names: str) -> bytes:
    """What a new or a recovery key signs beside the entry, fixed to the chain and the old key."""
    return b"hanse key statement v1\n" + canonical([purpose, chain, *names])


def _proposer_key(chain: Chain, entry: Entry) -> bytes:
    """The raw key the first signature must be made with; checks the key statements on the way."""
    state = chain.keys[entry.by]
    if entry.kind == RECOVER:
        return _recovered_key(chain, entry, state)
    if state.revoked:
        raise BadMessage("signed with a revoked key", subject=_name(entry))
    if entry.kind == ROTATE:
        new = _field(entry, "key")
        words = statement(chain.id, ROTATE, entry.by, state.key, new)
        if not verify_with(public_key_of(new), words, bytes_of(_field(entry, "proof"))):
            raise BadMessage("the new key did not sign", subject=_name(entry))
    return public_key_of(state.key)


def _recovered_key(chain: Chain, entry: Entry, state: KeyState) -> bytes:
    recovery = public_key_of(_field(entry, "recovery_key"))
    if not state.recovery or hashlib.sha256(recovery).hexdigest() != state.recovery:
        raise BadMessage("not the recovery key agreed before", subject=_name(entry))
    new, after = _field(entry, "key"), _field(entry, "recovery")
    if after == state.recovery:
        raise BadMessage("a recovery key serves once", subject=_name(entry))
    words = statement(chain.id, RECOVER, entry.by, state.key, new, after)
    if not verify_with(recovery, words, bytes_of(_field(entry, "proof"))):
        raise BadMessage("the recovery key did not sign", subject=_name(entry))
    return public_key_of(new)


def _field(entry: Entry, name: str) -> str:
    value = entry.body.get(name, "")
    if not isinstance(value, str):
        raise BadMessage(f"{name} is not a text", subject=_name(entry))
    return value


def _keys_after(chain: Chain, entry: Entry) -> dict[str, KeyState]:
    if entry.kind not in KEY_KINDS or entry.kind == OPEN:
        return chain.keys
    old = chain.keys[entry.by]
    match entry.kind:
        case "rotate":
            new = KeyState(key=_field(entry, "key"), recovery=old.recovery)
        case "recover":
            new = KeyState(key=_field(entry, "key"), recovery=_field(entry, "recovery"))
        case _:
            new = KeyState(key=old.key, recovery=old.recovery, revoked=True)
    return {**chain.keys, entry.by: new}
