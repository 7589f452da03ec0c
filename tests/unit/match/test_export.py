"""Documents leave as UBL XML that the OASIS schemas accept; invoices name their faults by rule."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace
from tests.unit.match.market import DAY, START, buyer_and_seller, quotation, rfq

from hanse.match.amounts import charges_of, totals
from hanse.match.enquiry import Quoted as QuotedTalk
from hanse.match.enquiry import ask, order_from, quoted
from hanse.match.export.invoice import faults
from hanse.match.export.ubl import (
    document_xml,
    order_response_xml,
    quotation_xml,
    rfq_xml,
)
from hanse.model import trade
from hanse.model.errors import BadInput

DATA = Path(os.environ.get("HANSE_DATA", Path(__file__).parents[4] / "shared" / "data"))
SCHEMAS = DATA / "interop" / "ubl" / "xsdrt" / "maindoc"


def papers():
    buyer, seller = buyer_and_seller()
    request, offer = rfq(buyer), quotation(seller, payment_terms="30 days net")
    enquiry = ask(request, (seller.did,), correlation="", causation="")
    talk = QuotedTalk(quotation=offer, event_id="m1")
    enquiry = quoted(enquiry, seller.did, talk, at=START)
    _, order = order_from(
        enquiry,
        seller.did,
        quantities={"1": Decimal(120)},
        number="O-1",
        buyer=buyer.paper,
        at=START,
    )
    return request, offer, order


def invoice(**changes):
    line = trade.InvoiceLine(
        id="1",
        order_line_id="1",
        invoiced_quantity=trade.Measure(value="120"),
        price=trade.Price(price_amount="12.40"),
        line_extension_amount="1488.00",
        item_name="Shaft 轴",
        tax_percent="19",
    )
    lines = changes.pop("lines", (line,))
    return trade.Invoice(
        id="I-1",
        issue_date_time=START,
        due_date_time=START + 30 * DAY,
        order_reference=trade.DocumentReference(id="O-1"),
        document_currency_code="EUR",
        invoice_line=lines,
        legal_monetary_total=changes.pop("total", totals(lines)),
        payment_terms="30 days net",
    )


def every_document():
    request, offer, order = papers()
    reference, full = trade.DocumentReference(id="O-1"), trade.Measure(value="120")
    say = [
        trade.OrderChange(
            id="C-1",
            issue_date_time=START,
            order_reference=reference,
            order_line=(
                trade.ChangedLine(
                    id="1",
                    quantity=trade.Measure(value="80"),
                    price=trade.Price(price_amount="12.40"),
                    requested_delivery=(trade.Delivery(quantity="80", date_time=START + DAY),),
                ),
            ),
            reason=trade.Reason(code="MACHINE_DOWN"),
        ),
        trade.OrderCancellation(
            id="X-1", issue_date_time=START, order_reference=reference, cancellation_note="over"
        ),
        trade.DespatchAdvice(
            id="D-1",
            issue_date_time=START,
            order_reference=reference,
            despatch_line=(trade.DespatchLine(id="1", order_line_id="1", delivered_quantity=full),),
            shipment_id="00340123450000000018",
        ),
        trade.ReceiptAdvice(
            id="R-1",
            issue_date_time=START,
            order_reference=reference,
            receipt_line=(
                trade.ReceiptLine(
                    id="1",
                    order_line_id="1",
                    received_quantity=full,
                    rejected_quantity="2",
                    reject_reason="scratched",
                ),
            ),
            despatch_document_reference=trade.DocumentReference(id="D-1"),
        ),
        order,
        invoice(),
    ]
    yield "CreditNote", document_xml(replace(invoice(), invoice_type_code="381"), order)
    dear = replace(offer.quotation_line[0], setup_amount="80", transport_amount="45.50")
    charges = charges_of(dear)
    (line,), (billed,) = order.order_line, invoice().invoice_line
    ordered = replace(order, order_line=(replace(line, extra_amount="125.50", charge=charges),))
    billed = replace(billed, charge=charges, line_extension_amount="1613.50")
    credit = replace(invoice(lines=(billed,)), billing_reference=reference, note="scratched")
    yield "Quotation", quotation_xml(replace(offer, quotation_line=(dear,)), request)
    yield "Order", document_xml(ordered, order)
    yield "Invoice", document_xml(credit, order)
    yield "CreditNote", document_xml(replace(credit, invoice_type_code="381"), order)
    yield "RequestForQuotation", rfq_xml(request, offer.seller_supplier_party)
    yield "Quotation", quotation_xml(offer, request)
    yes = trade.OrderResponse(id="A-1", order_reference=reference, order_response_code="AP")
    yield "OrderResponse", order_response_xml(yes, order, START)
    for document in say:
        yield type(document).__name__, document_xml(document, order)


def test_every_document_is_well_formed_and_of_its_namespace():
    for name, xml in every_document():
        root = etree.fromstring(xml)
        assert etree.QName(root).localname == name
        assert etree.QName(root).namespace.endswith(f":{name}-2")


@pytest.mark.data
@pytest.mark.skipif(not SCHEMAS.exists(), reason=f"no UBL schemas at {SCHEMAS}")
def test_every_document_is_accepted_by_the_oasis_schema():
    problems = []
    for name, xml in every_document():
        (path,) = SCHEMAS.glob(f"UBL-{name}-2.*.xsd")
        schema = etree.XMLSchema(etree.parse(path))
        root = etree.fromstring(xml)
        if not schema.validate(root):
            problems.append(f"{name}: {schema.error_log}")
    assert problems == []


def test_an_invoice_with_wrong_totals_names_the_rule():
    _, _, order = papers()
    wrong = trade.MonetaryTotal(
        line_extension_amount="1488.00",
        tax_exclusive_amount="1488.00",
        tax_inclusive_amount="1770.72",
        payable_amount="1700.00",
    )
    assert faults(invoice(total=wrong), order) == ["BR-CO-16", "BR-S-02"]


def test_taxes_are_rounded_by_group_and_add_up():
    found = invoice().legal_monetary_total
    assert (found.tax_exclusive_amount, found.payable_amount) == ("1488.00", "1770.72")


def test_what_ubl_has_no_document_for_is_said_so():
    _, _, order = papers()
    dispute = trade.Dispute(
        id="D-1",
        issue_date_time=START,
        order_reference=trade.DocumentReference(id="O-1"),
        reason=trade.Reason(code="QUALITY"),
    )
    with pytest.raises(BadInput, match="no UBL document"):
        document_xml(dispute, order)
