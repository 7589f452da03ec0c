"""Which steps of a deal a person may take now, and what each asks for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hanse.match import papers
from hanse.match.contract import Cancelled, Closed, Contract, Disputed, LineStanding
from hanse.match.enquiry import Asked, Awarded, Enquiry, Held, Quoted, Talk
from hanse.match.offer import Offer, Offered, Wanted
from hanse.model import trade
from hanse.model.text import Text
from hanse.web.views.common import Deed, Field, FieldKind, Option

LINES_SHOWN_MAX = 20
REASON = Field(name="reason", label=Text("Reason", "原因"), kind=FieldKind.LONG, required=False)
WHY = Field(name="reason", label=Text("Reason", "原因"), kind=FieldKind.LONG)
SIGN = Deed(name="sign", label=Text("Sign what the partner proposes", "签署伙伴的提议"), main=True)
REFUSE = Deed(name="refuse", label=Text("Refuse", "拒绝"), fields=(REASON,), danger=True)


def on_order(
    contract: Contract, *, selling: bool, waits: bool, bills: tuple[str, ...]
) -> list[Deed]:
    """Steps on an order as it stands; ``bills`` are the numbers of its invoices."""
    found = [SIGN, REFUSE] if waits else []
    if isinstance(contract, Cancelled | Closed):
        return [*found, _dispute()]
    found += _selling(contract) if selling else _buying(contract, bills)
    found += [_inspect(), _change(contract)]
    if not any(line.despatched for line in contract.terms.lines.values()):
        found.append(_cancel(contract))
    settles = isinstance(contract, Disputed)
    return [*found, _settle() if settles else _dispute()]


def _selling(contract: Contract) -> list[Deed]:
    found = []
    if sent := papers.to_despatch(contract):
        shipment = Field(name="shipment", label=Text("Shipment number", "运单号"), required=False)
        found.append(
            Deed(
                name="despatch",
                label=Text("Goods go out", "发货"),
                fields=(*_counts(contract, sent), shipment),
                main=True,
            )
        )
    if billed := papers.to_invoice(contract):
        found.append(
            Deed(
                name="invoice",
                label=Text("Send an invoice", "开票"),
                fields=_counts(contract, billed),
                main=not sent,
            )
        )
    return found


def _buying(contract: Contract, bills: tuple[str, ...]) -> list[Deed]:
    found = []
    if coming := papers.to_receive(contract):
        fields = (*_counts(contract, coming), *_rejected(contract, coming), REASON)
        found.append(
            Deed(name="receive", label=Text("Goods came in", "收货"), fields=fields, main=True)
        )
    if bills and papers.to_pay(contract) > 0:
        options = tuple(Option(value=bill, label=Text(bill, bill)) for bill in bills)
        which = Field(
            name="invoice", label=Text("Invoice", "发票"), kind=FieldKind.CHOICE, options=options
        )
        amount = _number("amount", Text("Amount paid", "付款金额"), papers.to_pay(contract))
        found.append(
            Deed(name="pay", label=Text("Say it is paid", "登记付款"), fields=(which, amount))
        )
    return found


def _counts(contract: Contract, counts: Mapping[str, Decimal]) -> tuple[Field, ...]:
    shown = list(counts.items())[:LINES_SHOWN_MAX]
    return tuple(
        _number(f"quantity_{n}", _label(contract.terms.lines[name]), count)
        for n, (name, count) in enumerate(shown, 1)
    )


def _rejected(contract: Contract, counts: Mapping[str, Decimal]) -> tuple[Field, ...]:
    found = []
    for n, name in enumerate(list(counts)[:LINES_SHOWN_MAX], 1):
        label = _label(contract.terms.lines[name])
        words = Text(f"Of these turned down: {label.en}", f"其中拒收:{label.zh}")
        found.append(_number(f"rejected_{n}", words, Decimal(0)))
    return tuple(found)


def _label(line: LineStanding) -> Text:
    item = line.item.buyers_item_identification
    return Text(f"Quantity {item}", f"数量 {item}")


def _number(name: str, label: Text, value: Decimal | None) -> Field:
    shown = "" if value is None else papers.plain(value)
    return Field(name=name, label=label, kind=FieldKind.NUMBER, value=shown, required=False)


def _inspect() -> Deed:
    return Deed(
        name="inspect",
        label=Text("Report quality", "报告质量"),
        fields=(
            _number("inspected", Text("Pieces looked at", "检验数量"), None),
            _number("defective", Text("Of these defective", "其中不合格"), Decimal(0)),
            REASON,
        ),
    )


def _change(contract: Contract) -> Deed:
    line = next(iter(contract.terms.lines.values()))
    price = Field(
        name="price",
        label=Text("Unit price", "单价"),
        kind=FieldKind.NUMBER,
        value=line.price.price_amount,
        required=False,
    )
    due = Field(
        name="due",
        label=Text("New date (empty: as agreed)", "新交期(留空则不变)"),
        kind=FieldKind.INSTANT,
        required=False,
    )
    quantity = _number("quantity", Text("Quantity", "数量"), line.quantity)
    return Deed(
        name="change",
        label=Text("Propose a change", "提议变更"),
        fields=(quantity, price, due, WHY),
    )


def _cancel(contract: Contract) -> Deed:
    money = f"{papers.plain(papers.fee(contract))} {contract.terms.order.document_currency_code}"
    return Deed(
        name="cancel",
        label=Text("Cancel the order", "取消订单"),
        fields=(WHY,),
        confirm=Text(
            f"The agreed fee is {money}. It ends when both have signed.",
            f"约定的取消费为 {money}。双方签署后生效。",
        ),
        danger=True,
    )


def _dispute() -> Deed:
    claim = _number("amount", Text("Amount in dispute", "争议金额"), None)
    return Deed(
        name="dispute", label=Text("Disagree", "提出争议"), fields=(WHY, claim), danger=True
    )


def _settle() -> Deed:
    return Deed(name="settle", label=Text("Propose it is settled", "提议了结"), fields=(REASON,))


# ---------------------------------------------------------------- requests and quotes


def on_offer(offer: Offer) -> tuple[Deed, ...]:
    """What we can answer to a request that came in."""
    if not isinstance(offer.state, Wanted | Offered):
        return ()
    lines = offer.rfq.request_for_quotation_line[:LINES_SHOWN_MAX]
    fields = [field for n, line in enumerate(lines, 1) for field in _quote_fields(n, line)]
    label = Text("Make an offer", "报价")
    if isinstance(offer.state, Offered):
        label = Text("Make another offer", "重新报价")
    quote = Deed(name="quote", label=label, fields=(*fields, REASON), main=True)
    no = Deed(name="decline", label=Text("Make no offer", "不予报价"), fields=(REASON,))
    return (quote, no)


def _quote_fields(n: int, line: trade.RfqLine) -> tuple[Field, ...]:
    item = line.item.buyers_item_identification
    return (
        _number(
            f"quantity_{n}", Text(f"Quantity {item}", f"数量 {item}"), Decimal(line.quantity.value)
        ),
        Field(name=f"price_{n}", label=Text("Unit price", "单价"), kind=FieldKind.NUMBER),
        Field(name=f"ready_{n}", label=Text("Ready by", "交货时间"), kind=FieldKind.INSTANT),
    )


def on_quote(talk: Talk) -> tuple[Deed, ...]:
    """What we can do with an offer of a partner."""
    match talk:
        case Quoted(quotation=quotation):
            take = Deed(
                name="order",
                label=Text("Order", "下单"),
                fields=_quoted_counts(quotation),
                main=True,
            )
            keep = Deed(
                name="reserve",
                label=Text("Have it kept for an hour", "保留一小时"),
                fields=_quoted_counts(quotation),
            )
            return (take, keep)
        case Awarded() | Held():
            take = Deed(name="order", label=Text("Order", "下单"), main=True)
            back = Deed(name="take_back", label=Text("Take it back", "收回"), fields=(REASON,))
            return (take, back)
        case _:
            return ()


def _quoted_counts(quotation: trade.Quotation) -> tuple[Field, ...]:
    lines = quotation.quotation_line[:LINES_SHOWN_MAX]
    return tuple(
        _number(f"quantity_{n}", Text("Quantity", "数量"), Decimal(line.quantity.value))
        for n, line in enumerate(lines, 1)
    )


def on_enquiry(enquiry: Enquiry) -> tuple[Deed, ...]:
    """What we can do with a request of ours."""
    if not any(isinstance(talk, Asked | Quoted) for talk in enquiry.talks.values()):
        return ()
    return (Deed(name="close", label=Text("Close the request", "结束询价"), fields=(REASON,)),)
