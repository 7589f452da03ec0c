"""What was agreed with other firms: ledgers whole and signed by both, contracts that add up."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from hanse.match.books import Books
from hanse.match.contract import Contract
from hanse.match.ledger.audit import audit
from hanse.match.ledger.entry import entry_hash
from hanse.store.desk import signed_of
from hanse.store.schema import LEDGER
from hanse.store.tx import Tx
from hanse.store.verify.finding import Looking, holes


def ledgers(tx: Tx, looking: Looking, keys: Mapping[str, str]) -> None:
    """Every entry signed by both and following the one before; our view of it at its head."""
    heads: dict[str, tuple[int, str]] = {}
    for chain in tx.desk.chains():
        query = sa.select(LEDGER).where(LEDGER.c.chain == chain).order_by(LEDGER.c.seq)
        rows = list(tx.connection.execute(query).mappings())
        looking.at(len(rows))
        for before, _ in holes([-1, *(r["seq"] for r in rows)]):
            looking.found(chain, f"entry {before + 1} is missing", f"缺少条目 {before + 1}")
        for row in rows:
            if entry_hash(signed_of(row)) != row["hash"]:
                looking.found(f"{chain} #{row['seq']}", "it was changed afterwards", "事后被更改")
        finding = audit((signed_of(r) for r in rows), keys=keys)
        if not finding.ok:
            looking.found(chain, finding.problem, f"账本校验失败:{finding.problem}")
        heads[chain] = (len(rows), rows[-1]["hash"])
    _views(tx, heads, looking)


def _views(tx: Tx, heads: Mapping[str, tuple[int, str]], looking: Looking) -> None:
    books = Books(tx.desk)
    for partner in books.partners():
        looking.at()
        ledger = books.ledger(partner)
        if ledger is None:
            continue
        chain = ledger.chain
        if (chain.length, chain.head) != heads.get(chain.id, (0, chain.head)):
            en = f"our view ends at entry {chain.length}, the ledger does not"
            looking.found(chain.id, en, f"本方视图止于第 {chain.length} 条,与账本不符")


def contracts(tx: Tx, looking: Looking) -> None:
    """Nothing received that was not despatched, nothing despatched that was not ordered."""
    for partner, contract in Books(tx.desk).contracts():
        looking.at()
        _adds_up(partner, contract, looking)


def _adds_up(partner: str, contract: Contract, looking: Looking) -> None:
    terms = contract.terms
    for name, line in terms.lines.items():
        if not 0 <= line.rejected <= line.received <= line.despatched <= line.quantity:
            subject = f"order {terms.order.id} line {name} with {partner}"
            looking.found(subject, "its quantities do not add up", "数量不平衡")
