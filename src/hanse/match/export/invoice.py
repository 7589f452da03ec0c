"""Invoices and credit notes by EN 16931: faults by rule number, UBL XML."""

from __future__ import annotations

from decimal import Decimal

from hanse.match.amounts import has_vat, sum_faults, taxes
from hanse.match.export.ubl import (
    EN16931,
    Node,
    _bytes,
    _charges,
    _date,
    _party,
    _reference,
    _root,
    amount_text,
)
from hanse.model import trade
from hanse.model.time import Instant
from hanse.model.trade import InvoiceLine


def faults(invoice: trade.Invoice, order: trade.Order) -> list[str]:
    """What a receiver would refuse it for, by the rule numbers of EN 16931-1; empty if nothing."""
    found = sum_faults(invoice)
    found += _of_parties({line.tax_category for line in invoice.invoice_line}, order)
    return sorted(set(found))


def _of_parties(kinds: set[str], order: trade.Order) -> list[str]:
    """Rules about who must name a VAT number, and that "not subject" stands alone."""
    seller, buyer = has_vat(order.seller_supplier_party), has_vat(order.buyer_customer_party)
    wanted = {"S": "BR-S-02", "Z": "BR-Z-02", "E": "BR-E-02", "AE": "BR-AE-02"}
    wanted |= {"K": "BR-IC-02", "G": "BR-G-02"}
    both = {"AE", "K"}
    found = [wanted[k] for k in sorted(kinds - {"O"}) if not seller or (k in both and not buyer)]
    return found + (["BR-O-11"] if "O" in kinds and len(kinds) > 1 else [])


def invoice_xml(
    invoice: trade.Invoice, order: trade.Order, *, delivered: Instant | None = None
) -> bytes:
    """An EN 16931 invoice (380) as UBL Invoice, or credit note (381) as UBL CreditNote.

    ``delivered`` is when the goods arrived; a supply within the EU (category K) must say so, and
    says the day of issue where nothing better is known.
    """
    currency, credit = invoice.document_currency_code, invoice.invoice_type_code == "381"
    name = "CreditNote" if credit else "Invoice"
    root = _root(name).cbc("UBLVersionID", "2.1").cbc("CustomizationID", EN16931)
    root.cbc("ID", invoice.id).cbc("IssueDate", _date(invoice.issue_date_time))
    if not credit:
        root.cbc("DueDate", _date(invoice.due_date_time))
    root.cbc(f"{name}TypeCode", invoice.invoice_type_code).cbc("Note", invoice.note)
    root.cbc("DocumentCurrencyCode", currency)
    root.cac("OrderReference").cbc("ID", invoice.order_reference.id)
    if invoice.billing_reference is not None:
        _reference(
            root.cac("BillingReference"), "InvoiceDocumentReference", invoice.billing_reference
        )
    _parties(root, invoice, order, delivered)
    if invoice.payment_terms:
        root.cac("PaymentTerms").cbc("Note", invoice.payment_terms)
    _tax_total(root, invoice, currency)
    said, money = invoice.legal_monetary_total, root.cac("LegalMonetaryTotal")
    money.cbc("LineExtensionAmount", said.line_extension_amount, currencyID=currency)
    money.cbc("TaxExclusiveAmount", said.tax_exclusive_amount, currencyID=currency)
    money.cbc("TaxInclusiveAmount", said.tax_inclusive_amount, currencyID=currency)
    money.cbc("PayableAmount", said.payable_amount, currencyID=currency)
    for line in invoice.invoice_line:
        _line(root.cac(f"{name}Line"), line, currency, credit=credit)
    return _bytes(root)


def _parties(
    root: Node, invoice: trade.Invoice, order: trade.Order, delivered: Instant | None
) -> None:
    """Seller, buyer, and where and when it was delivered where the tax depends on that."""
    kinds = {line.tax_category for line in invoice.invoice_line}
    taxed, buyer = "O" not in kinds, order.buyer_customer_party
    _party(root.cac("AccountingSupplierParty"), order.seller_supplier_party, taxed=taxed)
    _party(root.cac("AccountingCustomerParty"), buyer, taxed=taxed)
    if "K" in kinds or delivered is not None:
        delivery = root.cac("Delivery")
        delivery.cbc("ActualDeliveryDate", _date(delivered or invoice.issue_date_time))
        address = delivery.cac("DeliveryLocation").cac("Address")
        address.cac("Country").cbc("IdentificationCode", buyer.country)


def _tax_total(root: Node, invoice: trade.Invoice, currency: str) -> None:
    groups = taxes(invoice.invoice_line)
    total = sum((tax for _, tax in groups.values()), Decimal(0))
    node = root.cac("TaxTotal").cbc("TaxAmount", amount_text(total), currencyID=currency)
    for (category, percent), (net, tax) in groups.items():
        part = node.cac("TaxSubtotal")
        part.cbc("TaxableAmount", amount_text(net), currencyID=currency)
        part.cbc("TaxAmount", amount_text(tax), currencyID=currency)
        _category(part.cac("TaxCategory"), category, percent)


def _category(node: Node, category: str, percent: str) -> None:
    node.cbc("ID", category)
    if category != "O":
        node.cbc("Percent", percent)
    if category in {"E", "AE", "K", "G", "O"}:
        node.cbc("TaxExemptionReason", _EXEMPT[category])
    node.cac("TaxScheme").cbc("ID", "VAT")


_EXEMPT = {
    "E": "Exempt",
    "AE": "Reverse charge",
    "K": "Intra-community supply",
    "G": "Export outside the EU",
    "O": "Not subject to VAT",
}


def _line(node: Node, line: InvoiceLine, currency: str, *, credit: bool) -> None:
    unit, name = line.invoiced_quantity.unit_code, "Credited" if credit else "Invoiced"
    node.cbc("ID", line.id).cbc(f"{name}Quantity", line.invoiced_quantity.value, unitCode=unit)
    node.cbc("LineExtensionAmount", line.line_extension_amount, currencyID=currency)
    node.cac("OrderLineReference").cbc("LineID", line.order_line_id)
    _charges(node, line.charge, currency)
    tax = node.cac("Item").cbc("Name", line.item_name).cac("ClassifiedTaxCategory")
    tax.cbc("ID", line.tax_category)
    if line.tax_category != "O":
        tax.cbc("Percent", line.tax_percent)
    tax.cac("TaxScheme").cbc("ID", "VAT")
    price = node.cac("Price").cbc("PriceAmount", line.price.price_amount, currencyID=currency)
    price.cbc("BaseQuantity", line.price.base_quantity, unitCode=unit)
