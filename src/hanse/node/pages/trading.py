"""Requests, quotes, orders and ledgers off the desk."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from hanse.match.books import Books
from hanse.match.contract import Cancelled, Closed, Contract, Disputed
from hanse.match.enquiry import Declined, Dropped, Enquiry, Ordering, Placed, Quoted, Talk
from hanse.match.ledger.audit import Line, audit, checked, to_line
from hanse.match.ledger.chain import chain_id
from hanse.match.ledger.entry import CoSigned
from hanse.match.offer import Offer, Offered, Passed, Sold
from hanse.model import trade
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.event import Event
from hanse.model.money import Money, money
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.acts.buying import open_demand
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.dealing.desk import at_desk, desk_in
from hanse.node.dealing.view import quantity_of
from hanse.store import Tx
from hanse.web.views.common import Deed, Done, State, Tone
from hanse.web.views.trading import (
    AskForm,
    ChainRow,
    EntryRow,
    QuoteRow,
    RfqRow,
    RfqView,
    TradeRow,
    TradeView,
)

OPEN = State("open", Text("waiting for answers", "等待答复"), Tone.BUSY)
ORDERED = State("ordered", Text("ordered", "已下单"), Tone.GOOD)
QUOTED = State("quoted", Text("quoted", "已报价"), Tone.BUSY)
DECLINED = State("declined", Text("declined", "已谢绝"), Tone.QUIET)
SETTLED = State("settled", Text("settled elsewhere", "另行成交"), Tone.QUIET)
RUNNING = State("running", Text("agreed by both", "双方已签"), Tone.GOOD)
DISPUTED = State("disputed", Text("disputed", "争议中"), Tone.BAD)
CANCELLED = State("cancelled", Text("cancelled", "已取消"), Tone.QUIET)
CLOSED = State("closed", Text("closed", "已完成"), Tone.GOOD)
WHOLE = State("whole", Text("whole, both signatures hold", "完整,双方签名有效"), Tone.GOOD)
BROKEN = State("broken", Text("does not hold", "校验失败"), Tone.BAD)


class RecordTrade:
    """A `hanse.web.ports.Trade`."""

    def __init__(self, context: Context) -> None:
        self._context = context

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
                return RfqView(row=_out(tx, enquiry), quotes=_quotes(tx, enquiry), events=events)
            key = next((k for k in tx.desk.keys("offer") if k.endswith(f"|{rfq}")), None)
            if key is None:
                raise NotFound("there is no such request", subject=rfq)
            offer = Books(tx.desk).offer(*key.split("|", 1))
            return RfqView(row=_in(tx, offer), quotes=_own_quote(offer), events=events)  # type: ignore[arg-type]

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
            for partner, contract in Books(tx.desk).contracts():
                if contract.terms.order.id == order:
                    entries = tuple(
                        e for e in _entries(tx, self._context, partner) if e.trade == order
                    )
                    waiting = desk_in(tx, self._context).waiting(partner)
                    return TradeView(
                        row=self._order(tx, partner, contract),
                        entries=entries,
                        deeds=_deeds(waiting is not None),
                        events=tuple(tx.events.find(subject=order)),
                    )
            raise NotFound("there is no such order", subject=order)

        return await self._context.store.read(read)

    async def ask(self, form: AskForm, *, by: str) -> Done:
        """Ask other firms for something."""
        del by

        def write(tx: Tx) -> Event:
            tx.items.need(form.item)
            return open_demand(
                tx,
                self._context,
                item=form.item,
                quantity=Decimal(form.quantity),
                due=form.due,
                order="",
            )

        event = await self._context.store.write(write)
        return Done(text=event.text, event=event.id, href=f"/loops/{event.loop}")

    async def act(self, subject: str, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Sign or refuse what a partner has proposed for an order."""
        if deed not in {"sign", "refuse"}:
            raise BadInput("there is no such deed", subject=deed)

        def write(tx: Tx) -> None:
            partner = _partner_of(tx, subject)
            event = tx.events.find(subject=subject, newest_first=True, limit=1)[0]
            desk = desk_in(tx, self._context)
            if desk.waiting(partner) is None:
                raise Conflict("nothing waits for a signature", subject=subject)
            if deed == "sign":
                at_desk(tx, self._context, event, lambda d, s: d.accept(partner, s))
            else:
                why = values.get("reason") or f"refused by {by}"
                at_desk(tx, self._context, event, lambda d, s: d.refuse(partner, why, s))

        await self._context.store.write(write)
        return Done(text=Text("done", "已完成"), href=f"/trade/orders/{subject}")

    def _order(self, tx: Tx, partner: str, contract: Contract) -> TradeRow:
        order = contract.terms.order
        line = next(iter(contract.terms.lines.values()))
        dates = [d.date_time for d in line.deliveries]
        buying = contract.terms.buyer == self._context.identity.did
        events = tx.events.find(subject=order.id, limit=1)
        last = max(dates, default=order.issue_date_time)
        return TradeRow(
            id=order.id,
            direction="buy" if buying else "sell",
            firm=partners.name_of(tx, partner),
            did=partner,
            item=line.item.buyers_item_identification,
            quantity=quantity_of(contract),
            unit=line.unit,
            price=_amount(_total(line.price, quantity_of(contract)), order.document_currency_code),
            due=last,
            promised=last,
            state=_contract_state(contract),
            cosigned=True,
            loop=(events[0].loop or "") if events else "",
            event=events[0].id if events else "",
        )


