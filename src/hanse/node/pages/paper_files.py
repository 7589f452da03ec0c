"""Papers that both signed, as files for other systems: UBL XML, EN 16931 invoices, EPCIS events."""

from __future__ import annotations

import msgspec

from hanse.match.ledger.audit import Line, checked
from hanse.match.ledger.chain import chain_id
from hanse.match.messages import document_of
from hanse.model import trade
from hanse.model.errors import BadInput, NotFound
from hanse.node.context import Context
from hanse.node.dealing.disclosing import disclosure_of
from hanse.node.pages.ledgers import ENTRIES_MAX
from hanse.store import Tx
from hanse.web.views.trading import PaperFile

UBL, EPCIS, PROOF = "ubl", "epcis", "proof"
_UBL = frozenset(
    {
        "order",
        "order_change",
        "order_cancellation",
        "despatch_advice",
        "receipt_advice",
        "invoice",
    }
)
_EPCIS = frozenset({"despatch_advice", "receipt_advice"})


def files_of(order: str, seq: int, kind: str) -> tuple[PaperFile, ...]:
    """The files that an entry of a kind can be had as."""
    base = f"/trade/orders/{order}/papers/{seq}"
    found = []
    if kind in _UBL:
        label = "EN 16931" if kind == "invoice" else "UBL"
        found.append(PaperFile(label=label, href=f"{base}.{UBL}"))
    if kind in _EPCIS:
        found.append(PaperFile(label="EPCIS", href=f"{base}.{EPCIS}"))
    return tuple(found)


def paper_file(
    tx: Tx, context: Context, order: tuple[str, str], place: tuple[int, str]
) -> tuple[str, bytes]:
    """The name and the bytes of an entry: of (partner, order) at (place, form).

    The form ``proof`` is the whole order with the proof that both signed it, whatever the place.

    Raises:
        NotFound: the order has no such paper.
        BadInput: there is no such form of it.
    """
    (partner, number), (seq, form) = order, place
    if form == PROOF:
        return f"proof-{number}.json", disclosure_of(tx, context, partner, number)
    chain = chain_id(context.identity.did, partner)
    lines = [line for line in checked(tx.desk.entries(chain, 0, ENTRIES_MAX)) if line.seq <= seq]
    first = next((n for n in lines if n.entry.kind == "order" and _number(n) == number), None)
    paper = next((n for n in lines if n.seq == seq and _order_of(n) == number), None)
    if first is None or paper is None:
        raise NotFound("the order has no such paper", subject=f"{number} {seq}")
    agreed = document_of("order", first.entry.body)
    document = document_of(paper.entry.kind, paper.entry.body)
    if not isinstance(agreed, trade.Order):
        raise NotFound("the order has no such paper", subject=number)
    name = f"{paper.entry.kind}-{_number(paper)}"
    if form == UBL:
        from hanse.match.export.ubl import document_xml

        return f"{name}.xml", document_xml(document, agreed)
    if form == EPCIS and paper.entry.kind in _EPCIS:
        return f"{name}.jsonld", _epcis(document, agreed)
    raise BadInput("there is no such form of this paper", subject=form, remedy="ubl or epcis")


def _epcis(document: trade.Aggregate, order: trade.Order) -> bytes:
    from hanse.match.export.epcis import despatch_event, epcis_document, receipt_event

    if isinstance(document, trade.DespatchAdvice):
        return _json(epcis_document([despatch_event(document, order)], document.issue_date_time))
    if isinstance(document, trade.ReceiptAdvice):
        return _json(epcis_document([receipt_event(document, order)], document.issue_date_time))
    raise BadInput("only goods that move are traced", subject=type(document).__name__)


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)


def _number(line: Line) -> str:
    return str(line.entry.body.get("id", ""))


def _order_of(line: Line) -> str:
    reference = line.entry.body.get("orderReference")
    if isinstance(reference, dict):
        return str(reference.get("id", ""))
    return _number(line) if line.entry.kind == "order" else ""
