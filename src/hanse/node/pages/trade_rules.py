"""Rules for dealing, off the record and back: what happens alone, and what counts when buying."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.flows.policy import Policy
from hanse.match import papers
from hanse.model.errors import BadInput
from hanse.model.event import Draft, Event
from hanse.model.money import Money, decimal_of, money
from hanse.model.quantity import quantity as quantity_of
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.dealing.buying_rules import NAME, Buying, WithFirm, buying, open_with
from hanse.node.dealing.profiles import profile_of
from hanse.node.dealing.selling_rules import BREAKS_MAX, Selling, Step, selling
from hanse.node.dealing.selling_rules import NAME as SELLING
from hanse.store import Tx
from hanse.web.views.common import Deed, Fact, Field, FieldKind, Option
from hanse.web.views.trading import FirmRules, RulesView

SUBJECT = "trade-rules"
EVENTS_MAX = 20
YES, NO = Text("yes", "是"), Text("no", "否")
_FLAGS = (
    ("quote_alone", Text("Answer requests", "自动报价")),
    ("agree_changes_alone", Text("Agree to changes", "同意变更")),
    ("despatch_alone", Text("Send what is finished", "完工即发货")),
    ("invoice_alone", Text("Invoice what was received as good", "验收后自动开票")),
)
_MONEY = (
    ("award_alone_up_to_minor", Text("Order up to", "自动下单上限")),
    ("accept_alone_up_to_minor", Text("Take orders up to", "自动接单上限")),
)
_CLOSING = Text("Bidding before an order, seconds (0: none)", "下单前竞价秒数(0 为无)")
_CARBON = Text("A kg of CO2e counts", "每千克二氧化碳当量计入")
_EXPRESS = (
    (
        "express_harm_max",
        Text(
            "Harm an earlier date may do (0: none)",
            "提前交期损失上限(0 为无)",
        ),
    ),
    ("express_least", Text("An earlier date costs at least", "提前交期最低加价")),
    (
        "raise_least",
        Text(
            "Raise that takes an awarded place (0: none)",
            "让位所需最小加价(0 为不让)",
        ),
    ),
)
_SHARES = (
    ("express_percent", Text("Of that harm, as its premium, percent", "损失加价比例(%)")),
    ("withdrawal_percent", Text("Fee if an award is taken back, percent", "撤回授予费用(%)")),
)
_NUMBERS = (
    ("firms", Text("Firms a line at most", "每行最多供应商数")),
    ("small_share_percent", Text("Share wished for small firms, percent", "小企业期望份额(%)")),
    (
        "small_penalty_percent",
        Text("Money short of that share counts, percent", "未达份额金额的计入比例(%)"),
    ),
)


def rules_view(tx: Tx, context: Context) -> RulesView:
    """The rules as they stand, and the forms that change them."""
    policy, said = context.policy_in(tx), buying(tx)
    currency = context.settings.firm.currency
    known = partners.partners(tx).all()
    return RulesView(
        alone=_alone_facts(policy, currency),
        selling=_selling_facts(selling(tx), currency),
        buying=(
            *(Fact(label, _same(str(getattr(said, name)))) for name, label in _NUMBERS),
            Fact(_CARBON, _same(str(_money(said.carbon_price, currency)))),
        ),
        firms=tuple(_firm(tx, p.did, said, currency) for p in known),
        deeds=(
            _alone_deed(policy, currency),
            _selling_deed(selling(tx)),
            _buying_deed(said),
            *_firm_deed(known),
        ),
        events=tuple(tx.events.find(subject=SUBJECT, newest_first=True, limit=EVENTS_MAX)),
    )


def change_rules(tx: Tx, context: Context, told: tuple[str, Mapping[str, str]], by: str) -> Event:
    """Keep what a form says.

    Raises:
        BadInput: no such form, or a value cannot be used.
    """
    deed, values = told
    match deed:
        case "alone":
            tx.settings.put("policy", _policy(values, context.settings.firm.currency))
            text = Text("changed what happens without asking", "更改了自动处理规则")
        case "buying":
            tx.settings.put(NAME, _with_numbers(buying(tx), values))
            text = Text("changed the buying rules", "更改了采购规则")
        case "selling":
            tx.settings.put(SELLING, _sells(values))
            text = Text("changed what our quotes ask beside the price", "更改了报价附加条件")
        case "firm":
            tx.settings.put(NAME, _with_firm(tx, values))
            name = partners.name_of(tx, values.get("firm", ""))
            text = Text(f"changed the buying rules for {name}", f"更改了对 {name} 的采购规则")
        case _:
            raise BadInput("there is no such deed", subject=deed)
    words = Text(f"{by} {text.en}", f"{by} {text.zh}")
    draft = Draft(kind=kinds.ACTED, subject=SUBJECT, text=words, by=by, about={"deed": deed})
    return tx.events.append(draft)


def _policy(values: Mapping[str, str], currency: str) -> Policy:
    found: dict[str, object] = {name: bool(values.get(name)) for name, _ in _FLAGS}
    for name, _ in _MONEY:
        typed = values.get(name, "").strip()
        amount = money(typed, currency).minor if typed else 0
        if amount < 0:
            raise BadInput("not an amount over zero", subject=typed, remedy="Write 20000")
        found[name] = amount
    found["closing_s"] = _whole(values.get("closing_s", "")) or 0
    return msgspec.convert(found, Policy)


def _with_numbers(old: Buying, values: Mapping[str, str]) -> Buying:
    typed = {name: _whole(values.get(name, "")) for name, _ in _NUMBERS}
    fresh = msgspec.to_builtins(old) | {k: v for k, v in typed.items() if v is not None}
    if values.get("carbon_price", "").strip():
        fresh["carbon_price"] = str(_amount(values["carbon_price"]))
    return _converted(fresh)


def _with_firm(tx: Tx, values: Mapping[str, str]) -> Buying:
    did, old = values.get("firm", ""), buying(tx)
    partners.need(tx, did)
    limit = values.get("spend_max", "").strip()
    said = {
        "taking_on": str(_amount(values.get("taking_on", ""))),
        "spend_max": str(_amount(limit)) if limit else None,
        "risk_percent": _whole(values.get("risk_percent", "")) or 0,
    }
    return _converted(
        msgspec.to_builtins(old) | {"firm": msgspec.to_builtins(old.firm) | {did: said}}
    )


def _converted(plain: object) -> Buying:
    try:
        return msgspec.convert(plain, Buying)
    except msgspec.ValidationError as error:
        raise BadInput("a rule is out of its bounds", subject=str(error)[:200]) from error


def _sells(values: Mapping[str, str]) -> Selling:
    steps = [part.partition(":") for part in _parts(values.get("steps", ""))]
    if any(not colon for _, colon, _ in steps):
        raise BadInput("not a price break", subject=values["steps"][:40], remedy="Write 50: 3")
    found = tuple(Step(least=int(_amount(n)), off_percent=_amount(off)) for n, _, off in steps)
    if any(not (0 < s.off_percent < 100 and s.least > 0) for s in found):
        raise BadInput("not a price break", subject=values["steps"][:40], remedy="Write 50: 3")
    return Selling(
        setup=_amount(values.get("setup", "")),
        freight=_amount(values.get("freight", "")),
        least=_whole(values.get("least", "")) or 0,
        steps=found[:BREAKS_MAX],
        express_percent=max(100, _whole(values.get("express_percent", "")) or 0),
        withdrawal_percent=min(99, _whole(values.get("withdrawal_percent", "")) or 0),
        **{name: _amount(values.get(name, "")) for name, _ in _EXPRESS},
    )


def _parts(typed: str) -> list[str]:
    plain = typed.replace("；", ";").replace("：", ":")
    return [part for part in plain.split(";") if part.strip()]


def _whole(typed: str) -> int | None:
    return int(_amount(typed)) if typed.strip() else None


def _amount(typed: str) -> Decimal:
    value = quantity_of(typed.strip() or "0").value
    if value < 0:
        raise BadInput("not an amount over zero", subject=typed, remedy="Write 120 or 2.5")
    return value


# ---------------------------------------------------------------- what is shown


def _alone_facts(policy: Policy, currency: str) -> tuple[Fact, ...]:
    shown = [
        Fact(label, _same(str(Money(getattr(policy, name), currency)))) for name, label in _MONEY
    ]
    flags = [Fact(label, YES if getattr(policy, name) else NO) for name, label in _FLAGS]
    closing = Fact(_CLOSING, _same(str(policy.closing_s)))
    return (*shown, closing, *flags)


def _steps(said: Selling) -> str:
    return "; ".join(f"{s.least}: {papers.plain(s.off_percent)}" for s in said.steps)


def _selling_facts(said: Selling, currency: str) -> tuple[Fact, ...]:
    return (
        Fact(Text("Set-up, once", "一次性调机费"), _same(str(_money(said.setup, currency)))),
        Fact(Text("Freight, once", "一次性运费"), _same(str(_money(said.freight, currency)))),
        Fact(Text("Least quantity", "最小起订量"), _same(str(said.least))),
        Fact(Text("Percent off, by quantity", "按数量折扣(%)"), _same(_steps(said) or "–")),
        *(
            Fact(label, _same(str(_money(getattr(said, name), currency))))
            for name, label in _EXPRESS
        ),
        *(Fact(label, _same(f"{getattr(said, name)} %")) for name, label in _SHARES),
    )


def _selling_deed(said: Selling) -> Deed:
    steps = Field(
        name="steps",
        label=Text("Percent off, such as 50: 3; 200: 5", "折扣,如 50: 3; 200: 5"),
        value=_steps(said),
        required=False,
    )
    fields = (
        _number("setup", Text("Set-up, once", "一次性调机费"), str(said.setup)),
        _number("freight", Text("Freight, once", "一次性运费"), str(said.freight)),
        _number("least", Text("Least quantity", "最小起订量"), str(said.least)),
        steps,
        *(_number(name, label, str(getattr(said, name))) for name, label in (*_EXPRESS, *_SHARES)),
    )
    label = Text("Change what our quotes ask", "更改报价条件")
    return Deed(name="selling", label=label, fields=fields)


def _firm(tx: Tx, did: str, said: Buying, currency: str) -> FirmRules:
    rules, profile = said.firm.get(did, WithFirm()), profile_of(tx, did)
    limit = rules.spend_max
    return FirmRules(
        did=did,
        firm=partners.name_of(tx, did),
        taking_on=_money(rules.taking_on, currency),
        spend_max=None if limit is None else _money(limit, currency),
        open=_money(open_with(tx, did), currency),
        risk_percent=rules.risk_percent,
        small=profile is not None and profile.small,
    )


def _money(value: Decimal, currency: str) -> Money:
    return money(str(value.quantize(Decimal("0.01"))), currency)


def _alone_deed(policy: Policy, currency: str) -> Deed:
    amounts = tuple(
        _number(name, label, decimal_of(Money(getattr(policy, name), currency)))
        for name, label in _MONEY
    )
    flags = tuple(
        Field(
            name=name,
            label=label,
            kind=FieldKind.FLAG,
            value="true" if getattr(policy, name) else "",
            required=False,
        )
        for name, label in _FLAGS
    )
    label = Text("Change what happens alone", "更改自动处理规则")
    closing = _number("closing_s", _CLOSING, str(policy.closing_s))
    return Deed(name="alone", label=label, fields=(*amounts, closing, *flags))


def _buying_deed(said: Buying) -> Deed:
    numbers = (_number(name, label, str(getattr(said, name))) for name, label in _NUMBERS)
    fields = (*numbers, _number("carbon_price", _CARBON, str(said.carbon_price)))
    return Deed(name="buying", label=Text("Change the buying rules", "更改采购规则"), fields=fields)


def _firm_deed(known: list[partners.Partner]) -> tuple[Deed, ...]:
    if not known:
        return ()
    options = tuple(Option(value=p.did, label=_same(p.name)) for p in known)
    which = Field(name="firm", label=Text("Firm", "企业"), kind=FieldKind.CHOICE, options=options)
    fields = (
        which,
        _number("taking_on", Text("Taking it on costs, an award", "每次启用费用"), "0"),
        _number(
            "spend_max", Text("Most in open orders (empty: no limit)", "未结订单上限(留空不限)"), ""
        ),
        _number("risk_percent", Text("Risk added to its price, percent", "风险加价(%)"), "0"),
    )
    label = Text("Set the rules for one firm", "设定单个企业的规则")
    return (Deed(name="firm", label=label, fields=fields),)


def _number(name: str, label: Text, value: str) -> Field:
    shown = papers.plain(Decimal(value)) if value else ""
    return Field(name=name, label=label, kind=FieldKind.NUMBER, value=shown, required=False)


def _same(text: str) -> Text:
    return Text(text, text)
