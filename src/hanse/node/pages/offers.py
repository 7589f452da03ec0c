"""What an offer says beside its price and date, for people."""

from __future__ import annotations

from hanse.match.amounts import charges_of
from hanse.match.choose.price import normal_lines
from hanse.match.words import kind_name
from hanse.model import trade
from hanse.model.text import Text
from hanse.model.time import format_minute
from hanse.web.views.common import Fact

LINES_SHOWN_MAX = 20
CHARGES = {
    "SU": Text("Set-up, once", "一次性调机费"),
    "FC": Text("Freight, once", "一次性运费"),
    "ZZZ": Text("Premium, once", "一次性加急费"),
}


def facts(quotation: trade.Quotation) -> tuple[Fact, ...]:
    """Unit prices and breaks, charges, least quantities, carbon; payment terms and fee."""
    normal, currency = normal_lines(quotation), quotation.pricing_currency_code
    found = [fact for line in normal[:LINES_SHOWN_MAX] for fact in _of_line(line, currency)]
    earlier = [line for line in quotation.quotation_line if line not in normal]
    found += [_earlier(line, currency) for line in earlier[:LINES_SHOWN_MAX]]
    if quotation.payment_terms:
        found.append(terms_fact(quotation))
    fee = quotation.cancellation_fee_percent
    found.append(Fact(Text("Fee if cancelled", "取消费"), _same(f"{fee} %")))
    if quotation.withdrawal_fee_percent != "0":
        share = _same(f"{quotation.withdrawal_fee_percent} %")
        found.append(Fact(Text("Fee if an award is taken back", "撤回暂定授予的费用"), share))
    if quotation.note:
        found.append(Fact(Text("Note", "备注"), _same(quotation.note)))
    return tuple(found)


def _earlier(line: trade.QuotationLine, currency: str) -> Fact:
    when = format_minute(max(part.date_time for part in line.promised_delivery))
    label = Text(f"Or line {line.rfq_line_id} by {when}", f"或第 {line.rfq_line_id} 行 {when} 前")
    money = f"{line.premium_amount} {currency}"
    return Fact(label, Text(f"{money} more, once", f"一次性加价 {money}"))


def terms_fact(paper: trade.Quotation | trade.Order) -> Fact:
    """When an invoice must be paid: in both languages where the days are agreed as such."""
    label, days = Text("Payment terms", "付款条件"), paper.payment_days
    words = paper.payment_terms
    if days is None or words != f"{days} days net":
        return Fact(label, _same(words))
    return Fact(label, Text(words, f"{days} 天内付款"))


def proposed(kind: str, document: trade.Aggregate, currency: str) -> tuple[Fact, ...]:
    """What a partner proposes and waits for our signature: what it says, in a few words."""
    name = kind_name(kind)
    return (
        Fact(Text("Waits for your signature", "待贵司签署"), name),
        *_terms_of(document, currency),
    )


def _terms_of(document: trade.Aggregate, currency: str) -> tuple[Fact, ...]:
    reason = Text("Reason", "原因")
    match document:
        case trade.OrderCancellation(cancellation_note=why, fee_amount=fee):
            money = Fact(Text("Fee", "取消费"), _same(f"{fee} {currency}"))
            return (money, Fact(reason, _same(why)))
        case trade.OrderChange(order_line=lines, reason=why):
            return (*(_changed(n, currency) for n in lines), Fact(reason, _same(why.note)))
        case trade.Dispute(reason=why):
            return (Fact(reason, _same(why.note)),)
        case _:
            return ()


def _changed(line: trade.ChangedLine, currency: str) -> Fact:
    when = ", ".join(format_minute(part.date_time) for part in line.requested_delivery)
    words = f"{line.quantity.value} × {line.price.price_amount} {currency}  {when}".strip()
    return Fact(Text(f"Line {line.id} would be", f"第 {line.id} 行将为"), _same(words))


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
