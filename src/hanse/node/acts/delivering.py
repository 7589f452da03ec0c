"""From finished work to the invoice: papers that both firms sign, sent by the loop."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hanse.flows.commands import Despatch, SendInvoice
from hanse.match import papers
from hanse.match.amounts import tax_between
from hanse.match.books import Books
from hanse.match.contract import Contract
from hanse.model.errors import NotFound
from hanse.model.event import Event
from hanse.model.trade import Invoice
from hanse.node.acts.once import once
from hanse.node.context import Context
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.sold import line_of
from hanse.node.shelves import sales
from hanse.store import Tx

NOTHING = Decimal(0)


async def despatch(context: Context, event: Event, command: Despatch) -> None:
    """Send what was made for a line of an order: a despatch advice, signed by us now."""

    def write(tx: Tx) -> None:
        sale = sales(tx).get(command.sale)
        if sale is None:
            return
        contract = contract_with(tx, sale.partner, sale.order)
        line = line_of(sale, contract)
        left = papers.to_despatch(contract).get(line, NOTHING)
        counts = {line: min(left, command.quantity)} if left > 0 else {}
        if not counts:
            return
        number = context.ids.new("despatch")
        advice = papers.despatch(contract, counts, number=number, at=context.clock.now())
        at_desk(tx, context, event, lambda desk, step: desk.state(sale.partner, advice, step))

    await once(context.store, event, command, write)


async def send_invoice(context: Context, event: Event, command: SendInvoice) -> None:
    """Invoice what the buyer has received as good and we have not invoiced."""

    def write(tx: Tx) -> None:
        contract = contract_with(tx, command.partner, command.order)
        counts = papers.accepted(contract)
        if not counts:
            return
        bill = invoice_of(context, contract, counts)
        at_desk(tx, context, event, lambda desk, step: desk.state(command.partner, bill, step))

    await once(context.store, event, command, write)


def contract_with(tx: Tx, partner: str, order: str) -> Contract:
    """An order as both signed it.

    Raises:
        NotFound: none of that number was signed.
    """
    contract = Books(tx.desk).contract(partner, order)
    if contract is None:
        raise NotFound("no order of this number was signed", subject=order)
    return contract


def invoice_of(context: Context, contract: Contract, counts: Mapping[str, Decimal]) -> Invoice:
    """Our invoice over so much of each line."""
    return papers.invoice(contract, counts, bill_of(context, contract))


def bill_of(context: Context, contract: Contract, *, note: str = "") -> papers.Bill:
    """What every invoice of ours on an order says: the agreed days to pay, the tax that holds."""
    order, at = contract.terms.order, context.clock.now()
    days = papers.payment_days(contract, context.settings.policy.payment_days)
    return papers.Bill(
        number=context.ids.new("invoice"),
        at=at,
        due=papers.due_after(at, days),
        tax=tax_between(
            order.seller_supplier_party,
            order.buyer_customer_party,
            context.settings.firm.vat_percent,
        ),
        note=note,
    )
