"""What this firm owes, uses, has and buys, read off the record for `hanse.match.reach`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from hanse.match.books import Books
from hanse.match.contract import Contract, Disputed, LineStanding, Running
from hanse.match.reach import NOTHING, Owed, Place, Supplier
from hanse.model import trade
from hanse.model.product import Item
from hanse.model.sale import CustomerOrderState
from hanse.node.context import Context
from hanse.node.dealing.desk import MINOR
from hanse.store import Tx


def place_in(tx: Tx, context: Context) -> Place:
    """This firm as it stands on record."""
    me = context.identity.did
    contracts = [(p, c) for p, c in Books(tx.desk).contracts() if isinstance(c, Running | Disputed)]
    contracts.sort(key=lambda pair: pair[1].terms.order.issue_date_time)
    items = {item.key: item for item in tx.items.all()}
    uses: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for line in tx.bom_lines.all():
        uses[line.item].append((line.component, line.quantity))
    sold = (o for p, c in contracts if c.terms.seller == me for o in _sold(items, p, c))
    bought = (s for p, c in contracts if c.terms.buyer == me for s in _suppliers(p, c))
    return Place(
        owed=(*sold, *_customers(tx, items)),
        uses=uses,
        on_hand=on_hand(tx),
        prices={key: _price(item) for key, item in items.items()},
        suppliers={s.item.buyers_item_identification: s for s in bought},
    )


def on_hand(tx: Tx) -> dict[str, Decimal]:
    """Pieces that lie here now, by item."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for stock in tx.stock.all():
        if not stock.at_ns:
            found[stock.item] += stock.quantity
    return found


def our_key(items: dict[str, Item], wanted: trade.TradeItem) -> str:
    """The item of ours that a partner means, made or bought here; empty where there is none."""
    drawing = wanted.drawing.id if wanted.drawing else ""
    names = (wanted.sellers_item_identification, wanted.buyers_item_identification)
    for item in items.values():
        if item.key in names or (drawing and item.drawing == drawing):
            return item.key
    return ""


def open_pieces(line: LineStanding) -> Decimal:
    """Pieces of an agreed line that have not gone out or come in."""
    return max(NOTHING, line.quantity - max(line.despatched, line.received))


def _sold(items: dict[str, Item], partner: str, contract: Contract) -> Iterator[Owed]:
    for name, line in contract.terms.lines.items():
        key, pieces = our_key(items, line.item), open_pieces(line)
        if key and pieces > 0:
            each = Decimal(line.price.price_amount) / Decimal(line.price.base_quantity)
            yield Owed(
                order=contract.terms.order.id,
                line=name,
                partner=partner,
                item=key,
                quantity=pieces,
                agreed=max(d.date_time for d in line.deliveries),
                value=pieces * each,
            )


def _customers(tx: Tx, items: dict[str, Item]) -> Iterator[Owed]:
    for order in tx.customer_orders.all():
        pieces = order.quantity - order.delivered
        if order.state is not CustomerOrderState.OPEN or pieces <= 0:
            continue
        whole = Decimal(order.price_minor) / MINOR
        each = whole / order.quantity if whole else _price(items.get(order.item))
        agreed = order.promised or order.due
        yield Owed(
            order=order.key,
            item=order.item,
            quantity=pieces,
            agreed=max(agreed, order.due),
            value=pieces * each,
        )


def _price(item: Item | None) -> Decimal:
    return Decimal(item.price_minor or 0) / MINOR if item else NOTHING


def _suppliers(partner: str, contract: Contract) -> Iterator[Supplier]:
    for name, line in contract.terms.lines.items():
        yield Supplier(partner=partner, order=contract.terms.order.id, line=name, item=line.item)
