"""The seller's side: sales into the plan, and the word to the buyer when one breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.flows.commands import PlanSale, ReleaseHolds, ReplanSale, TellPartner
from hanse.match.books import Books
from hanse.match.contract import Contract
from hanse.match.counter import Context as Step
from hanse.model import trade
from hanse.model.errors import NotFound
from hanse.model.event import Draft, Event
from hanse.model.order import WorkOrder
from hanse.model.product import Item
from hanse.model.text import Text
from hanse.node.acts.once import once
from hanse.node.context import Context
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.sold import holds_of, key_of, line_of, sales_of
from hanse.node.dealing.view import quantity_of
from hanse.node.planning import wire
from hanse.node.shelves import Sale, sales
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

ANSWER_S = 20.0
CENT = Decimal("0.01")


async def release_holds(context: Context, event: Event, command: ReleaseHolds) -> None:
    """Give back what was held for a quote that was not taken."""
    for hold in command.holds:
        gone = wire.Release(hold=hold, cause=event.id)
        await ask(context.nats, wire.RELEASE, gone, answer=wire.PlanChanged, wait_s=ANSWER_S)


def our_item(tx: Tx, wanted: trade.TradeItem) -> Item | None:
    """The item of ours that a buyer means, by drawing, GTIN or code; one that is made here."""
    drawing = wanted.drawing.id if wanted.drawing else ""
    gtin = wanted.standard_item_identification
    for item in tx.items.all():
        same = (
            (drawing and item.drawing == drawing)
            or (gtin is not None and item.gtin and item.gtin == gtin.id)
            or item.key in {wanted.sellers_item_identification, wanted.buyers_item_identification}
        )
        if same and item.make and tx.routings.get(item.key) is not None:
            return item
    return None


async def plan_sale(context: Context, event: Event, command: PlanSale) -> None:
    """The order's work into the plan, line by line, on what was held for the quote."""

    def read(tx: Tx) -> tuple[list[tuple[str, Sale]], tuple[str, ...]]:
        contract = _contract(tx, command.partner, command.order)
        holds, left = holds_of(tx, command.partner, contract.terms.order)
        sold = list(_sold_lines(tx, command.partner, contract, holds))
        if not sold:
            raise NotFound("we have no item for this order", subject=command.order)
        return sold, left

    sold, left = await context.store.read(read)

    def write(tx: Tx) -> None:
        for key, sale in sold:
            sales(tx).put(key, sale)

    await once(context.store, event, command, write)
    for key, sale in sold:
        order = _work_order(context, key, sale)
        added = wire.AddOrder(order=order, hold=sale.hold, cause=event.id, loop=event.loop)
        await ask(context.nats, wire.ADD, added, answer=wire.PlanChanged, wait_s=ANSWER_S)
    if left:
        await release_holds(context, event, ReleaseHolds(holds=left))


def _sold_lines(
    tx: Tx, partner: str, contract: Contract, holds: Mapping[str, str]
) -> Iterator[tuple[str, Sale]]:
    """A sale for each line that is made here, with its key; a person sees to the others."""
    for name, line in contract.terms.lines.items():
        item = our_item(tx, line.item)
        if item is None:
            continue
        key = key_of(tx, partner, contract, name)
        yield (
            key,
            Sale(
                order=contract.terms.order.id,
                line=name,
                partner=partner,
                work_order=f"WO-{key}",
                item=item.key,
                quantity=quantity_of(contract, name),
                due=max(d.date_time for d in line.deliveries),
                hold=holds.get(name, ""),
            ),
        )


def _work_order(context: Context, key: str, sale: Sale) -> WorkOrder:
    return WorkOrder(
        key=sale.work_order,
        item=sale.item,
        quantity=sale.quantity,
        due=sale.due,
        promised=sale.due,
        weight_minor_per_h=context.settings.policy.lateness_minor_per_h,
        demand=key,
    )


async def replan_sale(context: Context, event: Event, command: ReplanSale) -> None:
    """What was agreed anew, into the plan: the lines that the change names, or all of them."""
    rows = event.about.get("document", {}).get("orderLine", ())
    named = {row["id"] for row in rows}

    def fresh(tx: Tx) -> list[tuple[str, Sale]]:
        contract = _contract(tx, command.partner, command.order)
        return [
            (key, _anew(sale, contract))
            for key, sale in sales_of(tx, command.partner, contract)
            if not named or line_of(sale, contract) in named
        ]

    def write(tx: Tx) -> None:
        for key, sale in changed:
            sales(tx).put(key, sale)

    changed = await context.store.read(fresh)
    await once(context.store, event, command, write)
    for _, sale in changed:
        change = wire.ChangeOrder(
            order=sale.work_order,
            quantity=sale.quantity,
            due=sale.due,
            cause=event.id,
            loop=event.loop,
        )
        await ask(context.nats, wire.CHANGE, change, answer=wire.PlanChanged, wait_s=ANSWER_S)


def _anew(sale: Sale, contract: Contract) -> Sale:
    line = line_of(sale, contract)
    dates = [part.date_time for part in contract.terms.lines[line].deliveries]
    return msgspec.structs.replace(
        sale, quantity=quantity_of(contract, line), due=max(dates, default=sale.due)
    )


async def tell_partner(context: Context, event: Event, command: TellPartner) -> None:
    """Propose what can still be kept of a line of an order, with the reason."""

    def write(tx: Tx) -> None:
        sale = sales(tx).get(command.sale)
        if sale is None:
            return
        contract = _contract(tx, sale.partner, sale.order)
        told = tx.events.append(_told(sale, command, event))
        at_desk(
            tx, context, told, lambda d, s: d.change(sale.partner, _change(contract, sale, s), s)
        )

    def _change(contract: Contract, sale: Sale, step: Step) -> trade.OrderChange:
        name = line_of(sale, contract)
        line = contract.terms.lines[name]
        kept = trade.ChangedLine(
            id=name,
            quantity=trade.Measure(value=str(command.kept), unit_code=line.unit),
            price=line.price,
            requested_delivery=_reduced(line.deliveries, command.kept),
        )
        return trade.OrderChange(
            id=context.ids.new("change"),
            issue_date_time=step.at,
            order_reference=trade.DocumentReference(id=contract.terms.order.id),
            order_line=(kept,),
            reason=trade.Reason(code="PRODUCTION_INCIDENT", note=command.reason),
        )

    await once(context.store, event, command, write)


def _reduced(deliveries: tuple[trade.Delivery, ...], kept: Decimal) -> tuple[trade.Delivery, ...]:
    left, found = kept, []
    for part in sorted(deliveries, key=lambda d: d.date_time):
        took = min(left, Decimal(part.quantity))
        if took > 0:
            found.append(trade.Delivery(quantity=str(took), date_time=part.date_time))
            left -= took
    return tuple(found)


def _told(sale: Sale, command: TellPartner, event: Event) -> Draft:
    return Draft(
        kind=kinds.CHANGE_PROPOSED,
        subject=sale.order,
        text=Text(
            f"Told the buyer: {command.kept} of {sale.quantity} {sale.item} can be kept, "
            f"{command.missing} not",
            f"已告知买方:{sale.quantity} 件 {sale.item} 中可保 {command.kept} 件,"
            f"缺 {command.missing} 件",
        ),
        cause=event.id,
        about={
            "sale": sale.order,
            "line": sale.line,
            "kept": str(command.kept),
            "missing": str(command.missing),
        },
    )


def _contract(tx: Tx, partner: str, order: str) -> Contract:
    contract = Books(tx.desk).contract(partner, order)
    if contract is None:
        raise NotFound("no order of this number was signed", subject=order)
    return contract
