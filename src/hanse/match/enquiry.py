"""The buyer's side before an order: one request, and where the talk with each firm stands."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct, structs

from hanse.match.amounts import charges_of, sum_of
from hanse.match.choose.price import deliveries_for, line_of, unit_price
from hanse.model import trade
from hanse.model.errors import BadMessage, Conflict
from hanse.model.time import Instant

ASKED_MAX = 200
ZERO = Decimal(0)


class Asked(Struct, frozen=True, kw_only=True, tag="asked"):
    """The request is out, no answer yet."""


class Quoted(Struct, frozen=True, kw_only=True, tag="quoted"):
    """An offer that binds the seller until its validity ends; ``digest`` is of its message."""

    quotation: trade.Quotation
    event_id: str
    digest: str = ""


class Declined(Struct, frozen=True, kw_only=True, tag="declined"):
    """The seller will not offer."""

    reason: trade.Reason


class Awarded(Struct, frozen=True, kw_only=True, tag="awarded"):
    """Provisionally chosen; may be displaced until closing."""

    quoted: Quoted
    award: trade.Award


class Held(Struct, frozen=True, kw_only=True, tag="held"):
    """The seller confirmed that it keeps the capacity."""

    quoted: Quoted
    award: trade.Award
    hold: trade.Hold


class Ordering(Struct, frozen=True, kw_only=True, tag="ordering"):
    """We signed the order, the seller has not yet; ``lines``: line of the request -> pieces."""

    quoted: Quoted
    order: str
    lines: dict[str, str] = {}


class Placed(Struct, frozen=True, kw_only=True, tag="placed"):
    """Both signed the order."""

    quoted: Quoted
    order: str
    lines: dict[str, str] = {}


class Dropped(Struct, frozen=True, kw_only=True, tag="dropped"):
    """Displaced, refused or not chosen; the last offer is kept."""

    reason: trade.Reason
    quoted: Quoted | None = None


class Outbid(Struct, frozen=True, kw_only=True, tag="outbid"):
    """Another took what was awarded to us; ``premium``, in all, would take it back."""

    quoted: Quoted
    award: trade.Award
    premium: str
    reason: trade.Reason


Talk = Asked | Quoted | Declined | Awarded | Held | Ordering | Placed | Dropped | Outbid


class Enquiry(Struct, frozen=True, kw_only=True):
    """One request for quotation and the talk with each firm asked.

    ``closing``: what is held by then is ordered; the same for every award of the request.
    """

    rfq: trade.RequestForQuotation
    talks: dict[str, Talk]
    correlation: str = ""
    causation: str = ""
    closing: Instant | None = None


def ask(
    rfq: trade.RequestForQuotation, sellers: tuple[str, ...], *, correlation: str, causation: str
) -> Enquiry:
    """A new enquiry to some firms.

    Raises:
        Conflict: nobody is asked, or more than ASKED_MAX.
    """
    if not 0 < len(set(sellers)) <= ASKED_MAX:
        raise Conflict(f"ask between 1 and {ASKED_MAX} firms", subject=rfq.id)
    talks: dict[str, Talk] = {did: Asked() for did in sellers}
    return Enquiry(rfq=rfq, talks=talks, correlation=correlation, causation=causation)


def with_talk(enquiry: Enquiry, seller: str, talk: Talk) -> Enquiry:
    """The enquiry with one talk moved on."""
    return structs.replace(enquiry, talks={**enquiry.talks, seller: talk})


def _talk(enquiry: Enquiry, seller: str) -> Talk:
    if seller not in enquiry.talks:
        raise BadMessage("this firm was not asked", subject=f"{enquiry.rfq.id} {seller}")
    return enquiry.talks[seller]


def quoted(enquiry: Enquiry, seller: str, offer: Quoted, *, at: Instant) -> Enquiry:
    """An offer came; a later one of the same firm replaces an earlier one.

    Raises:
        BadMessage: not asked, another request or currency, unknown line, written by another firm.
        Conflict: too late, or the talk has gone on.
    """
    talk, quotation = _talk(enquiry, seller), offer.quotation
    _check_quotation(enquiry.rfq, quotation, seller)
    if quotation.validity_period.end_date_time <= at:
        raise Conflict("the offer has lapsed already", subject=quotation.id)
    if not isinstance(talk, Asked | Quoted | Declined | Dropped | Outbid):
        raise Conflict("the talk has gone on", subject=quotation.id)
    return with_talk(enquiry, seller, offer)


def _check_quotation(
    rfq: trade.RequestForQuotation, quotation: trade.Quotation, seller: str
) -> None:
    if quotation.request_for_quotation_document_reference.id != rfq.id:
        raise BadMessage("an offer for another request", subject=quotation.id)
    if quotation.pricing_currency_code != rfq.pricing_currency_code:
        raise BadMessage("an offer in another currency", subject=quotation.id)
    if quotation.seller_supplier_party.endpoint_id != seller:
        raise BadMessage("an offer in another firm's name", subject=quotation.id)
    wanted = {line.id: line for line in rfq.request_for_quotation_line}
    for line in quotation.quotation_line:
        _check_line(wanted.get(line.rfq_line_id), line)


def _check_line(wanted: trade.RfqLine | None, line: trade.QuotationLine) -> None:
    if wanted is None:
        raise BadMessage("an offer for a line that was not asked", subject=line.id)
    if line.quantity.unit_code != wanted.quantity.unit_code:
        raise BadMessage("an offer in another unit", subject=line.id)
    parts = sum((Decimal(p.quantity) for p in line.promised_delivery), Decimal(0))
    if parts != Decimal(line.quantity.value) or parts == 0:
        raise BadMessage("promised parts do not add up to the offer", subject=line.id)
    if Decimal(line.price.base_quantity) == 0:
        raise BadMessage("a price for nothing", subject=line.id)


def declined(enquiry: Enquiry, seller: str, reason: trade.Reason) -> Enquiry:
    """A firm will not offer."""
    if isinstance(_talk(enquiry, seller), Asked | Quoted | Declined):
        return with_talk(enquiry, seller, Declined(reason=reason))
    return enquiry


def awarded(enquiry: Enquiry, seller: str, award: trade.Award, *, at: Instant) -> Enquiry:
    """Choose an offer provisionally, again where another had outbid us.

    Raises:
        Conflict: no valid offer of this firm.
    """
    offer = valid_offer(enquiry, seller, at=at)
    return with_talk(enquiry, seller, Awarded(quoted=offer, award=award))


def held(enquiry: Enquiry, seller: str, hold: trade.Hold) -> Enquiry:
    """The seller keeps the capacity of an award.

    Raises:
        Conflict: nothing was awarded to it.
    """
    talk = _talk(enquiry, seller)
    if not isinstance(talk, Awarded) or hold.award_reference.id != talk.award.id:
        raise Conflict("nothing of that number was awarded", subject=hold.award_reference.id)
    return with_talk(enquiry, seller, Held(quoted=talk.quoted, award=talk.award, hold=hold))


def displaced(enquiry: Enquiry, seller: str, message: trade.Displaced) -> Enquiry:
    """The award is off, whoever took it back; the offer is kept for the record.

    Where it crossed our order, what becomes of the order decides.
    """
    talk = _talk(enquiry, seller)
    if isinstance(talk, Ordering | Placed):
        return enquiry
    if not isinstance(talk, Awarded | Held) or message.award_reference.id != talk.award.id:
        raise Conflict("nothing of that number was awarded", subject=message.id)
    if message.premium_amount is None:
        return with_talk(enquiry, seller, Dropped(reason=message.reason, quoted=talk.quoted))
    outbid = Outbid(
        quoted=talk.quoted,
        award=talk.award,
        premium=message.premium_amount,
        reason=message.reason,
    )
    return with_talk(enquiry, seller, outbid)


def dropped(talk: Asked | Quoted | Outbid, reason: trade.Reason) -> Dropped:
    """A talk that ends because the request was settled with others."""
    quoted = None if isinstance(talk, Asked) else talk
    return Dropped(reason=reason, quoted=quoted.quoted if isinstance(quoted, Outbid) else quoted)


def must_pay(talk: Talk) -> trade.Quotation | None:
    """An open offer with what its lines really cost: the line that was lost at its premium."""
    match talk:
        case Quoted(quotation=quotation):
            return quotation
        case Outbid(quoted=quoted, award=award, premium=premium):
            lost = {line.quotation_line_id for line in award.award_line}
            lines = tuple(
                structs.replace(line, premium_amount=premium) if line.id in lost else line
                for line in quoted.quotation.quotation_line
            )
            return structs.replace(quoted.quotation, quotation_line=lines)
        case _:
            return None


def extra_premium(talk: Talk, lines: Iterable[str]) -> Decimal:
    """What an award of these lines pays beside what the quotation asks."""
    match talk:
        case Awarded(award=award) | Held(award=award):
            return Decimal(award.premium_amount)
        case Outbid(quoted=quoted):
            real = must_pay(talk) or quoted.quotation
            return sum((_premium(real, n) - _premium(quoted.quotation, n) for n in lines), ZERO)
        case _:
            return ZERO


def _premium(quotation: trade.Quotation, line: str) -> Decimal:
    return Decimal(line_of(quotation, line).premium_amount)


def committed(enquiry: Enquiry) -> dict[str, Decimal]:
    """Line of the request -> pieces awarded or ordered, as far as still standing."""
    found: dict[str, Decimal] = {}
    for talk in enquiry.talks.values():
        if isinstance(talk, Awarded | Held):
            for line in talk.award.award_line:
                name = line_of(talk.quoted.quotation, line.quotation_line_id).rfq_line_id
                found[name] = found.get(name, ZERO) + Decimal(line.quantity)
        if isinstance(talk, Ordering | Placed):
            for name, count in talk.lines.items():
                found[name] = found.get(name, ZERO) + Decimal(count)
    return found


def missing(enquiry: Enquiry) -> trade.RequestForQuotation | None:
    """The request without what is awarded or ordered; None where nothing is missing."""
    have, left = committed(enquiry), []
    for line in enquiry.rfq.request_for_quotation_line:
        count = Decimal(line.quantity.value) - have.get(line.id, ZERO)
        if count > 0:
            measure = structs.replace(line.quantity, value=format(count, "f"))
            left.append(structs.replace(line, quantity=measure))
    return structs.replace(enquiry.rfq, request_for_quotation_line=tuple(left)) if left else None


def valid_offer(enquiry: Enquiry, seller: str, *, at: Instant) -> Quoted:
    """The offer of a firm that may still be taken.

    Raises:
        Conflict: it has none, or it has lapsed.
    """
    talk = _talk(enquiry, seller)
    if isinstance(talk, Awarded | Held | Outbid):
        talk = talk.quoted
    if not isinstance(talk, Quoted):
        raise Conflict("no offer of this firm is open", subject=f"{enquiry.rfq.id} {seller}")
    if talk.quotation.validity_period.end_date_time <= at:
        raise Conflict("the offer has lapsed", subject=talk.quotation.id, remedy="Ask again")
    return talk


def open_offers(enquiry: Enquiry, *, at: Instant) -> dict[str, trade.Quotation]:
    """Every offer that may still be taken, each at the premium it takes now."""
    found = {did: must_pay(talk) for did, talk in enquiry.talks.items()}
    return {
        did: quotation
        for did, quotation in found.items()
        if quotation is not None and quotation.validity_period.end_date_time > at
    }


def order_from(
    enquiry: Enquiry,
    seller: str,
    *,
    quantities: dict[str, Decimal],
    number: str,
    buyer: trade.TradeParty,
    at: Instant,
) -> tuple[Enquiry, trade.Order]:
    """The order that takes so much of each offered line (quotation line id -> quantity).

    Raises:
        Conflict: no valid offer, or more than was offered, or less than its minimum.
    """
    offer = valid_offer(enquiry, seller, at=at)
    quotation = offer.quotation
    talk = enquiry.talks[seller]
    more = extra_premium(talk, quantities)
    first, *others = (
        _order_line(enquiry.rfq, line_of(quotation, line), count)
        for line, count in quantities.items()
    )
    lines = (_with_premium(first, more), *others)
    basis = line_of(quotation, next(iter(quantities))).promise_basis
    held = talk.hold.reservation_id if isinstance(talk, Held) else ""
    order = trade.Order(
        id=number,
        issue_date_time=at,
        document_currency_code=quotation.pricing_currency_code,
        buyer_customer_party=buyer,
        seller_supplier_party=quotation.seller_supplier_party,
        order_line=lines,
        quotation_document_reference=trade.DocumentReference(
            id=quotation.id, event_id=offer.event_id, digest=offer.digest or None
        ),
        reservation_id=held or basis.reservation_id,
        cancellation_fee_percent=quotation.cancellation_fee_percent,
        payment_terms=quotation.payment_terms,
        payment_days=quotation.payment_days,
        reason=enquiry.rfq.reason,
    )
    taken = {line.id: line.quantity.value for line in lines}
    return with_talk(enquiry, seller, Ordering(quoted=offer, order=number, lines=taken)), order


def _with_premium(line: trade.OrderLine, more: Decimal) -> trade.OrderLine:
    """The line with a premium beside what was quoted."""
    if more <= 0:
        return line
    premium = trade.Charge(
        allowance_charge_reason_code="ZZZ",
        allowance_charge_reason="Premium to be kept until closing",
        amount=format(more, "f"),
    )
    charges = (*line.charge, premium)
    return structs.replace(line, charge=charges, extra_amount=str(sum_of(charges)))


def _order_line(
    rfq: trade.RequestForQuotation, line: trade.QuotationLine, count: Decimal
) -> trade.OrderLine:
    wanted = next(r for r in rfq.request_for_quotation_line if r.id == line.rfq_line_id)
    charges = charges_of(line)
    return trade.OrderLine(
        id=line.rfq_line_id,
        quantity=trade.Measure(value=str(count), unit_code=line.quantity.unit_code),
        price=trade.Price(
            price_amount=unit_price(line, count), base_quantity=line.price.base_quantity
        ),
        requested_delivery=deliveries_for(line, count),
        item=wanted.item,
        quotation_line_id=line.id,
        extra_amount=str(sum_of(charges)),
        charge=charges,
    )


def settled(enquiry: Enquiry, seller: str, order: str) -> Enquiry:
    """Both signed: the talk has reached its order.

    Also where we had given the order up for lost: a signature given in time counts, come when it
    may, and what both signed stands above what we thought.
    """
    talk = _talk(enquiry, seller)
    match talk:
        case Ordering(quoted=quoted, lines=lines):
            placed = Placed(quoted=quoted, order=order, lines=lines)
            return with_talk(enquiry, seller, placed)
        case Awarded(quoted=quoted) | Held(quoted=quoted) | Outbid(quoted=quoted):
            return with_talk(enquiry, seller, Placed(quoted=quoted, order=order))
        case Dropped(quoted=Quoted() as quoted):
            return with_talk(enquiry, seller, Placed(quoted=quoted, order=order))
        case Quoted():
            return with_talk(enquiry, seller, Placed(quoted=talk, order=order))
        case _:
            return enquiry


def refused(enquiry: Enquiry, seller: str, order: str, reason: str) -> Enquiry:
    """The seller would not sign the order."""
    talk = _talk(enquiry, seller)
    if isinstance(talk, Ordering) and talk.order == order:
        why = trade.Reason(code="REFUSED", note=reason)
        return with_talk(enquiry, seller, Dropped(reason=why, quoted=talk.quoted))
    return enquiry
