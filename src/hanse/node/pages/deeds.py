"""Which steps of a deal a person may take now, and what each asks for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hanse.match import papers
from hanse.match.choose.price import normal_lines
from hanse.match.contract import Cancelled, Closed, Contract, Disputed
from hanse.match.enquiry import Asked, Awarded, Enquiry, Held, Outbid, Quoted, Talk
from hanse.match.offer import Offer, Offered, Wanted
from hanse.model import trade
from hanse.model.text import Text
from hanse.node.acts.by_hand import CHARGE_FIELDS, places_of
from hanse.node.pages.deal_lines import line_name
from hanse.node.pages.offers import CHARGES
from hanse.web.views.common import Deed, Field, FieldKind, Option

LINES_SHOWN_MAX = 50
REASON = Field(name="reason", label=Text("Reason", "原因"), kind=FieldKind.LONG, required=False)
WHY = Field(name="reason", label=Text("Reason", "原因"), kind=FieldKind.LONG)
NOTE = Field(name="reason", label=Text("Note", "备注"), kind=FieldKind.LONG, required=False)
SIGN = Deed(name="sign", label=Text("Sign what the partner proposes", "签署伙伴的提议"), main=True)
REFUSE = Deed(name="refuse", label=Text("Refuse", "拒绝"), fields=(REASON,), danger=True)


def on_order(
    contract: Contract, *, selling: bool, waits: bool, bills: tuple[str, ...]
) -> list[Deed]:
    """Steps on an order as it stands; ``bills`` are the numbers of its invoices."""
    found = [SIGN, REFUSE] if waits else []
    if isinstance(contract, Cancelled):
        return [*found, *_fee(contract, selling=selling, bills=bills), _dispute()]
    if isinstance(contract, Closed):
        return [*found, _dispute()]
    found += _selling(contract, bills) if selling else _buying(contract, bills)
    found += [_inspect(contract), _change(contract)]
    if not any(line.despatched for line in contract.terms.lines.values()):
        found.append(_cancel(contract))
    settles = isinstance(contract, Disputed)
    return [*found, _settle() if settles else _dispute()]


def _fee(contract: Cancelled, *, selling: bool, bills: tuple[str, ...]) -> list[Deed]:
    """What is left of a cancelled order: its fee, to be invoiced and paid."""
    if not selling:
        return _paying(contract, bills)
    if contract.fee <= contract.billed:
        return []
    return [Deed(name="fee", label=Text("Invoice the agreed fee", "开具取消费发票"), main=True)]


def _selling(contract: Contract, bills: tuple[str, ...]) -> list[Deed]:
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
    if bills and papers.invoiced(contract):
        found.append(_credit(contract, bills))
    over = -papers.to_pay(contract)
    if bills and over > 0:
        amount = _number("amount", Text("Amount paid back", "退款金额"), over)
        fields = (_which(bills), amount)
        found.append(
            Deed(name="repay", label=Text("Say it is paid back", "登记退款"), fields=fields)
        )
    return found


def _credit(contract: Contract, bills: tuple[str, ...]) -> Deed:
    """Take back from an invoice: pieces, so much a piece, or what was charged once."""
    counts = papers.invoiced(contract)
    price = Field(
        name="price",
        label=Text("Credit a piece (empty: the whole price)", "每件退款(留空则为全价)"),
        kind=FieldKind.NUMBER,
        required=False,
    )
    fields = (_which(bills), *_counts(contract, dict.fromkeys(counts, Decimal(0))), price)
    fields = (*fields, *_given_back(contract))
    if any(papers.charges_left(contract.terms.lines[name]) for name in counts):
        label = Text("Give back all set-up, freight and premium", "退还全部一次性费用")
        fields = (*fields, Field(name="charges", label=label, kind=FieldKind.FLAG, required=False))
    label = Text("Send a credit note", "开具红字发票")
    return Deed(name="credit", label=label, fields=(*fields, WHY))


def _given_back(contract: Contract) -> tuple[Field, ...]:
    """A field for each charge of each line of which something may still be given back."""
    found = []
    for name, place in places_of(contract).items():
        words = line_name(contract, name)
        for code, left in papers.charges_left(contract.terms.lines[name]).items():
            what, most = CHARGES[code], papers.plain(left)
            label = Text(
                f"Give back of {what.en.lower()}, {words.en} (at most {most})",
                f"退还{what.zh} {words.zh}(至多 {most})",
            )
            found.append(_number(f"{CHARGE_FIELDS[code]}_{place}", label, None))
    return tuple(found)


def _which(bills: tuple[str, ...]) -> Field:
    options = tuple(Option(value=bill, label=Text(bill, bill)) for bill in bills)
    return Field(
        name="invoice", label=Text("Invoice", "发票"), kind=FieldKind.CHOICE, options=options
    )


def _buying(contract: Contract, bills: tuple[str, ...]) -> list[Deed]:
    found = []
    if coming := papers.to_receive(contract):
        fields = (*_counts(contract, coming), *_rejected(contract, coming), REASON)
        found.append(
            Deed(name="receive", label=Text("Goods came in", "收货"), fields=fields, main=True)
        )
    return [*found, *_paying(contract, bills)]


def _paying(contract: Contract, bills: tuple[str, ...]) -> list[Deed]:
    left = papers.to_pay(contract)
    if not bills or left <= 0:
        return []
    fields = (_which(bills), _number("amount", Text("Amount paid", "付款金额"), left))
    return [Deed(name="pay", label=Text("Say it is paid", "登记付款"), fields=fields)]


def _counts(contract: Contract, counts: Mapping[str, Decimal]) -> tuple[Field, ...]:
    """A field a line, numbered by the line's place in the order: what stands there stays there."""
    places = places_of(contract)
    return tuple(
        _number(f"quantity_{places[name]}", _label(contract, name), count)
        for name, count in list(counts.items())[:LINES_SHOWN_MAX]
    )


