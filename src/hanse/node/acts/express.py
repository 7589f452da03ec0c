"""Earlier dates at a premium: over the slack and the promises of others, or over awarded places.

For: a request whose normal date is late. In: the live plan, the rules on the selling page, the
provisional awards that may still give way. Out: further lines of the quotation, of which the buyer
takes one. Tried on forks of the plan: nothing is held for them; the order or the award places them.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_UP, Decimal

from msgspec import Struct, structs

from hanse.match import places
from hanse.match.books import Books
from hanse.match.offer import OVER_MAX, Holding, Offer
from hanse.match.papers import plain
from hanse.model import trade
from hanse.model.plan import Promise, PromisePoint
from hanse.model.product import Item
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.dealing.desk import MINOR
from hanse.node.dealing.selling_rules import Selling
from hanse.node.planning import wire
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

ANSWER_S = 20.0
TRIED_MAX = 5
"""Awarded places that are tried for one line, those of the lowest premium first."""
CENT = Decimal("0.01")


class Late(Struct, frozen=True, kw_only=True):
    """A quoted line whose normal date is after what was asked for.

    ``slack``: nothing is held for an earlier date, so it must stand however late it is taken.
    """

    item: Item
    line: trade.QuotationLine
    due: Instant
    said: Selling
    slack: dt.timedelta = dt.timedelta(0)

    @property
    def ready(self) -> Instant:
        """The normal date."""
        return max(part.date_time for part in self.line.promised_delivery)

    def at(self, mark: str, ready: Instant, premium: Decimal) -> trade.QuotationLine:
        """The same line at an earlier date and its premium; nothing is held for it."""
        quantity = self.line.quantity.value
        return structs.replace(
            self.line,
            id=f"{self.line.id}-{mark}",
            promised_delivery=(trade.Delivery(quantity=quantity, date_time=ready),),
            promise_basis=structs.replace(self.line.promise_basis, reservation_id=""),
            premium_amount=plain(premium),
        )


async def over_promises(context: Context, it: Late) -> trade.QuotationLine | None:
    """The earlier date whose harm to others is within the rules, at a premium that covers it."""
    most = it.said.express_harm_max * MINOR
    if most <= 0:
        return None
    promise = await dates_without(context, it, ())
    later = [structs.replace(p, ready_at=p.ready_at + it.slack) for p in promise.curve]
    points = [p for p in later if p.ready_at < it.ready and p.harm_minor <= most]
    point = _best(points, it.due)
    if point is None:
        return None
    covered = Decimal(point.harm_minor) / MINOR * it.said.express_percent / 100
    premium = max(it.said.express_least, covered).quantize(CENT, rounding=ROUND_UP)
    return it.at("express", whole_second(point.ready_at), premium)


def _best(points: list[PromisePoint], due: Instant) -> PromisePoint | None:
    """The least harm that is in time; the earliest where none is."""
    in_time = [p for p in points if p.ready_at <= due]
    if in_time:
        return min(in_time, key=lambda p: (p.harm_minor, p.ready_at))
    return min(points, key=lambda p: p.ready_at, default=None)


async def over_awards(
    context: Context, it: Late
) -> tuple[trade.QuotationLine, tuple[str, ...]] | None:
    """The date in a place that is awarded to another until its closing, and such places."""
    if it.said.raise_least <= 0:
        return None
    found: list[tuple[Instant, Offer]] = []
    for holder in await context.store.read(lambda tx: _may_give_way(tx, context.clock.now())):
        promise = await dates_without(context, it, (places.place_of(holder),))
        ready = promise.curve[0].ready_at + it.slack if promise.curve else it.ready
        if ready < it.ready:
            found.append((ready, holder))
    in_time = [pair for pair in found if pair[0] <= it.due] or sorted(found, key=_when)[:1]
    if not in_time:
        return None
    worth = places.worth_of(it.line, Decimal(it.line.quantity.value))
    needed = min(places.needed(h, worth, least=it.said.raise_least) for _, h in in_time)
    latest = whole_second(max(ready for ready, _ in in_time))
    return it.at("first", latest, needed), tuple(places.place_of(h) for _, h in in_time)


def _when(pair: tuple[Instant, Offer]) -> Instant:
    return pair[0]


async def dates_without(context: Context, it: Late, holds: tuple[str, ...]) -> Promise:
    """The dates if what is held for this line, and those holds, were not."""
    own = it.line.promise_basis.reservation_id
    quantity = int(Decimal(it.line.quantity.value))
    question = wire.OverAsk(
        item=it.item.key, quantity=quantity, holds=(own, *holds), curve=not holds
    )
    return await ask(context.nats, wire.QUOTE_OVER, question, answer=Promise, wait_s=ANSWER_S)


def _may_give_way(tx: Tx, now: Instant) -> list[Offer]:
    """Provisional awards of ours that may be displaced, the lowest premium first."""
    found = [
        (places.bid_of(state.quotation, state.award).premium, offer.rfq.id, offer)
        for offer in Books(tx.desk).offers()
        if isinstance(state := offer.state, Holding)
        and places.gives_way(offer, now)
        and state.hold.reservation_id
    ]
    return [offer for *_, offer in sorted(found, key=lambda f: f[:2])[: min(TRIED_MAX, OVER_MAX)]]


def whole_second(at: Instant) -> Instant:
    """The first whole second that is not before it."""
    return at.replace(microsecond=0) + dt.timedelta(seconds=1 if at.microsecond else 0)
