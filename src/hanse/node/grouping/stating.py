"""What this firm states in a clearing: what it still must buy, and what its live plan has free."""

from __future__ import annotations

from decimal import Decimal

import structlog

from hanse.match.group import Part
from hanse.match.papers import plain
from hanse.model import trade
from hanse.model.clearing import ClearingNeed, ClearingOffer, ClearingStatement
from hanse.model.errors import HanseError, Unreachable
from hanse.model.plan import Promise
from hanse.model.product import Item
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.dealing.desk import MINOR
from hanse.node.dealing.view import TxView
from hanse.node.grouping.keeping import dealt_with, parts
from hanse.node.planning import wire
from hanse.node.shelves import Demand, demands
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

NEEDS_STATED_MAX = 200
OFFERS_STATED_MAX = 20
LADDER = (10, 20, 40, 80, 160, 320, 640, 1_280)
"""Quantities of an item that the plan is asked for, until one would be ready too late."""
ANSWER_S = 20.0
log = structlog.get_logger("clearing")


async def statement(context: Context, key: str) -> ClearingStatement:
    """What we want and have now, for one clearing.

    A group in another currency hears that we take part and nothing else.
    """
    part = await context.store.read(lambda tx: parts(tx).need(key))
    ours = part.call.pricing_currency_code == context.settings.firm.currency
    needs = await context.store.read(lambda tx: _needs(tx, context, part)) if ours else ()
    offers = await _offers(context, part) if ours else ()
    deals = await context.store.read(lambda tx: dealt_with(tx, part.call.member))
    return ClearingStatement(
        id=context.ids.new("statement"),
        clearing_reference=trade.DocumentReference(id=part.call.id),
        issue_date_time=context.clock.now().replace(microsecond=0),
        deals_with=deals,
        need=needs,
        offer=offers,
    )


def _needs(tx: Tx, context: Context, part: Part) -> tuple[ClearingNeed, ...]:
    """Demands that nothing covers yet and for which no person named the firms."""
    now, view = context.clock.now(), TxView(tx, context.identity.did)
    found = []
    for demand in demands(tx).all():
        item = tx.items.get(demand.item)
        if demand.firms or item is None or not now < demand.due <= part.call.until:
            continue
        missing = view.facts(demand).missing
        if missing > 0:
            found.append(_need(demand, item, missing))
    return tuple(found[:NEEDS_STATED_MAX])


def _need(demand: Demand, item: Item, missing: Decimal) -> ClearingNeed:
    return ClearingNeed(
        id=demand.key,
        item=trade_item(item),
        quantity=plain(missing),
        unit_code=item.unit,
        latest=demand.due.replace(microsecond=0),
        value=None if item.price_minor is None else plain(Decimal(item.price_minor) / MINOR),
    )


def trade_item(item: Item) -> trade.TradeItem:
    """An item of ours as others may know it."""
    return trade.TradeItem(
        buyers_item_identification=item.key,
        description=item.title,
        standard_item_identification=trade.Identification(scheme_id="GTIN", id=item.gtin)
        if item.gtin
        else None,
        drawing=trade.Drawing(id=item.drawing) if item.drawing else None,
        capability=(item.capability,) if item.capability else (),
        material=item.material,
    )


async def _offers(context: Context, part: Part) -> tuple[ClearingOffer, ...]:
    """What the plan could make of each priced item beside all it holds; nothing is reserved."""
    items = await context.store.read(_priced)
    found: list[ClearingOffer] = []
    for number, item in enumerate(items):
        try:
            found += await _ladder(context, item, until=part.call.until, number=number)
        except Unreachable:
            break  # the plan is away: what it would say of other items takes as long
        except HanseError as error:
            log.warning("not stated", item=item.key, why=error.what)
    return tuple(found[: trade.LINES_MAX])


def _priced(tx: Tx) -> list[Item]:
    made = [i for i in tx.items.all() if i.make and i.price_minor]
    return [i for i in made if tx.routings.get(i.key) is not None][:OFFERS_STATED_MAX]


async def _ladder(
    context: Context, item: Item, *, until: Instant, number: int
) -> list[ClearingOffer]:
    """Step by step: so many more by a later date, as long as it is before ``until``."""
    price, before, found = plain(Decimal(item.price_minor or 0) / MINOR), 0, []
    for count in LADDER:
        question = wire.PromiseAsk(item=item.key, quantity=count, curve=False)
        answer = await ask(context.nats, wire.PROMISE, question, answer=Promise, wait_s=ANSWER_S)
        ready = answer.curve[0].ready_at.replace(microsecond=0)
        if ready > until:
            break
        found.append(
            ClearingOffer(
                id=f"{number}.{count}",
                item=trade_item(item),
                quantity=str(count - before),
                unit_code=item.unit,
                ready=ready,
                price=price,
            )
        )
        before = count
    return found