def _rejected(contract: Contract, counts: Mapping[str, Decimal]) -> tuple[Field, ...]:
    found, places = [], places_of(contract)
    for name in list(counts)[:LINES_SHOWN_MAX]:
        label = _label(contract, name)
        words = Text(f"Of these turned down: {label.en}", f"其中拒收:{label.zh}")
        found.append(_number(f"rejected_{places[name]}", words, Decimal(0)))
    return tuple(found)


def _label(contract: Contract, name: str) -> Text:
    words = line_name(contract, name)
    return Text(f"Quantity {words.en}", f"数量 {words.zh}")


def _number(name: str, label: Text, value: Decimal | None) -> Field:
    shown = "" if value is None else papers.plain(value)
    return Field(name=name, label=label, kind=FieldKind.NUMBER, value=shown, required=False)


def _inspect(contract: Contract) -> Deed:
    return Deed(
        name="inspect",
        label=Text("Report quality", "报告质量"),
        fields=(
            *_which_line(contract),
            _number("inspected", Text("Pieces looked at", "检验数量"), None),
            _number("defective", Text("Of these defective", "其中不合格"), Decimal(0)),
            REASON,
        ),
    )


def _which_line(contract: Contract) -> tuple[Field, ...]:
    """A choice of the line, where there is one."""
    lines = list(contract.terms.lines)
    if len(lines) == 1:
        return ()
    options = tuple(Option(value=name, label=line_name(contract, name)) for name in lines)
    label = Text("Line", "行")
    return (Field(name="line", label=label, kind=FieldKind.CHOICE, options=options),)


def _change(contract: Contract) -> Deed:
    """Another quantity, price or date: of the one line, or of any of several."""
    lines = list(contract.terms.lines)[:LINES_SHOWN_MAX]
    fields = _changes(contract, lines[0], "")
    if len(lines) > 1:
        fields = tuple(
            f for n, name in enumerate(lines, 1) for f in _changes(contract, name, f"_{n}")
        )
    label = Text("Propose a change", "提议变更")
    return Deed(name="change", label=label, fields=(*fields, WHY))


def _changes(contract: Contract, name: str, place: str) -> tuple[Field, ...]:
    line, words = contract.terms.lines[name], line_name(contract, name)
    price = Field(
        name=f"price{place}",
        label=Text("Unit price", "单价"),
        kind=FieldKind.NUMBER,
        value=line.price.price_amount,
        required=False,
    )
    due = Field(
        name=f"due{place}",
        label=Text("New date (empty: as agreed)", "新交期(留空则不变)"),
        kind=FieldKind.INSTANT,
        required=False,
    )
    label = Text(f"Quantity {words.en}", f"数量 {words.zh}") if place else Text("Quantity", "数量")
    return (_number(f"quantity{place}", label, line.quantity), price, due)


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


