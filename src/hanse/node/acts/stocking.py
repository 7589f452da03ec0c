"""Goods in and goods out, in the stock that the plan lays work out on."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct

from hanse.flows import kinds
from hanse.flows.commands import BookStock
from hanse.match.contract import Contract, LineStanding
from hanse.model import trade
from hanse.model.event import Draft, Event
from hanse.model.product import Stock
from hanse.model.text import Text
from hanse.model.time import Instant, to_ns
from hanse.node.acts.delivering import contract_with
from hanse.node.acts.once import once
from hanse.node.acts.selling import our_item
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.dealing.sold import sale_of
from hanse.node.planning import wire
from hanse.node.planning.progress import good_of
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

ANSWER_S = 20.0


class Arrival(Struct, frozen=True, kw_only=True):
    """So many pieces of an order of ours that will come at an instant; None: they are here."""

    order: str
    item: str
    quantity: Decimal
    at: Instant | None


class Booking(Struct, frozen=True, kw_only=True):
    """How the stock of an item stands after goods came or went, and by how much it changed."""

    item: str
    change: Decimal
    rows: tuple[Stock, ...]


def arrivals_of(order: str, item: str, line: LineStanding) -> list[Arrival]:
    """What a line of an order of ours brings: what is here and good, and what is still to come."""
    good, came = line.received - line.rejected, line.received
    found = [Arrival(order=order, item=item, quantity=good, at=None)] if good > 0 else []
    for part in sorted(line.deliveries, key=lambda p: p.date_time):
        count = Decimal(part.quantity)
        here = min(came, count)
        came -= here
        if count > here:
            found.append(Arrival(order=order, item=item, quantity=count - here, at=part.date_time))
    return found


def receipts_of(arrivals: list[Arrival]) -> tuple[Stock, ...]:
    """Arrivals as the plan knows them; each at an instant of its own."""
    return tuple(
        Stock(
            item=a.item,
            quantity=a.quantity,
            at_ns=None if a.at is None else to_ns(a.at) + n,
            source=source_of(a.order),
        )
        for n, a in enumerate(arrivals)
    )


def source_of(order: str) -> str:
    """Where stock that an order brought says it came from."""
    return f"order {order}"


async def book_stock(context: Context, event: Event, command: BookStock) -> None:
    """Tell the plan what is on hand now, item by item, and record what changed."""
    found = await context.store.read(lambda tx: _bookings(tx, context, event, command))
    for booking in found:
        question = wire.Material(
            item=booking.item,
            arrivals=booking.rows,
            cause=event.id,
            loop=event.loop,
        )
        await ask(context.nats, wire.MATERIAL, question, answer=wire.PlanChanged, wait_s=ANSWER_S)

    def write(tx: Tx) -> None:
        firm = partners.name_of(tx, command.partner)
        for booking in found:
            tx.events.append(_told(booking, command, firm, event))

    await once(context.store, event, command, write)


def _bookings(tx: Tx, context: Context, event: Event, command: BookStock) -> list[Booking]:
    contract = contract_with(tx, command.partner, command.order)
    document = event.about["document"]
    if contract.terms.buyer == context.identity.did:
        return _came(tx, contract, msgspec.convert(document, trade.ReceiptAdvice))
    return _went(tx, contract, msgspec.convert(document, trade.DespatchAdvice))


def _came(tx: Tx, contract: Contract, advice: trade.ReceiptAdvice) -> list[Booking]:
    """Every item of the order that is on our record, as the order stands now."""
    order, lines = contract.terms.order.id, contract.terms.lines.values()
    changes: dict[str, Decimal] = {}
    for row in advice.receipt_line:
        item = contract.terms.lines[row.order_line_id].item.buyers_item_identification
        good = Decimal(row.received_quantity.value) - Decimal(row.rejected_quantity)
        changes[item] = changes.get(item, Decimal(0)) + good
    found = []
    for item, change in changes.items():
        if tx.items.get(item) is None:
            continue
        same = [n for n in lines if n.item.buyers_item_identification == item]
        arrivals = [a for line in same for a in arrivals_of(order, item, line)]
        rows = receipts_of(_one_row_here(arrivals))
        none = Stock(item=item, quantity=Decimal(0), source=source_of(order))
        found.append(Booking(item=item, change=change, rows=rows or (none,)))
    return found


def _one_row_here(arrivals: list[Arrival]) -> list[Arrival]:
    """What is here of one order in one row; what is to come as it is."""
    here = [a for a in arrivals if a.at is None]
    if len(here) < 2:
        return arrivals
    whole = msgspec.structs.replace(here[0], quantity=sum((a.quantity for a in here), Decimal(0)))
    return [whole, *(a for a in arrivals if a.at is not None)]


def _went(tx: Tx, contract: Contract, advice: trade.DespatchAdvice) -> list[Booking]:
    """What was sent beyond what was made for this order comes off what is on hand."""
    found = []
    for row in advice.despatch_line:
        made = _made_for(tx, contract, row.order_line_id)
        line = contract.terms.lines[row.order_line_id]
        sent = Decimal(row.delivered_quantity.value)
        before = line.despatched - sent
        taken = min(sent, sent - max(Decimal(0), made - before))
        item = our_item(tx, line.item)
        rows = _less(tx, item.key, taken) if item is not None and taken > 0 else ()
        if item is not None and rows:
            had = sum((s.quantity for s in _on_hand(tx, item.key)), Decimal(0))
            left = sum((s.quantity for s in rows if s.at_ns is None), Decimal(0))
            found.append(Booking(item=item.key, change=left - had, rows=rows))
    return found


def _made_for(tx: Tx, contract: Contract, line: str) -> Decimal:
    """Good pieces of the work order that makes a line; none where it has none."""
    sale = sale_of(tx, contract.terms.buyer, contract, line)
    work = tx.work_orders.get(sale[1].work_order) if sale else None
    return good_of(tx, work) if work is not None else Decimal(0)


def _on_hand(tx: Tx, item: str) -> list[Stock]:
    return [s for s in tx.stock.where(item=item) if s.at_ns is None and s.quantity > 0]


def _less(tx: Tx, item: str, count: Decimal) -> tuple[Stock, ...]:
    """The rows of every source that has some of it on hand, with ``count`` taken off."""
    left, sources = count, {s.source for s in _on_hand(tx, item)}
    rows = []
    for stock in tx.stock.where(item=item):
        if stock.source not in sources:
            continue
        took = min(left, stock.quantity) if stock.at_ns is None else Decimal(0)
        left -= took
        rows.append(msgspec.structs.replace(stock, quantity=stock.quantity - took))
    return tuple(rows)


def _told(booking: Booking, command: BookStock, firm: str, event: Event) -> Draft:
    count, item = abs(booking.change), booking.item
    if booking.change >= 0:
        text = Text(f"{count} {item} of {firm} are in stock", f"{firm} 的 {count} 件 {item} 已入库")
    else:
        text = Text(
            f"{count} {item} were taken from stock for {firm}",
            f"已为 {firm} 从库存取出 {count} 件 {item}",
        )
    return Draft(
        kind=kinds.STOCK_CHANGED,
        subject=command.order,
        text=text,
        cause=event.id,
        about={
            "item": item,
            "quantity": str(booking.change),
            "order": command.order,
            "partner": command.partner,
        },
    )
