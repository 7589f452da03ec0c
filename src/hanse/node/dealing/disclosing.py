"""One trade shown to a third: its entries, and the proof that they are ours, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.match.books import Books
from hanse.match.ledger.audit import checked
from hanse.match.ledger.chain import chain_id
from hanse.match.ledger.disclosure import Disclosure, chain_leaf, disclose, firm_root
from hanse.match.ledger.entry import CoSigned, Entry
from hanse.model.errors import BadMessage, NotFound
from hanse.node.context import Context
from hanse.store import Tx

ENTRIES_MAX = 10_000


def disclosure_of(tx: Tx, context: Context, partner: str, order: str) -> bytes:
    """Every entry of one order as a file that anyone can check offline.

    Raises:
        NotFound: the ledger with this firm holds no such order.
    """
    books, me = Books(tx.desk), context.identity
    ledgers = [books.ledger(did) for did in tx.desk.keys("ledger")]
    chains = sorted((pair.chain for pair in ledgers if pair is not None), key=lambda c: c.id)
    kept = {chain.id: tx.desk.entries(chain.id, 0, ENTRIES_MAX) for chain in chains}
    name = chain_id(me.did, partner)
    seqs = _of_order(kept.get(name, ()), order)
    if not seqs:
        raise NotFound("the ledger holds no such order", subject=order)
    leaves = [chain_leaf(chain, kept[chain.id]) for chain in chains]
    root = firm_root(leaves, signer=me.signer, at=context.clock.now())
    shown = disclose(seqs, entries=kept[name], leaves=leaves, chain=name, root=root)
    return msgspec.json.format(msgspec.json.encode(shown), indent=1)


def _of_order(signed: Sequence[CoSigned], order: str) -> list[int]:
    lines = checked(signed) if signed else ()
    return [line.seq for line in lines if number_of(line.entry) == order]


def number_of(entry: Entry) -> str:
    """The order that an entry is about; empty for the ledger's own steps."""
    if entry.kind == "order":
        return str(entry.body.get("id", ""))
    reference = entry.body.get("orderReference")
    return str(reference.get("id", "")) if isinstance(reference, dict) else ""


def parties_of(disclosure: Disclosure) -> dict[str, str]:
    """The two firms of the order shown, each under its own DID as its key.

    The chain is named after both, so no others can be meant.

    Raises:
        BadMessage: no order is shown, or its firms are not those of the chain.
    """
    from hanse.match.ledger.entry import parse_entry

    for item in disclosure.shown:
        entry = parse_entry(item.signed.entry)
        if entry.kind == "order":
            names = ("buyerCustomerParty", "sellerSupplierParty")
            found = [str(entry.body.get(n, {}).get("endpointID", "")) for n in names]
            if chain_id(*found) == disclosure.leaf.chain:
                return {did: did for did in found}
    raise BadMessage("it shows no order of this chain's firms", subject=disclosure.leaf.chain)
