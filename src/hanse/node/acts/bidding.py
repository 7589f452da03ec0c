"""Provisional awards on both sides: given, ordered at closing, and kept in the seller's plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from hanse.flows import kinds
from hanse.flows.commands import KeepPlace, OrderHeld
from hanse.match.books import Books
from hanse.match.choose.few import Choice
from hanse.match.choose.price import line_of
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.enquiry import Awarded, Enquiry, Held, valid_offer
from hanse.match.offer import Holding, Offer
from hanse.model import trade
from hanse.model.errors import Conflict
from hanse.model.event import Draft, Event
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.acts.once import once
from hanse.node.acts.selling import our_item
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.dealing.desk import at_desk
from hanse.node.planning import wire
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

ANSWER_S = 20.0
ORDERING_SHARE = 0.2
"""The end of an offer's validity that is kept free of bidding, so that an order comes in time."""
WINDOWS_MAX = 200


def closing_for(tx: Tx, context: Context, request: str, choice: Choice) -> Instant | None:
    """When bidding for a request ends; None where it is ordered at once.

    A request keeps its first closing; no closing is so late that an offer lapses before its order.
    """
    enquiry, now = Books(tx.desk).enquiry(request), context.clock.now()
    window_s = context.policy_in(tx).closing_s
    if enquiry is None or (window_s <= 0 and enquiry.closing is None):
        return None
    closing = enquiry.closing or now + dt.timedelta(seconds=window_s)
    ends = [_last_moment(enquiry, seller, now) for seller in choice.by_seller()]
    closing = min((closing, *ends)).replace(microsecond=0)
    return closing if closing > now else None


def _last_moment(enquiry: Enquiry, seller: str, now: Instant) -> Instant:
    end = valid_offer(enquiry, seller, at=now).quotation.validity_period.end_date_time
    return end - (end - now) * ORDERING_SHARE


def give(request: str, seller: str, quantities: dict[str, Decimal], closing: Instant) -> Act:
    """Award provisionally; what is held at closing is ordered."""

    def act(desk: Desk, step: Step) -> None:
        desk.award(request, seller, quantities, closing=closing, ctx=step, orders_then=True)

    return act


Act = Callable[[Desk, Step], None]


async def order_held(context: Context, event: Event, command: OrderHeld) -> None:
    """Bidding is over: what was awarded and not taken back is ordered, signed by us now."""

    def write(tx: Tx) -> None:
        enquiry = Books(tx.desk).enquiry(command.request)
        for seller, talk in (enquiry.talks if enquiry else {}).items():
            if enquiry is not None and isinstance(talk, Awarded | Held):
                _order(tx, context, (event, enquiry, seller), talk)

    await once(context.store, event, command, write)


def _order(
    tx: Tx, context: Context, what: tuple[Event, Enquiry, str], talk: Awarded | Held
) -> None:
    event, enquiry, seller = what
    rfq = enquiry.rfq.id
    try:
        valid_offer(enquiry, seller, at=context.clock.now())
    except Conflict:
        tx.events.append(_lapsed(rfq, partners.name_of(tx, seller), event))
        return
    counts = {n.quotation_line_id: Decimal(n.quantity) for n in talk.award.award_line}
    offered = tx.events.append(offered_event(tx, rfq, seller, event))
    at_desk(tx, context, offered, lambda desk, step: desk.order(rfq, seller, counts, ctx=step))


def offered_event(tx: Tx, request: str, seller: str, event: Event) -> Draft:
    """An order that we signed went out."""
    name = partners.name_of(tx, seller)
    return Draft(
        kind=kinds.ORDER_OFFERED,
        subject=request,
        text=Text(f"Order signed and sent to {name}", f"订单已签署并发往 {name}"),
        cause=event.id,
        about={"request": request, "partner": seller},
    )