def _partner_of(tx: Tx, order: str) -> str:
    for partner, contract in Books(tx.desk).contracts():
        if contract.terms.order.id == order:
            return partner
    raise NotFound("there is no such order", subject=order)


def _deeds(waiting: bool) -> tuple[Deed, ...]:  # noqa: FBT001 (whether something waits)
    if not waiting:
        return ()
    return (
        Deed(
            name="sign", label=Text("Sign what the partner proposes", "签署伙伴的提议"), main=True
        ),
        Deed(name="refuse", label=Text("Refuse", "拒绝"), danger=True),
    )


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


def _total(price: trade.Price, quantity: Decimal) -> Decimal:
    """What so many pieces cost at a price."""
    return quantity * Decimal(price.price_amount) / Decimal(price.base_quantity)


def _amount(value: Decimal, currency: str) -> Money:
    return money(str(value.quantize(Decimal("0.01"))), currency)


def _out(tx: Tx, enquiry: Enquiry) -> RfqRow:
    talks = enquiry.talks.values()
    placed = any(isinstance(t, Placed | Ordering) for t in talks)
    names = tuple(partners.name_of(tx, did) for did in enquiry.talks)
    quotes = sum(getattr(t, "quoted", None) is not None or isinstance(t, Quoted) for t in talks)
    return msgspec.structs.replace(
        _rfq_row(enquiry.rfq, "out", ORDERED if placed else OPEN, enquiry.correlation),
        firms=names,
        quotes=quotes,
    )


def _in(tx: Tx, offer: Offer) -> RfqRow:
    match offer.state:
        case Sold():
            state = ORDERED
        case Offered():
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
    line = rfq.request_for_quotation_line[0]
    return RfqRow(
        id=rfq.id,
        direction="out" if direction == "out" else "in",
        item=line.item.buyers_item_identification,
        quantity=Decimal(line.quantity.value),
        unit=line.quantity.unit_code,
        due=line.requested_delivery_period.latest or rfq.submission_due_date_time,
        state=state,
        asked_at=rfq.issue_date_time,
        loop=loop,
    )


def _quotes(tx: Tx, enquiry: Enquiry) -> tuple[QuoteRow, ...]:
    rows = [_quote(tx, did, talk) for did, talk in enquiry.talks.items()]
    found = sorted((r for r in rows if r is not None), key=lambda r: r.price.minor)
    return tuple(msgspec.structs.replace(r, rank=n) for n, r in enumerate(found, 1))


def _quote(tx: Tx, did: str, talk: Talk) -> QuoteRow | None:
    quoted = talk if isinstance(talk, Quoted) else getattr(talk, "quoted", None)
    if quoted is None:
        return None
    state = QUOTED
    if isinstance(talk, Placed | Ordering):
        state = ORDERED
    elif isinstance(talk, Declined | Dropped):
        state = SETTLED
    row = _quotation_row(quoted.quotation, partners.name_of(tx, did), state)
    why = talk.reason.note if isinstance(talk, Dropped) else ""
    return msgspec.structs.replace(row, why=Text(why, why))


