"""The buyer's side: asking, choosing, ordering, and signing what a partner proposes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal

import msgspec

from hanse.flows import kinds
from hanse.flows.commands import AskForQuotes, Award, ChooseQuote, CloseRequest, Countersign
from hanse.match.books import Books
from hanse.match.choose.few import Choice
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.model import trade
from hanse.model.event import Draft, Event
from hanse.model.product import Item
from hanse.model.text import Text
from hanse.model.time import format_minute
from hanse.node.acts.once import once
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.dealing.desk import MINOR, at_desk, desk_in
from hanse.node.shelves import Demand, demands
from hanse.store import Tx

HOURS_A_DAY = 24


async def ask_for_quotes(context: Context, event: Event, command: AskForQuotes) -> None:
    """Send a request for quotes to every partner who can make it."""

    def write(tx: Tx) -> None:
        item = tx.items.need(command.item)
        able = partners.able(tx, item.capability, without=command.without)
        demand = demands(tx).need(command.demand)
        if not able:
            tx.events.append(_no_offer(command.demand, event, "nobody we know can make it"))
            return
        rfq = _rfq(context, command, item)
        fresh = msgspec.structs.replace(demand, requests=(*demand.requests, rfq.id))
        demands(tx).put(demand.key, fresh)
        sellers = tuple(p.did for p in able)
        at_desk(tx, context, event, lambda desk, step: desk.ask(_by(desk, rfq), sellers, step))

    await once(context.store, event, command, write)


def _by(desk: Desk, rfq: trade.RequestForQuotation) -> trade.RequestForQuotation:
    return msgspec.structs.replace(rfq, buyer_customer_party=desk.party)


def _rfq(context: Context, command: AskForQuotes, item: Item) -> trade.RequestForQuotation:
    now, policy = context.clock.now(), context.settings.policy
    drawing = trade.Drawing(id=item.drawing) if item.drawing else None
    line = trade.RfqLine(
        id="1",
        quantity=trade.Measure(value=str(command.wanted), unit_code=item.unit),
        item=trade.TradeItem(
            buyers_item_identification=item.key,
            description=item.title,
            drawing=drawing,
            capability=(item.capability,) if item.capability else (),
            material=item.material,
        ),
        requested_delivery_period=trade.Period(latest=command.due.replace(microsecond=0)),
        late_cost_per_day=str(Decimal(policy.lateness_minor_per_h * HOURS_A_DAY) / MINOR),
    )
    return trade.RequestForQuotation(
        id=context.ids.new("rfq"),
        issue_date_time=now,
        submission_due_date_time=now + dt.timedelta(seconds=policy.answer_within_s),
        buyer_customer_party=trade.trade_party(context.party),
        pricing_currency_code=context.settings.firm.currency,
        request_for_quotation_line=(line,),
        reason=trade.Reason(code="RESOURCING", origin_order=command.replaces)
        if command.replaces
        else None,
    )


async def choose_quote(context: Context, event: Event, command: ChooseQuote) -> None:
    """Compare the answers and name the best, with the second best beside it."""

    def write(tx: Tx) -> None:
        choice = _choice(tx, context, command.request)
        if not choice.by_seller():
            tx.events.append(_no_offer(command.request, event, "no offer can be taken"))
            return
        tx.events.append(_chosen(command.request, choice, event), once=f"chosen:{command.request}")

    await once(context.store, event, command, write)


async def award(context: Context, event: Event, command: Award) -> None:
    """Order from the best: signed by us now, in force when the other signs."""

    def write(tx: Tx) -> None:
        choice = _choice(tx, context, command.request)
        for seller, quantities in choice.by_seller().items():
            offered = tx.events.append(_offered(tx, command.request, seller, event))
            at_desk(tx, context, offered, _order(command.request, seller, quantities))

    await once(context.store, event, command, write)


def _order(
    request: str, seller: str, quantities: dict[str, Decimal]
) -> Callable[[Desk, Step], None]:
    def act(desk: Desk, step: Step) -> None:
        desk.order(request, seller, quantities, ctx=step)

    return act


async def countersign(context: Context, event: Event, command: Countersign) -> None:
    """Sign what a partner proposed, if it still waits."""

    def write(tx: Tx) -> None:
        if desk_in(tx, context).waiting(command.partner) is not None:
            at_desk(tx, context, event, lambda desk, step: desk.accept(command.partner, step))

    await once(context.store, event, command, write)


async def close_request(context: Context, event: Event, command: CloseRequest) -> None:
    """Tell those whose answer was not taken that the request is settled."""

    def write(tx: Tx) -> None:
        enquiry = Books(tx.desk).enquiry_of_order(command.partner, command.order)
        if enquiry is not None:
            why = trade.Reason(code="SETTLED", note="settled with another offer")
            at_desk(tx, context, event, lambda desk, step: desk.close(enquiry.rfq.id, why, step))

    await once(context.store, event, command, write)


def _choice(tx: Tx, context: Context, request: str) -> Choice:
    names = {p.did: p.name for p in partners.partners(tx).all()}
    return desk_in(tx, context).compare(request, at=context.clock.now(), names=names)


def _chosen(request: str, choice: Choice, event: Event) -> Draft:
    lines = [line.text for line in choice.lines]
    value = int((_price(choice) * MINOR).to_integral_value(ROUND_CEILING))
    sellers = {
        did: {line: str(count) for line, count in lines.items()}
        for did, lines in choice.by_seller().items()
    }
    return Draft(
        kind=kinds.CHOSEN,
        subject=request,
        text=Text(" ".join(t.en for t in lines), "".join(t.zh for t in lines)),
        cause=event.id,
        about={
            "request": request,
            "value_minor": value,
            "by_seller": sellers,
            "short": str(choice.short),
        },
    )


def _price(choice: Choice) -> Decimal:
    """What is paid: the cost without what lateness is worth to us."""
    picks = [pick for line in choice.lines for pick in line.best.picks]
    return sum((pick.cost - pick.late for pick in picks), Decimal(0))


def _offered(tx: Tx, request: str, seller: str, event: Event) -> Draft:
    name = partners.name_of(tx, seller)
    return Draft(
        kind=kinds.ORDER_OFFERED,
        subject=request,
        text=Text(f"Order signed and sent to {name}", f"订单已签署并发往 {name}"),
        cause=event.id,
        about={"request": request, "partner": seller},
    )


def _no_offer(subject: str, event: Event, why: str) -> Draft:
    return Draft(
        kind=kinds.NO_OFFER,
        subject=subject,
        text=Text(f"Nobody can: {why}; a person must decide", f"无人可供:{why};需人工决定"),
        cause=event.id,
        about={"request": subject, "why": why},
    )


def open_demand(
    tx: Tx, context: Context, *, item: str, quantity: Decimal, due: dt.datetime, order: str
) -> Event:
    """Something must be bought: a demand on record and the event that sets the loop going."""
    demand = Demand(
        key=context.ids.new("demand"), item=item, wanted=quantity, due=due, customer_order=order
    )
    demands(tx).put(demand.key, demand)
    by = format_minute(due)
    draft = Draft(
        kind=kinds.SOMETHING_WANTED,
        subject=demand.key,
        text=Text(f"{quantity} {item} are needed by {by}", f"{by} 前需要 {quantity} 件 {item}"),
        loop=context.ids.new("loop"),
        about={
            "item": item,
            "quantity": str(quantity),
            "due": due.isoformat(),
            "demand": demand.key,
        },
    )
    return tx.events.append(draft)