def _lapsed(request: str, name: str, event: Event) -> Draft:
    return Draft(
        kind=kinds.NO_OFFER,
        subject=request,
        text=Text(
            f"The offer of {name} lapsed before it was ordered; a person must decide",
            f"{name} 的报价在下单前已失效;需人工决定",
        ),
        cause=event.id,
        about={"request": request, "why": "lapsed"},
    )


def closings(tx: Tx, now: Instant) -> list[tuple[str, str]]:
    """Requests whose bidding is over and that still hold awards, each with the event behind it."""
    books = Books(tx.desk)
    found: dict[str, str] = {}
    for given in tx.events.find(kind=kinds.AWARDED, newest_first=True, limit=WINDOWS_MAX):
        enquiry = books.enquiry(given.subject)
        if enquiry is None or enquiry.closing is None or enquiry.closing > now:
            continue
        held = any(isinstance(talk, Awarded | Held) for talk in enquiry.talks.values())
        if held and tx.events.by_once(f"bidding_over:{given.subject}") is None:
            found.setdefault(given.subject, given.id)
    return list(found.items())


def over(request: str, cause: str) -> Draft:
    """Bidding for a request of ours is over."""
    return Draft(
        kind=kinds.BIDDING_OVER,
        subject=request,
        text=Text(
            f"Bidding for request {request} is over: what is held is ordered",
            f"询价 {request} 的竞价结束:对已保留的部分下单",
        ),
        cause=cause,
        about={"request": request},
    )


# ---------------------------------------------------------------- the seller's plan


async def keep_place(context: Context, event: Event, command: KeepPlace) -> None:
    """Put the work of the award that has a place now into it; take it back where it cannot be."""
    offer = await context.store.read(lambda tx: Books(tx.desk).offer(command.buyer, command.rfq))
    if offer is None or not isinstance(offer.state, Holding):
        return
    question = await context.store.read(lambda tx: _question(tx, offer))
    if question is not None:
        kept = await ask(
            context.nats, wire.KEEP_PLACE, question, answer=wire.QuoteAnswer, wait_s=ANSWER_S
        )
        if kept.ready is not None and kept.ready <= _promised(offer):
            return
    await once(context.store, event, command, lambda tx: _take_back(tx, context, offer, event))
    gone = wire.Release(hold=offer.state.hold.reservation_id, cause=event.id)
    await ask(context.nats, wire.RELEASE, gone, answer=wire.PlanChanged, wait_s=ANSWER_S)


def _question(tx: Tx, offer: Offer) -> wire.PlaceAsk | None:
    """What the plan shall hold at the place of an award; None where we do not make it."""
    if not isinstance(offer.state, Holding):
        return None
    award, quotation = offer.state.award, offer.state.quotation
    (first, *_) = award.award_line
    line = line_of(quotation, first.quotation_line_id)
    wanted = next(r for r in offer.rfq.request_for_quotation_line if r.id == line.rfq_line_id)
    item = our_item(tx, wanted.item)
    if item is None:
        return None
    return wire.PlaceAsk(
        hold=offer.state.hold.reservation_id,
        item=item.key,
        quantity=int(Decimal(first.quantity)),
        expires=quotation.validity_period.end_date_time,
    )


def _promised(offer: Offer) -> Instant:
    """The last date promised for what is awarded."""
    if not isinstance(offer.state, Holding):
        raise Conflict("nothing was awarded", subject=offer.rfq.id)
    quotation, award = offer.state.quotation, offer.state.award
    lines = [line_of(quotation, n.quotation_line_id) for n in award.award_line]
    return max(part.date_time for line in lines for part in line.promised_delivery)


def _take_back(tx: Tx, context: Context, offer: Offer, event: Event) -> None:
    now = Books(tx.desk).offer(offer.buyer, offer.rfq.id)
    if now is None or now.state != offer.state:
        return
    why = trade.Reason(code="NOT_KEPT", note="the plan cannot keep the date any more")
    at_desk(tx, context, event, lambda d, s: d.displace(offer.buyer, offer.rfq.id, why, s))
