"""Expressions over columns: one pass of numpy for all assets that changed.

Numbers are float64 with NaN for unknown; conditions are 1.0, 0.0 or NaN (Kleene's strong logic).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hanse.decide.columns import B1, F8, I8, NEVER, Columns
from hanse.decide.expr.parse import Join, Name, Negate, Node, Number, OverTime
from hanse.decide.panes import Panes, seconds
from hanse.model.time import NS_PER_S

AGE_STEP_NS = NS_PER_S // 10
"""How often `age` is looked at while nothing comes."""


class Inputs(NamedTuple):
    """What an expression may look at: signals (row by name) and attributes, a column an asset.

    ``value`` is NaN where the last sample was bad; ``before`` the good value before the last good
    one; ``at`` the instant of the last good one, NEVER before any; ``fresh`` marks what has just
    come, during one evaluation.
    """

    row: dict[str, int]
    value: F8
    before: F8
    at: I8
    fresh: B1
    attributes: dict[str, F8]
    start: I8


class Evaluator:
    """A compiled tree with its memory, one column an asset."""

    def __init__(self, tree: Node, inputs: Inputs) -> None:
        self._tree = tree
        self._inputs = inputs
        self._n = inputs.start.size
        self._memory: dict[int, Panes | I8 | F8] = {}
        self._timed = [n for n in _walk(tree) if isinstance(n, OverTime) and n.what != "prev"]
        for node in self._timed:
            self._memory[id(node)] = self._remember(node)
        self._edges = {id(n): np.zeros(self._n) for n in self._timed if n.what == "count"}
        self._done: dict[int, F8] = {}

    def _remember(self, node: OverTime) -> Panes | I8 | F8:
        if node.what == "for_":
            return np.full(self._n, NEVER, np.int64)
        if node.what in {"stale", "age"}:
            return np.zeros(0, np.int64)
        return Panes(self._n, round(node.seconds * NS_PER_S))

    def evaluate(self, who: I8, at: I8) -> F8:
        """The tree's value for some assets, each at its instant; instants only grow."""
        self._done.clear()
        return self._of(self._tree, who, at)

    def _of(self, node: Node, who: I8, at: I8) -> F8:
        known = self._done.get(id(node))
        if known is None:
            known = self._done[id(node)] = self._fresh(node, who, at)
        return known

    def _fresh(self, node: Node, who: I8, at: I8) -> F8:
        match node:
            case Number(value=value):
                return np.full(who.size, value)
            case Name(name=name):
                return self._name(name, who)
            case Negate(how=how, of=of):
                inner = self._of(of, who, at)
                if how == "not":
                    return 1.0 - inner
                return np.abs(inner) if how == "abs" else -inner
            case Join(sign=sign, left=left, right=right):
                return join(sign, self._of(left, who, at), self._of(right, who, at))
            case OverTime():
                return self._over_time(node, who, at)

    def _name(self, name: str, who: I8) -> F8:
        row = self._inputs.row.get(name)
        if row is None:
            return self._inputs.attributes[name][who]
        return np.asarray(self._inputs.value[row, who])

    def _over_time(self, node: OverTime, who: I8, at: I8) -> F8:
        match node.what:
            case "for_":
                return self._held(node, who, at)
            case "count" if not isinstance(node.of, Name):
                return self._edges_of(node, who, at)
            case "stale" | "age" | "prev":
                return self._last(node, who, at)
            case _:
                return self._window(node, who, at)

    def _held(self, node: OverTime, who: I8, at: I8) -> F8:
        since = self._memory[id(node)]
        assert isinstance(since, np.ndarray)
        cond = self._of(node.of, who, at)
        begun = since[who]
        begun = np.where(cond == 1.0, np.where(begun == NEVER, at, begun), NEVER)
        since[who] = begun
        long = (cond == 1.0) & (at - np.where(begun == NEVER, at, begun) >= node.seconds * NS_PER_S)
        return np.where(np.isnan(cond), np.nan, long.astype(np.float64))

    def _edges_of(self, node: OverTime, who: I8, at: I8) -> F8:
        panes, edge = self._memory[id(node)], self._edges[id(node)]
        assert isinstance(panes, Panes)
        cond = self._of(node.of, who, at)
        panes.advance(who, at)
        rises = (cond == 1.0) & (edge[who] == 0.0)
        panes.add(who[rises], at[rises], cond[rises])
        edge[who] = np.where(np.isnan(cond), edge[who], cond)
        return panes.figure(who, "count")

    def _last(self, node: OverTime, who: I8, at: I8) -> F8:
        row = self._row(node)
        if node.what == "prev":
            return np.asarray(self._inputs.before[row, who])
        last = self._inputs.at[row, who]
        heard = last != NEVER
        age = seconds(at - np.where(heard, last, self._inputs.start[who]))
        if node.what == "age":
            return np.where(heard, age, np.nan)
        return (age >= node.seconds).astype(np.float64)

    def _row(self, node: OverTime) -> int:
        assert isinstance(node.of, Name)
        return self._inputs.row[node.of.name]

    def _window(self, node: OverTime, who: I8, at: I8) -> F8:
        panes, row = self._memory[id(node)], self._row(node)
        assert isinstance(panes, Panes)
        panes.advance(who, at)
        new = self._inputs.fresh[row, who]
        panes.add(who[new], at[new], self._inputs.value[row, who[new]])
        if node.what in {"rate", "delta"}:
            return self._change(node, who, panes)
        return panes.figure(who, node.what)

    def _change(self, node: OverTime, who: I8, panes: Panes) -> F8:
        row = self._row(node)
        first, first_at = panes.oldest(who)
        change = self._inputs.value[row, who] - first
        if node.what == "delta":
            return np.asarray(change)
        span = seconds(self._inputs.at[row, who] - first_at)
        usable = ~np.isnan(change) & (span > 0)
        return np.where(usable, change / np.where(usable, span, 1.0), np.nan)

    def wake_at(self, who: I8, now: I8) -> I8:
        """The next instant after ``now`` at which the answer may change with no sample."""
        soonest = np.full(who.size, NEVER, np.int64)
        for node in self._timed:
            then = self._next(node, who, now)
            soonest = np.minimum(soonest, np.where(then > now, then, NEVER))
        return soonest

    def _next(self, node: OverTime, who: I8, now: I8) -> I8:
        memory = self._memory[id(node)]
        if isinstance(memory, Panes):
            begun = memory.head[who] >= 0
            return np.where(begun, memory.boundary(who), NEVER)
        if node.what == "for_":
            since = memory[who].astype(np.int64)
            return np.where(since == NEVER, NEVER, np.where(since == NEVER, 0, since) + _wait(node))
        if node.what == "age":
            return now + AGE_STEP_NS
        last = self._inputs.at[self._row(node), who]
        return np.where(last == NEVER, self._inputs.start[who], last) + _wait(node)

    def columns(self) -> Columns:
        """What a snapshot keeps."""
        kept: Columns = {}
        for number, node in enumerate(self._timed):
            memory = self._memory[id(node)]
            if isinstance(memory, Panes):
                kept |= {f"{number}.{k}": v for k, v in memory.columns().items()}
            else:
                kept[f"{number}.since"] = memory
            if id(node) in self._edges:
                kept[f"{number}.edge"] = self._edges[id(node)]
        return kept


def _wait(node: OverTime) -> int:
    return round(node.seconds * NS_PER_S)


def _walk(node: Node) -> list[Node]:
    match node:
        case Negate(of=of) | OverTime(of=of):
            return [node, *_walk(of)]
        case Join(left=left, right=right):
            return [node, *_walk(left), *_walk(right)]
        case _:
            return [node]


def join(sign: str, left: F8, right: F8) -> F8:  # noqa: PLR0911 (one a case)
    """Arithmetic, comparison and three-valued logic on two columns."""
    match sign:
        case "and":
            return np.where((left == 0) | (right == 0), 0.0, left * right)
        case "or":
            return np.where((left == 1) | (right == 1), 1.0, left + right)
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            whole = np.where(right == 0, np.nan, right)
            return left / whole
        case _:
            return _compare(sign, left, right)


def _compare(sign: str, left: F8, right: F8) -> F8:
    known = ~(np.isnan(left) | np.isnan(right))
    match sign:
        case ">":
            held = left > right
        case ">=":
            held = left >= right
        case "<":
            held = left < right
        case "<=":
            held = left <= right
        case "==":
            held = left == right
        case _:
            held = left != right
    return np.where(known, held.astype(np.float64), np.nan)
