"""Showing one trade to a third (a bank, an auditor) and nothing else.

Two trees stand over one another: one over the entries of a chain, one over the chains of a firm.
The firm signs the upper root. A disclosure holds the entries shown, their paths to the chain's
root, the chain's path to the firm's root, and that signature; every other trade is a hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.match.ledger.audit import to_line
from hanse.match.ledger.chain import Chain
from hanse.match.ledger.entry import (
    CoSigned,
    Entry,
    Hex,
    SignatureText,
    bytes_of,
    canonical,
    parse_entry,
    second_signature_bytes,
    text_of,
)
from hanse.match.ledger.tree import Tree, verify_inclusion
from hanse.model.did import public_key_of
from hanse.model.errors import BadMessage
from hanse.model.ids import Did
from hanse.model.keys import verify_with
from hanse.model.signing import Signer
from hanse.model.time import Instant

SHOWN_MAX = 1_000
PATH_MAX = 40
Path_ = Annotated[tuple[Hex, ...], Meta(max_length=PATH_MAX)]


class ChainLeaf(Struct, frozen=True, kw_only=True):
    """One chain as the firm's tree sees it: how long, its head, the root over its entries."""

    chain: str
    length: int
    head: Hex
    root: Hex


class FirmRoot(Struct, frozen=True, kw_only=True):
    """What a firm signs: the root over all its chains at an instant."""

    by: Did
    at: Instant
    size: int
    root: Hex
    signature: SignatureText = "A" * 86


class Shown(Struct, frozen=True, kw_only=True):
    """One entry and its path to the root of its chain."""

    signed: CoSigned
    seq: int
    path: Path_


class Disclosure(Struct, frozen=True, kw_only=True):
    """Some entries of one chain, provably under a firm's signed root."""

    leaf: ChainLeaf
    index: int
    path: Path_
    firm: FirmRoot
    shown: Annotated[tuple[Shown, ...], Meta(min_length=1, max_length=SHOWN_MAX)]


def chain_tree(entries: Sequence[CoSigned]) -> Tree:
    """The tree over the entries of one chain, first to last."""
    return Tree([to_line(e) for e in entries])


def chain_leaf(chain: Chain, entries: Sequence[CoSigned]) -> ChainLeaf:
    """A chain as the firm's tree sees it."""
    root = chain_tree(entries).root().hex()
    return ChainLeaf(chain=chain.id, length=len(entries), head=chain.head, root=root)


def _leaf_bytes(leaf: ChainLeaf) -> bytes:
    return canonical(msgspec.to_builtins(leaf))


def _root_bytes(root: FirmRoot) -> bytes:
    value = msgspec.to_builtins(root)
    del value["signature"]
    return b"hanse firm root v1\n" + canonical(value)


def firm_root(leaves: Sequence[ChainLeaf], *, signer: Signer, at: Instant) -> FirmRoot:
    """The signed root over a firm's chains (leaves sorted by chain name)."""
    tree = Tree([_leaf_bytes(leaf) for leaf in leaves])
    root = FirmRoot(by=signer.did, at=at, size=len(leaves), root=tree.root().hex())
    return msgspec.structs.replace(root, signature=text_of(signer.sign(_root_bytes(root))))


def disclose(
    seqs: Sequence[int],
    *,
    entries: Sequence[CoSigned],
    leaves: Sequence[ChainLeaf],
    chain: str,
    root: FirmRoot,
) -> Disclosure:
    """Show some entries of one chain under a firm's root."""
    tree = chain_tree(entries)
    index = next(i for i, leaf in enumerate(leaves) if leaf.chain == chain)
    upper = Tree([_leaf_bytes(leaf) for leaf in leaves])
    shown = tuple(
        Shown(signed=entries[s], seq=s, path=tuple(h.hex() for h in tree.inclusion(s)))
        for s in seqs
    )
    path = tuple(h.hex() for h in upper.inclusion(index))
    return Disclosure(leaf=leaves[index], index=index, path=path, firm=root, shown=shown)


def verify_disclosure(disclosure: Disclosure, *, keys: Mapping[str, str]) -> list[Entry]:
    """The entries shown, if all of it holds.

    Args:
        disclosure: what a firm handed over.
        keys: DID -> public key (as did:key) of both firms, known from the firms themselves.

    Raises:
        BadMessage: a path, a signature or the root does not hold.
    """
    firm, leaf = disclosure.firm, disclosure.leaf
    signature = bytes_of(firm.signature)
    if not verify_with(_key(keys, firm.by), _root_bytes(firm), signature):
        raise BadMessage("the root is not signed by the firm", subject=firm.by)
    upper = verify_inclusion(
        _leaf_bytes(leaf),
        index=disclosure.index,
        size=firm.size,
        path=[bytes.fromhex(h) for h in disclosure.path],
        root=bytes.fromhex(firm.root),
    )
    if not upper:
        raise BadMessage("the chain is not under the firm's root", subject=leaf.chain)
    return [_shown(item, leaf, keys) for item in disclosure.shown]


def _key(keys: Mapping[str, str], did: str) -> bytes:
    return public_key_of(keys.get(did, did))


def _shown(item: Shown, leaf: ChainLeaf, keys: Mapping[str, str]) -> Entry:
    entry, signed = parse_entry(item.signed.entry), item.signed
    path = [bytes.fromhex(h) for h in item.path]
    under = verify_inclusion(
        to_line(signed),
        index=item.seq,
        size=leaf.length,
        path=path,
        root=bytes.fromhex(leaf.root),
    )
    if not under or (entry.chain, entry.seq) != (leaf.chain, item.seq):
        raise BadMessage("an entry is not under the chain's root", subject=leaf.chain)
    others = [d for d in keys if d != entry.by]
    first = verify_with(_key(keys, entry.by), signed.entry.encode(), bytes_of(signed.sig1))
    second = any(
        verify_with(_key(keys, d), second_signature_bytes(signed), bytes_of(signed.sig2))
        for d in others
    )
    if entry.by not in keys or not first or not second:
        raise BadMessage("an entry is not signed by both", subject=f"{leaf.chain} #{item.seq}")
    return entry
