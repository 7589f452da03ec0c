"""The quotation the node makes alone: what its plan can bring, at the firm's own conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_UP, Decimal

from msgspec import Struct

from hanse.flows.commands import AnswerRfq
from hanse.match.books import Books
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.offer import Offer, Over, Wanted
from hanse.match.papers import plain
from hanse.model import trade
from hanse.model.errors import NotFound
from hanse.model.event import Event
from hanse.model.ids import NOTE_MAX
from hanse.model.product import Item
from hanse.node.acts import express
from hanse.node.acts.once import once
from hanse.node.acts.selling import our_item
from hanse.node.acts.sharing import shared
from hanse.node.context import Context
from hanse.node.dealing.desk import MINOR, at_desk
from hanse.node.dealing.selling_rules import breaks_of, selling
from hanse.node.planning import wire
from hanse.store import Tx
from hanse.transmit.nats.requests import ask

ANSWER_S = 20.0
CENT = Decimal("0.01")


class _Answer(Struct, frozen=True, kw_only=True):
    """What the plan and the rules give for a request."""

    lines: tuple[trade.QuotationLine, ...]
    over: Over
    withdrawal_fee_percent: str
    note: str
    limits: tuple[trade.ResourceLimit, ...] = ()


async def answer_rfq(context: Context, event: Event, command: AnswerRfq) -> None:
    """Hold what can be ready in time and quote it; decline where nothing can."""
    offer = await context.store.read(lambda tx: _offer(tx, command))
    if not isinstance(offer.state, Wanted):
        return
    lines: list[trade.QuotationLine] = []
    over: Over = {}
    left: list[str] = []
    parts: list[express.Late] = []
    for wanted in offer.rfq.request_for_quotation_line:
        item = await context.store.read(lambda tx, w=wanted: our_item(tx, w.item))  # type: ignore[misc]
        line = await _quoted_line(context, wanted, item) if item else None
        if item is None or line is None:
            left.append(_left_out(wanted, ours=item is not None))
            continue
        lines.append(line)
        part = await _part(context, wanted, item, line)
        if part is not None:
            parts.append(part)
            earlier, places = await _earlier(context, part)
            lines += earlier
            over |= places
    mix = await shared(context, parts)
    lines += mix.lines
    note = "; ".join(left)[:NOTE_MAX]

    def write(tx: Tx) -> None:
        if not lines:
            no = trade.Reason(code="NO_CAPACITY", note=note)
            at_desk(tx, context, event, lambda d, s: d.decline(offer.buyer, offer.rfq.id, no, s))
            return
        fee = str(selling(tx).withdrawal_percent)
        answer = _Answer(
            lines=tuple(lines), over=over, withdrawal_fee_percent=fee, note=note, limits=mix.limits
        )
        at_desk(tx, context, event, _quote(context, offer, answer))

    await once(context.store, event, command, write)


def _left_out(wanted: trade.RfqLine, *, ours: bool) -> str:
    """Why a line is not offered, as both firms will read it."""
    why = "nothing of it can be ready" if ours else "not made here"
    return f"line {wanted.id} {wanted.item.buyers_item_identification}: {why}"


async def _quoted_line(
    context: Context, wanted: trade.RfqLine, item: Item
) -> trade.QuotationLine | None:
    said = await context.store.read(selling)
    if Decimal(wanted.quantity.value) < said.least:
        return None
    now = context.clock.now()
    valid = dt.timedelta(seconds=context.settings.policy.quote_valid_s)
    question = wire.QuoteAsk(
        item=item.key, quantity=int(Decimal(wanted.quantity.value)), expires=now + valid
    )
    held = await ask(context.nats, wire.QUOTE, question, answer=wire.QuoteAnswer, wait_s=ANSWER_S)
    if held.quantity == 0 or held.ready is None:
        return None
    return trade.QuotationLine(
        id=wanted.id,
        rfq_line_id=wanted.id,
        quantity=trade.Measure(value=str(held.quantity), unit_code=wanted.quantity.unit_code),
        price=trade.Price(price_amount=str(_price(item))),
        promised_delivery=(
            trade.Delivery(quantity=str(held.quantity), date_time=express.whole_second(held.ready)),
        ),
        promise_basis=trade.PromiseBasis(
            kind="CTP", schedule_version=f"plan-{held.version}", reservation_id=held.hold
        ),
        price_break=breaks_of(said, _price(item)),
        minimum_quantity=str(said.least),
        setup_amount=plain(said.setup),
        transport_amount=plain(said.freight),
        carbon_kg=_carbon(item, held.quantity),
    )


async def _part(
    context: Context, wanted: trade.RfqLine, item: Item, line: trade.QuotationLine
) -> express.Late | None:
    """A line that is wanted by a date, with the rules for an earlier one."""
    due = wanted.requested_delivery_period.latest
    if due is None:
        return None
    said = await context.store.read(selling)
    slack = dt.timedelta(seconds=context.settings.policy.quote_valid_s)
    return express.Late(item=item, line=line, due=due, said=said, slack=slack)


async def _earlier(context: Context, it: express.Late) -> tuple[list[trade.QuotationLine], Over]:
    """Earlier dates at a premium, where the normal one is late and the rules offer them."""
    if it.ready <= it.due:
        return [], {}
    lines = [await express.over_promises(context, it)]
    first = await express.over_awards(context, it)
    over = {} if first is None else {first[0].id: first[1]}
    return [n for n in (*lines, first[0] if first else None) if n is not None], over


def _carbon(item: Item, count: int) -> str | None:
    """Kilograms of CO2 equivalents of so many pieces, where the item says."""
    return None if item.carbon_kg is None else plain(round(item.carbon_kg * count, 6))


def _price(item: Item) -> Decimal:
    minor = Decimal(item.price_minor or 0)
    return (minor / MINOR).quantize(CENT, rounding=ROUND_UP)


def _quote(context: Context, offer: Offer, answer: _Answer) -> Callable[[Desk, Step], None]:
    valid = dt.timedelta(seconds=context.settings.policy.quote_valid_s)

    def act(desk: Desk, step: Step) -> None:
        reference = trade.DocumentReference(id=offer.rfq.id, event_id=offer.event_id)
        quotation = trade.Quotation(
            id=context.ids.new("quote"),
            issue_date_time=step.at,
            request_for_quotation_document_reference=reference,
            validity_period=trade.Validity(end_date_time=express.whole_second(step.at + valid)),
            seller_supplier_party=desk.party,
            pricing_currency_code=offer.rfq.pricing_currency_code,
            quotation_line=answer.lines,
            cancellation_fee_percent=context.settings.policy.cancellation_fee_percent,
            withdrawal_fee_percent=answer.withdrawal_fee_percent,
            payment_terms=f"{context.settings.policy.payment_days} days net",
            payment_days=context.settings.policy.payment_days,
            note=answer.note,
            resource_limit=answer.limits,
        )
        desk.quote(offer.buyer, quotation, step, over=answer.over)

    return act


def _offer(tx: Tx, command: AnswerRfq) -> Offer:
    offer = Books(tx.desk).offer(command.buyer, command.request)
    if offer is None:
        raise NotFound("no such request came from this firm", subject=command.request)
    return offer
