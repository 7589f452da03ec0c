"""The buyer's side: asking, choosing, ordering, and signing what a partner proposes."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, Decimal

import msgspec

from hanse.flows import kinds
from hanse.flows.commands import (
    AskForQuotes,
    Award,
    ChooseQuote,
    CloseRequest,
    Countersign,
    Want,
)
from hanse.match.books import Books
from hanse.match.capability.naming import title_of
from hanse.match.choose.few import Choice, LineChoice
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.enquiry import Enquiry, Ordering, Placed, Quoted, Talk
from hanse.match.papers import plain
from hanse.model import trade
from hanse.model.event import Draft, Event
from hanse.model.ids import NOTE_MAX
from hanse.model.product import Item
from hanse.model.text import Text
from hanse.model.time import format_minute
from hanse.node.acts import bidding
from hanse.node.acts.once import once
from hanse.node.context import Context
from hanse.node.dealing import files, partners
from hanse.node.dealing.buying_rules import rules_for
from hanse.node.dealing.choosing import Asked, who_can
from hanse.node.dealing.desk import MINOR, at_desk, desk_in
from hanse.node.dealing.view import offers
from hanse.node.shelves import Demand, demands
from hanse.store import Tx

NOBODY = Text("nobody we know can make it", "已知伙伴均无法制造")
NONE_FITS = Text("no offer can be taken", "没有可接受的报价")
HOURS_A_DAY = 24


async def ask_for_quotes(context: Context, event: Event, command: AskForQuotes) -> None:
    """Send one request for quotes to every partner who can make any of it, with its drawings."""
    asked = await context.store.read(lambda tx: _who(tx, command))
    await _lay_ready(context, command, asked)

    def write(tx: Tx) -> None:
        wants = [want for want in command.wants if asked[want.demand].firms]
        for want in command.wants:
            if want not in wants:
                tx.events.append(_no_offer(want.demand, event, NOBODY))
        if not wants:
            return
        rfq = _rfq(tx, context, command, wants)
        for n, want in enumerate(wants, 1):
            _note_request(tx, want.demand, rfq.id, str(n))
        firms = tuple(dict.fromkeys(did for want in wants for did in asked[want.demand].firms))
        for did, reason in _passed_by(asked, firms).items():
            tx.events.append(_passed_over(rfq.id, partners.name_of(tx, did), reason, event))
        at_desk(tx, context, event, lambda desk, step: desk.ask(_by(desk, rfq), firms, step))

    await once(context.store, event, command, write)


def _who(tx: Tx, command: AskForQuotes) -> dict[str, Asked]:
    """Who can make what is wanted, demand by demand."""
    found = {}
    for want in command.wants:
        item, demand = tx.items.need(want.item), demands(tx).need(want.demand)
        found[want.demand] = who_can(tx, item, demand, without=command.without)
    return found


def _passed_by(asked: dict[str, Asked], firms: tuple[str, ...]) -> dict[str, Text]:
    """Firms that are asked for nothing, each with its first reason."""
    reasons = [pair for one in asked.values() for pair in one.not_asked.items()]
    return {did: reason for did, reason in reversed(reasons) if did not in firms}


async def _lay_ready(context: Context, command: AskForQuotes, asked: dict[str, Asked]) -> None:
    """Seal each drawing for each firm that can make what it shows; its letter will name it."""
    for want in command.wants:
        demand = await context.store.read(lambda tx, w=want: demands(tx).need(w.demand))  # type: ignore[misc]
        if demand.drawing is None or demand.drawing.digest is None:
            continue
        digest = demand.drawing.digest
        for did in asked[want.demand].firms:
            key = await context.store.read(lambda tx, d=did: files.key_of(tx, d))  # type: ignore[misc]
            await asyncio.to_thread(files.share, context, digest, to=did, key=key)


def _note_request(tx: Tx, key: str, request: str, line: str) -> None:
    demand = demands(tx).need(key)
    requests, lines = (*demand.requests, request), {**demand.lines, request: line}
    demands(tx).put(key, msgspec.structs.replace(demand, requests=requests, lines=lines))


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
    tx: Tx, context: Context, command: AskForQuotes, wants: list[Want]
) -> trade.RequestForQuotation:
    now, policy = context.clock.now(), context.settings.policy
    found = [(want, demands(tx).need(want.demand)) for want in wants]
    notes = dict.fromkeys(demand.note for _, demand in found if demand.note)
    return trade.RequestForQuotation(
        id=context.ids.new("rfq"),
        issue_date_time=now,
        submission_due_date_time=now + dt.timedelta(seconds=policy.answer_within_s),
        buyer_customer_party=trade.trade_party(context.party),
        pricing_currency_code=context.settings.firm.currency,
        request_for_quotation_line=tuple(
            _rfq_line(context, str(n), want, (tx.items.need(want.item), demand))
            for n, (want, demand) in enumerate(found, 1)
        ),
        note="\n".join(notes)[:NOTE_MAX],
        reason=trade.Reason(code="RESOURCING", origin_order=command.replaces)
        if command.replaces
        else None,
    )


def _rfq_line(context: Context, line: str, want: Want, meant: tuple[Item, Demand]) -> trade.RfqLine:
    item, demand = meant
    drawing, weight = demand.drawing, context.settings.policy.lateness_minor_per_h
    if item.drawing:
        drawing = trade.Drawing(id=item.drawing, digest=drawing.digest if drawing else None)
    return trade.RfqLine(
        id=line,
        quantity=trade.Measure(value=plain(want.wanted), unit_code=item.unit),
        item=trade.TradeItem(
            buyers_item_identification=item.key,
            description=item.title,
            drawing=drawing,
            capability=(item.capability,) if item.capability else (),
            material=item.material,
            requirement=demand.requirement,
        ),
        requested_delivery_period=trade.Period(latest=want.due.replace(microsecond=0)),
        late_cost_per_day=str(Decimal(weight * HOURS_A_DAY) / MINOR),
    )


async def choose_quote(context: Context, event: Event, command: ChooseQuote) -> None:
    """Compare the answers and name the best, with the second best beside it."""

    def write(tx: Tx) -> None:
        choice = choice_of(tx, context, command.request)
        if command.again and not choice.lines:
            return
        if not choice.by_seller():
            tx.events.append(_no_offer(command.request, event, NONE_FITS))
            return
        told = _chosen(command.request, choice, event)
        mark = f"chosen:{command.request}"
        mark = f"{mark}:{event.id}" if command.again else mark
        event_, fresh = tx.events.append_once(mark, told)
        for line in choice.lines if fresh else ():
            if not line.best.picks:
                tx.events.append(_not_covered(command.request, line, event_))

    await once(context.store, event, command, write)


async def award(context: Context, event: Event, command: Award) -> None:
    """Take the best: ordered, signed by us now; or provisionally, where bidding goes on."""

    def write(tx: Tx) -> None:
        request, choice = command.request, choice_of(tx, context, command.request)
        closing = bidding.closing_for(tx, context, request, choice)
        for seller, quantities in choice.by_seller().items():
            if closing is not None:
                given = bidding.give(request, seller, quantities, closing)
                at_desk(tx, context, event, given)
                continue
            offered = tx.events.append(bidding.offered_event(tx, request, seller, event))
            at_desk(tx, context, offered, _order(request, seller, quantities))

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
    """Once all of a request is settled, tell those whose answer was not taken."""

    def write(tx: Tx) -> None:
        books = Books(tx.desk)
        enquiry = books.enquiry_of_order(command.partner, command.order)
        if enquiry is not None and not _still_wanted(books, enquiry):
            why = trade.Reason(code="SETTLED", note="settled with another offer")
            at_desk(tx, context, event, lambda desk, step: desk.close(enquiry.rfq.id, why, step))

    await once(context.store, event, command, write)


def _still_wanted(books: Books, enquiry: Enquiry) -> bool:
    """Whether a line of which nothing is ordered may still be taken from an open offer."""
    quoted = [talk for talk in enquiry.talks.values() if isinstance(talk, Quoted)]
    left = (n.id for n in enquiry.rfq.request_for_quotation_line)
    return any(
        any(offers(talk, line) for talk in quoted)
        for line in left
        if not any(_takes(books, p, t, line) for p, t in enquiry.talks.items())
    )


def _takes(books: Books, partner: str, talk: Talk, line: str) -> bool:
    """Whether a line is on order from a talk, or may be on the order that waits in it."""
    if isinstance(talk, Placed):
        contract = books.contract(partner, talk.order)
        return contract is not None and line in contract.terms.lines
    return isinstance(talk, Ordering) and offers(talk, line)


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


def _not_covered(request: str, line: LineChoice, event: Event) -> Draft:
    """A line that nobody offers, though others are: a person must find it a way."""
    text, why = line.text, NONE_FITS
    return Draft(
        kind=kinds.NO_OFFER,
        subject=request,
        text=Text(f"{text.en} A person must decide", f"{text.zh}需人工决定"),
        cause=event.id,
        about={"request": request, "line": line.rfq_line, "why": why.en},
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
    return begin_demands(tx, context, (demand,), by=by)


def begin_demands(tx: Tx, context: Context, wanted: Sequence[Demand], *, by: str = "") -> Event:
    """Several demands on record, and the event that has them asked for in one request."""
    for demand in wanted:
        demands(tx).put(demand.key, demand)
    rows = [_row(demand) for demand in wanted]
    draft = Draft(
        kind=kinds.SOMETHING_WANTED,
        subject=wanted[0].key,
        text=_wanted_text(tx, wanted),
        loop=context.ids.new("loop"),
        by=by,
        about=rows[0] if len(rows) == 1 else {**rows[0], "lines": rows},
    )
    return tx.events.append(draft)


def _row(demand: Demand) -> dict[str, str]:
    return {
        "item": demand.item,
        "quantity": str(demand.wanted),
        "due": demand.due.isoformat(),
        "demand": demand.key,
    }


def _wanted_text(tx: Tx, wanted: Sequence[Demand]) -> Text:
    first = wanted[0]
    name, when = _named(tx, first.item), format_minute(first.due)
    what, chinese = f"{first.wanted} {name.en}", f"{when} 前需要 {first.wanted} 件 {name.zh}"
    if len(wanted) == 1:
        return Text(f"{what} are needed by {when}", chinese)
    more = len(wanted) - 1
    return Text(
        f"{what} by {when} and {more} more lines are needed",
        f"{chinese},另有 {more} 行",
    )


def _named(tx: Tx, key: str) -> Text:
    """An item as a person knows it, and the process it is asked for as."""
    item = tx.items.get(key)
    if item is None or not item.capability:
        return Text(key, key)
    name, process = item.title or key, title_of(item.capability)
    return Text(f"{name} ({process.en})", f"{name}({process.zh})")