def on_offer(offer: Offer, *, days: int, fee: str) -> tuple[Deed, ...]:
    """What we can answer to a request that came in; our usual days to pay and fee in percent."""
    if not isinstance(offer.state, Wanted | Offered):
        return ()
    lines = offer.rfq.request_for_quotation_line[:LINES_SHOWN_MAX]
    only = len(lines) == 1
    fields = [f for n, line in enumerate(lines, 1) for f in _quote_fields(n, line, needed=only)]
    label = Text("Make an offer", "报价")
    if isinstance(offer.state, Offered):
        label = Text("Make another offer", "重新报价")
    quote = Deed(
        name="quote", label=label, fields=(*fields, *_whole_offer(days, fee), NOTE), main=True
    )
    no = Deed(name="decline", label=Text("Make no offer", "不予报价"), fields=(REASON,))
    return (quote, no)


def _quote_fields(n: int, line: trade.RfqLine, *, needed: bool) -> tuple[Field, ...]:
    """The fields of an offered line; of several, those without price and date are left out."""
    item = line.item.buyers_item_identification
    return (
        _number(
            f"quantity_{n}", Text(f"Quantity {item}", f"数量 {item}"), Decimal(line.quantity.value)
        ),
        Field(
            name=f"price_{n}",
            label=Text("Unit price", "单价"),
            kind=FieldKind.NUMBER,
            required=needed,
        ),
        Field(
            name=f"ready_{n}",
            label=Text("Ready by", "交货时间"),
            kind=FieldKind.INSTANT,
            required=needed,
        ),
        Field(
            name=f"breaks_{n}",
            label=Text(
                "Price breaks, such as 50: 9.20; 200: 8.75", "阶梯价,如 50: 9.20; 200: 8.75"
            ),
            required=False,
        ),
        *(_number(f"{name}_{n}", label, None) for name, label in _BESIDE),
    )


_BESIDE = (
    ("least", Text("Least quantity", "最小起订量")),
    ("setup", Text("Set-up, once", "一次性调机费")),
    ("freight", Text("Freight, once", "一次性运费")),
    ("premium", Text("Premium, once", "一次性加急费")),
    ("carbon", Text("Carbon, kg CO2 for the whole line", "整行碳排放(千克 CO2)")),
)
"""What an offered line may say beside price and date."""


def _whole_offer(days: int, fee: str) -> tuple[Field, ...]:
    return (
        _number("days", Text("Days to pay", "付款天数"), Decimal(days)),
        _number("fee", Text("Fee if cancelled, percent", "取消费(百分比)"), Decimal(fee)),
        Field(
            name="valid",
            label=Text("Valid until (empty: as usual)", "有效期至(留空则按惯例)"),
            kind=FieldKind.INSTANT,
            required=False,
        ),
    )


def on_quote(rfq: trade.RequestForQuotation, talk: Talk) -> tuple[Deed, ...]:
    """What we can do with an offer of a partner."""
    match talk:
        case Quoted(quotation=quotation):
            take = Deed(
                name="order",
                label=Text("Order", "下单"),
                fields=_quoted_counts(rfq, quotation),
                main=True,
            )
            keep = Deed(
                name="reserve",
                label=Text("Have it kept for an hour", "保留一小时"),
                fields=_quoted_counts(rfq, quotation),
            )
            return (take, keep)
        case Outbid(premium=premium):
            label = Text(f"Order at a premium of {premium}", f"加价 {premium} 下单")
            return (Deed(name="order", label=label),)
        case Awarded() | Held():
            take = Deed(name="order", label=Text("Order", "下单"), main=True)
            back = Deed(name="take_back", label=Text("Take it back", "收回"), fields=(REASON,))
            return (take, back)
        case _:
            return ()


def _quoted_counts(rfq: trade.RequestForQuotation, quotation: trade.Quotation) -> tuple[Field, ...]:
    """A field an offered line; 0 leaves a line to others."""
    wanted = {w.id: w.item.buyers_item_identification for w in rfq.request_for_quotation_line}
    lines = normal_lines(quotation)[:LINES_SHOWN_MAX]
    names = [wanted.get(line.rfq_line_id, "") if len(wanted) > 1 else "" for line in lines]
    return tuple(
        _number(
            f"quantity_{n}",
            Text(f"Quantity {name}".strip(), f"数量 {name}".strip()),
            Decimal(line.quantity.value),
        )
        for n, (line, name) in enumerate(zip(lines, names, strict=True), 1)
    )


def on_enquiry(enquiry: Enquiry) -> tuple[Deed, ...]:
    """What we can do with a request of ours."""
    if not any(isinstance(talk, Asked | Quoted | Outbid) for talk in enquiry.talks.values()):
        return ()
    return (Deed(name="close", label=Text("Close the request", "结束询价"), fields=(REASON,)),)
