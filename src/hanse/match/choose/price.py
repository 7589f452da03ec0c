"""Reading an offered line: its price at a quantity, its dates for a quantity, its full cost."""

from __future__ import annotations

from decimal import Decimal

from hanse.match.amounts import charges_of, sum_of
from hanse.model import trade
from hanse.model.errors import Conflict
from hanse.model.time import Instant

DAY_S = 86_400


def line_of(quotation: trade.Quotation, line: str) -> trade.QuotationLine:
    """One line of a quotation by its number.

    Raises:
        Conflict: there is none.
    """
    for found in quotation.quotation_line:
        if found.id == line:
            return found
    raise Conflict("the quotation has no such line", subject=f"{quotation.id} line {line}")


def normal_lines(quotation: trade.Quotation) -> list[trade.QuotationLine]:
    """The first line for each thing asked for; the others are further dates for the same."""
    found: dict[str, trade.QuotationLine] = {}
    for line in quotation.quotation_line:
        found.setdefault(line.rfq_line_id, line)
    return list(found.values())


def unit_price(line: trade.QuotationLine, count: Decimal) -> str:
    """The price that holds for the whole quantity, with its break.

    Raises:
        Conflict: more than offered, less than the minimum, or nothing.
    """
    if not 0 < count <= Decimal(line.quantity.value) or count < Decimal(line.minimum_quantity):
        raise Conflict(
            f"{count} is not between {line.minimum_quantity} and {line.quantity.value}",
            subject=f"line {line.id}",
            remedy="Order a quantity that was offered",
        )
    price, reached = line.price.price_amount, Decimal(0)
    for step in line.price_break:
        at = Decimal(step.minimum_quantity)
        if reached <= at <= count:
            price, reached = step.price_amount, at
    return price


def deliveries_for(line: trade.QuotationLine, count: Decimal) -> tuple[trade.Delivery, ...]:
    """The earliest promised parts that make up a quantity."""
    parts, left = [], count
    for part in sorted(line.promised_delivery, key=lambda p: p.date_time):
        took = min(left, Decimal(part.quantity))
        if took > 0:
            parts.append(trade.Delivery(quantity=str(took), date_time=part.date_time))
            left -= took
    return tuple(parts)


def fixed_cost(line: trade.QuotationLine) -> Decimal:
    """What the line costs once, whatever the quantity."""
    return sum_of(charges_of(line))


def late_cost(
    wanted: trade.RfqLine, line: trade.QuotationLine, count: Decimal
) -> tuple[Decimal, Instant]:
    """What lateness costs the buyer for a quantity, and when the last piece comes."""
    due = wanted.requested_delivery_period.latest
    parts = deliveries_for(line, count)
    last = max(p.date_time for p in parts)
    if due is None:
        return Decimal(0), last
    late = sum(
        (
            Decimal(p.quantity) * max(0, int((p.date_time - due).total_seconds())) / DAY_S
            for p in parts
        ),
        Decimal(0),
    )
    return (late * Decimal(wanted.late_cost_per_day)).quantize(Decimal("0.01")), last


def total_cost(wanted: trade.RfqLine, line: trade.QuotationLine, count: Decimal) -> Decimal:
    """Price, one-off costs and lateness of taking a quantity of an offered line."""
    unit = Decimal(unit_price(line, count)) / Decimal(line.price.base_quantity)
    return unit * count + fixed_cost(line) + late_cost(wanted, line, count)[0]
