"""An order from both signatures to its end: a fold over the ledger entries that name it.

Both firms fold the same entries, so both see the same state; nothing else changes it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, assert_never

from msgspec import Struct, structs

from hanse.model import trade
from hanse.model.errors import Conflict
from hanse.model.trade import Aggregate, ChangedLine, Delivery, OrderLine, Price, TradeItem


class LineStanding(Struct, frozen=True, kw_only=True):
    """One order line as it is agreed now, and how far it is."""

    item: TradeItem
    quantity: Decimal
    unit: str
    price: Price
    deliveries: tuple[Delivery, ...]
    extra: Decimal = Decimal(0)
    despatched: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)
    arrivals: tuple[Delivery, ...] = ()


class Terms(Struct, frozen=True, kw_only=True):
    """What holds between buyer and seller for one order."""

    order: trade.Order
    buyer: str
    seller: str
    lines: dict[str, LineStanding]
    invoiced: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    changes: int = 0
    documents: tuple[str, ...] = ()


class Running(Struct, frozen=True, kw_only=True, tag="running"):
    """Agreed and being carried out."""

    terms: Terms


class Disputed(Struct, frozen=True, kw_only=True, tag="disputed"):
    """Carried on, but one side has put a disagreement on the ledger."""

    terms: Terms
    dispute: trade.Dispute


class Cancelled(Struct, frozen=True, kw_only=True, tag="cancelled"):
    """Both signed that it ends, with a fee."""

    terms: Terms
    fee: Decimal


class Closed(Struct, frozen=True, kw_only=True, tag="closed"):
    """Everything received, invoiced and paid."""

    terms: Terms


Contract = Running | Disputed | Cancelled | Closed


def opened(order: trade.Order) -> Running:
    """The state right after both signed an order.

    Raises:
        Conflict: buyer and seller are one, or deliveries do not add up.
    """
    buyer = order.buyer_customer_party.endpoint_id
    seller = order.seller_supplier_party.endpoint_id
    if buyer == seller:
        raise Conflict("buyer and seller are one firm", subject=order.id)
    lines = {line.id: _standing(line) for line in order.order_line}
    if len(lines) != len(order.order_line):
        raise Conflict("two lines carry one number", subject=order.id)
    return Running(
        terms=Terms(order=order, buyer=buyer, seller=seller, lines=lines, documents=(order.id,))
    )


def _standing(line: OrderLine) -> LineStanding:
    count = Decimal(line.quantity.value)
    _adds_up(line.id, count, line.requested_delivery)
    if count == 0:
        raise Conflict("nothing is ordered", subject=line.id)
    return LineStanding(
        item=line.item,
        quantity=count,
        unit=line.quantity.unit_code,
        price=line.price,
        deliveries=line.requested_delivery,
        extra=Decimal(line.extra_amount),
    )


def _adds_up(line: str, count: Decimal, parts: tuple[Delivery, ...]) -> None:
    total = sum((Decimal(p.quantity) for p in parts), Decimal(0))
    if total != count:
        raise Conflict(f"deliveries come to {total}, the line to {count}", subject=line)


def apply(contract: Contract, document: Aggregate, *, by: str) -> Contract:
    """The contract after one more document that both signed; ``by`` proposed it.

    Raises:
        Conflict: the document does not fit the state, the quantities or the one who wrote it.
    """
    terms = contract.terms
    number = getattr(document, "id", "")
    if number in terms.documents:
        raise Conflict("this document is on the ledger already", subject=number)
    step = _STEPS.get(type(document))
    if step is None:
        raise Conflict("such a document does not change an order", subject=number)
    match contract:
        case Closed() | Cancelled():
            _only_dispute(document, number)
        case Running() | Disputed():
            pass
        case _:
            assert_never(contract)
    after = step(contract, document, by)
    kept = structs.replace(after.terms, documents=(*terms.documents, number))
    return _finish(structs.replace(after, terms=kept))


def _only_dispute(document: Aggregate, number: str) -> None:
    if not isinstance(document, trade.Dispute):
        raise Conflict("the order has ended", subject=number)


def _finish(contract: Contract) -> Contract:
    terms = contract.terms
    done = all(line.received >= line.quantity for line in terms.lines.values())
    settled = terms.invoiced > 0 and terms.paid >= terms.invoiced
    billed = all(line.invoiced >= line.quantity - line.rejected for line in terms.lines.values())
    if isinstance(contract, Running) and done and settled and billed:
        return Closed(terms=terms)
    return contract


def _must(condition: bool, what: str, subject: str) -> None:  # noqa: FBT001
    if not condition:
        raise Conflict(what, subject=subject)


def _line(terms: Terms, line: str) -> LineStanding:
    if line not in terms.lines:
        raise Conflict("the order has no such line", subject=f"{terms.order.id} line {line}")
    return terms.lines[line]


def _with_line(terms: Terms, line: str, **changes: Any) -> Terms:
    new = structs.replace(_line(terms, line), **changes)
    return structs.replace(terms, lines={**terms.lines, line: new})


def _with_terms(contract: Contract, terms: Terms) -> Contract:
    return structs.replace(contract, terms=terms)


def _change(contract: Contract, document: trade.OrderChange, by: str) -> Contract:
    terms = contract.terms
    _must(by in (terms.buyer, terms.seller), "not a party of this order", document.id)
    for line in document.order_line:
        terms = _changed_line(terms, line)
    return _with_terms(contract, structs.replace(terms, changes=terms.changes + 1))


def _changed_line(terms: Terms, line: ChangedLine) -> Terms:
    old, count = _line(terms, line.id), Decimal(line.quantity.value)
    _must(line.quantity.unit_code == old.unit, "the unit cannot change", line.id)
    _must(count >= old.despatched, "less than what was despatched already", line.id)
    _adds_up(line.id, count, line.requested_delivery)
    return _with_line(
        terms, line.id, quantity=count, price=line.price, deliveries=line.requested_delivery
    )


def _cancel(contract: Contract, document: trade.OrderCancellation, by: str) -> Contract:
    terms = contract.terms
    _must(by in (terms.buyer, terms.seller), "not a party of this order", document.id)
    sent = any(line.despatched for line in terms.lines.values())
    _must(not sent, "part of it was despatched: change the quantity instead", document.id)
    return Cancelled(terms=terms, fee=Decimal(document.fee_amount))


def _despatch(contract: Contract, document: trade.DespatchAdvice, by: str) -> Contract:
    terms = contract.terms
    _must(by == terms.seller, "only the seller despatches", document.id)
    for line in document.despatch_line:
        old, more = _line(terms, line.order_line_id), Decimal(line.delivered_quantity.value)
        _must(more > 0 and old.despatched + more <= old.quantity, "more than ordered", line.id)
        terms = _with_line(terms, line.order_line_id, despatched=old.despatched + more)
    return _with_terms(contract, terms)


def _receipt(contract: Contract, document: trade.ReceiptAdvice, by: str) -> Contract:
    terms = contract.terms
    _must(by == terms.buyer, "only the buyer receives", document.id)
    for line in document.receipt_line:
        old, more = _line(terms, line.order_line_id), Decimal(line.received_quantity.value)
        bad = Decimal(line.rejected_quantity)
        _must(old.received + more <= old.despatched, "more than was despatched", line.id)
        _must(bad <= more, "more rejected than received", line.id)
        came = Delivery(quantity=str(more), date_time=document.issue_date_time)
        terms = _with_line(
            terms,
            line.order_line_id,
            received=old.received + more,
            rejected=old.rejected + bad,
            arrivals=(*old.arrivals, came),
        )
    return _with_terms(contract, terms)


def _quality(contract: Contract, document: trade.QualityReport, by: str) -> Contract:
    terms = contract.terms
    _must(by in (terms.buyer, terms.seller), "not a party of this order", document.id)
    _line(terms, document.order_line_id)
    bad, seen = Decimal(document.defective_quantity), Decimal(document.inspected_quantity)
    _must(bad <= seen, "more defective than inspected", document.id)
    return contract


def _invoice(contract: Contract, document: trade.Invoice, by: str) -> Contract:
    terms = contract.terms
    _must(by == terms.seller, "only the seller invoices", document.id)
    currency = terms.order.document_currency_code
    _must(document.document_currency_code == currency, "another currency", document.id)
    credit = document.invoice_type_code == "381"
    sign = Decimal(-1 if credit else 1)
    for line in document.invoice_line:
        old, more = _line(terms, line.order_line_id), Decimal(line.invoiced_quantity.value)
        _must(line.price == old.price, "not the agreed price", line.id)
        _must(0 <= old.invoiced + sign * more <= old.despatched, "more than despatched", line.id)
        terms = _with_line(terms, line.order_line_id, invoiced=old.invoiced + sign * more)
    amount = Decimal(document.legal_monetary_total.payable_amount)
    _must(amount >= 0, "a credit is an invoice of type 381", document.id)
    return _with_terms(contract, structs.replace(terms, invoiced=terms.invoiced + sign * amount))


def _remittance(contract: Contract, document: trade.RemittanceAdvice, by: str) -> Contract:
    terms = contract.terms
    _must(by == terms.buyer, "only the buyer pays", document.id)
    known = document.invoice_reference.id in terms.documents
    _must(known, "no such invoice is on the ledger", document.id)
    paid = terms.paid + Decimal(document.paid_amount)
    _must(paid <= terms.invoiced, "more than was invoiced", document.id)
    return _with_terms(contract, structs.replace(terms, paid=paid))


def _dispute(contract: Contract, document: trade.Dispute, by: str) -> Contract:
    terms = contract.terms
    _must(by in (terms.buyer, terms.seller), "not a party of this order", document.id)
    if document.settled:
        _must(isinstance(contract, Disputed), "nothing is disputed", document.id)
        return Running(terms=terms)
    return Disputed(terms=terms, dispute=document)


_STEPS: dict[type[Aggregate], Callable[[Contract, Any, str], Contract]] = {
    trade.OrderChange: _change,
    trade.OrderCancellation: _cancel,
    trade.DespatchAdvice: _despatch,
    trade.ReceiptAdvice: _receipt,
    trade.QualityReport: _quality,
    trade.Invoice: _invoice,
    trade.RemittanceAdvice: _remittance,
    trade.Dispute: _dispute,
}


def order_number(document: Aggregate) -> str:
    """The number of the order that an agreed document is about."""
    if isinstance(document, trade.Order):
        return document.id
    reference: trade.DocumentReference = document.order_reference  # type: ignore[attr-defined]
    return reference.id
