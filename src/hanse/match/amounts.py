"""What lines come to: charges beside prices, net amounts, taxes, totals; exact, in decimals.

One place for both sides: the seller writes an invoice by these rules and the buyer's node judges
it by them. Amounts are rounded half up to the cent where EN 16931 wants them rounded: on each
line, and on the tax of each rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from hanse.model import trade
from hanse.model.trade import Charge, InvoiceLine, MonetaryTotal, OrderLine, TradeParty

CENT = Decimal("0.01")
EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)


def cents(value: Decimal) -> Decimal:
    """Rounded half up to two places."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def charges_of(line: trade.QuotationLine) -> tuple[Charge, ...]:
    """What an offered line costs once, whatever the quantity: set-up, freight, premium."""
    said: tuple[tuple[trade.ChargeCode, str, str], ...] = (
        ("SU", "Set-up", line.setup_amount),
        ("FC", "Freight", line.transport_amount),
        ("ZZZ", "Premium", line.premium_amount),
    )
    return tuple(
        Charge(allowance_charge_reason_code=code, allowance_charge_reason=why, amount=amount)
        for code, why, amount in said
        if Decimal(amount) > 0
    )


def sum_of(charges: Iterable[Charge]) -> Decimal:
    """What charges come to."""
    return sum((Decimal(charge.amount) for charge in charges), Decimal(0))


def by_code(charges: Iterable[Charge]) -> dict[str, Decimal]:
    """What charges come to, by their code."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for charge in charges:
        found[charge.allowance_charge_reason_code] += Decimal(charge.amount)
    return dict(found)


def ordered_charges(line: OrderLine) -> tuple[Charge, ...]:
    """The charges of an ordered line; one without a name where only their sum was written."""
    if line.charge or Decimal(line.extra_amount) == 0:
        return line.charge
    why = "Charges as ordered"
    return (
        Charge(
            allowance_charge_reason_code="ZZZ",
            allowance_charge_reason=why,
            amount=line.extra_amount,
        ),
    )


def unit_amount(price: trade.Price) -> Decimal:
    """The price of one unit, exact."""
    return Decimal(price.price_amount) / Decimal(price.base_quantity)


def line_amount(line: OrderLine | trade.ChangedLine | InvoiceLine) -> Decimal:
    """Quantity times price of one line with its charges, exact."""
    count = line.invoiced_quantity if isinstance(line, InvoiceLine) else line.quantity
    extra = Decimal(line.extra_amount) if isinstance(line, OrderLine) else Decimal(0)
    if isinstance(line, InvoiceLine):
        extra = sum_of(line.charge)
    return Decimal(count.value) * unit_amount(line.price) + extra


def order_amount(order: trade.Order) -> Decimal:
    """What an order comes to, before tax, exact."""
    return sum((line_amount(line) for line in order.order_line), Decimal(0))


def taxes(lines: tuple[InvoiceLine, ...]) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """(category, percent) -> (taxable amount, tax), each rounded to the cent (BR-CO-17)."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.tax_category, line.tax_percent] += Decimal(line.line_extension_amount)
    return {key: (net, cents(net * Decimal(key[1]) / 100)) for key, net in sums.items()}


def totals(lines: tuple[InvoiceLine, ...]) -> MonetaryTotal:
    """The totals that the lines come to."""
    net = sum((Decimal(line.line_extension_amount) for line in lines), Decimal(0))
    gross = net + sum((tax for _, tax in taxes(lines).values()), Decimal(0))
    return MonetaryTotal(
        line_extension_amount=str(cents(net)),
        tax_exclusive_amount=str(cents(net)),
        tax_inclusive_amount=str(cents(gross)),
        payable_amount=str(cents(gross)),
    )


def sum_faults(invoice: trade.Invoice) -> list[str]:
    """Sums that are not what their parts come to, by the rule numbers of EN 16931-1."""
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
        if cents(line_amount(line)) != Decimal(line.line_extension_amount):
            found.append("BR-DEC-23")
        if line.tax_category != "S" and Decimal(line.tax_percent) != 0:
            found.append("BR-Z-05")
    return sorted(set(found))


class Tax(Struct, frozen=True, kw_only=True):
    """What the seller adds to every line: a UNCL 5305 category and its percentage."""

    category: trade.TaxCategory = "O"
    percent: str = "0"


def tax_between(seller: TradeParty, buyer: TradeParty, percent: str) -> Tax:
    """The tax on goods that go from seller to buyer; ``percent`` is the seller's own rate.

    A seller without a VAT number is outside the scope. At home, and to a buyer of the EU without
    a number, its own rate holds; to one with a number in another member state the buyer accounts
    for it (2006/112/EC art. 138); what leaves the EU, or the seller's country, is free (art. 146).
    """
    if not has_vat(seller):
        return Tax()
    home = seller.country == buyer.country
    union = seller.country in EU and buyer.country in EU
    if not home and union and has_vat(buyer):
        return Tax(category="K")
    if not home and not union:
        return Tax(category="G")
    return Tax(category="S", percent=percent) if Decimal(percent) > 0 else Tax(category="Z")


def has_vat(party: TradeParty) -> bool:
    """Whether a firm names a VAT number."""
    return any(name.scheme_id == "VAT" for name in party.party_identification)
