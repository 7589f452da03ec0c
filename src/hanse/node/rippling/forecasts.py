"""What our customers together will want, passed on to those who supply its parts.

A customer's own forecast counts in place of its orders: so the last tier plans on end demand, and
not on the orders of the tier below it. Off for every partner until it is granted
(``gets_forecast``), and never over fewer than SOURCES_MIN customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from hanse.flows import kinds
from hanse.match.books import Books
from hanse.match.forecast import WEEKS, aggregated, by_week
from hanse.match.reach import Place
from hanse.model import tidings
from hanse.model.errors import Refused
from hanse.model.event import Draft, Event
from hanse.model.ids import Did
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.partners import name_of, partners
from hanse.node.rippling.place import our_key, place_in
from hanse.store import Tx
from hanse.store.shelf import Shelf

FORECASTS_MAX = 2_000
NOTHING = Decimal(0)
Wants = dict[str, list[tuple[Instant, Decimal]]]


class Said(Struct, frozen=True, kw_only=True):
    """A forecast as it was heard from a customer, or told to a supplier; ``item`` is our own."""

    partner: Did
    item: str
    word: tidings.Forecast


def heard(tx: Tx) -> Shelf[Said]:
    """The newest forecast of each customer and item of ours."""
    return tx.shelf("forecast_heard", Said)


def told(tx: Tx) -> Shelf[Said]:
    """The newest forecast that each supplier was told of each item."""
    return tx.shelf("forecast_told", Said)


def hear(tx: Tx, partner: str, word: tidings.Forecast) -> None:
    """Keep a customer's forecast of something we make or sell; others mean nothing here."""
    items = {item.key: item for item in tx.items.all()}
    key, shelf = our_key(items, word.item), heard(tx)
    name = f"{partner}|{key}"
    if key and (shelf.get(name) is not None or len(shelf.keys()) < FORECASTS_MAX):
        shelf.put(name, Said(partner=partner, item=key, word=word))


class CustomerDemand(Struct, frozen=True):
    """What one customer wants of our items, and how many customers stand behind it."""

    wants: Wants
    sources: int


def demands_of(tx: Tx, place: Place, *, at: Instant) -> Iterator[CustomerDemand]:
    """Customer by customer: its forecast where it gives one, else its open orders."""
    said: dict[tuple[str, str], Said] = {(s.partner, s.item): s for s in heard(tx).all()}
    orders: dict[str, Wants] = defaultdict(lambda: defaultdict(list))
    for owed in place.owed:
        if (owed.partner, owed.item) not in said:
            orders[owed.partner or owed.order][owed.item].append((owed.agreed, owed.quantity))
    for wants in orders.values():
        yield CustomerDemand(wants, 1)
    for word in said.values():
        buckets = word.word.forecast_line
        fresh = [(b.start_date_time, Decimal(b.quantity)) for b in buckets if b.end_date_time > at]
        yield CustomerDemand({word.item: fresh}, word.word.sources)


def pass_on(tx: Tx, context: Context, *, by: str = "node") -> list[Event]:
    """Tell suppliers what has changed; the events of those that were told."""
    place, at = place_in(tx, context), context.clock.now()
    demands = list(demands_of(tx, place, at=at))
    found = []
    for item, supplier in place.suppliers.items():
        if supplier.partner not in _granted(tx):
            continue
        word = _word(context, place, item, demands)
        before = told(tx).get(f"{supplier.partner}|{item}")
        if word is None or (before and _same(before.word, word)):
            continue
        found.append(_tell(tx, context, Said(partner=supplier.partner, item=item, word=word), by))
    return found


def _granted(tx: Tx) -> frozenset[str]:
    books = Books(tx.desk)
    return frozenset(
        p.did
        for p in partners(tx).all()
        if p.active and books.grants(p.did).gets_forecast and books.ledger(p.did) is not None
    )


def _word(
    context: Context, place: Place, item: str, demands: list[CustomerDemand]
) -> tidings.Forecast | None:
    """The forecast of a bought item over all customers; None where one could be told apart."""
    at, parts, sources = context.clock.now(), [], []
    for demand in demands:
        wants = [
            (when, quantity * place.each(made, item))
            for made, rows in demand.wants.items()
            for when, quantity in rows
        ]
        if any(quantity for _, quantity in wants):
            parts.append(by_week(wants, start=at))
            sources.append(demand.sources)
    number, code = context.ids.new("forecast"), place.suppliers[item].item
    try:
        return aggregated(parts, item=code, number=number, at=at, sources=sources)
    except Refused:
        return None


def _same(a: tidings.Forecast, b: tidings.Forecast) -> bool:
    return (a.sources, a.forecast_line) == (b.sources, b.forecast_line)


def _tell(tx: Tx, context: Context, said: Said, by: str) -> Event:
    firm = name_of(tx, said.partner)
    total = sum((Decimal(b.quantity) for b in said.word.forecast_line), NOTHING)
    draft = Draft(
        kind=kinds.FORECAST_PASSED,
        subject=said.word.id,
        text=Text(
            f"{firm} was told what {said.word.sources} customers will want: "
            f"{total:f} {said.item} within {WEEKS} weeks",
            f"已告知 {firm}:{said.word.sources} 家客户 {WEEKS} 周内共需 {total:f} 件 {said.item}",
        ),
        by=by,
        about={"partner": said.partner, "item": said.item, "sources": said.word.sources},
    )
    event = tx.events.append(draft)
    at_desk(tx, context, event, lambda desk, step: desk.say(said.partner, said.word, step))
    told(tx).put(f"{said.partner}|{said.item}", said)
    return event
