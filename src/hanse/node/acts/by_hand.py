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
from hanse.match.contract import Cancelled, Contract
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.model import trade
from hanse.model.errors import BadInput, Conflict
from hanse.model.event import Draft, Event
from hanse.model.quantity import quantity as quantity_of
from hanse.model.text import Text
from hanse.node.acts.delivering import bill_of, invoice_of
from hanse.node.context import Context
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.partners import name_of
from hanse.store import Tx
from hanse.web.drawing.moments import typed_instant

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

    def counts(
        self, usual: Mapping[str, Decimal], places: Mapping[str, int] | None = None
    ) -> dict[str, Decimal]:
        """Quantities a line: as typed (``quantity_N``, N its place), else as ``usual``.

        Without ``places`` the first of ``usual`` is at 1.
        """
        at = places or {name: n for n, name in enumerate(usual, 1)}
        typed = {name: self.amount(f"quantity_{at[name]}") for name in usual}
        return {name: usual[name] if count is None else count for name, count in typed.items()}

    def new(self, kind: str) -> str:
        """A number for a paper."""
        return self.context.ids.new(kind)


def places_of(contract: Contract) -> dict[str, int]:
    """The place of each line in its order, from 1: the number of its fields in a form."""
    return {name: n for n, name in enumerate(contract.terms.lines, 1)}


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
    counts = case.counts(papers.to_despatch(contract), places_of(contract))
    shipment = case.text("shipment")[:120]
    return lambda desk, step: desk.state(
        case.partner,
        papers.despatch(
            contract, counts, number=case.new("despatch"), at=step.at, shipment=shipment
        ),
        step,
    )


@_deed("receive", "goods came in", "货物已收到")
def _receive(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    places = places_of(contract)
    counts = case.counts(papers.to_receive(contract), places)
    bad = {name: case.amount(f"rejected_{places[name]}") for name in counts}
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
            order_line_id=case.text("line") or next(iter(contract.terms.lines)),
            inspected_quantity=papers.plain(case.amount("inspected") or Decimal(0)),
            defective_quantity=papers.plain(case.amount("defective") or Decimal(0)),
            note=case.text("reason"),
        )
        desk.state(case.partner, report, step)

    return act


@_deed("invoice", "an invoice was sent", "已开票")
def _invoice(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    counts = case.counts(papers.to_invoice(contract), places_of(contract))
    bill = invoice_of(case.context, contract, counts)
    return lambda desk, step: desk.state(case.partner, bill, step)


@_deed("credit", "a credit note was sent", "已开具红字发票")
def _credit(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    usual = dict.fromkeys(papers.invoiced(contract), Decimal(0))
    credit = papers.Credit(
        invoice=case.text("invoice"),
        counts=case.counts(usual, places_of(contract)),
        price=case.amount("price") or Decimal(0),
        charges=bool(case.text("charges")),
        parts={name: _given_back(case, n) for name, n in places_of(contract).items()},
    )
    note = papers.credit_note(contract, credit, bill_of(case.context, contract, note=case.note()))
    return lambda desk, step: desk.state(case.partner, note, step)


CHARGE_FIELDS = {"SU": "setup", "FC": "freight", "ZZZ": "premium"}
"""The field of a form for each kind of charge."""


def _given_back(case: Case, place: int) -> dict[str, Decimal]:
    """So much of a line's set-up, freight and premium, as typed."""
    typed = {code: case.amount(f"{name}_{place}") for code, name in CHARGE_FIELDS.items()}
    return {code: amount for code, amount in typed.items() if amount}


@_deed("fee", "the agreed fee was invoiced", "已开具取消费发票")
def _fee(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    if not isinstance(contract, Cancelled):
        raise Conflict("the order is not cancelled", subject=case.subject)
    bill = papers.fee_invoice(contract, bill_of(case.context, contract))
    return lambda desk, step: desk.state(case.partner, bill, step)


@_deed("repay", "what was overpaid was paid back", "已登记退款")
def _repay(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    return _paid(case, contract, -papers.to_pay(contract))


@_deed("pay", "a payment was reported", "已登记付款")
def _pay(case: Case, contract: Contract) -> Callable[[Desk, Step], None]:
    return _paid(case, contract, papers.to_pay(contract))


def _paid(case: Case, contract: Contract, usual: Decimal) -> Callable[[Desk, Step], None]:
    amount = case.amount("amount")
    paid = usual if amount is None else amount

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
    names = list(contract.terms.lines)
    one = len(names) == 1
    rows = [
        _changed(case, contract, name, "" if one else f"_{n}") for n, name in enumerate(names, 1)
    ]
    lines = tuple(row for row in rows if row is not None)
    if not lines:
        raise BadInput("nothing would change", subject=case.subject, remedy="Fill in a line")

    def act(desk: Desk, step: Step) -> None:
        change = trade.OrderChange(
            id=case.new("change"),
            issue_date_time=step.at,
            order_reference=papers.reference(contract),
            order_line=lines,
            reason=trade.Reason(code="AGREED_ANEW", note=case.note()),
        )
        desk.change(case.partner, change, step)

    return act


def _changed(case: Case, contract: Contract, name: str, place: str) -> trade.ChangedLine | None:
    """A line as it shall be; None where a line of several stays as it is."""
    old = contract.terms.lines[name]
    typed, due = case.amount(f"quantity{place}"), case.instant(f"due{place}")
    count = old.quantity if typed is None else typed
    price = case.text(f"price{place}")
    same = count == old.quantity and due is None and price in ("", old.price.price_amount)
    if place and same:
        return None
    return papers.changed(contract, name, count, price=price, due=due)


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
