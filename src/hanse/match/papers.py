"""The papers of an order from despatch to payment, made from how the order stands.

Each takes what is left where nothing else is said, so that the usual step needs no typing; whether
a paper fits is judged once, by `hanse.match.contract.apply`, when it is put on the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from msgspec import Struct, structs

from hanse.match.amounts import Tax, by_code, cents, sum_of, totals, unit_amount
from hanse.match.contract import Cancelled, Contract, LineStanding
from hanse.model import trade
from hanse.model.errors import Conflict
from hanse.model.time import Instant

Counts = Mapping[str, Decimal]


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
    return _left(contract, lambda n: n.despatched - n.rejected - n.invoiced - n.credited)


def accepted(contract: Contract) -> dict[str, Decimal]:
    """Pieces a line that the buyer has received as good and that are not yet invoiced."""
    return _left(contract, lambda n: n.received - n.rejected - n.invoiced - n.credited)


def invoiced(contract: Contract) -> dict[str, Decimal]:
    """Pieces a line that are invoiced and may be credited."""
    return _left(contract, lambda line: line.invoiced)


def to_pay(contract: Contract) -> Decimal:
    """What is invoiced and not paid; below zero, what the seller has to pay back."""
    return contract.terms.invoiced - contract.terms.paid


def fee(contract: Contract) -> Decimal:
    """What ending the order costs by its own terms: the agreed share of what it still comes to."""
    worth = sum(
        (n.quantity * unit_amount(n.price) + n.extra for n in _wanted(contract)), Decimal(0)
    )
    share = Decimal(contract.terms.order.cancellation_fee_percent) / 100
    return cents(worth * share)


def _wanted(contract: Contract) -> list[LineStanding]:
    return [line for line in contract.terms.lines.values() if line.quantity > 0]


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


class Bill(Struct, frozen=True, kw_only=True):
    """What every invoice and credit note says: its number, its tax, when it is written and due."""

    number: str
    at: Instant
    due: Instant
    tax: Tax
    note: str = ""


def invoice(contract: Contract, counts: Counts, bill: Bill) -> trade.Invoice:
    """So much of each line at the agreed price, with charges, tax and total.

    What a line costs once (set-up, freight, premium) is on its first invoice.
    """
    lines = tuple(
        _invoice_line(contract, name, count, bill.tax)
        for name, count in _some(contract, counts).items()
    )
    return _bill(contract, lines, bill)


def _bill(contract: Contract, lines: tuple[trade.InvoiceLine, ...], bill: Bill) -> trade.Invoice:
    return trade.Invoice(
        id=bill.number,
        issue_date_time=bill.at,
        due_date_time=bill.due,
        order_reference=reference(contract),
        document_currency_code=contract.terms.order.document_currency_code,
        invoice_line=lines,
        legal_monetary_total=totals(lines),
        payment_terms=contract.terms.order.payment_terms,
        note=bill.note,
    )


def _invoice_line(contract: Contract, name: str, count: Decimal, tax: Tax) -> trade.InvoiceLine:
    line = contract.terms.lines[name]
    charges = () if line.charged or line.returned else line.charges
    return trade.InvoiceLine(
        id=name,
        order_line_id=name,
        invoiced_quantity=_measure(contract, name, count),
        price=line.price,
        line_extension_amount=str(cents(count * unit_amount(line.price) + sum_of(charges))),
        item_name=line.item.description[:200] or line.item.buyers_item_identification,
        tax_percent=tax.percent,
        tax_category=tax.category,
        charge=charges,
    )


def fee_invoice(contract: Cancelled, bill: Bill) -> trade.Invoice:
    """The agreed fee of a cancelled order, as far as it is not invoiced."""
    amount = str(cents(contract.fee - contract.billed))
    if Decimal(amount) <= 0:
        raise Conflict("no fee is left to invoice", subject=contract.terms.order.id)
    line = trade.InvoiceLine(
        id="fee",
        order_line_id="fee",
        invoiced_quantity=trade.Measure(value="1"),
        price=trade.Price(price_amount=amount),
        line_extension_amount=amount,
        item_name="Cancellation fee",
        tax_percent=bill.tax.percent,
        tax_category=bill.tax.category,
    )
    return _bill(contract, (line,), bill)


class Credit(Struct, frozen=True, kw_only=True):
    """What is taken back from an invoice: so many pieces a line, at the agreed price or less.

    ``price`` 0 is the agreed one: the pieces come back. Any other lowers the price of so many by
    it. ``charges``: whether all that the lines cost once is taken back too; ``parts``: so much of
    it, by line and code (``SU`` set-up, ``FC`` freight, ``ZZZ`` premium).
    """

    invoice: str
    counts: dict[str, Decimal]
    price: Decimal = Decimal(0)
    charges: bool = False
    parts: dict[str, dict[str, Decimal]] = {}


def charges_left(line: LineStanding) -> dict[str, Decimal]:
    """What a line was charged once and has not got back, by code."""
    if not line.charged:
        return {}
    found = {k: v - line.returned.get(k, Decimal(0)) for k, v in by_code(line.charges).items()}
    return {code: amount for code, amount in found.items() if amount > 0}


def credit_note(contract: Contract, credit: Credit, bill: Bill) -> trade.Invoice:
    """A credit note (381) over part of an invoice.

    Raises:
        Conflict: nothing is credited, or the order has no such line.
    """
    once = credit.charges or any(credit.parts.values())
    counts = credit.counts if once else _some(contract, credit.counts)
    lines = tuple(_credit_line(contract, name, credit, bill.tax) for name in counts)
    note = _bill(contract, tuple(n for n in lines if Decimal(n.line_extension_amount) > 0), bill)
    if not note.invoice_line:
        raise Conflict("nothing is credited", subject=contract.terms.order.id)
    return structs.replace(
        note,
        invoice_type_code="381",
        billing_reference=trade.DocumentReference(id=credit.invoice),
        payment_terms=note.payment_terms or "set off against the invoice",
    )


def _credit_line(contract: Contract, name: str, credit: Credit, tax: Tax) -> trade.InvoiceLine:
    line, count = contract.terms.lines[name], credit.counts[name]
    price = line.price
    if credit.price > 0:
        price = trade.Price(price_amount=plain(credit.price))
    wanted = charges_left(line) if credit.charges else credit.parts.get(name, {})
    charges = tuple(_back(line.charges, wanted))
    return trade.InvoiceLine(
        id=name,
        order_line_id=name,
        invoiced_quantity=_measure(contract, name, count),
        price=price,
        line_extension_amount=str(cents(count * unit_amount(price) + sum_of(charges))),
        item_name=line.item.description[:200] or line.item.buyers_item_identification,
        tax_percent=tax.percent,
        tax_category=tax.category,
        charge=charges,
    )


def _back(charges: tuple[trade.Charge, ...], wanted: Counts) -> Iterator[trade.Charge]:
    """So much of each kind of charge, under the names it was agreed by."""
    left = dict(wanted)
    for charge in charges:
        code = charge.allowance_charge_reason_code
        took = min(left.get(code, Decimal(0)), Decimal(charge.amount))
        if took > 0:
            left[code] -= took
            yield structs.replace(charge, amount=plain(took))


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


def payment_days(contract: Contract, usual: int) -> int:
    """Days to pay as the order says; as usual where it says nothing."""
    agreed = contract.terms.order.payment_days
    return usual if agreed is None else agreed


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
