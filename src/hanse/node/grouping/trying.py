"""What if our own requests were all decided at once: read off the record, nothing is changed."""

from __future__ import annotations

from decimal import Decimal

from hanse.match import enquiry as asking
from hanse.match.amounts import charges_of, sum_of, unit_amount
from hanse.match.books import Books
from hanse.match.choose.together import LINES_MAX, Line, Offered, Trial, weighed
from hanse.match.enquiry import Enquiry, Ordering, Placed
from hanse.model import trade
from hanse.model.errors import HanseError
from hanse.model.time import Instant
from hanse.node.acts.buying import choice_of
from hanse.node.context import Context
from hanse.store import Tx

DAY_S = 86_400
CENT = Decimal("0.0001")


def trial(tx: Tx, context: Context) -> Trial:
    """Every request of ours with an offer that is valid now, or that an order was taken from.

    Raises:
        TooMuch: more than LINES_MAX lines or offers.
    """
    lines: list[Line] = []
    offers: list[Offered] = []
    books, at = Books(tx.desk), context.clock.now()
    for key in tx.desk.keys("enquiry"):
        enquiry = books.enquiry(key)
        found = _offers(enquiry, at) if enquiry is not None else {}
        if enquiry is None or not found or len(lines) >= LINES_MAX:
            continue
        chosen = _chosen(tx, context, enquiry)
        for wanted in enquiry.rfq.request_for_quotation_line:
            place = len(lines)
            mine = [(s, line) for s, q in found.items() if (line := _line_for(q, wanted))]
            offers += [_offered(place, s, line, wanted) for s, line in mine]
            took = {s: chosen.get((s, wanted.id), Decimal(0)) for s, _ in mine}
            lines.append(
                Line(
                    request=enquiry.rfq.id,
                    line=wanted.id,
                    item=wanted.item.description or wanted.item.buyers_item_identification,
                    quantity=Decimal(wanted.quantity.value),
                    chosen=took,
                )
            )
    return weighed(lines, offers)


def _offers(enquiry: Enquiry, at: Instant) -> dict[str, trade.Quotation]:
    """Offers that are valid now, and those orders were made of."""
    taken = {
        did: talk.quoted.quotation
        for did, talk in enquiry.talks.items()
        if isinstance(talk, Ordering | Placed)
    }
    return {**asking.open_offers(enquiry, at=at), **taken}


def _line_for(quotation: trade.Quotation, wanted: trade.RfqLine) -> trade.QuotationLine | None:
    return next((q for q in quotation.quotation_line if q.rfq_line_id == wanted.id), None)


def _offered(place: int, seller: str, line: trade.QuotationLine, wanted: trade.RfqLine) -> Offered:
    count = Decimal(line.quantity.value)
    once = sum_of(charges_of(line)) / count if count else Decimal(0)
    latest = wanted.requested_delivery_period.latest
    last = max(d.date_time for d in line.promised_delivery)
    days = Decimal(max(0, (last - latest).total_seconds() if latest else 0)) / DAY_S
    late = days * Decimal(wanted.late_cost_per_day)
    each = (unit_amount(line.price) + once + late).quantize(CENT)
    return Offered(line=place, seller=seller, quantity=count, each=each)


def _chosen(tx: Tx, context: Context, enquiry: Enquiry) -> dict[tuple[str, str], Decimal]:
    """Pieces by seller and line of the request: as ordered, or as would be chosen now."""
    found = {
        (did, line): Decimal(count)
        for did, talk in enquiry.talks.items()
        if isinstance(talk, Ordering | Placed)
        for line, count in talk.lines.items()
    }
    if found:
        return found
    try:
        choice = choice_of(tx, context, enquiry.rfq.id)
    except HanseError:
        return {}
    for line in choice.lines:
        for pick in line.best.picks:
            found[pick.seller, line.rfq_line] = pick.quantity
    return found
