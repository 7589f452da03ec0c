"""Trade documents as UBL 2.1 XML (OASIS UBL 2.1; element order as its schemas want it)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lxml import etree

from hanse.match.amounts import (
    cents,
    charges_of,
    line_amount,
    order_amount,
    ordered_charges,
    sum_of,
)
from hanse.model import trade
from hanse.model.errors import BadInput
from hanse.model.trade import Aggregate, TradeParty

_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_DOCUMENT = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
EN16931 = "urn:cen.eu:en16931:2017"


class Node:
    """An element being written: ``cbc`` adds a value, ``cac`` a group to be filled."""

    def __init__(self, element: Any) -> None:
        self.element = element

    def cbc(self, name: str, value: str, **attributes: str) -> Node:
        """Add a basic component; nothing where the value is empty."""
        if value:
            child = etree.SubElement(self.element, f"{{{_CBC}}}{name}", attributes)
            child.text = value
        return self

    def cac(self, name: str) -> Node:
        """Add an aggregate component and give it back."""
        return Node(etree.SubElement(self.element, f"{{{_CAC}}}{name}"))


def _root(name: str) -> Node:
    names = {None: _DOCUMENT.format(name), "cac": _CAC, "cbc": _CBC}
    return Node(etree.Element(f"{{{_DOCUMENT.format(name)}}}{name}", nsmap=names))


def _bytes(root: Node) -> bytes:
    return bytes(
        etree.tostring(root.element, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    )


def _date(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).date().isoformat()


def _time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%H:%M:%SZ")


def _issued(node: Node, number: str, at: dt.datetime) -> None:
    node.cbc("ID", number).cbc("IssueDate", _date(at)).cbc("IssueTime", _time(at))


def amount_text(value: Decimal) -> str:
    """An amount with two places."""
    return str(cents(value))


def _party(node: Node, party: TradeParty, *, taxed: bool = True) -> None:
    """The firm; its VAT identifier only where ``taxed`` (BR-O-02)."""
    inner = node.cac("Party")
    for name in party.party_identification:
        if name.scheme_id != "VAT":
            scheme = {"schemeID": name.scheme_id} if name.scheme_id.isdigit() else {}
            inner.cac("PartyIdentification").cbc("ID", name.id, **scheme)
    inner.cac("PartyName").cbc("Name", party.name)
    inner.cac("PostalAddress").cac("Country").cbc("IdentificationCode", party.country)
    for name in party.party_identification:
        if name.scheme_id == "VAT" and taxed:
            tax = inner.cac("PartyTaxScheme").cbc("CompanyID", name.id)
            tax.cac("TaxScheme").cbc("ID", "VAT")
    inner.cac("PartyLegalEntity").cbc("RegistrationName", party.name)


def _item(node: Node, item: trade.TradeItem) -> None:
    inner = node.cac("Item").cbc("Description", item.description)
    inner.cbc("Name", item.description[:100] or item.buyers_item_identification)
    inner.cac("BuyersItemIdentification").cbc("ID", item.buyers_item_identification)
    if item.sellers_item_identification is not None:
        inner.cac("SellersItemIdentification").cbc("ID", item.sellers_item_identification)
    if item.standard_item_identification is not None:
        standard = item.standard_item_identification
        scheme = "0160" if standard.scheme_id == "GTIN" else standard.scheme_id
        inner.cac("StandardItemIdentification").cbc("ID", standard.id, schemeID=scheme)


def _price(node: Node, price: trade.Price, currency: str, unit: str) -> None:
    inner = node.cac("Price").cbc("PriceAmount", price.price_amount, currencyID=currency)
    inner.cbc("BaseQuantity", price.base_quantity, unitCode=unit)


def _deliveries(node: Node, parts: tuple[trade.Delivery, ...], unit: str) -> None:
    for part in parts:
        inner = node.cac("Delivery").cbc("Quantity", part.quantity, unitCode=unit)
        period = inner.cac("RequestedDeliveryPeriod")
        period.cbc("EndDate", _date(part.date_time)).cbc("EndTime", _time(part.date_time))


def _charges(node: Node, charges: tuple[trade.Charge, ...], currency: str) -> None:
    for charge in charges:
        inner = node.cac("AllowanceCharge").cbc("ChargeIndicator", "true")
        inner.cbc("AllowanceChargeReasonCode", charge.allowance_charge_reason_code)
        inner.cbc("AllowanceChargeReason", charge.allowance_charge_reason)
        inner.cbc("Amount", amount_text(Decimal(charge.amount)), currencyID=currency)


def _terms(node: Node, words: str) -> None:
    if words:
        node.cac("PaymentTerms").cbc("Note", words)


def _reference(node: Node, name: str, reference: trade.DocumentReference | None) -> None:
    if reference is not None:
        node.cac(name).cbc("ID", reference.id)


def rfq_xml(rfq: trade.RequestForQuotation, seller: TradeParty) -> bytes:
    """A request for quotation as one of the asked firms gets it."""
    root = _root("RequestForQuotation").cbc("UBLVersionID", "2.1")
    _issued(root, rfq.id, rfq.issue_date_time)
    root.cbc("SubmissionDueDate", _date(rfq.submission_due_date_time)).cbc("Note", rfq.note)
    root.cbc("PricingCurrencyCode", rfq.pricing_currency_code)
    _party(root.cac("OriginatorCustomerParty"), rfq.buyer_customer_party)
    _party(root.cac("SellerSupplierParty"), seller)
    for line in rfq.request_for_quotation_line:
        inner = root.cac("RequestForQuotationLine").cbc("ID", line.id)
        what = inner.cac("LineItem").cbc("ID", line.id)
        unit = line.quantity.unit_code
        what.cbc("Quantity", line.quantity.value, unitCode=unit)
        what.cbc("PartialDeliveryIndicator", str(line.partial_accepted).lower())
        latest = line.requested_delivery_period.latest
        if latest is not None:
            period = what.cac("Delivery").cac("RequestedDeliveryPeriod")
            period.cbc("EndDate", _date(latest)).cbc("EndTime", _time(latest))
        _item(what, line.item)
    return _bytes(root)


def quotation_xml(quotation: trade.Quotation, rfq: trade.RequestForQuotation) -> bytes:
    """A quotation, with the items of the request it answers."""
    currency = quotation.pricing_currency_code
    root = _root("Quotation").cbc("UBLVersionID", "2.1")
    _issued(root, quotation.id, quotation.issue_date_time)
    root.cbc("Note", quotation.note).cbc("PricingCurrencyCode", currency)
    end = quotation.validity_period.end_date_time
    root.cac("ValidityPeriod").cbc("EndDate", _date(end)).cbc("EndTime", _time(end))
    reference = quotation.request_for_quotation_document_reference
    _reference(root, "RequestForQuotationDocumentReference", reference)
    _party(root.cac("SellerSupplierParty"), quotation.seller_supplier_party)
    _party(root.cac("OriginatorCustomerParty"), rfq.buyer_customer_party)
    items = {line.id: line.item for line in rfq.request_for_quotation_line}
    total = Decimal(0)
    for line in quotation.quotation_line:
        unit = line.quantity.unit_code
        value = Decimal(line.quantity.value) * Decimal(line.price.price_amount)
        value /= Decimal(line.price.base_quantity)
        total += value + sum_of(charges_of(line))
    _total(root.cac("QuotedMonetaryTotal"), total, currency)
    for line in quotation.quotation_line:
        unit = line.quantity.unit_code
        inner = root.cac("QuotationLine").cbc("ID", line.id)
        what = inner.cac("LineItem").cbc("ID", line.rfq_line_id)
        what.cbc("Quantity", line.quantity.value, unitCode=unit)
        if Decimal(line.minimum_quantity) > 0:
            what.cbc("MinimumQuantity", line.minimum_quantity, unitCode=unit)
        _deliveries(what, line.promised_delivery, unit)
        _charges(what, charges_of(line), currency)
        _price(what, line.price, currency, unit)
        _item(what, items[line.rfq_line_id])
    return _bytes(root)


def _total(node: Node, total: Decimal, currency: str) -> None:
    text = amount_text(total)
    node.cbc("LineExtensionAmount", text, currencyID=currency)
    node.cbc("PayableAmount", text, currencyID=currency)


def order_xml(order: trade.Order) -> bytes:
    """An order."""
    currency = order.document_currency_code
    root = _root("Order").cbc("UBLVersionID", "2.1")
    _issued(root, order.id, order.issue_date_time)
    root.cbc("OrderTypeCode", order.order_type_code)
    root.cbc("DocumentCurrencyCode", currency)
    _reference(root, "QuotationDocumentReference", order.quotation_document_reference)
    _party(root.cac("BuyerCustomerParty"), order.buyer_customer_party)
    _party(root.cac("SellerSupplierParty"), order.seller_supplier_party)
    _terms(root, order.payment_terms)
    _total(root.cac("AnticipatedMonetaryTotal"), order_amount(order), currency)
    for line in order.order_line:
        unit = line.quantity.unit_code
        what = root.cac("OrderLine").cac("LineItem").cbc("ID", line.id)
        what.cbc("Quantity", line.quantity.value, unitCode=unit)
        amount = amount_text(line_amount(line))
        what.cbc("LineExtensionAmount", amount, currencyID=currency)
        _deliveries(what, line.requested_delivery, unit)
        _charges(what, ordered_charges(line), currency)
        _price(what, line.price, currency, unit)
        _item(what, line.item)
    return _bytes(root)


def order_change_xml(change: trade.OrderChange, order: trade.Order) -> bytes:
    """An order change: every changed line as it shall be."""
    currency = order.document_currency_code
    items = {line.id: line.item for line in order.order_line}
    root = _root("OrderChange").cbc("UBLVersionID", "2.1")
    _issued(root, change.id, change.issue_date_time)
    root.cbc("SequenceNumberID", change.id).cbc("Note", change.reason.note or change.reason.code)
    root.cbc("DocumentCurrencyCode", currency)
    _reference(root, "OrderReference", change.order_reference)
    _party(root.cac("BuyerCustomerParty"), order.buyer_customer_party)
    _party(root.cac("SellerSupplierParty"), order.seller_supplier_party)
    for line in change.order_line:
        unit = line.quantity.unit_code
        what = root.cac("OrderLine").cac("LineItem").cbc("ID", line.id)
        what.cbc("Quantity", line.quantity.value, unitCode=unit)
        _deliveries(what, line.requested_delivery, unit)
        _price(what, line.price, currency, unit)
        _item(what, items[line.id])
    return _bytes(root)


def order_response_xml(response: trade.OrderResponse, order: trade.Order, at: dt.datetime) -> bytes:
    """An order response: accepted or refused as a whole."""
    root = _root("OrderResponse").cbc("UBLVersionID", "2.1")
    _issued(root, response.id, at)
    root.cbc("OrderResponseCode", response.order_response_code).cbc("Note", response.note)
    _reference(root, "OrderReference", response.order_reference)
    _party(root.cac("SellerSupplierParty"), order.seller_supplier_party)
    _party(root.cac("BuyerCustomerParty"), order.buyer_customer_party)
    return _bytes(root)


def cancellation_xml(end: trade.OrderCancellation, order: trade.Order) -> bytes:
    """An order cancellation."""
    root = _root("OrderCancellation").cbc("UBLVersionID", "2.1")
    _issued(root, end.id, end.issue_date_time)
    root.cbc("CancellationNote", end.cancellation_note or "-")
    _reference(root, "OrderReference", end.order_reference)
    _party(root.cac("BuyerCustomerParty"), order.buyer_customer_party)
    _party(root.cac("SellerSupplierParty"), order.seller_supplier_party)
    return _bytes(root)


def despatch_xml(advice: trade.DespatchAdvice, order: trade.Order) -> bytes:
    """A despatch advice."""
    items = {line.id: line.item for line in order.order_line}
    root = _root("DespatchAdvice").cbc("UBLVersionID", "2.1")
    _issued(root, advice.id, advice.issue_date_time)
    _reference(root, "OrderReference", advice.order_reference)
    _party(root.cac("DespatchSupplierParty"), order.seller_supplier_party)
    _party(root.cac("DeliveryCustomerParty"), order.buyer_customer_party)
    if advice.shipment_id:
        root.cac("Shipment").cbc("ID", advice.shipment_id)
    for line in advice.despatch_line:
        unit = line.delivered_quantity.unit_code
        what = root.cac("DespatchLine").cbc("ID", line.id)
        what.cbc("DeliveredQuantity", line.delivered_quantity.value, unitCode=unit)
        what.cac("OrderLineReference").cbc("LineID", line.order_line_id)
        _item(what, items[line.order_line_id])
    return _bytes(root)


def receipt_xml(advice: trade.ReceiptAdvice, order: trade.Order) -> bytes:
    """A receipt advice."""
    items = {line.id: line.item for line in order.order_line}
    root = _root("ReceiptAdvice").cbc("UBLVersionID", "2.1")
    _issued(root, advice.id, advice.issue_date_time)
    _reference(root, "OrderReference", advice.order_reference)
    _reference(root, "DespatchDocumentReference", advice.despatch_document_reference)
    _party(root.cac("DeliveryCustomerParty"), order.buyer_customer_party)
    _party(root.cac("DespatchSupplierParty"), order.seller_supplier_party)
    for line in advice.receipt_line:
        unit = line.received_quantity.unit_code
        what = root.cac("ReceiptLine").cbc("ID", line.id)
        what.cbc("ReceivedQuantity", line.received_quantity.value, unitCode=unit)
        if Decimal(line.rejected_quantity) > 0:
            what.cbc("RejectedQuantity", line.rejected_quantity, unitCode=unit)
            what.cbc("RejectReason", line.reject_reason)
        what.cac("OrderLineReference").cbc("LineID", line.order_line_id)
        _item(what, items[line.order_line_id])
    return _bytes(root)


_OF_ORDER: dict[type[Aggregate], Callable[[Any, trade.Order], bytes]] = {
    trade.OrderChange: order_change_xml,
    trade.OrderCancellation: cancellation_xml,
    trade.DespatchAdvice: despatch_xml,
    trade.ReceiptAdvice: receipt_xml,
}


def document_xml(document: Aggregate, order: trade.Order) -> bytes:
    """Any agreed document of an order as UBL XML.

    Raises:
        BadInput: UBL has no document for it here (quality reports, disputes).
    """
    from hanse.match.export.invoice import invoice_xml

    if isinstance(document, trade.Order):
        return order_xml(document)
    if isinstance(document, trade.Invoice):
        return invoice_xml(document, order)
    write = _OF_ORDER.get(type(document))
    if write is None:
        raise BadInput("there is no UBL document for this", subject=type(document).__name__)
    return write(document, order)
