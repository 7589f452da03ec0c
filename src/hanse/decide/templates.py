"""First rules from a template: a few fields filled in, a rule for an asset type out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from hanse.decide.rules import Level
from hanse.model.errors import BadInput, NotFound
from hanse.model.plant import SignalKind
from hanse.model.text import Text


class Slot(Struct, frozen=True, kw_only=True):
    """One value a template asks for. ``level`` may also be the name of an attribute."""

    name: str
    label: Text
    value: str = ""
    required: bool = True
    level: bool = False
    text: bool = False


class Template(Struct, frozen=True, kw_only=True):
    """A kind of rule in plain words; ``fits`` are the kinds of signal it is for."""

    key: str
    kind: str
    title: Text
    about: Text
    heading: Text
    slots: tuple[Slot, ...]
    fits: tuple[SignalKind, ...] = (SignalKind.ANALOG, SignalKind.COUNTER)
    fixed: Mapping[str, Any] = {}
    severity: int = 500


_ON = Slot(name="on_delay_s", label=Text("Must last (s)", "持续多久(秒)"), value="1")
_OFF = Slot(name="off_delay_s", label=Text("Must be gone for (s)", "恢复多久(秒)"), value="10")
TEMPLATES: tuple[Template, ...] = (
    Template(
        key="too-high",
        kind="limit",
        title=Text("Too high", "过高"),
        about=Text(
            "A value above a limit; a second, higher limit makes it urgent",
            "数值超过上限;第二个更高的上限表示紧急",
        ),
        heading=Text("{signal} is too high", "{signal}过高"),
        slots=(
            Slot(name="high", label=Text("Limit", "上限"), level=True),
            Slot(
                name="high_high",
                label=Text("Urgent above", "紧急上限"),
                level=True,
                required=False,
            ),
            _ON,
            _OFF,
        ),
    ),
    Template(
        key="too-low",
        kind="limit",
        title=Text("Too low", "过低"),
        about=Text("A value below a limit", "数值低于下限"),
        heading=Text("{signal} is too low", "{signal}过低"),
        slots=(
            Slot(name="low", label=Text("Limit", "下限"), level=True),
            Slot(
                name="low_low", label=Text("Urgent below", "紧急下限"), level=True, required=False
            ),
            _ON,
            _OFF,
        ),
    ),
    Template(
        key="rises-fast",
        kind="rate",
        title=Text("Rises too fast", "上升过快"),
        about=Text("A value that climbs more in a minute than it should", "每分钟上升超过允许值"),
        heading=Text("{signal} rises too fast", "{signal}上升过快"),
        slots=(
            Slot(name="rise", label=Text("Most in a minute", "每分钟最多上升"), level=True),
            Slot(name="over_s", label=Text("Compared over (s)", "比较间隔(秒)"), value="30"),
        ),
        fixed={"per": "min"},
    ),
    Template(
        key="mean-high",
        kind="window",
        title=Text("Too high on average", "均值过高"),
        about=Text("The mean of some minutes above a limit", "若干分钟的均值超过上限"),
        heading=Text("{signal} is too high on average", "{signal}均值过高"),
        slots=(
            Slot(name="above", label=Text("Limit", "上限"), level=True),
            Slot(
                name="over_s", label=Text("Mean of the last (s)", "最近多久的均值(秒)"), value="300"
            ),
        ),
        fixed={"measure": "mean"},
    ),
    Template(
        key="silent",
        kind="stale",
        title=Text("Goes silent", "无数据"),
        about=Text("No value for a while: seen by the clock", "一段时间没有数据,按时钟判断"),
        heading=Text("{signal} is silent", "{signal}无数据"),
        slots=(
            Slot(
                name="after_s",
                label=Text("Silent for (s)", "静默多久(秒)"),
                value="120",
                level=True,
            ),
        ),
        fits=tuple(SignalKind),
        severity=400,
    ),
    Template(
        key="stuck",
        kind="stale",
        title=Text("Does not change", "数值不变"),
        about=Text(
            "The same value for a while: a sensor that froze", "一段时间内数值不变:传感器可能卡死"
        ),
        heading=Text("{signal} does not change", "{signal}长时间不变"),
        slots=(
            Slot(
                name="after_s", label=Text("Same for (s)", "不变多久(秒)"), value="600", level=True
            ),
        ),
        fixed={"unchanged": True},
        severity=300,
    ),
    Template(
        key="says",
        kind="state",
        title=Text("Says a state", "处于某状态"),
        about=Text(
            "A state signal that says one of some words or numbers", "状态信号为指定的词或数字之一"
        ),
        heading=Text("{signal} says so", "{signal}处于该状态"),
        slots=(
            Slot(
                name="any_of",
                label=Text("Words or numbers, with commas", "词或数字,用逗号分隔"),
                text=True,
            ),
        ),
        fits=(SignalKind.STATE, SignalKind.FLAG, SignalKind.TEXT),
    ),
    Template(
        key="drifts",
        kind="spc",
        title=Text("Drifts from its usual", "偏离常态"),
        about=Text(
            "A control chart that learns the usual value first (Western Electric tests)",
            "控制图:先学习常态,再按西电规则判断",
        ),
        heading=Text("{signal} drifts", "{signal}偏离常态"),
        slots=(Slot(name="learn", label=Text("Values to learn from", "学习样本数"), value="200"),),
        severity=300,
    ),
)


def template(key: str) -> Template:
    """One template.

    Raises:
        NotFound: there is none of that key.
    """
    for one in TEMPLATES:
        if one.key == key:
            return one
    raise NotFound("there is no such template", subject=key[:80])


def fitting(kind: SignalKind) -> tuple[Template, ...]:
    """The templates for a kind of signal."""
    return tuple(t for t in TEMPLATES if kind in t.fits)


def fill(
    chosen: Template, values: Mapping[str, str], *, asset_type: str, signal: str, named: Text
) -> dict[str, Any]:
    """The fields of a rule: a template with its values as they were typed.

    ``named`` is what people call the signal.

    Raises:
        BadInput: a value is missing or is no number (nor, for a level, an attribute's name).
    """
    title = {
        "en": chosen.heading.en.format(signal=named.en),
        "zh": chosen.heading.zh.format(signal=named.zh),
    }
    table: dict[str, Any] = {
        "key": f"{asset_type}-{signal.replace('_', '-')}-{chosen.key}",
        "kind": chosen.kind,
        "asset_type": asset_type,
        "signal": signal,
        **chosen.fixed,
    }
    for slot in chosen.slots:
        typed = values.get(slot.name, "").strip()
        if typed:
            table[slot.name] = _value(slot, typed)
        elif slot.required:
            raise BadInput(f"'{slot.label.en}' is missing", subject=chosen.key)
    severity = values.get("severity", "").strip() or str(chosen.severity)
    table |= {"severity": _number(severity, "severity"), "title": title}
    table["severity"] = int(table["severity"])
    return table


def _value(slot: Slot, typed: str) -> Level | int | list[float | str]:
    if slot.text:
        return [_word(w) for w in re.split(r"[,,、;]", typed) if w.strip()]
    if slot.level and re.fullmatch(r"[a-z][a-z0-9_]*", typed):
        return typed
    number = _number(typed, slot.label.en)
    return int(number) if slot.name == "learn" else number


def _word(typed: str) -> float | str:
    try:
        return float(typed)
    except ValueError:
        return typed.strip()


def _number(typed: str, what: str) -> float:
    try:
        return float(typed.replace(",", "."))
    except ValueError as error:
        raise BadInput(
            f"'{what}' is no number", subject=typed[:40], remedy="Write a number, such as 4.5"
        ) from error


def proposed(slot: Slot, signal: str, *, high: float | None, attributes: Sequence[str]) -> str:
    """What a slot's field holds at first: the type's own attribute, the signal's bound."""
    endings = {"high": ("_warn", "_hot"), "high_high": ("_critical",), "after_s": ("silent_s",)}
    for ending in endings.get(slot.name, ()):
        found = [a for a in attributes if a in {ending, f"{signal}{ending}"}]
        if found:
            return found[0]
    if slot.name == "high" and high is not None:
        return f"{high:g}"
    return slot.value
