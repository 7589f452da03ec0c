"""The seller's side before an order: one request received, and what became of it."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from hanse.match.amounts import charges_of, sum_of
from hanse.match.choose.price import line_of, unit_price
from hanse.model import trade
from hanse.model.errors import BadMessage, Conflict
from hanse.model.time import Instant

Over = dict[str, tuple[str, ...]]
OVER_MAX = 20


class Wanted(Struct, frozen=True, kw_only=True, tag="wanted"):
    """A request waits for our answer."""


class Offered(Struct, frozen=True, kw_only=True, tag="offered"):
    """Our quotation binds us until its validity ends.

    ``over``: line -> places in the plan, each awarded to another when we wrote it, any of which
    would do for the line.
    """

    quotation: trade.Quotation
    over: Over = {}


class Holding(Struct, frozen=True, kw_only=True, tag="holding"):
    """We keep the capacity of a provisional award: the place ``hold.reservation_id``."""

    quotation: trade.Quotation
    award: trade.Award
    hold: trade.Hold
    over: Over = {}


class Outbid(Struct, frozen=True, kw_only=True, tag="outbid"):
    """A buyer that pays more took the place; only a higher premium takes the quotation again."""

    quotation: trade.Quotation
    reason: trade.Reason
    over: Over = {}


class Sold(Struct, frozen=True, kw_only=True, tag="sold"):
    """Both signed an order on this quotation; it cannot be taken a second time."""

    quotation: trade.Quotation
    order: str
    place: str = ""


class Passed(Struct, frozen=True, kw_only=True, tag="passed"):
    """We declined, were displaced, or it lapsed."""

    reason: trade.Reason


OfferState = Wanted | Offered | Holding | Outbid | Sold | Passed


class Offer(Struct, frozen=True, kw_only=True):
    """A buyer's request and our answer to it; ``event_id`` is the message it came in."""

    buyer: str
    rfq: trade.RequestForQuotation
    event_id: str
    state: OfferState
    correlation: str = ""


def wanted(
    rfq: trade.RequestForQuotation, buyer: str, *, event_id: str, correlation: str, at: Instant
) -> Offer:
    """A request that came in.

    Raises:
        BadMessage: written in another firm's name.
        Conflict: the time to answer is over.
    """
    if rfq.buyer_customer_party.endpoint_id != buyer:
        raise BadMessage("a request in another firm's name", subject=rfq.id)
    if rfq.submission_due_date_time <= at:
        raise Conflict("the time to answer is over", subject=rfq.id)
    return Offer(buyer=buyer, rfq=rfq, event_id=event_id, state=Wanted(), correlation=correlation)


def quote(
    offer: Offer, quotation: trade.Quotation, *, at: Instant, over: Over | None = None
) -> Offer:
    """Answer with a quotation, or replace one that nobody has taken yet.

    Raises:
        Conflict: already held, sold or passed, or it would lapse at once.
    """
    if not isinstance(offer.state, Wanted | Offered):
        raise Conflict("this request has been answered for good", subject=offer.rfq.id)
    if quotation.validity_period.end_date_time <= at:
        raise Conflict("the quotation would lapse at once", subject=quotation.id)
    return structs.replace(offer, state=Offered(quotation=quotation, over=over or {}))


def hold(
    offer: Offer, award: trade.Award, *, number: str, place: str, at: Instant
) -> tuple[Offer, trade.Hold]:
    """Keep a place for a provisional award until closing or the end of the quotation.

    Raises:
        Conflict: nothing of ours is open, or it has lapsed.
    """
    quotation = open_quotation(offer, at=at)
    if award.quotation_document_reference.id != quotation.id:
        raise Conflict("an award of another quotation", subject=award.id)
    for line in award.award_line:
        unit_price(line_of(quotation, line.quotation_line_id), Decimal(line.quantity))
    until = min(award.closing_date_time, quotation.validity_period.end_date_time)
    kept = trade.Hold(
        id=number,
        award_reference=trade.DocumentReference(id=award.id),
        until_date_time=until,
        reservation_id=place,
    )
    state = Holding(quotation=quotation, award=award, hold=kept, over=over_of(offer))
    return structs.replace(offer, state=state), kept


def over_of(offer: Offer) -> Over:
    """Line -> places of others that would do for it."""
    return offer.state.over if isinstance(offer.state, Offered | Holding | Outbid) else {}


