"""An order from both signatures to its end: a fold over the ledger entries that name it.

Both firms fold the same entries, so both see the same state; nothing else changes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, assert_never

from msgspec import Struct, structs

from hanse.match.amounts import by_code, ordered_charges, sum_faults, sum_of, unit_amount
from hanse.model import trade
from hanse.model.errors import Conflict
from hanse.model.trade import Aggregate, ChangedLine, Delivery, OrderLine, Price, TradeItem


class LineStanding(Struct, frozen=True, kw_only=True):
    """One order line as it is agreed now, and how far it is.

    ``extra`` is the sum of ``charges``, of which ``charged`` is invoiced and ``returned`` was
    given back, by its code; ``credited`` pieces were invoiced and taken back; ``billed`` is what
    the line was invoiced at less its credits, net.
    """

    item: TradeItem
    quantity: Decimal
    unit: str
    price: Price
    deliveries: tuple[Delivery, ...]
    extra: Decimal = Decimal(0)
    charges: tuple[trade.Charge, ...] = ()
    despatched: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)
    charged: Decimal = Decimal(0)
    returned: dict[str, Decimal] = {}
    credited: Decimal = Decimal(0)
    billed: Decimal = Decimal(0)
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
    """Both signed that it ends, with a fee, of which ``billed`` is invoiced (net)."""

    terms: Terms
    fee: Decimal
    billed: Decimal = Decimal(0)


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
    charges = ordered_charges(line)
    _must(sum_of(charges) == Decimal(line.extra_amount), "charges do not add up", line.id)
    return LineStanding(
        item=line.item,
        quantity=count,
        unit=line.quantity.unit_code,
        price=line.price,
        deliveries=line.requested_delivery,
        extra=Decimal(line.extra_amount),
        charges=charges,
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
        case Closed():
            _must(isinstance(document, trade.Dispute), "the order has ended", number)
        case Cancelled():
            money = isinstance(document, trade.Dispute | trade.Invoice | trade.RemittanceAdvice)
            _must(money, "the order has ended", number)
        case Running() | Disputed():
            pass
        case _:
            assert_never(contract)
    after = step(contract, document, by)
    kept = structs.replace(after.terms, documents=(*terms.documents, number))
    return _finish(structs.replace(after, terms=kept))


def _finish(contract: Contract) -> Contract:
    terms = contract.terms
    lines = terms.lines.values()
    done = all(line.received >= line.quantity for line in lines)
    settled = terms.paid == terms.invoiced and any(n.invoiced + n.credited for n in lines)
    billed = all(n.invoiced + n.credited >= n.quantity - n.rejected for n in lines)
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
    wrong = sum_faults(document)
    _must(not wrong, f"its sums are not what its lines come to: {', '.join(wrong)}", document.id)
    amount = Decimal(document.legal_monetary_total.payable_amount)
    if document.invoice_type_code == "381":
        return _credit(contract, document, amount)
    days = terms.order.payment_days
    soonest = document.issue_date_time + dt.timedelta(days=days or 0)
    _must(days is None or document.due_date_time >= soonest, "due before agreed", document.id)
    after = structs.replace(terms, invoiced=terms.invoiced + amount)
    if isinstance(contract, Cancelled):
        billed = contract.billed + Decimal(document.legal_monetary_total.tax_exclusive_amount)
        _must(billed <= contract.fee, "more than the agreed fee", document.id)
        return structs.replace(contract, terms=after, billed=billed)
    for line in document.invoice_line:
        after = _billed(after, line)
    return _with_terms(contract, after)


def _billed(terms: Terms, line: trade.InvoiceLine) -> Terms:
    old, more = _line(terms, line.order_line_id), Decimal(line.invoiced_quantity.value)
    _must(line.price == old.price, "not the agreed price", line.id)
    _must(more > 0 and old.invoiced + more <= old.despatched, "more than despatched", line.id)
    charged = old.charged + sum_of(line.charge)
    _must(charged <= old.extra, "more charges than agreed", line.id)
    return _with_line(
        terms,
        line.order_line_id,
        invoiced=old.invoiced + more,
        charged=charged,
        billed=old.billed + Decimal(line.line_extension_amount),
    )


def _credit(contract: Contract, document: trade.Invoice, amount: Decimal) -> Contract:
    terms, of = contract.terms, document.billing_reference
    _must(not isinstance(contract, Cancelled), "the order has ended", document.id)
    _must(of is not None and of.id in terms.documents, "no such invoice", document.id)
    _must(amount <= terms.invoiced, "more than was invoiced", document.id)
    after = structs.replace(terms, invoiced=terms.invoiced - amount)
    for line in document.invoice_line:
        after = _credited(after, line)
    return _with_terms(contract, after)


def _credited(terms: Terms, line: trade.InvoiceLine) -> Terms:
    """Pieces taken back at the agreed price, or so many made cheaper by a lower one."""
    old, less = _line(terms, line.order_line_id), Decimal(line.invoiced_quantity.value)
    at, agreed = unit_amount(line.price), unit_amount(old.price)
    _must(at <= agreed and less <= old.invoiced, "more than was invoiced", line.id)
    charged = old.charged - sum_of(line.charge)
    billed = old.billed - Decimal(line.line_extension_amount)
    _must(charged >= 0 and billed >= 0, "more than was invoiced", line.id)
    back = less if at == agreed else Decimal(0)
    return _with_line(
        terms,
        line.order_line_id,
        invoiced=old.invoiced - back,
        credited=old.credited + back,
        charged=charged,
        returned=_given_back(old, line),
        billed=billed,
    )


def _given_back(old: LineStanding, line: trade.InvoiceLine) -> dict[str, Decimal]:
    """What was charged once and is given back, by its code, with this credit; never above it."""
    agreed, found = by_code(old.charges), dict(old.returned)
    for code, amount in by_code(line.charge).items():
        found[code] = found.get(code, Decimal(0)) + amount
        _must(found[code] <= agreed.get(code, Decimal(0)), "more than was charged", line.id)
    return found


def _remittance(contract: Contract, document: trade.RemittanceAdvice, by: str) -> Contract:
    """The buyer pays what is invoiced; the seller pays back what was paid above it."""
    terms, amount = contract.terms, Decimal(document.paid_amount)
    known = document.invoice_reference.id in terms.documents
    _must(known, "no such invoice is on the ledger", document.id)
    if by == terms.seller:
        _must(terms.paid - amount >= terms.invoiced, "more than was overpaid", document.id)
        return _with_terms(contract, structs.replace(terms, paid=terms.paid - amount))
    _must(by == terms.buyer, "only the buyer pays", document.id)
    _must(terms.paid + amount <= terms.invoiced, "more than was invoiced", document.id)
    return _with_terms(contract, structs.replace(terms, paid=terms.paid + amount))


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
