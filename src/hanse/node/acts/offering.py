"""Steps on a request or an offer that a person takes on the page: quote, decline, take, close."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hanse.match import papers
from hanse.match.books import Books
from hanse.match.choose.price import normal_lines
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.enquiry import Enquiry, Quoted
from hanse.match.offer import Offer
from hanse.model import trade
from hanse.model.errors import BadInput, NotFound
from hanse.model.event import Event
from hanse.model.quantity import quantity as quantity_of
from hanse.model.text import Text
from hanse.node.acts.by_hand import Case, record
from hanse.node.dealing.desk import at_desk
from hanse.store import Tx

RESERVE_FOR = dt.timedelta(hours=1)


def on_offer(case: Case, offer: Offer, deed: str) -> Event:
    """Answer a request that came in: with an offer, or with none."""
    if deed == "decline":
        event = record(case, deed, Text("no offer is made", "不予报价"))
        no = trade.Reason(code="DECLINED", note=case.note())
        at_desk(
            case.tx,
            case.context,
            event,
            lambda desk, step: desk.decline(offer.buyer, offer.rfq.id, no, step),
        )
        return event
    if deed != "quote":
        raise BadInput("there is no such deed", subject=deed)
    event = record(case, deed, Text("an offer was made", "已报价"))
    at_desk(
        case.tx,
        case.context,
        event,
        lambda desk, step: desk.quote(offer.buyer, _quotation(case, offer, desk, step), step),
    )
    return event


def _quotation(case: Case, offer: Offer, desk: Desk, step: Step) -> trade.Quotation:
    policy = case.context.settings.policy
    valid = case.instant("valid") or step.at + dt.timedelta(seconds=policy.quote_valid_s)
    typed, fee = case.amount("days"), case.amount("fee")
    days = policy.payment_days if typed is None else int(typed)
    lines = _quoted_lines(case, offer.rfq)
    return trade.Quotation(
        id=case.new("quote"),
        issue_date_time=step.at,
        request_for_quotation_document_reference=trade.DocumentReference(
            id=offer.rfq.id, event_id=offer.event_id
        ),
        validity_period=trade.Validity(end_date_time=valid.replace(microsecond=0)),
        seller_supplier_party=desk.party,
        pricing_currency_code=offer.rfq.pricing_currency_code,
        quotation_line=lines,
        cancellation_fee_percent=policy.cancellation_fee_percent
        if fee is None
        else papers.plain(fee),
        payment_terms=f"{days} days net",
        payment_days=days,
        note=case.text("reason"),
    )


def _quoted_lines(case: Case, rfq: trade.RequestForQuotation) -> tuple[trade.QuotationLine, ...]:
    """The lines that are filled in; of a request of several, the others are left out.

    Raises:
        BadInput: none is, or one lacks its price or its date.
    """
    wanted = rfq.request_for_quotation_line
    given = [
        (n, line) for n, line in enumerate(wanted, 1) if not wanted[1:] or not _is_left_out(case, n)
    ]
    if not given:
        raise BadInput("an offer needs a price and a date for a line", subject=rfq.id)
    return tuple(_quoted_line(case, n, line) for n, line in given)


def _is_left_out(case: Case, n: int) -> bool:
    unpriced = not case.text(f"price_{n}") and not case.text(f"ready_{n}")
    return unpriced or case.amount(f"quantity_{n}") == 0


def _quoted_line(case: Case, n: int, wanted: trade.RfqLine) -> trade.QuotationLine:
    price, ready = case.amount(f"price_{n}"), case.instant(f"ready_{n}")
    if price is None or ready is None:
        raise BadInput("an offer needs a price and a date for each line", subject=wanted.id)
    count = case.amount(f"quantity_{n}")
    whole = papers.plain(Decimal(wanted.quantity.value) if count is None else count)
    return trade.QuotationLine(
        id=wanted.id,
        rfq_line_id=wanted.id,
        quantity=trade.Measure(value=whole, unit_code=wanted.quantity.unit_code),
        price=trade.Price(price_amount=papers.plain(price)),
        promised_delivery=(trade.Delivery(quantity=whole, date_time=ready),),
        promise_basis=trade.PromiseBasis(kind="MANUAL"),
        price_break=_breaks(case.text(f"breaks_{n}")),
        minimum_quantity=_once(case, f"least_{n}"),
        setup_amount=_once(case, f"setup_{n}"),
        transport_amount=_once(case, f"freight_{n}"),
        premium_amount=_once(case, f"premium_{n}"),
        carbon_kg=None if (carbon := case.amount(f"carbon_{n}")) is None else papers.plain(carbon),
    )


def _once(case: Case, name: str) -> str:
    return papers.plain(case.amount(name) or Decimal(0))


def _breaks(typed: str) -> tuple[trade.PriceBreak, ...]:
    """Price breaks as typed, ``50: 9.20; 200: 8.75``, by quantity.

    Raises:
        BadInput: a part is not a quantity, a colon and a price.
    """
    found = []
    for part in typed.replace("；", ";").replace("：", ":").split(";"):
        if not part.strip():
            continue
        least, colon, price = part.partition(":")
        if not colon:
            raise BadInput("not a price break", subject=part[:40], remedy="Write 50: 9.20")
        steps = quantity_of(least.strip()).value, quantity_of(price.strip()).value
        if min(steps) <= 0:
            raise BadInput("not a price break", subject=part[:40], remedy="Write 50: 9.20")
        found.append(steps)
    return tuple(
        trade.PriceBreak(minimum_quantity=papers.plain(n), price_amount=papers.plain(p))
        for n, p in sorted(found)
    )


def on_quote(case: Case, enquiry: Enquiry, deed: str) -> Event:
    """Take an offer, or have its capacity kept for a while; what is left answers itself."""
    rfq = enquiry.rfq.id
    words = _TAKING.get(deed)
    if words is None:
        raise BadInput("there is no such deed", subject=deed)
    chosen = f"chosen:{rfq}"
    first = deed == "order" and case.tx.events.by_once(chosen) is None
    event = record(case, deed, words, once=chosen if first else None)

    def act(desk: Desk, step: Step) -> None:
        if deed == "take_back":
            why = trade.Reason(code="TAKEN_BACK", note=case.note())
            desk.displace(case.partner, rfq, why, step)
            return
        counts = _offered(case, enquiry)
        if deed == "reserve":
            until = step.at + RESERVE_FOR
            desk.award(rfq, case.partner, counts, closing=until, ctx=step)
        else:
            desk.order(rfq, case.partner, counts, ctx=step)

    at_desk(case.tx, case.context, event, act)
    return event


_TAKING = {
    "order": Text("the offer was taken", "已接受报价"),
    "reserve": Text("capacity was asked to be kept", "已请求保留产能"),
    "take_back": Text("the reservation was taken back", "已收回保留"),
}


def _offered(case: Case, enquiry: Enquiry) -> dict[str, Decimal]:
    talk = enquiry.talks[case.partner]
    quoted = talk if isinstance(talk, Quoted) else getattr(talk, "quoted", None)
    if quoted is None:
        raise NotFound("this firm has made no offer", subject=enquiry.rfq.id)
    lines = normal_lines(quoted.quotation)
    counts = case.counts({line.id: Decimal(line.quantity.value) for line in lines})
    return {name: count for name, count in counts.items() if count > 0}


def on_enquiry(case: Case, enquiry: Enquiry, deed: str) -> Event:
    """End a request of ours: those who have not been ordered from are told."""
    if deed != "close":
        raise BadInput("there is no such deed", subject=deed)
    rfq = enquiry.rfq.id
    words = Text("the request was closed", "已结束询价")
    event = record(case, deed, words, once=f"chosen:{rfq}")
    why = trade.Reason(code="CLOSED", note=case.note())
    at_desk(case.tx, case.context, event, lambda desk, step: desk.close(rfq, why, step))
    return event


def enquiry_of_quote(tx: Tx, quote: str) -> tuple[Enquiry, str] | None:
    """The request of ours that an offer answers, and who made it."""
    books = Books(tx.desk)
    for key in tx.desk.keys("enquiry"):
        enquiry = books.enquiry(key)
        for partner, talk in enquiry.talks.items() if enquiry else ():
            quoted = talk if isinstance(talk, Quoted) else getattr(talk, "quoted", None)
            if enquiry and quoted is not None and quoted.quotation.id == quote:
                return enquiry, partner
    return None
