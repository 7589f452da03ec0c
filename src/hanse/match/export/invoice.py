"""Invoices by EN 16931: totals worked out from lines, faults by rule number, UBL XML."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from hanse.match.export.ubl import EN16931, Node, _bytes, _date, _party, _root, amount_text
from hanse.model import trade
from hanse.model.time import Instant
from hanse.model.trade import InvoiceLine, MonetaryTotal

CENT = Decimal("0.01")


def taxes(lines: tuple[InvoiceLine, ...]) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """(category, percent) -> (taxable amount, tax), each rounded to the cent (BR-CO-17)."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.tax_category, line.tax_percent] += Decimal(line.line_extension_amount)
    return {key: (net, (net * Decimal(key[1]) / 100).quantize(CENT)) for key, net in sums.items()}


def totals(lines: tuple[InvoiceLine, ...]) -> MonetaryTotal:
    """The totals that the lines come to."""
    net = sum((Decimal(line.line_extension_amount) for line in lines), Decimal(0))
    gross = net + sum((tax for _, tax in taxes(lines).values()), Decimal(0))
    return MonetaryTotal(
        line_extension_amount=amount_text(net),
        tax_exclusive_amount=amount_text(net),
        tax_inclusive_amount=amount_text(gross),
        payable_amount=amount_text(gross),
    )


def faults(invoice: trade.Invoice, order: trade.Order) -> list[str]:
    """What a receiver would refuse it for, by the rule numbers of EN 16931-1; empty if nothing."""
    found, wanted, said = [], totals(invoice.invoice_line), invoice.legal_monetary_total
    for rule, field in (
        ("BR-CO-10", "line_extension_amount"),
        ("BR-CO-13", "tax_exclusive_amount"),
        ("BR-CO-15", "tax_inclusive_amount"),
        ("BR-CO-16", "payable_amount"),
    ):
        if Decimal(getattr(wanted, field)) != Decimal(getattr(said, field)):
            found.append(rule)
    for line in invoice.invoice_line:
        if trade.line_amount(line).quantize(CENT) != Decimal(line.line_extension_amount):
            found.append("BR-DEC-23")
        if line.tax_category != "S" and Decimal(line.tax_percent) != 0:
            found.append("BR-Z-05")
    found += _of_parties({line.tax_category for line in invoice.invoice_line}, order)
    return sorted(set(found))


def _of_parties(kinds: set[str], order: trade.Order) -> list[str]:
    """Rules about who must name a VAT number, and that "not subject" stands alone."""
    seller, buyer = (
        any(n.scheme_id == "VAT" for n in party.party_identification)
        for party in (order.seller_supplier_party, order.buyer_customer_party)
    )
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
    root.cbc(f"{name}TypeCode", invoice.invoice_type_code)
    root.cbc("DocumentCurrencyCode", currency)
    root.cac("OrderReference").cbc("ID", invoice.order_reference.id)
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
    tax = node.cac("Item").cbc("Name", line.item_name).cac("ClassifiedTaxCategory")
    tax.cbc("ID", line.tax_category)
    if line.tax_category != "O":
        tax.cbc("Percent", line.tax_percent)
    tax.cac("TaxScheme").cbc("ID", "VAT")
    price = node.cac("Price").cbc("PriceAmount", line.price.price_amount, currencyID=currency)
    price.cbc("BaseQuantity", line.price.base_quantity, unitCode=unit)
