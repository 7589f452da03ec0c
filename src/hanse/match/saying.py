"""What a ledger entry says, in one sentence for people: what, how many, how much, until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from hanse.match.amounts import cents, order_amount
from hanse.match.messages import DOCUMENTS, document_of
from hanse.match.words import kind_name
from hanse.model import trade
from hanse.model.errors import HanseError
from hanse.model.text import Text
from hanse.model.time import format_minute

LINES_SAID_MAX = 5
SAID_MAX = 380
T = TypeVar("T", bound=trade.Aggregate)
Terms = Mapping[str, trade.Order]
"""Orders of the same ledger by number: what their lines are called, and their currency."""


def said(kind: str, body: Mapping[str, Any], *, orders: Terms) -> Text:
    """One entry in a sentence; its kind alone where nothing more can be said.

    Args:
        kind: the entry's kind.
        body: what both signed.
        orders: the orders signed before it on the same ledger.
    """
    name = kind_name(kind)
    if kind not in DOCUMENTS:
        return name
    try:
        document = document_of(kind, body)
    except HanseError:
        return name
    tell = _TELL.get(type(document))
    more = tell(document, orders) if tell else Text("", "")
    if getattr(document, "invoice_type_code", "") == "381":
        name = Text("credit note", "红字发票")
    number = str(getattr(document, "id", ""))
    return _cut(
        Text(
            f"{name.en} {number}{': ' if more.en else ''}{more.en}",
            f"{name.zh} {number}{':' if more.zh else ''}{more.zh}",
        )
    )


def _cut(text: Text) -> Text:
    return Text(text.en[:SAID_MAX], text.zh[:SAID_MAX])


def _order(order: trade.Order, _orders: Terms) -> Text:
    lines = ", ".join(
        f"{line.quantity.value} × {_called(line.item)} @ {line.price.price_amount}"
        for line in order.order_line[:LINES_SAID_MAX]
    )
    sum_ = f"{cents(order_amount(order))} {order.document_currency_code}"
    last = format_minute(max(d.date_time for n in order.order_line for d in n.requested_delivery))
    buyer, seller = order.buyer_customer_party.name, order.seller_supplier_party.name
    return Text(
        f"{buyer} buys from {seller}: {lines}; {sum_} before tax, by {last}",
        f"{buyer} 向 {seller} 购买:{lines};税前 {sum_},交期 {last}",
    )


def _called(item: trade.TradeItem) -> str:
    return item.description or item.buyers_item_identification


def _change(change: trade.OrderChange, orders: Terms) -> Text:
    number = change.order_reference.id
    order = orders.get(number)
    lines = ", ".join(
        f"{line.quantity.value} × {_line_called(order, line.id)} @ {line.price.price_amount}"
        for line in change.order_line[:LINES_SAID_MAX]
    )
    why = change.reason.note or change.reason.code
    return Text(f"order {number} is now {lines} ({why})", f"订单 {number} 改为 {lines}({why})")


def _line_called(order: trade.Order | None, line: str) -> str:
    rows = order.order_line if order else ()
    return next((_called(n.item) for n in rows if n.id == line), f"line {line}")


def _currency(orders: Terms, number: str) -> str:
    order = orders.get(number)
    return order.document_currency_code if order else ""


def _money(amount: Decimal | str, orders: Terms, number: str) -> str:
    return f"{amount} {_currency(orders, number)}".strip()


def _cancellation(end: trade.OrderCancellation, orders: Terms) -> Text:
    number = end.order_reference.id
    fee = _money(end.fee_amount, orders, number)
    return Text(
        f"order {number} ends, fee {fee} ({end.cancellation_note})",
        f"订单 {number} 终止,费用 {fee}({end.cancellation_note})",
    )


def _despatch(advice: trade.DespatchAdvice, orders: Terms) -> Text:
    number = advice.order_reference.id
    lines = ", ".join(
        f"{n.delivered_quantity.value} × {_line_called(orders.get(number), n.order_line_id)}"
        for n in advice.despatch_line[:LINES_SAID_MAX]
    )
    return Text(f"{lines} sent on order {number}", f"订单 {number} 已发货 {lines}")


def _receipt(advice: trade.ReceiptAdvice, orders: Terms) -> Text:
    number = advice.order_reference.id
    rows = advice.receipt_line[:LINES_SAID_MAX]
    lines = ", ".join(
        f"{n.received_quantity.value} × {_line_called(orders.get(number), n.order_line_id)}"
        for n in rows
    )
    bad = sum((Decimal(n.rejected_quantity) for n in advice.receipt_line), Decimal(0))
    return Text(
        f"{lines} received on order {number}" + (f", {bad} refused" if bad else ""),
        f"订单 {number} 已收货 {lines}" + (f",拒收 {bad}" if bad else ""),
    )


def _quality(report: trade.QualityReport, _orders: Terms) -> Text:
    number, all_, bad = (
        report.order_reference.id,
        report.inspected_quantity,
        report.defective_quantity,
    )
    return Text(
        f"{all_} inspected on order {number}, {bad} defective",
        f"订单 {number} 检验 {all_} 件,不合格 {bad} 件",
    )


def _invoice(invoice: trade.Invoice, _orders: Terms) -> Text:
    number, due = invoice.order_reference.id, format_minute(invoice.due_date_time)
    money = f"{invoice.legal_monetary_total.payable_amount} {invoice.document_currency_code}"
    if invoice.invoice_type_code == "381":
        return Text(f"{money} given back on order {number}", f"订单 {number} 退回 {money}")
    return Text(
        f"{money} for order {number}, to pay by {due}", f"订单 {number},{money},{due} 前支付"
    )


def _payment(paid: trade.RemittanceAdvice, orders: Terms) -> Text:
    money = _money(paid.paid_amount, orders, paid.order_reference.id)
    bill = paid.invoice_reference.id
    return Text(f"{money} paid for invoice {bill}", f"发票 {bill} 已付 {money}")


def _dispute(dispute: trade.Dispute, orders: Terms) -> Text:
    number, why = dispute.order_reference.id, dispute.reason.note or dispute.reason.code
    claim = _money(dispute.claim_amount, orders, number)
    if dispute.settled:
        return Text(f"settled on order {number}, {claim}", f"订单 {number} 争议已了结,{claim}")
    return Text(
        f"order {number} is disputed: {why}, {claim}", f"订单 {number} 有争议:{why},{claim}"
    )


_TELL: dict[type[trade.Aggregate], Callable[[Any, Terms], Text]] = {
    trade.Order: _order,
    trade.OrderChange: _change,
    trade.OrderCancellation: _cancellation,
    trade.DespatchAdvice: _despatch,
    trade.ReceiptAdvice: _receipt,
    trade.QualityReport: _quality,
    trade.Invoice: _invoice,
    trade.RemittanceAdvice: _payment,
    trade.Dispute: _dispute,
}
"""Each kind of document, and how it is told."""


class Sums:
    """Money of one ledger by currency: ordered, invoiced, paid, as its entries add up."""

    def __init__(self) -> None:
        self.by: dict[str, dict[str, Decimal]] = {}

    def add(self, kind: str, body: Mapping[str, Any], orders: Terms) -> None:
        """Count one entry; what is no order, invoice or payment counts nothing."""
        try:
            document = document_of(kind, body)
        except HanseError:
            return
        match document:
            case trade.Order():
                self._put("ordered", document.document_currency_code, order_amount(document))
            case trade.Invoice():
                amount = Decimal(document.legal_monetary_total.payable_amount)
                back = document.invoice_type_code == "381"
                self._put("invoiced", document.document_currency_code, -amount if back else amount)
            case trade.RemittanceAdvice():
                currency = _currency(orders, document.order_reference.id)
                self._put("paid", currency, Decimal(document.paid_amount))
            case _:
                pass

    def _put(self, what: str, currency: str, amount: Decimal) -> None:
        row = self.by.setdefault(currency, {})
        row[what] = row.get(what, Decimal(0)) + amount

    def text(self) -> Text:
        """``ordered 372.00, invoiced 372.00, paid 0.00 EUR``; empty where nothing is in money."""
        names = {"ordered": "已订", "invoiced": "已开票", "paid": "已付"}
        rows = [
            Text(
                ", ".join(f"{w} {cents(r.get(w, Decimal(0)))}" for w in names) + f" {currency}",
                ",".join(f"{zh} {cents(r.get(w, Decimal(0)))}" for w, zh in names.items())
                + f" {currency}",
            )
            for currency, r in sorted(self.by.items())
        ]
        return Text("; ".join(r.en for r in rows), ";".join(r.zh for r in rows))
