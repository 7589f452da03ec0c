"""Places in a seller's plan, and who may have one: the highest premium until its holder's closing.

A place is what the plan holds for a quotation (its reservation). A provisional award has one; while
its closing is not over, another award that pays more may take the place, so that a seller is never
worse off by it and no buyer learns more than the premium that would have kept it. Every taking
raises what the place brings by at least the seller's least raise, so bidding ends.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Protocol

from msgspec import Struct

from hanse.match.amounts import CENT
from hanse.match.choose.price import line_of, unit_price
from hanse.match.offer import Holding, Offer, Passed, Sold, Wanted, over_of, own_places
from hanse.model import trade
from hanse.model.errors import Conflict
from hanse.model.time import Instant


class Whose(Protocol):
    """Who has a place."""

    def holder(self, place: str) -> Offer | None:
        """The offer that holds a place or sold it; None where it is free."""
        ...


class Bid(Struct, frozen=True, kw_only=True):
    """What is wanted of a quotation: line -> pieces, and what is paid beside the list in all."""

    lines: dict[str, Decimal]
    premium: Decimal


class Claim(Struct, frozen=True, kw_only=True):
    """A place that a bid may have, and the offer that gives way for it."""

    place: str
    loser: Offer | None = None


class TooLow(Struct, frozen=True, kw_only=True):
    """No place at this premium; ``needed`` would have one, None: none would."""

    needed: Decimal | None


def bid_of(quotation: trade.Quotation, award: trade.Award) -> Bid:
    """What an award takes and pays.

    Raises:
        Conflict: a line or a quantity that was not offered.
    """
    lines = {n.quotation_line_id: Decimal(n.quantity) for n in award.award_line}
    for name, count in lines.items():
        unit_price(line_of(quotation, name), count)
    return Bid(lines=lines, premium=asked(quotation, lines) + Decimal(award.premium_amount))


def bid_of_order(quotation: trade.Quotation, order: trade.Order) -> Bid:
    """What an order takes and pays beside price, set-up and freight."""
    lines = {n.quotation_line_id or n.id: Decimal(n.quantity.value) for n in order.order_line}
    paid = sum((Decimal(n.extra_amount) for n in order.order_line), Decimal(0))
    once = [line_of(quotation, name) for name in lines]
    fixed = sum((Decimal(n.setup_amount) + Decimal(n.transport_amount) for n in once), Decimal(0))
    return Bid(lines=lines, premium=max(Decimal(0), paid - fixed))


def asked(quotation: trade.Quotation, lines: dict[str, Decimal]) -> Decimal:
    """The premium that the quoted lines ask."""
    found = (Decimal(line_of(quotation, name).premium_amount) for name in lines)
    return sum(found, Decimal(0))


def list_worth(quotation: trade.Quotation, lines: dict[str, Decimal]) -> Decimal:
    """What so much of the lines comes to at the quoted prices, without charges."""
    return sum((worth_of(line_of(quotation, n), count) for n, count in lines.items()), Decimal(0))


def worth_of(line: trade.QuotationLine, count: Decimal) -> Decimal:
    """What so much of a line comes to at its price."""
    return Decimal(unit_price(line, count)) / Decimal(line.price.base_quantity) * count


def needed(holder: Offer, worth: Decimal, *, least: Decimal) -> Decimal:
    """The premium that takes a place from a provisional award for a job of that list price.

    It is what the award pays, and a raise; where that job is worth less, the difference too; and
    the fee for withdrawing.
    """
    if not isinstance(holder.state, Holding):
        raise Conflict("nothing was awarded", subject=holder.rfq.id)
    held = bid_of(holder.state.quotation, holder.state.award)
    lost = max(Decimal(0), list_worth(holder.state.quotation, held.lines) - worth)
    return (held.premium + lost + least + fee(holder)).quantize(CENT, rounding=ROUND_UP)


def kept_by(loser: Offer, winner: Offer, *, least: Decimal) -> str | None:
    """The premium that would have kept a loser's place from the winner; None if none would."""
    if not isinstance(loser.state, Holding) or not isinstance(winner.state, Holding):
        return None
    quotation = loser.state.quotation
    bid = bid_of(quotation, loser.state.award)
    return str(needed(winner, list_worth(quotation, bid.lines), least=least))