def _quotation_row(quotation: trade.Quotation, firm: str, state: State) -> QuoteRow:
    line = quotation.quotation_line[0]
    return QuoteRow(
        id=quotation.id,
        firm=firm,
        did=quotation.seller_supplier_party.endpoint_id,
        price=_amount(
            _total(line.price, Decimal(line.quantity.value)), quotation.pricing_currency_code
        ),
        quantity=Decimal(line.quantity.value),
        date=max(p.date_time for p in line.promised_delivery),
        state=state,
        valid_until=quotation.validity_period.end_date_time,
    )


def _own_quote(offer: Offer) -> tuple[QuoteRow, ...]:
    if not isinstance(offer.state, Offered | Sold):
        return ()
    quotation = offer.state.quotation
    state = ORDERED if isinstance(offer.state, Sold) else QUOTED
    return (_quotation_row(quotation, quotation.seller_supplier_party.name, state),)


class RecordLedger:
    """A `hanse.web.ports.Ledger`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def chains(self) -> tuple[ChainRow, ...]:
        """One row a firm."""

        def read(tx: Tx) -> list[ChainRow]:
            return [self._row(tx, did) for did in tx.desk.keys("ledger")]

        return tuple(await self._context.store.read(read))

    async def chain(self, chain: str, *, limit: int) -> tuple[ChainRow, tuple[EntryRow, ...]]:
        """One chain and its newest entries."""

        def read(tx: Tx) -> tuple[ChainRow, tuple[EntryRow, ...]]:
            did = self._partner(tx, chain)
            return self._row(tx, did), tuple(_entries(tx, self._context, did)[::-1][:limit])

        return await self._context.store.read(read)

    async def verify(self, chain: str) -> ChainRow:
        """Check every hash and both signatures again."""
        return await self._context.store.read(lambda tx: self._row(tx, self._partner(tx, chain)))

    async def export(self, chain: str) -> bytes:
        """The file that ``hanse ledger verify`` reads."""

        def read(tx: Tx) -> bytes:
            self._partner(tx, chain)
            return b"".join(to_line(s) for s in tx.desk.entries(chain, 0, 10_000))

        return await self._context.store.read(read)

    def _partner(self, tx: Tx, chain: str) -> str:
        for did in tx.desk.keys("ledger"):
            if chain_id(self._context.identity.did, did) == chain:
                return did
        raise NotFound("there is no such ledger", subject=chain)

    def _row(self, tx: Tx, did: str) -> ChainRow:
        chain = chain_id(self._context.identity.did, did)
        signed = tx.desk.entries(chain, 0, 10_000)
        finding = audit(signed) if signed else None
        whole = finding is None or finding.ok
        problem = finding.problem if finding else ""
        return ChainRow(
            id=chain,
            firm=partners.name_of(tx, did),
            did=did,
            entries=len(signed),
            head=finding.head if finding else "",
            state=WHOLE if whole else BROKEN,
            verified_at=self._context.clock.now(),
            last_at=_last(signed),
            finding=Text(problem, problem),
        )


def _last(signed: list[CoSigned]) -> Instant | None:
    lines = list(checked(signed)) if signed else []
    return lines[-1].entry.at if lines else None


def _entries(tx: Tx, context: Context, partner: str) -> list[EntryRow]:
    chain = chain_id(context.identity.did, partner)
    firm = partners.name_of(tx, partner)
    signed = tx.desk.entries(chain, 0, 10_000)
    return [_entry_row(line, firm) for line in checked(signed)] if signed else []


def _entry_row(line: Line, firm: str) -> EntryRow:
    body = line.entry.body
    reference = body.get("orderReference", {})
    order = reference.get("id", "") if isinstance(reference, dict) else ""
    number = order or (str(body.get("id", "")) if line.entry.kind == "order" else "")
    said = line.entry.kind.replace("_", " ")
    return EntryRow(
        seq=line.seq,
        at=line.entry.at,
        kind=line.entry.kind,
        text=Text(f"{said} {body.get('id', '')}".strip(), f"{said} {body.get('id', '')}".strip()),
        hash=line.hash,
        ours=True,
        theirs=True,
        firm=firm,
        trade=number,
    )
