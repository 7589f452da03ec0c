"""The lines of a request, an offer and an order, for people: each with its dates and its state."""

from __future__ import annotations

from decimal import Decimal

from hanse.match import papers
from hanse.match.capability.search import catalogue
from hanse.match.choose.price import normal_lines
from hanse.match.contract import Cancelled, Contract, LineStanding
from hanse.model import trade
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.dealing import files
from hanse.node.dealing.sold import sale_of
from hanse.store import Tx
from hanse.web.views.common import Fact, State, Tone
from hanse.web.views.trading import AskedLine, OrderedLine, QuotedLine

TO_COME = State("to_come", Text("to come", "待交付"), Tone.BUSY)
PARTLY = State("partly", Text("partly on its way", "部分发出"), Tone.BUSY)
ON_ITS_WAY = State("on_its_way", Text("on its way", "运输中"), Tone.BUSY)
RECEIVED = State("received", Text("received", "已收货"), Tone.GOOD)
TAKEN_OUT = State("taken_out", Text("taken out", "已取消"), Tone.QUIET)


def asked_lines(tx: Tx, rfq: trade.RequestForQuotation) -> tuple[AskedLine, ...]:
    """What a request asks for, line by line."""
    return tuple(
        AskedLine(
            line=line.id,
            item=line.item.buyers_item_identification,
            quantity=Decimal(line.quantity.value),
            unit=line.quantity.unit_code,
            due=line.requested_delivery_period.latest,
            facts=line_facts(tx, line.item),
        )
        for line in rfq.request_for_quotation_line
    )


def quoted_lines(
    rfq: trade.RequestForQuotation, quotation: trade.Quotation
) -> tuple[QuotedLine, ...]:
    """Every line of the request as it is offered; nothing for a request of one line."""
    offered = {line.rfq_line_id: line for line in normal_lines(quotation)}
    wanted = rfq.request_for_quotation_line
    currency = quotation.pricing_currency_code
    return tuple(_quoted(w, offered.get(w.id), currency) for w in wanted) if wanted[1:] else ()


def _quoted(wanted: trade.RfqLine, line: trade.QuotationLine | None, currency: str) -> QuotedLine:
    item, unit = wanted.item.buyers_item_identification, wanted.quantity.unit_code
    if line is None:
        return QuotedLine(line=wanted.id, item=item, quantity=Decimal(0), unit=unit)
    return QuotedLine(
        line=wanted.id,
        item=item,
        quantity=Decimal(line.quantity.value),
        unit=unit,
        price=each_at(line.price, currency),
        date=max(part.date_time for part in line.promised_delivery),
    )


def each_at(price: trade.Price, currency: str) -> str:
    """A unit price in words: ``12.40 EUR``, ``12.40 / 100 EUR``."""
    base = "" if price.base_quantity == "1" else f" / {price.base_quantity}"
    return f"{price.price_amount}{base} {currency}"


def ordered_lines(tx: Tx, partner: str, contract: Contract) -> tuple[OrderedLine, ...]:
    """Every line of an order as it stands, with what makes it here where we sell it."""
    return tuple(_ordered(tx, partner, contract, name) for name in contract.terms.lines)


def _ordered(tx: Tx, partner: str, contract: Contract, name: str) -> OrderedLine:
    line = contract.terms.lines[name]
    work, planned = _making(tx, partner, contract, name)
    return OrderedLine(
        line=name,
        item=line.item.buyers_item_identification,
        quantity=line.quantity,
        unit=line.unit,
        price=each_at(line.price, contract.terms.order.document_currency_code),
        state=TAKEN_OUT if isinstance(contract, Cancelled) else _state(line),
        due=max((part.date_time for part in line.deliveries), default=None),
        despatched=line.despatched,
        received=line.received,
        rejected=line.rejected,
        invoiced=line.invoiced,
        work=work,
        planned=planned,
    )


def _making(tx: Tx, partner: str, contract: Contract, name: str) -> tuple[str, Instant | None]:
    """The work order of a line and when the plan has it done; nothing where we buy it."""
    sold = sale_of(tx, partner, contract, name) if contract.terms.buyer == partner else None
    if sold is None or tx.work_orders.get(sold[1].work_order) is None:
        return "", None
    plan, work = tx.plans.current(), sold[1].work_order
    return work, plan.ready.get(work) if plan else None


def _state(line: LineStanding) -> State:
    if line.quantity == 0:
        return TAKEN_OUT
    if line.received >= line.quantity:
        return RECEIVED
    if line.despatched >= line.quantity:
        return ON_ITS_WAY
    return PARTLY if line.despatched else TO_COME


def line_name(contract: Contract, name: str) -> Text:
    """What a line is called in a form: its item, with its number where the order has several."""
    item = contract.terms.lines[name].item.buyers_item_identification
    if len(contract.terms.lines) == 1:
        return _same(item)
    return Text(f"{item} (line {name})", f"{item}(第 {name} 行)")


def line_facts(tx: Tx, item: trade.TradeItem) -> tuple[Fact, ...]:
    """What a line asks beside item, quantity and date."""
    wants = item.requirement or trade.Requirement()
    said = (
        (Text("Description", "说明"), _same(item.description)),
        (Text("Process", "工艺"), _process(item.capability)),
        (Text("Material", "材料"), _same(item.material)),
        (Text("Size in mm", "尺寸(毫米)"), _same(" x ".join(wants.size_mm))),
        (Text("Tolerance in micrometres", "公差(微米)"), _same(wants.tolerance_um or "")),
    )
    found = [Fact(label, value) for label, value in said if value.en]
    return (*found, *_drawing_fact(tx, item.drawing))


def asked_facts(tx: Tx, rfq: trade.RequestForQuotation) -> tuple[Fact, ...]:
    """What a request says beside its lines; of one line, all that the line says."""
    lines = rfq.request_for_quotation_line
    note = (Fact(Text("Note", "备注"), _same(rfq.note)),) if rfq.note else ()
    return note if lines[1:] else (*line_facts(tx, lines[0].item), *note)


def standing_counts(contract: Contract) -> tuple[Fact, ...]:
    """How far an order of one line is; of several, each line says it."""
    lines = list(contract.terms.lines.values())
    if lines[1:]:
        return ()
    (line,) = lines
    counts = (
        (Text("Ordered", "订购"), line.quantity),
        (Text("Despatched", "已发"), line.despatched),
        (Text("Received", "已收"), line.received),
        (Text("Turned down", "拒收"), line.rejected),
    )
    return tuple(Fact(label, _same(papers.plain(count))) for label, count in counts)


def _process(codes: tuple[str, ...]) -> Text:
    titles = [c.title for c in catalogue() if c.code in codes]
    return Text(", ".join(t.en for t in titles), "、".join(t.zh for t in titles))


def _drawing_fact(tx: Tx, drawing: trade.Drawing | None) -> list[Fact]:
    """The drawing of a request: to be opened where it is here."""
    if drawing is None:
        return []
    label, digest = Text("Drawing", "图纸"), drawing.digest
    if digest is None:
        return [Fact(label, _same(drawing.id))]
    here = files.kept(tx).get(digest)
    if here is not None:
        return [Fact(label, _same(here.name), f"/trade/files/{digest}")]
    words = Text(f"{drawing.id} (on its way)", f"{drawing.id}(传送中)")
    return [Fact(label, words)]


def _same(text: str) -> Text:
    return Text(text, text)
