"""The buyer's side: asking, choosing, ordering, and signing what a partner proposes."""

from __future__ import annotations

import asyncio
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
from hanse.node.dealing import files, partners
from hanse.node.dealing.buying_rules import rules_for
from hanse.node.dealing.choosing import Asked, who_can
from hanse.node.dealing.desk import MINOR, at_desk, desk_in
from hanse.node.shelves import Demand, demands
from hanse.store import Tx

NOBODY = Text("nobody we know can make it", "已知伙伴均无法制造")
NONE_FITS = Text("no offer can be taken", "没有可接受的报价")
HOURS_A_DAY = 24


async def ask_for_quotes(context: Context, event: Event, command: AskForQuotes) -> None:
    """Send a request for quotes to every partner who can make it, with the drawing it needs."""
    asked = await context.store.read(lambda tx: _who(tx, command))
    await _lay_ready(context, command, asked)

    def write(tx: Tx) -> None:
        if not asked.firms:
            tx.events.append(_no_offer(command.demand, event, NOBODY))
            return
        demand = demands(tx).need(command.demand)
        rfq = _rfq(context, command, tx.items.need(command.item), demand)
        fresh = msgspec.structs.replace(demand, requests=(*demand.requests, rfq.id))
        demands(tx).put(demand.key, fresh)
        for did, reason in asked.not_asked.items():
            tx.events.append(_passed_over(rfq.id, partners.name_of(tx, did), reason, event))
        at_desk(tx, context, event, lambda desk, step: desk.ask(_by(desk, rfq), asked.firms, step))

    await once(context.store, event, command, write)


def _who(tx: Tx, command: AskForQuotes) -> Asked:
    item, demand = tx.items.need(command.item), demands(tx).need(command.demand)
    return who_can(tx, item, demand, without=command.without)


async def _lay_ready(context: Context, command: AskForQuotes, asked: Asked) -> None:
    """Seal the drawing for each firm that is asked; its letter will name it."""
    demand = await context.store.read(lambda tx: demands(tx).need(command.demand))
    if demand.drawing is None or demand.drawing.digest is None:
        return
    digest = demand.drawing.digest
    for did in asked.firms:
        key = await context.store.read(lambda tx, d=did: files.key_of(tx, d))  # type: ignore[misc]
        await asyncio.to_thread(files.share, context, digest, to=did, key=key)


def _passed_over(rfq: str, firm: str, reason: Text, event: Event) -> Draft:
    return Draft(
        kind=kinds.NOT_ASKED,
        subject=rfq,
        text=Text(f"{firm} is not asked: {reason.en}", f"未向 {firm} 询价:{reason.zh}"),
        cause=event.id,
        about={"firm": firm},
    )


def _by(desk: Desk, rfq: trade.RequestForQuotation) -> trade.RequestForQuotation:
    return msgspec.structs.replace(rfq, buyer_customer_party=desk.party)


def _rfq(
    context: Context, command: AskForQuotes, item: Item, demand: Demand
) -> trade.RequestForQuotation:
    now, policy = context.clock.now(), context.settings.policy
    drawing = demand.drawing
    if item.drawing:
        drawing = trade.Drawing(id=item.drawing, digest=drawing.digest if drawing else None)
    line = trade.RfqLine(
        id="1",
        quantity=trade.Measure(value=str(command.wanted), unit_code=item.unit),
        item=trade.TradeItem(
            buyers_item_identification=item.key,
            description=item.title,
            drawing=drawing,
            capability=(item.capability,) if item.capability else (),
            material=item.material,
            requirement=demand.requirement,
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
        note=demand.note,
        reason=trade.Reason(code="RESOURCING", origin_order=command.replaces)
        if command.replaces
        else None,
    )


async def choose_quote(context: Context, event: Event, command: ChooseQuote) -> None:
    """Compare the answers and name the best, with the second best beside it."""

    def write(tx: Tx) -> None:
        choice = choice_of(tx, context, command.request)
        if not choice.by_seller():
            tx.events.append(_no_offer(command.request, event, NONE_FITS))
            return
        tx.events.append(_chosen(command.request, choice, event), once=f"chosen:{command.request}")

    await once(context.store, event, command, write)


async def award(context: Context, event: Event, command: Award) -> None:
    """Order from the best: signed by us now, in force when the other signs."""

    def write(tx: Tx) -> None:
        choice = choice_of(tx, context, command.request)
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


def choice_of(tx: Tx, context: Context, request: str) -> Choice:
    """The best way to cover a request of ours with the offers that are valid now."""
    names = {p.did: p.name for p in partners.partners(tx).all()}
    enquiry = Books(tx.desk).enquiry(request)
    rules = rules_for(tx, enquiry.talks if enquiry else ())
    return desk_in(tx, context).compare(request, at=context.clock.now(), names=names, rules=rules)


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


def _no_offer(subject: str, event: Event, why: Text) -> Draft:
    return Draft(
        kind=kinds.NO_OFFER,
        subject=subject,
        text=Text(f"No order: {why.en}; a person must decide", f"未能下单:{why.zh};需人工决定"),
        cause=event.id,
        about={"request": subject, "why": why.en},
    )


def open_demand(
    tx: Tx, context: Context, *, item: str, quantity: Decimal, due: dt.datetime, order: str
) -> Event:
    """Something must be bought: a demand on record and the event that sets the loop going."""
    key = context.ids.new("demand")
    demand = Demand(key=key, item=item, wanted=quantity, due=due, customer_order=order)
    return begin_demand(tx, context, demand)


def begin_demand(tx: Tx, context: Context, demand: Demand, *, by: str = "") -> Event:
    """A demand on record and the event that sets the loop going."""
    demands(tx).put(demand.key, demand)
    quantity, item, when = demand.wanted, demand.item, format_minute(demand.due)
    draft = Draft(
        kind=kinds.SOMETHING_WANTED,
        subject=demand.key,
        text=Text(f"{quantity} {item} are needed by {when}", f"{when} 前需要 {quantity} 件 {item}"),
        loop=context.ids.new("loop"),
        by=by,
        about={
            "item": item,
            "quantity": str(quantity),
            "due": demand.due.isoformat(),
            "demand": demand.key,
        },
    )
    return tx.events.append(draft)
