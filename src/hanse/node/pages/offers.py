"""What an offer says beside its price and date, for people."""

from __future__ import annotations

from hanse.match.amounts import charges_of
from hanse.model import trade
from hanse.model.text import Text
from hanse.web.views.common import Fact

LINES_SHOWN_MAX = 20
CHARGES = {
    "SU": Text("Set-up, once", "一次性调机费"),
    "FC": Text("Freight, once", "一次性运费"),
    "ZZZ": Text("Premium, once", "一次性加急费"),
}


def facts(quotation: trade.Quotation) -> tuple[Fact, ...]:
    """Unit prices and breaks, charges, least quantities, carbon; payment terms and fee."""
    lines = quotation.quotation_line[:LINES_SHOWN_MAX]
    found = [fact for line in lines for fact in _of_line(line, quotation.pricing_currency_code)]
    if quotation.payment_terms:
        found.append(Fact(Text("Payment terms", "付款条件"), _same(quotation.payment_terms)))
    fee = quotation.cancellation_fee_percent
    found.append(Fact(Text("Fee if cancelled", "取消费"), _same(f"{fee} %")))
    if quotation.note:
        found.append(Fact(Text("Note", "备注"), _same(quotation.note)))
    return tuple(found)


def _of_line(line: trade.QuotationLine, currency: str) -> list[Fact]:
    base = "" if line.price.base_quantity == "1" else f" / {line.price.base_quantity}"
    found = [Fact(Text("Unit price", "单价"), _same(f"{line.price.price_amount}{base} {currency}"))]
    for step in line.price_break:
        least = step.minimum_quantity
        words = Text(f"From {least}", f"{least} 起")
        found.append(Fact(words, _same(f"{step.price_amount}{base} {currency}")))
    for charge in charges_of(line):
        label = CHARGES[charge.allowance_charge_reason_code]
        found.append(Fact(label, _same(f"{charge.amount} {currency}")))
    if line.minimum_quantity != "0":
        found.append(Fact(Text("Least quantity", "最小起订量"), _same(line.minimum_quantity)))
    if line.carbon_kg is not None:
        found.append(Fact(Text("Carbon", "碳排放"), _same(f"{line.carbon_kg} kg CO2")))
    return found


def _same(text: str) -> Text:
    return Text(text, text)
