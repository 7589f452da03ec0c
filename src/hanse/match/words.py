"""What the desk says to people, in English and Chinese."""

from __future__ import annotations

from types import SimpleNamespace

from hanse.model import clearing, tidings, trade
from hanse.model.text import Text
from hanse.model.time import format_instant

KIND_NAMES = {
    "order": Text("order", "订单"),
    "order_change": Text("order change", "订单变更"),
    "order_cancellation": Text("cancellation", "取消"),
    "despatch_advice": Text("despatch advice", "发货通知"),
    "receipt_advice": Text("receipt advice", "收货通知"),
    "quality_report": Text("quality report", "质量报告"),
    "invoice": Text("invoice", "发票"),
    "remittance_advice": Text("payment", "付款"),
    "dispute": Text("dispute", "争议"),
    "request_for_quotation": Text("request for quotation", "询价单"),
    "quotation": Text("quotation", "报价单"),
    "decline": Text("no offer", "不报价"),
    "request_closed": Text("request closed", "询价结束"),
    "award": Text("provisional award", "暂定授予"),
    "displaced": Text("award withdrawn", "撤回授予"),
    "hold": Text("reservation", "预留"),
    "order_response": Text("order response", "订单答复"),
    "disturbance": Text("disturbance", "扰动通知"),
    "ripple_answer": Text("answer to a disturbance", "扰动答复"),
    "forecast": Text("forecast", "需求预测"),
    "clearing_call": Text("call to clear together", "联合撮合邀请"),
    "clearing_statement": Text("statement for a clearing", "联合撮合申报"),
    "clearing_result": Text("result of a clearing", "联合撮合结果"),
    "open": Text("new ledger", "新建账本"),
    "pass": Text("ledger proposal withdrawn", "撤回账本提议"),
    "rotate": Text("new key", "更换密钥"),
    "recover": Text("key recovered", "恢复密钥"),
    "revoke": Text("key revoked", "吊销密钥"),
    "countersigned": Text("countersignature", "会签"),
    "hello": Text("greeting", "问候"),
    "profile": Text("profile", "能力说明"),
    "introduction": Text("introduction", "介绍"),
    "head": Text("state of the ledger", "账本状态"),
    "sync_request": Text("ledger asked for", "请求账本"),
    "sync": Text("ledger entries", "账本条目"),
    "refused": Text("refusal", "拒收"),
}
"""What each kind of letter between firms is called."""


def _asked(rfq: trade.RequestForQuotation, firms: int) -> Text:
    lines = ", ".join(
        f"{line.quantity.value} {line.item.buyers_item_identification}"
        for line in rfq.request_for_quotation_line
    )
    return Text(
        f"Asked {firms} firms for {lines} (request {rfq.id}).",
        f"向 {firms} 家企业询价：{lines}（询价单 {rfq.id}）。",
    )


def _wanted(rfq: trade.RequestForQuotation) -> Text:
    name = rfq.buyer_customer_party.name
    lines = ", ".join(
        f"{line.quantity.value} {line.item.buyers_item_identification}"
        for line in rfq.request_for_quotation_line
    )
    return Text(
        f"{name} asks for {lines} (request {rfq.id}).", f"{name} 询价：{lines}（询价单 {rfq.id}）。"
    )


def _quoted(quotation: trade.Quotation) -> Text:
    name = quotation.seller_supplier_party.name
    if quotation.quotation_line[1:]:
        return _quoted_lines(name, quotation)
    line = quotation.quotation_line[0]
    last = format_instant(max(p.date_time for p in line.promised_delivery))
    price = f"{line.price.price_amount} {quotation.pricing_currency_code}"
    return Text(
        f"{name} offers {line.quantity.value} at {price} by {last} (quotation {quotation.id}).",
        f"{name} 报价：{line.quantity.value} 件，单价 {price}，"
        f"{last} 前交货（报价单 {quotation.id}）。",
    )


def _quoted_lines(name: str, quotation: trade.Quotation) -> Text:
    lines = quotation.quotation_line
    parts = (part.date_time for line in lines for part in line.promised_delivery)
    last, count = format_instant(max(parts)), len(lines)
    return Text(
        f"{name} offers {count} lines, the last by {last} (quotation {quotation.id}).",
        f"{name} 报价：共 {count} 行，最迟 {last} 前交货（报价单 {quotation.id}）。",
    )


