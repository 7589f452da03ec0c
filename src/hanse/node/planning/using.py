"""What production takes from stock: booked when an order is made, by the pieces that were begun.

Until then the plan itself keeps it taken, at the start of the step that needs it.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import msgspec
from msgspec import Struct

from hanse.flows import kinds
from hanse.model.event import Draft
from hanse.model.order import WorkOrder
from hanse.model.product import Stock
from hanse.model.text import Text
from hanse.node.planning.progress import progress_in
from hanse.store import Tx

NOTHING = Decimal(0)


class Used(Struct, frozen=True, kw_only=True):
    """So much of an item was taken off what is on hand; ``stock`` is what the record has now."""

    item: str
    quantity: Decimal
    stock: tuple[Stock, ...]


def use_up(tx: Tx, key: str, cause: str) -> tuple[Used, ...]:
    """Take what an order that is made has used off what is on hand, once; what was taken."""
    order = tx.work_orders.get(key)
    if order is None:
        return ()
    found = []
    for item, need in needs_of(tx, order).items():
        took = min(need, sum((row.quantity for row in on_hand(tx, item)), NOTHING))
        told = _told(order, item, took, cause if cause and tx.events.get(cause) else None)
        if took > 0 and tx.events.append_once(f"used:{key}:{item}", told)[1]:
            tx.stock.put_many(_less(tx, item, took))
            found.append(Used(item=item, quantity=took, stock=tuple(tx.stock.where(item=item))))
    return tuple(found)


def needs_of(tx: Tx, order: WorkOrder) -> dict[str, Decimal]:
    """Components that went into an order: for each piece through their step, good or not.

    Where nothing was told of a step, for as many pieces as went through any.
    """
    through: dict[str, int] = defaultdict(int)
    for told in progress_in(tx, order.key):
        through[told.step] += told.good + told.scrap
    most = max(through.values(), default=0)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in tx.bom_lines.where(item=order.item):
        found[line.component] += line.quantity * (through.get(line.step) or most)
    return {item: need for item, need in found.items() if need > 0}


def on_hand(tx: Tx, item: str) -> list[Stock]:
    """What lies here of an item, by where it came from."""
    return [s for s in tx.stock.where(item=item) if not s.at_ns and s.quantity > 0]


def _less(tx: Tx, item: str, count: Decimal) -> list[Stock]:
    rows = []
    for row in on_hand(tx, item):
        took = min(count, row.quantity)
        count -= took
        rows.append(msgspec.structs.replace(row, quantity=row.quantity - took))
    return rows


def _told(order: WorkOrder, item: str, count: Decimal, cause: str | None) -> Draft:
    return Draft(
        kind=kinds.STOCK_CHANGED,
        subject=order.key,
        text=Text(
            f"{count.normalize():f} {item} were used for {order.key}",
            f"{order.key} 已用去 {count.normalize():f} 件 {item}",
        ),
        cause=cause,
        about={"item": item, "quantity": str(-count), "order": order.key, "partner": ""},
    )
