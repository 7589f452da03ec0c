"""The ledgers of a firm off its record: one chain a partner, and whether it checks."""

from __future__ import annotations

import msgspec

from hanse.match.ledger.audit import Line, audit, checked, to_line
from hanse.match.ledger.chain import chain_id
from hanse.match.ledger.entry import CoSigned
from hanse.match.messages import document_of
from hanse.match.saying import Sums, said
from hanse.model import trade
from hanse.model.errors import NotFound
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.store import Tx
from hanse.web.views.common import State, Tone
from hanse.web.views.trading import ChainRow, EntryRow

ENTRIES_MAX = 10_000
WHOLE = State("whole", Text("whole, both signatures hold", "完整,双方签名有效"), Tone.GOOD)
BROKEN = State("broken", Text("does not hold", "校验失败"), Tone.BAD)
_KEY_STEPS = {
    "open": Text("ledger opened", "账本开立"),
    "pass": Text("empty entry", "空条目"),
    "rotate": Text("new key", "更换密钥"),
    "recover": Text("key recovered", "恢复密钥"),
    "revoke": Text("key revoked", "吊销密钥"),
}


class RecordLedger:
    """A `hanse.web.ports.Ledger`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def chains(self) -> tuple[ChainRow, ...]:
        """One row a firm."""

        def read(tx: Tx) -> list[ChainRow]:
            return [self._row(tx, did) for did in tx.desk.keys("ledger")]

        return tuple(await self._context.store.read(read))

    async def chain(self, chain: str, *, limit: int) -> tuple[ChainRow, tuple[EntryRow, ...]]:
        """One chain and its newest entries."""

        def read(tx: Tx) -> tuple[ChainRow, tuple[EntryRow, ...]]:
            did = self._partner(tx, chain)
            return self._row(tx, did), tuple(entries_with(tx, self._context, did)[::-1][:limit])

        return await self._context.store.read(read)

    async def verify(self, chain: str) -> ChainRow:
        """Check every hash and both signatures again."""
        return await self._context.store.read(lambda tx: self._row(tx, self._partner(tx, chain)))

    async def export(self, chain: str) -> bytes:
        """The file that ``hanse ledger verify`` reads."""

        def read(tx: Tx) -> bytes:
            self._partner(tx, chain)
            return b"".join(to_line(s) for s in tx.desk.entries(chain, 0, ENTRIES_MAX))

        return await self._context.store.read(read)

    def _partner(self, tx: Tx, chain: str) -> str:
        for did in tx.desk.keys("ledger"):
            if chain_id(self._context.identity.did, did) == chain:
                return did
        raise NotFound("there is no such ledger", subject=chain)

    def _row(self, tx: Tx, did: str) -> ChainRow:
        chain = chain_id(self._context.identity.did, did)
        signed = tx.desk.entries(chain, 0, ENTRIES_MAX)
        finding = audit(signed) if signed else None
        whole = finding is None or finding.ok
        problem = finding.problem if finding else ""
        return ChainRow(
            id=chain,
            firm=partners.name_of(tx, did),
            did=did,
            entries=len(signed),
            head=finding.head if finding else "",
            state=WHOLE if whole else BROKEN,
            verified_at=self._context.clock.now(),
            last_at=_last(signed),
            finding=Text(problem, problem),
            sums=_sums(signed) if whole else Text("", ""),
        )


def _sums(signed: list[CoSigned]) -> Text:
    """What was ordered, invoiced and paid on a whole chain."""
    sums, orders = Sums(), dict[str, trade.Order]()
    for line in checked(signed) if signed else ():
        _note_order(line, orders)
        sums.add(line.entry.kind, line.entry.body, orders)
    return sums.text()


def _note_order(line: Line, orders: dict[str, trade.Order]) -> None:
    if line.entry.kind == "order":
        document = document_of("order", line.entry.body)
        if isinstance(document, trade.Order):
            orders[document.id] = document


def _last(signed: list[CoSigned]) -> Instant | None:
    lines = list(checked(signed)) if signed else []
    return lines[-1].entry.at if lines else None


def entries_with(tx: Tx, context: Context, partner: str) -> list[EntryRow]:
    """Every entry both signed with a partner, oldest first."""
    chain = chain_id(context.identity.did, partner)
    firm = partners.name_of(tx, partner)
    signed = tx.desk.entries(chain, 0, ENTRIES_MAX)
    orders: dict[str, trade.Order] = {}
    found = []
    for line in checked(signed) if signed else ():
        _note_order(line, orders)
        row = _entry_row(line, firm, orders)
        mine = line.entry.by == context.identity.did
        found.append(msgspec.structs.replace(row, mine=mine))
    return found


def _entry_row(line: Line, firm: str, orders: dict[str, trade.Order]) -> EntryRow:
    body = line.entry.body
    reference = body.get("orderReference", {})
    order = reference.get("id", "") if isinstance(reference, dict) else ""
    number = order or (str(body.get("id", "")) if line.entry.kind == "order" else "")
    text = _KEY_STEPS.get(line.entry.kind) or said(line.entry.kind, body, orders=orders)
    return EntryRow(
        seq=line.seq,
        at=line.entry.at,
        kind=line.entry.kind,
        text=text,
        hash=line.hash,
        ours=True,
        theirs=True,
        firm=firm,
        trade=number,
    )