def _declined(no: trade.Decline) -> Text:
    rfq = no.request_for_quotation_document_reference.id
    note = no.reason.note or no.reason.code
    return Text(f"Request {rfq} was declined: {note}.", f"询价单 {rfq} 被谢绝：{note}。")


def _closed(rfq: str, reason: trade.Reason) -> Text:
    why = reason.note or reason.code
    return Text(
        f"Request {rfq} was settled without us: {why}.", f"询价单 {rfq} 已另行成交：{why}。"
    )


def _awarded(rfq: str, seller: str) -> Text:
    return Text(
        f"Request {rfq} is provisionally awarded to {seller[-8:]}.",
        f"询价单 {rfq} 暂定授予 {seller[-8:]}。",
    )


def _held(hold: trade.Hold) -> Text:
    until = format_instant(hold.until_date_time)
    return Text(
        f"The capacity of award {hold.award_reference.id} is held until {until}.",
        f"授标 {hold.award_reference.id} 的产能保留至 {until}。",
    )


def _displaced(off: trade.Displaced) -> Text:
    number, why = off.award_reference.id, off.reason.note or off.reason.code
    reason = WITHDRAWN.get(off.reason.code, Text(why, why))
    if off.premium_amount is None:
        return Text(
            f"Award {number} was taken back: {reason.en}.", f"授标 {number} 被收回：{reason.zh}。"
        )
    kept = off.premium_amount
    return Text(
        f"Award {number} was taken back: {reason.en}; a premium of {kept} would have kept it.",
        f"授标 {number} 被收回：{reason.zh}；加价 {kept} 方可保留。",
    )


WITHDRAWN = {
    "OUTBID": Text("another pays more for this place", "另一方为该产能出价更高"),
    "NOT_KEPT": Text("the plan cannot keep the date any more", "计划已无法保证交期"),
}
"""Why an award was taken back, in words, where the letter says so by its code."""


CAUSES = {
    "production-incident": Text("a machine is down", "设备停机"),
    "maintenance": Text("maintenance", "维护"),
    "material-shortage": Text("material comes late", "物料延迟"),
    "logistics-disruption": Text("transport is disturbed", "物流中断"),
    "weather": Text("weather", "天气"),
    "strike": Text("a strike", "罢工"),
    "demand-change": Text("demand has changed", "需求变化"),
    "other": Text("another cause", "其他原因"),
}
"""The cause of a disturbance in words."""
EFFECTS = {
    "capacity-reduced": Text("short", "短缺"),
    "capacity-increased": Text("more can be made", "产能增加"),
    "demand-reduced": Text("less is wanted", "需求减少"),
    "demand-increased": Text("more is wanted", "需求增加"),
}
LINES_TOLD_MAX = 10


def _disturbed(notice: tidings.Disturbance) -> Text:
    cause, lines = CAUSES[notice.leading_root_cause], notice.affected[:LINES_TOLD_MAX]
    what = ", ".join(f"{line.quantity_short} {_of_what(line)}" for line in lines)
    verb = EFFECTS[notice.effect]
    return Text(
        f"A partner reports a disturbance ({cause.en}), {verb.en}: {what or 'nothing of ours'}.",
        f"伙伴报告扰动（{cause.zh}），{verb.zh}：{what or '不影响我方'}。",
    )


def _of_what(line: tidings.AffectedLine) -> str:
    if line.order_reference is not None:
        return f"({line.order_reference.id})"
    return line.item.buyers_item_identification if line.item else ""


def _heard(document: trade.Aggregate) -> Text:
    if isinstance(document, tidings.RippleAnswer):
        money = f"{document.value_at_risk} {document.currency}"
        return Text(
            f"A partner's answer: {document.orders} orders affected, {money}.",
            f"伙伴答复：{document.orders} 个订单受影响，金额 {money}。",
        )
    if isinstance(document, tidings.Forecast):
        item = document.item.buyers_item_identification
        return Text(
            f"A partner expects demand for {item} from {document.sources} customers.",
            f"伙伴预计 {document.sources} 家客户对 {item} 的需求。",
        )
    if isinstance(document, clearing.ClearingCall):
        many, closing = len(document.member), format_instant(document.closing_date_time)
        return Text(
            f"A partner calls {many} firms to clear together; it closes {closing}.",
            f"伙伴邀请 {many} 家企业联合撮合，截止 {closing}。",
        )
    if isinstance(document, clearing.ClearingStatement):
        return Text(
            f"A member stated {len(document.need)} needs and {len(document.offer)} capacities.",
            f"成员申报 {len(document.need)} 项需求、{len(document.offer)} 项产能。",
        )
    if isinstance(document, clearing.ClearingResult):
        pairs = len(document.pair)
        return Text(
            f"The convener proposes {pairs} pairs for us.", f"召集方向我方建议 {pairs} 对。"
        )
    return Text("A partner sent word.", "伙伴发来消息。")


