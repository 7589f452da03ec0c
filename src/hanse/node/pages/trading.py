"""Requests, quotes, orders and ledgers off the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.match.amounts import charges_of, sum_of
from hanse.match.books import Books
from hanse.match.capability.naming import examples_of
from hanse.match.capability.search import catalogue
from hanse.match.choose.price import normal_lines, unit_price
from hanse.match.contract import Cancelled, Closed, Contract, Disputed, order_number
from hanse.match.enquiry import (
    Asked,
    Awarded,
    Declined,
    Dropped,
    Enquiry,
    Held,
    Ordering,
    Placed,
    Quoted,
    Talk,
)
from hanse.match.offer import Holding, Offer, Offered, Outbid, Passed, Sold
from hanse.model import trade
from hanse.model.errors import NotFound
from hanse.model.event import Event
from hanse.model.money import Money, money
from hanse.model.text import Text
from hanse.node.acts import by_hand, offering
from hanse.node.acts.buying import choice_of
from hanse.node.acts.by_hand import Case
from hanse.node.acts.demanding import ask_by_hand
from hanse.node.context import Context
from hanse.node.dealing import files, partners
from hanse.node.dealing.buying_rules import worth
from hanse.node.dealing.desk import desk_in
from hanse.node.dealing.wording import Wording
from hanse.node.pages import awards, deeds, offers
from hanse.node.pages.deal_lines import (
    asked_facts,
    asked_lines,
    ordered_lines,
    quoted_lines,
    standing_counts,
)
from hanse.node.pages.ledgers import entries_with
from hanse.node.pages.paper_files import files_of, paper_file
from hanse.node.pages.trade_rules import change_rules, rules_view
from hanse.store import Tx
from hanse.web.views.common import Deed, Done, Fact, Option, State, Tone
from hanse.web.views.trading import (
    AskForm,
    FileRow,
    QuoteRow,
    RfqRow,
    RfqView,
    RulesView,
    TradeRow,
    TradeView,
)

OPEN = State("open", Text("waiting for answers", "等待答复"), Tone.BUSY)
ORDERED = State("ordered", Text("ordered", "已下单"), Tone.GOOD)
QUOTED = State("quoted", Text("quoted", "已报价"), Tone.BUSY)
DECLINED = State("declined", Text("declined", "已谢绝"), Tone.QUIET)
SETTLED = State("settled", Text("settled elsewhere", "另行成交"), Tone.QUIET)
CLOSED_ASKING = State("ended", Text("ended without an order", "已结束,未下单"), Tone.QUIET)
RUNNING = State("running", Text("agreed by both", "双方已签"), Tone.GOOD)
DISPUTED = State("disputed", Text("disputed", "争议中"), Tone.BAD)
CANCELLED = State("cancelled", Text("cancelled", "已取消"), Tone.QUIET)
CLOSED = State("closed", Text("closed", "已完成"), Tone.GOOD)


class RecordTrade:
    """A `hanse.web.ports.Trade`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._wording = Wording(context)

    async def rfqs(self, *, limit: int) -> tuple[RfqRow, ...]:
        """Requests, newest first."""

        def read(tx: Tx) -> list[RfqRow]:
            books = Books(tx.desk)
            keys = tx.desk.keys("enquiry")
            found = [_out(tx, e) for key in keys if (e := books.enquiry(key))]
            for key in tx.desk.keys("offer"):
                buyer, rfq = key.split("|", 1)
                offer = books.offer(buyer, rfq)
                found += [_in(tx, offer)] if offer else []
            return sorted(found, key=lambda r: r.asked_at, reverse=True)[:limit]

        return tuple(await self._context.store.read(read))

    async def rfq(self, rfq: str) -> RfqView:
        """One request with its quotes."""

        def read(tx: Tx) -> RfqView:
            enquiry = Books(tx.desk).enquiry(rfq)
            events = tuple(tx.events.find(subject=rfq))
            if enquiry is not None:
                best, why = self._best(tx, enquiry)
                return RfqView(
                    row=_out(tx, enquiry),
                    quotes=_quotes(tx, enquiry, best),
                    choice=why,
                    lines=asked_lines(tx, enquiry.rfq),
                    facts=asked_facts(tx, enquiry.rfq),
                    deeds=deeds.on_enquiry(enquiry),
                    events=events,
                )
            offer = _offer(tx, rfq)
            if offer is None:
                raise NotFound("there is no such request", subject=rfq)
            return RfqView(
                row=_in(tx, offer),
                quotes=_own_quote(offer),
                lines=asked_lines(tx, offer.rfq),
                facts=asked_facts(tx, offer.rfq),
                deeds=self._answers(offer),
                events=events,
            )

        return await self._context.store.read(read)

    async def orders(self, *, limit: int) -> tuple[TradeRow, ...]:
        """Orders, newest first."""

        def read(tx: Tx) -> list[TradeRow]:
            found = [self._order(tx, p, c) for p, c in Books(tx.desk).contracts()]
            return sorted(found, key=lambda r: r.id, reverse=True)[:limit]

        return tuple(await self._context.store.read(read))

    async def order(self, order: str) -> TradeView:
        """One order."""

        def read(tx: Tx) -> TradeView:
            partner, contract = _found(tx, order)
            entries = [
                msgspec.structs.replace(e, files=files_of(order, e.seq, e.kind))
                for e in entries_with(tx, self._context, partner)
                if e.trade == order
            ]
            waits = desk_in(tx, self._context).waiting(partner)
            if waits is not None and order_number(waits[1]) != order:
                waits = None
            currency = contract.terms.order.document_currency_code
            steps = deeds.on_order(
                contract,
                selling=contract.terms.seller == self._context.identity.did,
                waits=waits is not None,
                bills=_bills(tx, order),
            )
            return TradeView(
                row=self._order(tx, partner, contract),
                lines=ordered_lines(tx, partner, contract),
                facts=(
                    *(offers.proposed(*waits, currency) if waits else ()),
                    *_standing(contract),
                ),
                entries=tuple(entries),
                deeds=tuple(steps),
                events=tuple(tx.events.find(subject=order)),
            )

        return await self._context.store.read(read)

    async def rules(self) -> RulesView:
        """Rules for dealing as they stand."""
        return await self._context.store.read(lambda tx: rules_view(tx, self._context))

    async def change_rules(self, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Change rules for dealing by one of their forms."""
        context, told = self._context, (deed, values)
        event = await context.store.write(lambda tx: change_rules(tx, context, told, by))
        return Done(text=event.text, event=event.id, href="/trade/rules")

    async def paper(self, order: str, seq: int, form: str) -> tuple[str, bytes]:
        """A paper of an order as a file for other systems."""
        context = self._context
        return await context.store.read(
            lambda tx: paper_file(tx, context, (_found(tx, order)[0], order), (seq, form))
        )

    async def ask(self, form: AskForm, *, by: str) -> Done:
        """Ask other firms for something."""
        context = self._context
        event = await context.store.write(lambda tx: ask_by_hand(tx, context, form, by=by))
        return Done(text=event.text, event=event.id, href=f"/loops/{event.loop}")

    async def candidates(self, words: str) -> tuple[Option, ...]:
        """What free words may mean."""
        found = await self._wording.candidates(words)
        return tuple(Option(value=c.code, label=c.title, hint=examples_of(c.code)) for c in found)

    async def capabilities(self) -> tuple[Option, ...]:
        """The whole list."""
        return tuple(Option(value=c.code, label=c.title) for c in catalogue())

    async def keep_file(self, name: str, content: bytes, *, by: str) -> FileRow:
        """Keep a drawing or another file."""
        del by
        file = await asyncio.to_thread(files.keep, self._context, content, name=name)
        await self._context.store.write(lambda tx: files.kept(tx).put(file.digest, file))
        return FileRow(digest=file.digest, name=file.name, size=file.size)

    async def file(self, digest: str) -> tuple[str, bytes]:
        """A file that is here."""
        found = await self._context.store.read(lambda tx: files.kept(tx).need(digest))
        return found.name, await asyncio.to_thread(files.content, self._context, digest)

    async def act(self, subject: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Take a step on an order, a request or a quote, by hand."""

        def write(tx: Tx) -> tuple[Event, str]:
            case = Case(
                context=self._context, tx=tx, subject=subject, partner="", values=values, by=by
            )
            return _take(case, deed)

        event, href = await self._context.store.write(write)
        return Done(text=event.text, event=event.id, href=href)

    def _best(self, tx: Tx, enquiry: Enquiry) -> tuple[frozenset[str], tuple[Text, ...]]:
        """Who would be chosen now and why, line by line; nothing where no offer is open."""
        if not any(
            not isinstance(talk, Asked | Declined | Dropped) for talk in enquiry.talks.values()
        ):
            return frozenset(), ()
        choice = choice_of(tx, self._context, enquiry.rfq.id)
        best = frozenset(choice.by_seller()) or awards.standing(enquiry)
        return best, tuple(line.text for line in choice.lines)

    def _answers(self, offer: Offer) -> tuple[Deed, ...]:
        policy = self._context.settings.policy
        return deeds.on_offer(offer, days=policy.payment_days, fee=policy.cancellation_fee_percent)

    def _order(self, tx: Tx, partner: str, contract: Contract) -> TradeRow:
        order = contract.terms.order
        first, *others = contract.terms.lines.values()
        dates = [d.date_time for line in (first, *others) for d in line.deliveries]
        buying = contract.terms.buyer == self._context.identity.did
        events = tx.events.find(subject=order.id, limit=1)
        last = max(dates, default=order.issue_date_time)
        return TradeRow(
            id=order.id,
            direction="buy" if buying else "sell",
            firm=partners.name_of(tx, partner),
            did=partner,
            item=first.item.buyers_item_identification,
            quantity=first.quantity,
            unit=first.unit,
            more=len(others),
            price=_amount(worth(contract), order.document_currency_code),
            due=last,
            promised=last,
            state=_contract_state(contract),
            cosigned=True,
            loop=(events[0].loop or "") if events else "",
            event=events[0].id if events else "",
        )


def _take(case: Case, deed: str) -> tuple[Event, str]:
    """Whatever the subject names: an order, a request that came in, one of ours, or a quote."""
    tx, subject = case.tx, case.subject
    for partner, contract in Books(tx.desk).contracts():
        if contract.terms.order.id == subject:
            on = msgspec.structs.replace(case, partner=partner)
            return by_hand.on_order(on, contract, deed), f"/trade/orders/{subject}"
    if (offer := _offer(tx, subject)) is not None:
        on = msgspec.structs.replace(case, partner=offer.buyer)
        return offering.on_offer(on, offer, deed), f"/trade/rfqs/{subject}"
    if (enquiry := Books(tx.desk).enquiry(subject)) is not None:
        on = msgspec.structs.replace(case, partner=case.context.identity.did)
        return offering.on_enquiry(on, enquiry, deed), f"/trade/rfqs/{subject}"
    found = offering.enquiry_of_quote(tx, subject)
    if found is None:
        raise NotFound("there is no such order, request or quote", subject=subject)
    on = msgspec.structs.replace(case, partner=found[1])
    return offering.on_quote(on, found[0], deed), f"/trade/rfqs/{found[0].rfq.id}"


def _found(tx: Tx, order: str) -> tuple[str, Contract]:
    for partner, contract in Books(tx.desk).contracts():
        if contract.terms.order.id == order:
            return partner, contract
    raise NotFound("there is no such order", subject=order)


def _offer(tx: Tx, rfq: str) -> Offer | None:
    key = next((k for k in tx.desk.keys("offer") if k.endswith(f"|{rfq}")), None)
    return None if key is None else Books(tx.desk).offer(*key.split("|", 1))


def _bills(tx: Tx, order: str) -> tuple[str, ...]:
    """The numbers of the invoices on an order, newest first, without credit notes."""
    found = tx.events.find(kind=kinds.INVOICED, subject=order, newest_first=True)
    papers_ = [event.about["document"] for event in found]
    return tuple(str(p["id"]) for p in papers_ if p.get("invoiceTypeCode") != "381")


def _standing(contract: Contract) -> tuple[Fact, ...]:
    """How far an order is, and its money."""
    terms, lines = contract.terms, list(contract.terms.lines.values())
    currency = terms.order.document_currency_code
    extra = sum((line.extra for line in lines), Decimal(0))
    money = (
        *(((Text("Set-up, freight, premium", "一次性费用"), extra),) if extra else ()),
        (Text("Invoiced", "已开票"), terms.invoiced),
        (Text("Paid", "已付"), terms.paid),
    )
    found = [*standing_counts(contract)]
    found += [Fact(label, _same(str(_amount(value, currency)))) for label, value in money]
    if terms.order.payment_terms:
        found.append(offers.terms_fact(terms.order))
    share = terms.order.cancellation_fee_percent
    found.append(Fact(Text("Fee if cancelled", "取消费"), _same(f"{share} %")))
    if isinstance(contract, Cancelled):
        fee = str(_amount(contract.fee, currency))
        found.append(Fact(Text("Agreed fee", "约定取消费"), _same(fee)))
    if isinstance(contract, Disputed):
        note = contract.dispute.reason.note
        found.append(Fact(Text("In dispute", "争议"), _same(note)))
    return tuple(found)


def _same(text: str) -> Text:
    return Text(text, text)


def _contract_state(contract: Contract) -> State:
    match contract:
        case Disputed():
            return DISPUTED
        case Cancelled():
            return CANCELLED
        case Closed():
            return CLOSED
        case _:
            return RUNNING


def _amount(value: Decimal, currency: str) -> Money:
    return money(str(value.quantize(Decimal("0.01"))), currency)


def _out(tx: Tx, enquiry: Enquiry) -> RfqRow:
    talks = enquiry.talks.values()
    placed = any(isinstance(t, Placed | Ordering) for t in talks)
    names = tuple(partners.name_of(tx, did) for did in enquiry.talks)
    quotes = sum(getattr(t, "quoted", None) is not None or isinstance(t, Quoted) for t in talks)
    open_ = any(isinstance(t, Asked) for t in talks)
    offered = any(isinstance(t, Quoted | Awarded | Held) for t in talks)
    state = ORDERED if placed else OPEN if open_ else QUOTED if offered else CLOSED_ASKING
    return msgspec.structs.replace(
        _rfq_row(enquiry.rfq, "out", state, enquiry.correlation),
        firms=names,
        quotes=quotes,
    )


def _in(tx: Tx, offer: Offer) -> RfqRow:
    match offer.state:
        case Sold():
            state = ORDERED
        case Offered() | Holding():
            state = QUOTED
        case Passed():
            state = SETTLED
        case _:
            state = OPEN
    row = _rfq_row(offer.rfq, "in", state, offer.correlation)
    return msgspec.structs.replace(row, firms=(partners.name_of(tx, offer.buyer),))


def _rfq_row(
    rfq: trade.RequestForQuotation,
    direction: str,
    state: State,
    loop: str,
) -> RfqRow:
    line, *others = rfq.request_for_quotation_line
    return RfqRow(
        id=rfq.id,
        direction="out" if direction == "out" else "in",
        item=line.item.buyers_item_identification,
        quantity=Decimal(line.quantity.value),
        unit=line.quantity.unit_code,
        more=len(others),
        due=line.requested_delivery_period.latest or rfq.submission_due_date_time,
        state=state,
        asked_at=rfq.issue_date_time,
        loop=loop,
    )


def _quotes(tx: Tx, enquiry: Enquiry, best: frozenset[str]) -> tuple[QuoteRow, ...]:
    """Every offer, those that would be chosen first."""
    rows = [_quote(tx, enquiry.rfq, did, talk) for did, talk in enquiry.talks.items()]
    found = sorted((r for r in rows if r), key=lambda r: (r.did not in best, r.price.minor))
    return tuple(
        msgspec.structs.replace(r, rank=1 if r.did in best else n)
        for n, r in enumerate(found, 2 - bool(not best))
    )


def _quote(tx: Tx, rfq: trade.RequestForQuotation, did: str, talk: Talk) -> QuoteRow | None:
    quoted = talk if isinstance(talk, Quoted) else getattr(talk, "quoted", None)
    if quoted is None:
        return None
    state = awards.state_of(talk) or QUOTED
    if isinstance(talk, Placed | Ordering):
        state = ORDERED
    elif isinstance(talk, Declined | Dropped):
        state = SETTLED
    row = _quotation_row(rfq, quoted.quotation, partners.name_of(tx, did), state)
    why = talk.reason.note if isinstance(talk, Dropped) else ""
    facts = (*row.facts, *awards.facts_of(talk, quoted.quotation.pricing_currency_code))
    return msgspec.structs.replace(
        row, why=Text(why, why), facts=facts, deeds=deeds.on_quote(rfq, talk)
    )


def _quotation_row(
    rfq: trade.RequestForQuotation, quotation: trade.Quotation, firm: str, state: State
) -> QuoteRow:
    lines = normal_lines(quotation)
    return QuoteRow(
        id=quotation.id,
        firm=firm,
        did=quotation.seller_supplier_party.endpoint_id,
        price=_amount(_offered_at(quotation), quotation.pricing_currency_code),
        facts=offers.facts(quotation),
        lines=quoted_lines(rfq, quotation),
        quantity=Decimal(lines[0].quantity.value),
        date=max(p.date_time for line in lines for p in line.promised_delivery),
        state=state,
        valid_until=quotation.validity_period.end_date_time,
    )


def _offered_at(quotation: trade.Quotation) -> Decimal:
    """What all that a quotation offers at its normal dates costs together, before tax."""
    return sum(
        (
            Decimal(n.quantity.value)
            * Decimal(unit_price(n, Decimal(n.quantity.value)))
            / Decimal(n.price.base_quantity)
            + sum_of(charges_of(n))
            for n in normal_lines(quotation)
        ),
        Decimal(0),
    )


def _own_quote(offer: Offer) -> tuple[QuoteRow, ...]:
    if not isinstance(offer.state, Offered | Holding | Outbid | Sold):
        return ()
    quotation = offer.state.quotation
    state = ORDERED if isinstance(offer.state, Sold) else QUOTED
    name = quotation.seller_supplier_party.name
    row = _quotation_row(offer.rfq, quotation, name, state)
    awarded, facts = awards.given(offer, offer.rfq.buyer_customer_party.name)
    return (msgspec.structs.replace(row, state=awarded or state, facts=(*row.facts, *facts)),)
