"""Steps of a deal that a person takes on the page: each is an event first, then a letter.

Every step the loop can take alone can be taken here too, and some that it never takes: payment,
quality, dispute, another price.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct

from hanse.flows import kinds
from hanse.match import papers
from hanse.match.books import Books
from hanse.match.contract import Contract
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.enquiry import Enquiry, Quoted
from hanse.match.offer import Offer
from hanse.model import trade
from hanse.model.errors import BadInput, NotFound
from hanse.model.event import Draft, Event
from hanse.model.quantity import quantity as quantity_of
from hanse.model.text import Text
from hanse.node.acts.delivering import invoice_of
from hanse.node.context import Context
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.partners import name_of
from hanse.store import Tx
from hanse.web.drawing.moments import typed_instant

RESERVE_FOR = dt.timedelta(hours=1)
NOTE_MAX = 400
Values = Mapping[str, str]


class Case(Struct, frozen=True, kw_only=True):
    """What a step is taken on, by whom, and with what the form says."""

    context: Context
    tx: Tx
    subject: str
    partner: str
    values: Values
    by: str

    def text(self, name: str) -> str:
        """A field as it was typed, cut to NOTE_MAX; empty where it was not."""
        return self.values.get(name, "").strip()[:NOTE_MAX]

    def note(self) -> str:
        """Why, in the person's words or by name."""
        return self.text("reason") or f"by {self.by}"

    def amount(self, name: str) -> Decimal | None:
        """A field as an amount; None where nothing was typed.

        Raises:
            BadInput: not a decimal over zero.
        """
        typed = self.text(name)
        if not typed:
            return None
        value = quantity_of(typed).value
        if value < 0:
            raise BadInput("not an amount over zero", subject=typed, remedy="Write 120 or 2.5")
        return value

    def instant(self, name: str) -> dt.datetime | None:
        """A field as an instant in the firm's own time; None where nothing was typed."""
        typed = self.text(name)
        zone = self.context.settings.firm.timezone
        return typed_instant(typed, timezone=zone) if typed else None

    def counts(self, usual: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Quantities a line: as typed (``quantity_1`` is the first of ``usual``), else all."""
        typed = {name: self.amount(f"quantity_{n}") for n, name in enumerate(usual, 1)}
        return {name: usual[name] if count is None else count for name, count in typed.items()}

    def new(self, kind: str) -> str:
        """A number for a paper."""
        return self.context.ids.new(kind)


Deed = Callable[[Case, Contract], Callable[[Desk, Step], None]]
_ORDER: dict[str, tuple[Text, Deed]] = {}


def _deed(name: str, en: str, zh: str) -> Callable[[Deed], Deed]:
    def keep(deed: Deed) -> Deed:
        _ORDER[name] = (Text(en, zh), deed)
        return deed

    return keep


def on_order(case: Case, contract: Contract, deed: str) -> Event:
    """Take a step on an order that both have signed.

    Raises:
        BadInput: there is no such step, or a field cannot be used.
        Conflict: it does not fit how the order stands.
    """
    if deed not in _ORDER:
        raise BadInput("there is no such deed", subject=deed)
    words, make = _ORDER[deed]
    event = record(case, deed, words)
    at_desk(case.tx, case.context, event, make(case, contract))
    return event


def record(case: Case, deed: str, words: Text, *, once: str | None = None) -> Event:
    """The event of a person's step; it belongs to the loop of what it is taken on."""
    before = case.tx.events.find(subject=case.subject, newest_first=True, limit=1)
    firm = name_of(case.tx, case.partner)
    draft = Draft(
        kind=kinds.ACTED,
        subject=case.subject,
        text=Text(f"{case.by}: {words.en} ({firm})", f"{case.by}:{words.zh}({firm})"),
        cause=before[0].id if before else None,
        by=case.by,
        about={"deed": deed, "partner": case.partner},
    )
    return case.tx.events.append(draft, once=once)


# ---------------------------------------------------------------- on an order


@_deed("sign", "signed what the partner proposes", "签署了伙伴的提议")
def _sign(case: Case, _: Contract) -> Callable[[Desk, Step], None]:
    return lambda desk, step: desk.accept(case.partner, step)


@_deed("refuse", "refused what the partner proposes", "拒绝了伙伴的提议")
def _refuse(case: Case, _: Contract) -> Callable[[Desk, Step], None]:
    return lambda desk, step: desk.refuse(case.partner, case.note(), step)


@_deed("despatch", "goods are on their way", "货物已发出")
def _despatch(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    counts, shipment = case.counts(papers.to_despatch(contract)), case.text("shipment")[:120]
    return lambda desk, step: desk.state(
        case.partner,
        papers.despatch(
            contract, counts, number=case.new("despatch"), at=step.at, shipment=shipment
        ),
        step,
    )


@_deed("receive", "goods came in", "货物已收到")
def _receive(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    counts = case.counts(papers.to_receive(contract))
    bad = {name: case.amount(f"rejected_{n}") for n, name in enumerate(counts, 1)}
    rejected = papers.Rejected(
        counts={name: count for name, count in bad.items() if count}, why=case.text("reason")
    )
    return lambda desk, step: desk.state(
        case.partner,
        papers.receipt(contract, counts, rejected, number=case.new("receipt"), at=step.at),
        step,
    )


@_deed("inspect", "quality was reported", "已报告质量")
def _inspect(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    def act(desk: Desk, step: Step) -> None:
        report = trade.QualityReport(
            id=case.new("quality"),
            issue_date_time=step.at,
            order_reference=papers.reference(contract),
            order_line_id=next(iter(contract.terms.lines)),
            inspected_quantity=papers.plain(case.amount("inspected") or Decimal(0)),
            defective_quantity=papers.plain(case.amount("defective") or Decimal(0)),
            note=case.text("reason"),
        )
        desk.state(case.partner, report, step)

    return act


@_deed("invoice", "an invoice was sent", "已开票")
def _invoice(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    counts = case.counts(papers.to_invoice(contract))
    bill = invoice_of(case.context, contract, counts)
    return lambda desk, step: desk.state(case.partner, bill, step)


@_deed("pay", "a payment was reported", "已登记付款")
def _pay(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    amount = case.amount("amount")
    paid = papers.to_pay(contract) if amount is None else amount

    def act(desk: Desk, step: Step) -> None:
        remittance = trade.RemittanceAdvice(
            id=case.new("payment"),
            issue_date_time=step.at,
            invoice_reference=trade.DocumentReference(id=case.text("invoice")),
            order_reference=papers.reference(contract),
            paid_amount=papers.plain(paid),
        )
        desk.state(case.partner, remittance, step)

    return act


@_deed("change", "another quantity, price or date was proposed", "已提议变更数量、价格或交期")
def _change(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    line = next(iter(contract.terms.lines))
    count = case.amount("quantity")
    changed = papers.changed(
        contract,
        line,
        contract.terms.lines[line].quantity if count is None else count,
        price=case.text("price"),
        due=case.instant("due"),
    )

    def act(desk: Desk, step: Step) -> None:
        change = trade.OrderChange(
            id=case.new("change"),
            issue_date_time=step.at,
            order_reference=papers.reference(contract),
            order_line=(changed,),
            reason=trade.Reason(code="AGREED_ANEW", note=case.note()),
        )
        desk.change(case.partner, change, step)

    return act


@_deed("cancel", "the end of the order was proposed", "已提议取消订单")
def _cancel(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    def act(desk: Desk, step: Step) -> None:
        number = case.new("cancel")
        end = papers.cancellation(contract, number=number, at=step.at, why=case.note())
        desk.cancel(case.partner, end, step)

    return act


@_deed("dispute", "a disagreement was put on the ledger", "已记录争议")
def _dispute(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    return _disagree(case, contract, settled=False)


@_deed("settle", "it was proposed that the dispute is settled", "已提议了结争议")
def _settle(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    return _disagree(case, contract, settled=True)


def _disagree(case: Case, contract: Contract, *, settled: bool) -> Callable[[Desk, Step], None]:
    def act(desk: Desk, step: Step) -> None:
        word = trade.Dispute(
            id=case.new("dispute"),
            issue_date_time=step.at,
            order_reference=papers.reference(contract),
            reason=trade.Reason(code="SETTLED" if settled else "DISPUTED", note=case.note()),
            claim_amount=papers.plain(case.amount("amount") or Decimal(0)),
            settled=settled,
        )
        desk.state(case.partner, word, step)

    return act


# ---------------------------------------------------------------- on a request or a quote


def on_offer(case: Case, offer: Offer, deed: str) -> Event:
    """Answer a request that came in: with an offer, or with none."""
    if deed == "decline":
        event = record(case, deed, Text("no offer is made", "不予报价"))
        no = trade.Reason(code="DECLINED", note=case.note())
        at_desk(
            case.tx,
            case.context,
            event,
            lambda desk, step: desk.decline(offer.buyer, offer.rfq.id, no, step),
        )
        return event
    if deed != "quote":
        raise BadInput("there is no such deed", subject=deed)
    event = record(case, deed, Text("an offer was made", "已报价"))
    at_desk(
        case.tx,
        case.context,
        event,
        lambda desk, step: desk.quote(offer.buyer, _quotation(case, offer, desk, step), step),
    )
    return event


def _quotation(case: Case, offer: Offer, desk: Desk, step: Step) -> trade.Quotation:
    policy = case.context.settings.policy
    valid = case.instant("valid") or step.at + dt.timedelta(seconds=policy.quote_valid_s)
    lines = tuple(
        _quoted_line(case, n, wanted)
        for n, wanted in enumerate(offer.rfq.request_for_quotation_line, 1)
    )
    return trade.Quotation(
        id=case.new("quote"),
        issue_date_time=step.at,
        request_for_quotation_document_reference=trade.DocumentReference(
            id=offer.rfq.id, event_id=offer.event_id
        ),
        validity_period=trade.Validity(end_date_time=valid.replace(microsecond=0)),
        seller_supplier_party=desk.party,
        pricing_currency_code=offer.rfq.pricing_currency_code,
        quotation_line=lines,
        cancellation_fee_percent=policy.cancellation_fee_percent,
        payment_terms=f"{policy.payment_days} days net",
        note=case.text("reason"),
    )


def _quoted_line(case: Case, n: int, wanted: trade.RfqLine) -> trade.QuotationLine:
    price, ready = case.amount(f"price_{n}"), case.instant(f"ready_{n}")
    if price is None or ready is None:
        raise BadInput("an offer needs a price and a date for each line", subject=wanted.id)
    count = case.amount(f"quantity_{n}")
    whole = papers.plain(Decimal(wanted.quantity.value) if count is None else count)
    return trade.QuotationLine(
        id=wanted.id,
        rfq_line_id=wanted.id,
        quantity=trade.Measure(value=whole, unit_code=wanted.quantity.unit_code),
        price=trade.Price(price_amount=papers.plain(price)),
        promised_delivery=(trade.Delivery(quantity=whole, date_time=ready),),
        promise_basis=trade.PromiseBasis(kind="MANUAL"),
    )


def on_quote(case: Case, enquiry: Enquiry, deed: str) -> Event:
    """Take an offer, or have its capacity kept for a while; what is left answers itself."""
    rfq = enquiry.rfq.id
    words = _TAKING.get(deed)
    if words is None:
        raise BadInput("there is no such deed", subject=deed)
    event = record(case, deed, words, once=f"chosen:{rfq}" if deed == "order" else None)

    def act(desk: Desk, step: Step) -> None:
        if deed == "take_back":
            why = trade.Reason(code="TAKEN_BACK", note=case.note())
            desk.displace(case.partner, rfq, why, step)
            return
        counts = _offered(case, enquiry)
        if deed == "reserve":
            until = step.at + RESERVE_FOR
            desk.award(rfq, case.partner, counts, closing=until, ctx=step)
        else:
            desk.order(rfq, case.partner, counts, ctx=step)

    at_desk(case.tx, case.context, event, act)
    return event


_TAKING = {
    "order": Text("the offer was taken", "已接受报价"),
    "reserve": Text("capacity was asked to be kept", "已请求保留产能"),
    "take_back": Text("the reservation was taken back", "已收回保留"),
}


def _offered(case: Case, enquiry: Enquiry) -> dict[str, Decimal]:
    talk = enquiry.talks[case.partner]
    quoted = talk if isinstance(talk, Quoted) else getattr(talk, "quoted", None)
    if quoted is None:
        raise NotFound("this firm has made no offer", subject=enquiry.rfq.id)
    lines = quoted.quotation.quotation_line
    return case.counts({line.id: Decimal(line.quantity.value) for line in lines})


def on_enquiry(case: Case, enquiry: Enquiry, deed: str) -> Event:
    """End a request of ours: those who have not been ordered from are told."""
    if deed != "close":
        raise BadInput("there is no such deed", subject=deed)
    rfq = enquiry.rfq.id
    words = Text("the request was closed", "已结束询价")
    event = record(case, deed, words, once=f"chosen:{rfq}")
    why = trade.Reason(code="CLOSED", note=case.note())
    at_desk(case.tx, case.context, event, lambda desk, step: desk.close(rfq, why, step))
    return event


def enquiry_of_quote(tx: Tx, quote: str) -> tuple[Enquiry, str] | None:
    """The request of ours that an offer answers, and who made it."""
    books = Books(tx.desk)
    for key in tx.desk.keys("enquiry"):
        enquiry = books.enquiry(key)
        for partner, talk in enquiry.talks.items() if enquiry else ():
            quoted = talk if isinstance(talk, Quoted) else getattr(talk, "quoted", None)
            if enquiry and quoted is not None and quoted.quotation.id == quote:
                return enquiry, partner
    return None