def needs(offer: Offer, bid: Bid, place: str) -> set[str]:
    """The reservations that an order of these lines uses: its place, or those of its lines."""
    own = _own(offer, bid)
    return {place} if len(bid.lines) == 1 and place else set(own)


def free_of(whose: Whose, offer: Offer) -> list[str]:
    """What the plan keeps for an offer that ends now: all it has that is not another's by now."""
    if isinstance(offer.state, Sold):
        return []
    kept = place_of(offer)
    found = [place for place in dict.fromkeys((*own_places(offer), kept)) if place]
    return [place for place in found if not _taken(whose, offer, place)]


def fee(holder: Offer) -> Decimal:
    """What withdrawing a provisional award costs the one who withdraws it."""
    if not isinstance(holder.state, Holding):
        return Decimal(0)
    quotation = holder.state.quotation
    lines = bid_of(quotation, holder.state.award).lines
    share = Decimal(quotation.withdrawal_fee_percent) / 100
    return (list_worth(quotation, lines) * share).quantize(CENT, rounding=ROUND_UP)


def claim(whose: Whose, offer: Offer, bid: Bid, *, least: Decimal, at: Instant) -> Claim | TooLow:
    """The place for a bid: its own or a free one, else that of the lowest it outbids.

    Args:
        whose: who has which place.
        offer: the quotation that is taken.
        bid: what of it, at which premium.
        least: the least raise; 0: no provisional award gives way to another.
        at: now; an award whose closing is over gives way to nobody.
    """
    worth = list_worth(_quotation(offer), bid.lines)
    if len(bid.lines) > 1 and any(_taken(whose, offer, place) for place in _own(offer, bid)):
        return TooLow(needed=None)
    found: list[tuple[Decimal, str, Offer]] = []
    for place in _candidates(offer, bid):
        holder = whose.holder(place)
        if holder is None or _same(holder, offer):
            return Claim(place=place)
        if least > 0 and gives_way(holder, at):
            found.append((needed(holder, worth, least=least), place, holder))
    if not found:
        return TooLow(needed=None)
    cost, place, holder = min(found, key=lambda f: (f[0], f[1]))
    return Claim(place=place, loser=holder) if bid.premium >= cost else TooLow(needed=cost)


def _candidates(offer: Offer, bid: Bid) -> list[str]:
    """The places a bid may have: one that it has, its own, then those of others.

    Several lines at once have places of their own only, the first of which stands for all.
    """
    own, over = _own(offer, bid), over_of(offer)
    if len(bid.lines) != 1:
        return own[:1]
    others = [place for name in bid.lines for place in over.get(name, ())]
    kept = offer.state.hold.reservation_id if isinstance(offer.state, Holding) else ""
    mine = [place for place in own if place or not others]
    found = [*mine, *others]
    return [kept, *found] if kept and kept in found else found


def _own(offer: Offer, bid: Bid) -> list[str]:
    quotation = _quotation(offer)
    return [line_of(quotation, name).promise_basis.reservation_id for name in bid.lines]


def _quotation(offer: Offer) -> trade.Quotation:
    if isinstance(offer.state, Wanted | Passed):
        raise Conflict("no quotation of ours is open", subject=offer.rfq.id)
    return offer.state.quotation


def _taken(whose: Whose, offer: Offer, place: str) -> bool:
    holder = whose.holder(place)
    return holder is not None and not _same(holder, offer)


def _same(holder: Offer, offer: Offer) -> bool:
    return (holder.buyer, holder.rfq.id) == (offer.buyer, offer.rfq.id)


def gives_way(holder: Offer, at: Instant) -> bool:
    """Whether what an offer holds may still go to one that pays more: one line, before closing."""
    state = holder.state
    return (
        isinstance(state, Holding)
        and state.hold.until_date_time > at
        and len(state.award.award_line) == 1
    )


def place_of(offer: Offer) -> str:
    """The place that an offer holds or sold; empty: none."""
    match offer.state:
        case Holding(hold=hold):
            return hold.reservation_id
        case Sold(place=place):
            return place
        case _:
            return ""