def kind_name(kind: str) -> Text:
    """What a kind of letter or document is called; its code where it has no name."""
    return KIND_NAMES.get(kind, Text(kind, kind))


def _proposed(kind: str, document: trade.Aggregate) -> Text:
    number, name = getattr(document, "id", ""), kind_name(kind)
    return Text(
        f"A partner proposes {name.en} {number}: a decision is needed.",
        f"伙伴提出{name.zh} {number}：需要决定。",
    )


def _signed(kind: str, document: trade.Aggregate) -> Text:
    number, name = getattr(document, "id", ""), kind_name(kind)
    return Text(f"Both signed {name.en} {number}.", f"双方已签署{name.zh} {number}。")


def _turned_down(kind: str, number: str, reason: str) -> Text:
    name = kind_name(kind)
    return Text(
        f"The partner will not sign {name.en} for {number}: {reason}.",
        f"伙伴不签署{name.zh}（{number}）：{reason}。",
    )


def _not_signed(kind: str, why: str) -> Text:
    name = kind_name(kind)
    return Text(f"A proposed {name.en} was refused: {why}.", f"拒绝了对方提出的{name.zh}：{why}。")


def _old_place(partner: str, seq: int) -> Text:
    return Text(
        f"{partner[-8:]} proposed at place {seq}, which is taken; the entries were sent to it.",
        f"{partner[-8:]} 在已占用的位置 {seq} 提议；已向其发送现有条目。",
    )


def _forked(partner: str, seq: int) -> Text:
    return Text(
        f"The ledger with {partner[-8:]} differs at place {seq}: someone signed twice.",
        f"与 {partner[-8:]} 的账本在位置 {seq} 不一致：有一方重复签署。",
    )


def _lapsed(kind: str, number: str) -> Text:
    name = kind_name(kind)
    return Text(
        f"The partner did not sign {name.en} {number} in time; it has lapsed.",
        f"伙伴未及时签署{name.zh} {number}；该提议已失效。",
    )


def _late_signature(partner: str, seq: int) -> Text:
    return Text(
        f"{partner[-8:]} signed entry {seq} in time by its own clock, but it came after the end.",
        f"{partner[-8:]} 按其时钟及时签署了条目 {seq}，但签名在期限之后才到达。",
    )


def _key_changed(did: str, *, revoked: bool) -> Text:
    if revoked:
        return Text(f"{did[-8:]} revoked its key.", f"{did[-8:]} 吊销了密钥。")
    return Text(f"{did[-8:]} signs with a new key from now on.", f"{did[-8:]} 启用了新密钥。")


def _profiled(name: str, *, introduced: bool) -> Text:
    if introduced:
        return Text(f"A partner vouches for {name}.", f"伙伴介绍了 {name}。")
    return Text(f"{name} says what it can do.", f"{name} 更新了能力说明。")


def _spared(rfq: str) -> Text:
    return Text(
        f"Capacity held for request {rfq} that its order does not need is free.",
        f"询价单 {rfq} 的订单不需要的预留产能已释放。",
    )


told = SimpleNamespace(
    no_answer=Text("no answer in time", "未及时答复"),
    asked=_asked,
    wanted=_wanted,
    quoted=_quoted,
    declined=_declined,
    closed=_closed,
    awarded=_awarded,
    held=_held,
    displaced=_displaced,
    spared=_spared,
    disturbed=_disturbed,
    heard=_heard,
    proposed=_proposed,
    signed=_signed,
    turned_down=_turned_down,
    not_signed=_not_signed,
    lapsed=_lapsed,
    late_signature=_late_signature,
    key_changed=_key_changed,
    old_place=_old_place,
    forked=_forked,
    profiled=_profiled,
)
"""Sentences by what happened."""
