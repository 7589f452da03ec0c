"""Every entry of a ledger is one sentence for people, in both languages, with names and sums."""

import datetime as dt
from decimal import Decimal

import pytest

from hanse.match.messages import AGREED, body_of
from hanse.match.saying import Sums, said
from hanse.model import trade

AT = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
REF = trade.DocumentReference(id="order-1")
EACH = trade.Price(price_amount="12.40")


def party(name, letter):
    return trade.TradeParty(endpoint_id=f"did:key:z6Mk{letter * 20}", name=name)


def measure(count):
    return trade.Measure(value=str(count))


ORDER = trade.Order(
    id="order-1",
    issue_date_time=AT,
    document_currency_code="EUR",
    buyer_customer_party=party("Pump works", "A"),
    seller_supplier_party=party("Turning shop", "B"),
    order_line=(
        trade.OrderLine(
            id="1",
            quantity=measure(30),
            price=EACH,
            requested_delivery=(trade.Delivery(quantity="30", date_time=AT),),
            item=trade.TradeItem(buyers_item_identification="SHAFT-40", description="Shaft 40 mm"),
        ),
    ),
)
COMMON = {"issue_date_time": AT, "order_reference": REF}
TOTAL = trade.MonetaryTotal(
    line_extension_amount="372.00",
    tax_exclusive_amount="372.00",
    tax_inclusive_amount="372.00",
    payable_amount="372.00",
)
BILL = trade.Invoice(
    id="inv-1",
    due_date_time=AT,
    document_currency_code="EUR",
    invoice_line=(
        trade.InvoiceLine(
            id="1",
            order_line_id="1",
            invoiced_quantity=measure(30),
            price=EACH,
            line_extension_amount="372.00",
            item_name="Shaft 40 mm",
        ),
    ),
    legal_monetary_total=TOTAL,
    **COMMON,
)
CREDIT = trade.Invoice(
    id="inv-2",
    due_date_time=AT,
    document_currency_code="EUR",
    invoice_line=BILL.invoice_line,
    legal_monetary_total=TOTAL,
    invoice_type_code="381",
    **COMMON,
)
PAID = trade.RemittanceAdvice(
    id="pay-1",
    invoice_reference=trade.DocumentReference(id="inv-1"),
    paid_amount="372.00",
    **COMMON,
)
WHY = trade.Reason(code="PRODUCTION_INCIDENT", note="spindle")
ENTRIES = {
    "order": (ORDER, "Pump works buys from Turning shop: 30 × Shaft 40 mm @ 12.40; 372.00 EUR"),
    "order_change": (
        trade.OrderChange(
            id="change-1",
            order_line=(trade.ChangedLine(id="1", quantity=measure(20), price=EACH),),
            reason=WHY,
            **COMMON,
        ),
        "order order-1 is now 20 × Shaft 40 mm @ 12.40 (spindle)",
    ),
    "order_cancellation": (
        trade.OrderCancellation(
            id="end-1", cancellation_note="no need", fee_amount="37.20", **COMMON
        ),
        "fee 37.20 EUR (no need)",
    ),
    "despatch_advice": (
        trade.DespatchAdvice(
            id="dsp-1",
            despatch_line=(
                trade.DespatchLine(id="1", order_line_id="1", delivered_quantity=measure(30)),
            ),
            **COMMON,
        ),
        "30 × Shaft 40 mm sent",
    ),
    "receipt_advice": (
        trade.ReceiptAdvice(
            id="rcp-1",
            receipt_line=(
                trade.ReceiptLine(
                    id="1", order_line_id="1", received_quantity=measure(30), rejected_quantity="2"
                ),
            ),
            **COMMON,
        ),
        "30 × Shaft 40 mm received on order order-1, 2 refused",
    ),
    "quality_report": (
        trade.QualityReport(
            id="q-1", order_line_id="1", inspected_quantity="30", defective_quantity="2", **COMMON
        ),
        "30 inspected on order order-1, 2 defective",
    ),
    "invoice": (BILL, "invoice inv-1: 372.00 EUR for order order-1, to pay by"),
    "remittance_advice": (PAID, "372.00 EUR paid for invoice inv-1"),
    "dispute": (
        trade.Dispute(id="dis-1", reason=WHY, claim_amount="10.00", **COMMON),
        "order order-1 is disputed: spindle, 10.00 EUR",
    ),
}


@pytest.mark.parametrize("kind", sorted(AGREED))
def test_every_kind_that_both_sign_is_told_in_words(kind):
    document, sentence = ENTRIES[kind]
    text = said(kind, body_of(document), orders={"order-1": ORDER})
    assert sentence in text.en
    assert text.zh != text.en


def test_a_credit_note_is_called_one_and_key_steps_by_their_name():
    text = said("invoice", body_of(CREDIT), orders={})
    assert text.en.startswith("credit note inv-2: 372.00 EUR given back")
    assert said("rotate", {}, orders={}).en == "new key"
    assert said("order", {"what": "is this"}, orders={}).en == "order"


def test_sums_add_up_what_was_ordered_invoiced_and_paid():
    sums, orders = Sums(), {"order-1": ORDER}
    for kind, document in (("order", ORDER), ("invoice", BILL), ("remittance_advice", PAID)):
        sums.add(kind, body_of(document), orders)
    assert sums.text().en == "ordered 372.00, invoiced 372.00, paid 372.00 EUR"
    sums.add("invoice", body_of(CREDIT), orders)
    assert sums.by["EUR"]["invoiced"] == Decimal(0)
    sums.add("rotate", {}, orders)
    assert Sums().text().en == ""