def outbid(offer: Offer, reason: trade.Reason) -> Offer:
    """Another pays more for the place that we kept.

    Raises:
        Conflict: nothing is kept.
    """
    if not isinstance(offer.state, Holding):
        raise Conflict("nothing was awarded", subject=offer.rfq.id)
    state = Outbid(quotation=offer.state.quotation, reason=reason, over=offer.state.over)
    return structs.replace(offer, state=state)


def open_quotation(offer: Offer, *, at: Instant) -> trade.Quotation:
    """Our quotation, if it still may be taken; ``at`` is when the taking was received.

    Raises:
        Conflict: none, lapsed, or taken before.
    """
    match offer.state:
        case Offered(quotation=quotation) | Holding(quotation=quotation):
            return _still_open(quotation, at)
        case Outbid(quotation=quotation):
            return _still_open(quotation, at)
        case Sold(quotation=quotation, order=order):
            raise Conflict(f"taken before, by order {order}", subject=quotation.id)
        case Wanted() | Passed():
            raise Conflict("no quotation of ours is open", subject=offer.rfq.id)


def _still_open(quotation: trade.Quotation, at: Instant) -> trade.Quotation:
    if quotation.validity_period.end_date_time <= at:
        raise Conflict("the quotation has lapsed", subject=quotation.id)
    return quotation


def check_order(offer: Offer, order: trade.Order, *, at: Instant) -> None:
    """Whether an order takes our quotation as it was written.

    Raises:
        Conflict: lapsed, taken before, or a price, quantity, date or term differs.
    """
    quotation = open_quotation(offer, at=at)
    reference = order.quotation_document_reference
    if reference is None or reference.id != quotation.id:
        raise Conflict("the order names another quotation", subject=order.id)
    if order.reservation_id not in _reserved(offer):
        raise Conflict("a reservation that is not of this quotation", subject=order.id)
    same = (
        order.document_currency_code == quotation.pricing_currency_code
        and order.cancellation_fee_percent == quotation.cancellation_fee_percent
        and order.payment_terms == quotation.payment_terms
        and order.payment_days == quotation.payment_days
    )
    if not same:
        raise Conflict("currency, fee or payment terms differ from our quotation", subject=order.id)
    for line in order.order_line:
        _same_line(quotation, line)


def _reserved(offer: Offer) -> set[str]:
    """The reservations an order may name: none, those of the lines, and the place that is kept."""
    kept = {offer.state.hold.reservation_id} if isinstance(offer.state, Holding) else set()
    return {"", *own_places(offer), *kept}


def _same_line(quotation: trade.Quotation, line: trade.OrderLine) -> None:
    if line.quotation_line_id is None:
        raise Conflict("a line that was not quoted", subject=line.id)
    ours = line_of(quotation, line.quotation_line_id)
    count = Decimal(line.quantity.value)
    price = Decimal(unit_price(ours, count)) / Decimal(ours.price.base_quantity)
    theirs = Decimal(line.price.price_amount) / Decimal(line.price.base_quantity)
    if theirs < price or Decimal(line.extra_amount) < sum_of(charges_of(ours)):
        raise Conflict("a price under the one we quoted", subject=line.id)
    for part in line.requested_delivery:
        due = part.date_time
        wanted_by = sum(
            (Decimal(p.quantity) for p in line.requested_delivery if p.date_time <= due), Decimal(0)
        )
        promised = sum(
            (Decimal(p.quantity) for p in ours.promised_delivery if p.date_time <= due), Decimal(0)
        )
        if wanted_by > promised:
            raise Conflict("a date before the one we promised", subject=line.id)


def sold(offer: Offer, order: str, *, place: str = "") -> Offer:
    """Both signed an order on our quotation; ``place`` is what of the plan it takes."""
    if isinstance(offer.state, Offered | Holding | Outbid):
        state = Sold(quotation=offer.state.quotation, order=order, place=place)
        return structs.replace(offer, state=state)
    return offer


def passed(offer: Offer, reason: trade.Reason) -> Offer:
    """We declined, were displaced, or it lapsed; what was sold stays sold."""
    if isinstance(offer.state, Sold):
        raise Conflict("an order stands on it: change or cancel that", subject=offer.rfq.id)
    return structs.replace(offer, state=Passed(reason=reason))


def own_places(offer: Offer) -> list[str]:
    """Places that the plan held when the quotation was written, line by line."""
    if not isinstance(offer.state, Offered | Holding | Outbid | Sold):
        return []
    lines = offer.state.quotation.quotation_line
    return [line.promise_basis.reservation_id for line in lines]
