"""Checking an exported ledger with nothing but the two public keys, and proving a fork."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.match.ledger.chain import Chain, KeyCard, chain_id, extend, new_chain
from hanse.match.ledger.entry import (
    ENTRY_BYTES_MAX,
    CoSigned,
    Entry,
    bytes_of,
    entry_hash,
    is_void,
    parse_entry,
    second_signature_bytes,
)
from hanse.model.did import public_key_of
from hanse.model.errors import BadInput, BadMessage
from hanse.model.keys import verify_with

LINE_BYTES_MAX = 3 * ENTRY_BYTES_MAX


class Line(Struct, frozen=True, kw_only=True, tag=False):
    """One checked entry: its number, its hash, what it says, and whether it counts."""

    seq: int
    hash: str
    entry: Entry
    void: bool = False


class Audit(Struct, frozen=True, kw_only=True):
    """The finding on a ledger file. ``problem`` is empty if every entry holds."""

    chain: str
    parties: tuple[str, str]
    entries: int
    head: str
    problem: str = ""
    keys: dict[str, Annotated[str, Meta(max_length=300)]] = {}

    @property
    def ok(self) -> bool:
        """Whether all of it holds."""
        return not self.problem


def to_line(signed: CoSigned) -> bytes:
    """One line of an export, with its newline."""
    return msgspec.json.encode(signed) + b"\n"


def read_lines(path: Path) -> Iterator[CoSigned]:
    """The entries of an exported file, in order.

    Raises:
        BadMessage: a line is not an entry signed twice, or is too long.
    """
    decoder = msgspec.json.Decoder(CoSigned)
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(line) > LINE_BYTES_MAX:
                raise BadMessage("a line is too long", subject=f"{path.name}:{number}")
            try:
                yield decoder.decode(line)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
                raise BadMessage(
                    "a line is not a co-signed entry", subject=f"{path.name}:{number}"
                ) from error


def opening(first: CoSigned, keys: Mapping[str, str] | None = None) -> Chain:
    """The empty chain that a first entry opens, its keys tied to the two identities.

    A did:key carries its key; for a did:web, and after a change of keys before the chain began,
    hand the key in (``{did: did:key}``), learned from the firm itself.

    Raises:
        BadMessage: the first entry opens nothing, or a key cannot be tied to its firm.
    """
    entry = parse_entry(first.entry)
    try:
        a, b = msgspec.convert(entry.body.get("parties", []), tuple[KeyCard, KeyCard])
    except msgspec.ValidationError as error:
        raise BadMessage("the first entry does not name two firms", subject=str(error)) from error
    for card in (a, b):
        known = (keys or {}).get(card.did, card.did)
        if known != card.key:
            raise BadMessage(
                "the key in the file is not known to be this firm's",
                subject=card.did,
                remedy="Hand in the public key you have from the firm itself",
            )
    return new_chain(a, b)


def checked(signed: Iterable[CoSigned], *, keys: Mapping[str, str] | None = None) -> Iterator[Line]:
    """Every entry with its hash, each verified as it passes.

    Raises:
        BadMessage: at the first entry that does not hold.
    """
    chain: Chain | None = None
    for item in signed:
        chain = chain or opening(item, keys)
        chain, entry = extend(chain, item)
        void = is_void(entry, item)
        yield Line(seq=entry.seq, hash=chain.head, entry=entry, void=void)


def audit(signed: Iterable[CoSigned], *, keys: Mapping[str, str] | None = None) -> Audit:
    """The finding on a whole chain: how far it holds, and the first thing that does not."""
    chain: Chain | None = None
    problem = ""
    try:
        for item in signed:
            chain = chain or opening(item, keys)
            chain, _ = extend(chain, item)
    except BadInput as error:
        problem = str(error)
    if chain is None:
        return Audit(
            chain="", parties=("", ""), entries=0, head="", problem=problem or "the file is empty"
        )
    return Audit(
        chain=chain.id,
        parties=chain.parties,
        entries=chain.length,
        head=chain.head,
        problem=problem,
        keys={did: state.key for did, state in chain.keys.items()},
    )


def verify_file(path: Path, *, keys: Mapping[str, str] | None = None) -> Audit:
    """Check an exported ledger offline.

    Args:
        path: JSON lines, one co-signed entry each, from the first.
        keys: public keys (as did:key) of firms whose DID is not a did:key.
    """
    return audit(read_lines(path), keys=keys)


# ---------------------------------------------------------------- who forked


class Fork(Struct, frozen=True, kw_only=True):
    """Two entries at one place of one chain, both signed by both: proof that ``by`` cheated."""

    chain: str
    seq: int
    by: str
    hashes: tuple[str, str]


def prove_fork(one: CoSigned, two: CoSigned, *, keys: Mapping[str, str]) -> Fork:
    """Who is to blame for two co-signed entries at one place (see the rules in `pair`).

    The same countersigner twice is to blame; else the leader, who must not countersign where it
    proposed. ``keys`` maps both DIDs to the did:key in force at that place.

    Raises:
        BadMessage: they are no fork (other place, same entry, or a signature is wrong).
    """
    a, b = parse_entry(one.entry), parse_entry(two.entry)
    if (a.chain, a.seq) != (b.chain, b.seq) or entry_hash(one) == entry_hash(two):
        raise BadMessage("these two entries are no fork", subject=f"{a.chain} #{a.seq}")
    parties = sorted(keys)
    if chain_id(*parties) != a.chain or not {a.by, b.by} <= set(parties):
        raise BadMessage("the keys are not those of this chain", subject=a.chain)
    for signed, entry in ((one, a), (two, b)):
        _both_signed(signed, entry, keys)
    witnesses = {d for e in (a, b) for d in parties if d != e.by}
    blamed = witnesses.pop() if len(witnesses) == 1 else parties[0]
    return Fork(chain=a.chain, seq=a.seq, by=blamed, hashes=(entry_hash(one), entry_hash(two)))


def _both_signed(signed: CoSigned, entry: Entry, keys: Mapping[str, str]) -> None:
    (other,) = [d for d in keys if d != entry.by]
    first, second = public_key_of(keys[entry.by]), public_key_of(keys[other])
    first_ok = verify_with(first, signed.entry.encode(), bytes_of(signed.sig1))
    second_ok = verify_with(second, second_signature_bytes(signed), bytes_of(signed.sig2))
    if not (first_ok and second_ok):
        raise BadMessage("a signature is wrong", subject=f"{entry.chain} #{entry.seq}")
