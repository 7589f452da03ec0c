"""Sentences about transitions, in English and Chinese, with the numbers that decided."""

from __future__ import annotations

import math
from typing import assert_never, cast

from hanse.decide.rules import (
    Expr,
    Limit,
    Model,
    Rate,
    Rule,
    Sequence,
    Spc,
    SpcTest,
    Stale,
    State,
    Window,
)
from hanse.decide.spc import TESTS
from hanse.model.text import Text

_MEASURES = {
    "mean": Text("mean", "均值"),
    "sd": Text("spread", "标准差"),
    "min": Text("minimum", "最小值"),
    "max": Text("maximum", "最大值"),
    "range": Text("range", "极差"),
    "count": Text("number of samples", "样本数"),
    "percent": Text("share", "占比"),
}
_PER = {"s": Text("s", "秒"), "min": Text("min", "分"), "h": Text("h", "时")}


def number(value: float | None) -> str:
    """A number as people write it: at most four significant digits beyond the whole ones."""
    if value is None or math.isnan(value):
        return "?"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


def cleared(rule: Rule, asset: str) -> Text:
    """The rule's output ended."""
    title = rule.heading
    return Text(f"{asset}: {title.en}: back to normal", f"{asset}:{title.zh}:恢复正常")


def raised(rule: Rule, asset: str, value: float | None, limit: tuple[float, str, str]) -> Text:
    """The rule came true on an asset; ``limit`` is the number, the side and the unit."""
    bound, side, unit = limit
    what = _what(rule, side, value, (number(bound), f" {unit}" if unit else ""))
    title = rule.heading
    return Text(f"{asset}: {title.en}: {what.en}", f"{asset}:{title.zh}:{what.zh}")


def _what(rule: Rule, side: str, value: float | None, limit: tuple[str, str]) -> Text:
    bound, unit = limit
    now = f"{number(value)}{unit}"
    lower = side in {"low", "low_low", "fall", "below"}
    sense = Text("below", "低于") if lower else Text("above", "高于")
    against = Text(f"{now}, {sense.en} {bound}{unit}", f"{now},{sense.zh} {bound}{unit}")
    match rule:
        case Limit():
            return _named(rule.signal, against)
        case Rate():
            return _rate(rule, value, limit)
        case Window():
            return _window(rule, against)
        case Spc():
            test = TESTS[cast("SpcTest", side)][1]
            return Text(f"{rule.signal}: {test.en}", f"{rule.signal}:{test.zh}")
        case Stale():
            silence = Text("unchanged", "未变化") if rule.unchanged else Text("silent", "无数据")
            return Text(
                f"{rule.signal} {silence.en} for {bound} s",
                f"{rule.signal} {silence.zh} {bound} 秒",
            )
        case State() | Expr() | Sequence() | Model():
            return _statement(rule, now, bound)
        case _:
            assert_never(rule)


def _named(signal: str, text: Text) -> Text:
    return Text(f"{signal} {text.en}", f"{signal} {text.zh}")


def _rate(rule: Rate, value: float | None, limit: tuple[str, str]) -> Text:
    bound, unit = limit
    per = _PER[rule.per]
    pace, most = f"{number(value)}{unit}", f"{bound}{unit}"
    return Text(
        f"{rule.signal} changes by {pace}/{per.en}, limit {most}/{per.en}",
        f"{rule.signal} 变化 {pace}/{per.zh},限值 {most}/{per.zh}",
    )


def _window(rule: Window, against: Text) -> Text:
    figure = _MEASURES[rule.measure]
    span = (
        Text(f"last {rule.samples} samples", f"最近 {rule.samples} 个样本")
        if rule.samples
        else Text(f"last {number(rule.over_s)} s", f"最近 {number(rule.over_s)} 秒")
    )
    return Text(
        f"{figure.en} of {rule.signal} over the {span.en} {against.en}",
        f"{rule.signal} {span.zh}的{figure.zh} {against.zh}",
    )


def _statement(rule: State | Expr | Sequence | Model, now: str, bound: str) -> Text:
    match rule:
        case State():
            said = ", ".join(s if isinstance(s, str) else number(s) for s in rule.any_of)
            return Text(f"{rule.signal} says {said}", f"{rule.signal} 为 {said}")
        case Expr():
            return Text(f"{rule.when} is true", f"条件成立:{rule.when}")
        case Sequence():
            return _sequence(rule)
        case Model():
            return Text(
                f"behaves unlike itself: score {now}, limit {bound}",
                f"偏离自身常态:得分 {now},限值 {bound}",
            )
        case _:
            assert_never(rule)


def _sequence(rule: Sequence) -> Text:
    span = number(rule.within_s)
    if rule.alarm_if == "missing":
        return Text(
            f"{rule.first}, but not {rule.then} within {span} s",
            f"{rule.first},但 {span} 秒内未出现 {rule.then}",
        )
    return Text(
        f"{rule.first}, then {rule.then} within {span} s",
        f"{rule.first},{span} 秒内又出现 {rule.then}",
    )
