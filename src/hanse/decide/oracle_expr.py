"""Expressions one asset and one instant at a time: for the oracle. None is unknown."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

from hanse.decide.expr.parse import (
    Join,
    Name,
    Negate,
    Node,
    Number,
    OverTime,
    names,
    parse_expression,
)

S = 1_000_000_000
PANES = 24
Said = float | bool | None
_SIGNS: dict[str, Callable[[float, float], float | bool]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


class Seen:
    """The last values of one asset's signals."""

    def __init__(self, signals: list[str], attributes: Mapping[str, float | str]) -> None:
        self.signals = frozenset(signals)
        self.attributes = attributes
        self.value: dict[str, float | None] = {}
        self.good: dict[str, float] = {}
        self.before: dict[str, float] = {}
        self.at: dict[str, int] = {}
        self.fresh: set[str] = set()
        self.start = 0

    def take(self, name: str, *, at: int, value: float | None) -> None:
        """One sample; None is a bad one."""
        self.value[name] = value
        if value is None:
            return
        if name in self.good:
            self.before[name] = self.good[name]
        self.good[name], self.at[name] = value, at
        self.fresh.add(name)


class _Span:
    def __init__(self, over: int) -> None:
        self.width = max(over // PANES, 1)
        self.head: int | None = None
        self.values: list[tuple[int, int, float]] = []

    def move(self, at: int) -> None:
        self.head = at // self.width if self.head is None else max(self.head, at // self.width)
        self.values = [v for v in self.values if v[0] > self.head - PANES]

    def add(self, at: int, value: float) -> None:
        self.values.append((self.head or 0, at, value))


class Scalar:
    """One expression with its memory."""

    def __init__(self, text: str, seen: Seen) -> None:
        self.tree = parse_expression(text)
        self.names = names(self.tree)
        self._seen = seen
        self._since: dict[int, int | None] = {}
        self._span: dict[int, _Span] = {}
        self._edge: dict[int, bool] = {}
        self._timed: list[OverTime] = []
        self._find(self.tree)
        self._done: dict[int, Said] = {}

    def _find(self, node: Node) -> None:
        match node:
            case OverTime(what=what, of=of):
                if what != "prev" and all(node is not t for t in self._timed):
                    self._timed.append(node)
                    self._span[id(node)] = _Span(round(node.seconds * S))
                self._find(of)
            case Negate(of=of):
                self._find(of)
            case Join(left=left, right=right):
                self._find(left)
                self._find(right)
            case _:
                return

    def evaluate(self, at: int) -> bool | None:
        """True, false or unknown at an instant."""
        self._done.clear()
        said = self._of(self.tree, at)
        return None if said is None else bool(said)

    def _of(self, node: Node, at: int) -> Said:
        if id(node) not in self._done:
            self._done[id(node)] = self._fresh(node, at)
        return self._done[id(node)]

    def _fresh(self, node: Node, at: int) -> Said:  # noqa: PLR0911 (one a case)
        match node:
            case Number(value=value):
                return value
            case Name(name=name):
                if name in self._seen.signals:
                    return self._seen.value.get(name)
                return float(self._seen.attributes[name])
            case Negate(how=how, of=of):
                said = self._of(of, at)
                if said is None:
                    return None
                return (not said) if how == "not" else (abs(said) if how == "abs" else -said)
            case Join(sign=sign, left=left, right=right):
                return _join(sign, self._of(left, at), self._of(right, at))
            case OverTime():
                return self._over_time(node, at)

    def _over_time(self, node: OverTime, at: int) -> Said:
        if node.what == "for_":
            said = self._of(node.of, at)
            since = self._since.get(id(node))
            self._since[id(node)] = since = (at if since is None else since) if said else None
            return None if said is None else since is not None and at - since >= node.seconds * S
        if not isinstance(node.of, Name):
            return self._rises(node, at)
        name = node.of.name
        if node.what == "prev":
            return self._seen.before.get(name)
        if node.what in {"age", "stale"}:
            last = self._seen.at.get(name)
            age = (at - (self._seen.start if last is None else last)) / S
            if node.what == "age":
                return None if last is None else age
            return age >= node.seconds
        return self._window(node, name, at)

    def _rises(self, node: OverTime, at: int) -> float:
        span, said = self._span[id(node)], self._of(node.of, at)
        span.move(at)
        if said is True and not self._edge.get(id(node), False):
            span.add(at, 1.0)
        if said is not None:
            self._edge[id(node)] = bool(said)
        return float(len(span.values))

    def _window(self, node: OverTime, name: str, at: int) -> float | None:
        span = self._span[id(node)]
        span.move(at)
        now = self._seen.value.get(name)
        if name in self._seen.fresh and now is not None:
            span.add(at, now)
        values = [v for _, _, v in span.values]
        if node.what == "count":
            return float(len(values))
        if not values:
            return None
        if node.what in {"delta", "rate"}:
            _, first_at, first = span.values[0]
            if now is None:
                return None
            passed = (self._seen.at[name] - first_at) / S
            if node.what == "delta":
                return now - first
            return (now - first) / passed if passed > 0 else None
        return _figure(node.what, values)

    def wake_at(self, now: int) -> int | None:
        """The next instant after ``now`` at which the answer may change."""
        then = [t for t in (self._next(n, now) for n in self._timed) if t is not None and t > now]
        return min(then, default=None)

    def _next(self, node: OverTime, now: int) -> int | None:
        wait = round(node.seconds * S)
        if node.what == "for_":
            since = self._since.get(id(node))
            return None if since is None else since + wait
        if node.what == "age":
            return now + S // 10
        if node.what == "stale":
            assert isinstance(node.of, Name)
            return self._seen.at.get(node.of.name, self._seen.start) + wait
        span = self._span[id(node)]
        return None if span.head is None else (span.head + 1) * span.width


def _figure(what: str, values: list[float]) -> float | None:
    n = len(values)
    match what:
        case "mean":
            return sum(values) / n
        case "min":
            return min(values)
        case "max":
            return max(values)
        case _:
            total, squares = sum(values), sum(v * v for v in values)
            return math.sqrt(max(squares - total * total / n, 0.0) / (n - 1)) if n > 1 else None


def _join(sign: str, left: Said, right: Said) -> Said:
    if sign in {"and", "or"}:
        decides = sign == "or"
        if decides in (left, right):
            return decides
        return None if left is None or right is None else not decides
    if left is None or right is None:
        return None
    if sign == "/":
        return left / right if right else None
    return _SIGNS[sign](left, right)
