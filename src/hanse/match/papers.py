"""The papers of an order from despatch to payment, made from how the order stands.

Each takes what is left where nothing else is said, so that the usual step needs no typing; whether
a paper fits is judged once, by `hanse.match.contract.apply`, when it is put on the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from hanse.match.contract import Contract, LineStanding
from hanse.model import trade
from hanse.model.errors import Conflict
from hanse.model.time import Instant

CENT = Decimal("0.01")
Counts = Mapping[str, Decimal]


class Tax(Struct, frozen=True, kw_only=True):
    """What the seller adds: standard-rated with a percentage, or outside the scope (``O``)."""

    percent: str = "0"

    @property
    def category(self) -> str:
        """The UNCL 5305 code."""
        return "S" if Decimal(self.percent) else "O"


def _left(contract: Contract, of: Callable[[LineStanding], Decimal]) -> dict[str, Decimal]:
    found = {name: of(line) for name, line in contract.terms.lines.items()}
    return {name: count for name, count in found.items() if count > 0}


def to_despatch(contract: Contract) -> dict[str, Decimal]:
    """Pieces a line that are ordered and not yet on their way."""
    return _left(contract, lambda line: line.quantity - line.despatched)


def to_receive(contract: Contract) -> dict[str, Decimal]:
    """Pieces a line that are on their way."""
    return _left(contract, lambda line: line.despatched - line.received)


def to_invoice(contract: Contract) -> dict[str, Decimal]:
    """Pieces a line that were sent, not turned down, and not yet invoiced."""
    return _left(contract, lambda line: line.despatched - line.rejected - line.invoiced)


def accepted(contract: Contract) -> dict[str, Decimal]:
    """Pieces a line that the buyer has received as good and that are not yet invoiced."""
    return _left(contract, lambda line: line.received - line.rejected - line.invoiced)


def to_pay(contract: Contract) -> Decimal:
    """What is invoiced and not paid."""
    return contract.terms.invoiced - contract.terms.paid


def fee(contract: Contract) -> Decimal:
    """What ending the order costs by its own terms: the agreed share of what it still comes to."""
    worth = sum(
        (
            line.quantity * Decimal(line.price.price_amount) / Decimal(line.price.base_quantity)
            for line in contract.terms.lines.values()
        ),
        Decimal(0),
    )
    share = Decimal(contract.terms.order.cancellation_fee_percent) / 100
    return (worth * share).quantize(CENT, rounding=ROUND_HALF_UP)


def despatch(
    contract: Contract, counts: Counts, *, number: str, at: Instant, shipment: str = ""
) -> trade.DespatchAdvice:
    """So much of each line is on its way."""
    lines = tuple(
        trade.DespatchLine(
            id=str(n), order_line_id=name, delivered_quantity=_measure(contract, name, count)
        )
        for n, (name, count) in enumerate(_some(contract, counts).items(), 1)
    )
    return trade.DespatchAdvice(
        id=number,
        issue_date_time=at,
        order_reference=reference(contract),
        despatch_line=lines,
        shipment_id=shipment,
    )


class Rejected(Struct, frozen=True, kw_only=True):
    """Pieces a line that came and are turned down, and why."""

    counts: dict[str, Decimal] = {}
    why: str = ""


def receipt(
    contract: Contract, counts: Counts, rejected: Rejected, *, number: str, at: Instant
) -> trade.ReceiptAdvice:
    """So much of each line came; what is turned down is part of it."""
    lines = tuple(
        trade.ReceiptLine(
            id=str(n),
            order_line_id=name,
            received_quantity=_measure(contract, name, count),
            rejected_quantity=plain(rejected.counts.get(name, Decimal(0))),
            reject_reason=rejected.why if rejected.counts.get(name) else "",
        )
        for n, (name, count) in enumerate(_some(contract, counts).items(), 1)
    )
    return trade.ReceiptAdvice(
        id=number, issue_date_time=at, order_reference=reference(contract), receipt_line=lines
    )


def invoice(
    contract: Contract, counts: Counts, tax: Tax, *, number: str, at: Instant, due: Instant
) -> trade.Invoice:
    """So much of each line at the agreed price, with its tax and total."""
    lines = tuple(
        _invoice_line(contract, name, count, tax) for name, count in _some(contract, counts).items()
    )
    net = sum((Decimal(line.line_extension_amount) for line in lines), Decimal(0))
    gross = net + (net * Decimal(tax.percent) / 100).quantize(CENT, rounding=ROUND_HALF_UP)
    total = trade.MonetaryTotal(
        line_extension_amount=str(net),
        tax_exclusive_amount=str(net),
        tax_inclusive_amount=str(gross),
        payable_amount=str(gross),
    )
    return trade.Invoice(
        id=number,
        issue_date_time=at,
        due_date_time=due,
        order_reference=reference(contract),
        document_currency_code=contract.terms.order.document_currency_code,
        invoice_line=lines,
        legal_monetary_total=total,
        payment_terms=contract.terms.order.payment_terms,
    )


def _invoice_line(contract: Contract, name: str, count: Decimal, tax: Tax) -> trade.InvoiceLine:
    line = contract.terms.lines[name]
    unit = Decimal(line.price.price_amount) / Decimal(line.price.base_quantity)
    amount = (count * unit).quantize(CENT, rounding=ROUND_HALF_UP)
    return trade.InvoiceLine(
        id=name,
        order_line_id=name,
        invoiced_quantity=_measure(contract, name, count),
        price=line.price,
        line_extension_amount=str(amount),
        item_name=line.item.description[:200] or line.item.buyers_item_identification,
        tax_percent=tax.percent,
        tax_category="S" if tax.category == "S" else "O",
    )


def cancellation(
    contract: Contract, *, number: str, at: Instant, why: str
) -> trade.OrderCancellation:
    """The end of the order for the agreed fee."""
    return trade.OrderCancellation(
        id=number,
        issue_date_time=at,
        order_reference=reference(contract),
        cancellation_note=why,
        fee_amount=plain(fee(contract)),
    )


def changed(
    contract: Contract, line: str, count: Decimal, *, price: str = "", due: Instant | None = None
) -> trade.ChangedLine:
    """A line as it shall be: another quantity, price or date; what is not said stays."""
    old = contract.terms.lines[line]
    last = max((part.date_time for part in old.deliveries), default=None) if due is None else due
    if count > 0 and last is None:
        raise Conflict("a date is needed", subject=line, remedy="Say by when")
    whole: tuple[trade.Delivery, ...] = ()
    if count > 0 and last is not None:
        whole = (trade.Delivery(quantity=plain(count), date_time=last),)
    return trade.ChangedLine(
        id=line,
        quantity=trade.Measure(value=plain(count), unit_code=old.unit),
        price=trade.Price(price_amount=price, base_quantity=old.price.base_quantity)
        if price
        else old.price,
        requested_delivery=whole,
    )


def reference(contract: Contract) -> trade.DocumentReference:
    """The order, as a paper names it."""
    return trade.DocumentReference(id=contract.terms.order.id)


def due_after(at: Instant, days: int) -> Instant:
    """When an invoice of an instant must be paid."""
    return at + dt.timedelta(days=days)


def plain(count: Decimal) -> str:
    """A decimal as it is written between firms: no exponent, no needless zeros."""
    text = format(count.normalize(), "f")
    return text if "." not in text else text.rstrip("0").rstrip(".")


def _some(contract: Contract, counts: Counts) -> dict[str, Decimal]:
    found = {name: count for name, count in counts.items() if count > 0}
    unknown = set(found) - set(contract.terms.lines)
    if not found or unknown:
        what = "the order has no such line" if unknown else "nothing is left of this order"
        raise Conflict(what, subject=contract.terms.order.id)
    return found


def _measure(contract: Contract, line: str, count: Decimal) -> trade.Measure:
    return trade.Measure(value=plain(count), unit_code=contract.terms.lines[line].unit)
