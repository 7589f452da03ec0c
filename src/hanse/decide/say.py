"""Sentences about transitions, in English and Chinese, with the numbers that decided."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import assert_never, cast

from msgspec import Struct

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
from hanse.model.plant import PACKML_CODES
from hanse.model.text import Language, Text
from hanse.model.titles import PACKML_TITLES

_MEASURES = {
    "mean": Text("mean", "均值"),
    "sd": Text("spread", "标准差"),
    "min": Text("minimum", "最小值"),
    "max": Text("maximum", "最大值"),
    "range": Text("range", "极差"),
    "count": Text("number of samples", "样本数"),
    "percent": Text("share", "占比"),
}
STATE_SIGNAL = "state"
Words = Mapping[str, Text]
"""What people call the signals of an asset, by name."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LOGIC = {"and": "且", "or": "或", "not": "非"}
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


def raised(
    rule: Rule,
    asset: str,
    value: float | None,
    limit: tuple[float, str, str],
    *,
    words: Words | None = None,
) -> Text:
    """The rule came true on an asset; ``limit`` is the number, the side and the unit.

    ``words`` are what people call the signals; one that has none goes by its own name.
    """
    bound, side, unit = limit
    said = _Said(words or {})
    what = said.what(rule, side, value, (number(bound), f" {unit}" if unit else ""))
    title = rule.heading
    return Text(f"{asset}: {title.en}: {what.en}", f"{asset}:{title.zh}:{what.zh}")


class _Said(Struct, frozen=True):
    """Sentences in the words of one asset."""

    words: Words

    def called(self, signal: str) -> Text:
        """What people call a signal."""
        return self.words.get(signal) or Text(signal, signal)

    def formula(self, expression: str) -> Text:
        """An expression with its signals as people call them."""

        def named(language: Language) -> str:
            swap = {name: text.in_(language) for name, text in self.words.items()}
            swap |= _LOGIC if language == "zh" else {}
            return _NAME.sub(lambda m: swap.get(m[0], m[0]), expression)

        return Text(named("en"), named("zh"))

    def what(self, rule: Rule, side: str, value: float | None, limit: tuple[str, str]) -> Text:
        """What is the matter, with the numbers that decided."""
        bound, unit = limit
        now = f"{number(value)}{unit}"
        lower = side in {"low", "low_low", "fall", "below"}
        sense = Text("below", "低于") if lower else Text("above", "高于")
        against = Text(f"{now}, {sense.en} {bound}{unit}", f"{now},{sense.zh} {bound}{unit}")
        match rule:
            case Limit():
                called = self.called(rule.signal)
                return Text(f"{called.en} {against.en}", f"{called.zh} {against.zh}")
            case Rate():
                return self.rate(rule, value, limit)
            case Window():
                return self.window(rule, against)
            case Spc():
                test, called = TESTS[cast("SpcTest", side)][1], self.called(rule.signal)
                return Text(f"{called.en}: {test.en}", f"{called.zh}:{test.zh}")
            case Stale():
                return self.silence(rule, bound)
            case State() | Expr() | Sequence() | Model():
                return self.statement(rule, now, bound)
            case _:
                assert_never(rule)

    def silence(self, rule: Stale, bound: str) -> Text:
        """Nothing came, or nothing else."""
        called = self.called(rule.signal)
        silence = Text("unchanged", "未变化") if rule.unchanged else Text("silent", "无数据")
        return Text(
            f"{called.en} {silence.en} for {bound} s", f"{called.zh} {silence.zh} {bound} 秒"
        )

    def rate(self, rule: Rate, value: float | None, limit: tuple[str, str]) -> Text:
        """How fast it changes."""
        bound, unit = limit
        per, called = _PER[rule.per], self.called(rule.signal)
        pace, most = f"{number(value)}{unit}", f"{bound}{unit}"
        return Text(
            f"{called.en} changes by {pace}/{per.en}, limit {most}/{per.en}",
            f"{called.zh} 变化 {pace}/{per.zh},限值 {most}/{per.zh}",
        )

    def window(self, rule: Window, against: Text) -> Text:
        """A figure over some time."""
        figure, called = _MEASURES[rule.measure], self.called(rule.signal)
        span = (
            Text(f"last {rule.samples} samples", f"最近 {rule.samples} 个样本")
            if rule.samples
            else Text(f"last {number(rule.over_s)} s", f"最近 {number(rule.over_s)} 秒")
        )
        return Text(
            f"{figure.en} of {called.en} over the {span.en} {against.en}",
            f"{called.zh} {span.zh}的{figure.zh} {against.zh}",
        )

    def statement(self, rule: State | Expr | Sequence | Model, now: str, bound: str) -> Text:
        """Something is so."""
        match rule:
            case State():
                called, said = self.called(rule.signal), _states(rule)
                return Text(f"{called.en} says {said.en}", f"{called.zh} 为 {said.zh}")
            case Expr():
                when = self.formula(rule.when)
                return Text(f"{when.en} is true", f"条件成立:{when.zh}")
            case Sequence():
                return self.sequence(rule)
            case Model():
                return Text(
                    f"behaves unlike itself: score {now}, limit {bound}",
                    f"偏离自身常态:得分 {now},限值 {bound}",
                )
            case _:
                assert_never(rule)

    def sequence(self, rule: Sequence) -> Text:
        """One thing, and then another or not."""
        span = number(rule.within_s)
        first, then = self.formula(rule.first), self.formula(rule.then)
        if rule.alarm_if == "missing":
            return Text(
                f"{first.en}, but not {then.en} within {span} s",
                f"{first.zh},但 {span} 秒内未出现 {then.zh}",
            )
        return Text(
            f"{first.en}, then {then.en} within {span} s",
            f"{first.zh},{span} 秒内又出现 {then.zh}",
        )


def _states(rule: State) -> Text:
    """The states of a rule: PackML numbers of a state signal by their names."""
    named = [_state(said, is_packml=rule.signal == STATE_SIGNAL) for said in rule.any_of]
    return Text(", ".join(n.en for n in named), "、".join(n.zh for n in named))


def _state(said: float | str, *, is_packml: bool) -> Text:
    plain = said if isinstance(said, str) else number(said)
    code = PACKML_CODES.get(int(said)) if is_packml and not isinstance(said, str) else None
    return PACKML_TITLES[code] if code else Text(plain, plain)
