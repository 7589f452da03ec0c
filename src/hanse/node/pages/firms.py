"""A partner's page and our own: what a firm says of itself, what it may do, how it has dealt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from hanse.match.books import Books
from hanse.match.capability.naming import title_of
from hanse.match.capability.search import catalogue
from hanse.match.grants import Grants
from hanse.match.profile import Offered, Profile
from hanse.match.record import record_of
from hanse.model.errors import BadInput
from hanse.model.quantity import quantity
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.acts.demanding import sides_of
from hanse.store import Tx
from hanse.web.views.common import Deed, Fact, Field, FieldKind, Option

SHOWN_MAX = 60
LANGUAGES = (
    Option(value="en", label=Text("English", "英文")),
    Option(value="zh", label=Text("Chinese", "中文")),
)
Values = Mapping[str, str]
T = TypeVar("T")


def profile_facts(profile: Profile) -> list[Fact]:
    """A profile for people."""
    found = [Fact(Text("Can do", "能力"), _offered(o)) for o in profile.capability[:SHOWN_MAX]]
    plain = (
        (Text("Certificates", "证书"), ", ".join(profile.certificate)),
        (Text("Region", "地区"), profile.region),
        (Text("Works in", "工作语言"), ", ".join(profile.language)),
    )
    found += [Fact(label, Text(value, value)) for label, value in plain if value]
    if profile.small:
        found.append(Fact(Text("Size of the firm", "规模"), Text("small firm", "小企业")))
    if profile.may_be_mirrored:
        found.append(Fact(Text("Passing on", "转发"), Text("by anybody", "任何人均可")))
    return found


def _offered(offered: Offered) -> Text:
    title = title_of(offered.code)
    limits = [" x ".join(offered.size_mm) + " mm" if offered.size_mm else ""]
    limits.append(f"{offered.tolerance_um} µm" if offered.tolerance_um else "")
    limits += list(offered.material)
    said = ", ".join(part for part in limits if part)
    tail = f" ({said})" if said else ""
    return Text(title.en + tail, title.zh + tail)


def record_facts(tx: Tx, did: str, *, at: Instant) -> list[Fact]:
    """How a partner has dealt with us: on time, good, answered. From our own dealings only."""
    books = Books(tx.desk)
    contracts = [contract for partner, contract in books.contracts() if partner == did]
    enquiries = [e for key in tx.desk.keys("enquiry") if (e := books.enquiry(key))]
    return [
        Fact(Text("Our dealings", "往来记录"), record_of(did, contracts, enquiries, at=at).text())
    ]


# ---------------------------------------------------------------- what a partner may do


def limit_fields(grants: Grants) -> tuple[Field, ...]:
    """What a partner may do, as a form."""
    flags = (
        ("may_ask", Text("May ask us for quotes", "可向我方询价"), grants.may_ask),
        ("may_sell", Text("May offer to us", "可向我方报价"), grants.may_sell),
        ("may_forward", Text("May pass disturbances on", "可转告扰动"), grants.may_forward),
        ("may_hear", Text("Is told of disturbances here", "可获知我方扰动"), grants.may_hear),
        (
            "gets_forecast",
            Text("Gets our demand forecast", "可获知我方需求预测"),
            grants.gets_forecast,
        ),
        (
            "may_clear",
            Text("May call us to clear as a group", "可邀请我方联合撮合"),
            grants.may_clear,
        ),
    )
    numbers = (
        (
            "order_value_max",
            Text("Largest order signed alone", "自动签署订单上限"),
            str(grants.order_value_max),
        ),
        (
            "letters_per_minute",
            Text("Letters a minute", "每分钟信件数"),
            str(grants.letters_per_minute),
        ),
        ("asks_per_minute", Text("Requests a minute", "每分钟询价数"), str(grants.asks_per_minute)),
    )
    ticked = [
        Field(name=n, label=label, kind=FieldKind.FLAG, value=str(on).lower(), required=False)
        for n, label, on in flags
    ]
    typed = [Field(name=n, label=label, kind=FieldKind.NUMBER, value=v) for n, label, v in numbers]
    return (*ticked, *typed)


def granted(values: Values) -> Grants:
    """What a partner may do, as a form says.

    Raises:
        BadInput: a number that is none, or out of its bounds.
    """
    typed = {
        "may_ask": values.get("may_ask") == "true",
        "may_sell": values.get("may_sell") == "true",
        "may_forward": values.get("may_forward") == "true",
        "may_hear": values.get("may_hear") == "true",
        "gets_forecast": values.get("gets_forecast") == "true",
        "may_clear": values.get("may_clear") == "true",
        "order_value_max": quantity(values.get("order_value_max", "")).value,
        "letters_per_minute": values.get("letters_per_minute", ""),
        "asks_per_minute": values.get("asks_per_minute", ""),
    }
    try:
        return msgspec.convert(typed, Grants, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(str(error)) from error


def limits_shown(grants: Grants) -> tuple[Field, ...]:
    """The same in words, for the page."""
    words = {"true": "✓", "false": "-"}
    return tuple(
        msgspec.structs.replace(f, value=words.get(f.value, f.value)) for f in limit_fields(grants)
    )


# ---------------------------------------------------------------- our own profile


def own_deeds(profile: Profile) -> tuple[Deed, ...]:
    """What can be changed of what we say of ourselves."""
    codes = tuple(Option(value=c.code, label=c.title) for c in catalogue())
    ours = tuple(Option(value=o.code, label=title_of(o.code)) for o in profile.capability)
    offer = Deed(
        name="offer",
        label=Text("Add a process", "添加工艺"),
        fields=(
            Field(name="code", label=Text("Process", "工艺"), kind=FieldKind.CHOICE, options=codes),
            _plain("material", Text("Materials, separated by commas", "材料(逗号分隔)")),
            _plain(
                "size_mm",
                Text("Largest part in mm, such as 300 x 120", "最大尺寸(毫米),如 300 x 120"),
            ),
            _plain("tolerance_um", Text("Finest tolerance in micrometres", "最小公差(微米)")),
            _plain("minimum_quantity", Text("Smallest quantity", "最小批量")),
            _plain("maximum_quantity", Text("Largest quantity", "最大批量")),
        ),
        main=True,
    )
    which = Field(name="code", label=Text("Process", "工艺"), kind=FieldKind.CHOICE, options=ours)
    withdraw = Deed(name="withdraw", label=Text("Take a process out", "移除工艺"), fields=(which,))
    return (offer, *((withdraw,) if ours else ()), _describe(profile))


def _describe(profile: Profile) -> Deed:
    return Deed(
        name="describe",
        label=Text("Describe the firm", "描述企业"),
        fields=(
            _plain(
                "certificate",
                Text("Certificates, separated by commas", "证书(逗号分隔)"),
                ", ".join(profile.certificate),
            ),
            _plain("region", Text("Region", "地区"), profile.region),
            _plain(
                "language",
                Text("Languages, such as en, zh", "语言,如 en, zh"),
                ", ".join(profile.language),
            ),
            Field(
                name="small",
                label=Text("We are a small firm", "我们是小企业"),
                kind=FieldKind.FLAG,
                value=str(profile.small).lower(),
                required=False,
            ),
            Field(
                name="may_be_mirrored",
                label=Text("Anybody may pass this profile on", "任何人都可转发此能力说明"),
                kind=FieldKind.FLAG,
                value=str(profile.may_be_mirrored).lower(),
                required=False,
            ),
        ),
    )


def _plain(name: str, label: Text, value: str = "") -> Field:
    return Field(name=name, label=label, value=value, required=False)


def changed(profile: Profile, deed: str, values: Values) -> Profile:
    """Our profile after a deed.

    Raises:
        BadInput: there is no such deed, or a field cannot be used.
    """
    kept = tuple(o for o in profile.capability if o.code != values.get("code"))
    match deed:
        case "offer":
            fresh = _checked({"code": values.get("code", ""), **_envelope(values)}, Offered)
            return msgspec.structs.replace(profile, capability=(*kept, fresh))
        case "withdraw":
            return msgspec.structs.replace(profile, capability=kept)
        case "describe":
            said = {
                "certificate": _listed(values.get("certificate", "")),
                "region": values.get("region", ""),
                "language": _listed(values.get("language", "")) or ("en",),
                "small": values.get("small") == "true",
                "mayBeMirrored": values.get("may_be_mirrored") == "true",
            }
            return _checked({**msgspec.to_builtins(profile), **said}, Profile)
        case _:
            raise BadInput("there is no such deed", subject=deed)


def _envelope(values: Values) -> dict[str, object]:
    said = {
        "material": _listed(values.get("material", "")),
        "sizeMm": sides_of(values.get("size_mm", "")),
    }
    numbers = {
        "tolerance_um": "toleranceUm",
        "minimum_quantity": "minimumQuantity",
        "maximum_quantity": "maximumQuantity",
    }
    found = {
        wire: str(quantity(values[name]).value)
        for name, wire in numbers.items()
        if values.get(name)
    }
    return {**said, **found}


def _listed(text: str) -> tuple[str, ...]:
    parts = text.replace("，", ",").replace("、", ",").split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _checked(values: Mapping[str, object], kind: type[T]) -> T:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), remedy="See what the field asks for") from error
