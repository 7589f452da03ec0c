"""From text to a checked tree. The grammar is Python's; what is not listed here is refused."""

from __future__ import annotations

import ast
import difflib
from typing import Literal

from msgspec import Struct

from hanse.decide.rules import WINDOW_S_MAX
from hanse.model.errors import BadConfig

NODES_MAX = 100

Sign = Literal["+", "-", "*", "/", ">", ">=", "<", "<=", "==", "!=", "and", "or"]


class Number(Struct, frozen=True, tag=True):
    """A constant."""

    value: float


class Name(Struct, frozen=True, tag=True):
    """A signal or an attribute of the asset."""

    name: str


class Negate(Struct, frozen=True, tag=True):
    """``-x``, ``not x`` or ``abs(x)``."""

    how: Literal["-", "not", "abs"]
    of: Node


class Join(Struct, frozen=True, tag=True):
    """Two sides with a sign between them."""

    sign: Sign
    left: Node
    right: Node


class OverTime(Struct, frozen=True, tag=True):
    """A function that looks back: at a signal by name, or (`for_`, `count`) at a condition."""

    what: str
    of: Node
    seconds: float = 0.0


Node = Number | Name | Negate | Join | OverTime

Expression = Node

_COMPARE: dict[type[ast.cmpop], Sign] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_ARITHMETIC: dict[type[ast.operator], Sign] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
FUNCTIONS: dict[str, tuple[int, bool]] = {
    "for_": (2, False),
    "count": (2, False),
    "rate": (2, True),
    "mean": (2, True),
    "sd": (2, True),
    "min": (2, True),
    "max": (2, True),
    "delta": (2, True),
    "stale": (2, True),
    "prev": (1, True),
    "age": (1, True),
    "abs": (1, False),
}
"""How many arguments each function takes, and whether the first must be a signal."""

_RELATIONS = frozenset({">", ">=", "<", "<=", "==", "!="})


def parse_expression(text: str) -> Expression:
    """The tree of an expression that is a condition.

    Raises:
        BadConfig: the first part that is not allowed, with its column, word and fix.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        column = getattr(error, "offset", None) or 1
        raise _bad(
            text, column, "cannot be read here", "Write a condition such as load_kw > 5"
        ) from error
    if sum(1 for _ in ast.walk(tree)) > 4 * NODES_MAX:
        raise _bad(text, 1, "is too long", f"Use at most {NODES_MAX} parts")
    node = _Reader(text).read(tree.body)
    if not is_condition(node):
        raise _bad(text, 1, "is a number, not a condition", "Compare it with a limit")
    return node


def is_condition(node: Node) -> bool:
    """Whether a node is true or false rather than a number."""
    match node:
        case Join(sign=sign):
            return sign in _RELATIONS or sign in {"and", "or"}
        case Negate(how=how):
            return how == "not"
        case OverTime(what=what):
            return what in {"for_", "stale"}
        case _:
            return False


def names(node: Node) -> frozenset[str]:
    """Every name in a tree."""
    match node:
        case Number():
            return frozenset()
        case Name(name=name):
            return frozenset({name})
        case Negate(of=of) | OverTime(of=of):
            return names(of)
        case Join(left=left, right=right):
            return names(left) | names(right)


def looks_back(node: Node) -> bool:
    """Whether its answer may change with time alone."""
    match node:
        case OverTime(what=what):
            return what != "prev"
        case Negate(of=of):
            return looks_back(of)
        case Join(left=left, right=right):
            return looks_back(left) or looks_back(right)
        case _:
            return False


def _bad(text: str, column: int, what: str, remedy: str) -> BadConfig:
    word = text[max(column - 1, 0) :].split(" ", 1)[0][:30]
    return BadConfig(f"'{word}' at column {column} {what}", subject=text[:80], remedy=remedy)


class _Reader:
    """Walks Python's tree and builds ours."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _refuse(self, node: ast.expr, what: str, remedy: str) -> BadConfig:
        return _bad(self._text, node.col_offset + 1, what, remedy)

    def read(self, node: ast.expr) -> Node:  # noqa: PLR0911 (one a case)
        """One node of Python's as one of ours."""
        match node:
            case ast.Constant(value=bool() | str() | bytes() | None):
                raise self._refuse(node, "is not a number", "Compare with a number")
            case ast.Constant(value=int() | float() as value):
                return Number(float(value))
            case ast.Name(id=name):
                return Name(name)
            case ast.BoolOp():
                return self._bool(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return self._call(node)
            case _:
                raise self._refuse(
                    node,
                    "is not allowed in a rule",
                    "Use names, numbers, comparisons, and, or, not",
                )

    def _condition(self, node: ast.expr) -> Node:
        read = self.read(node)
        if not is_condition(read):
            raise self._refuse(
                node, "is a number where a condition is needed", "Compare it with a limit"
            )
        return read

    def _number(self, node: ast.expr) -> Node:
        read = self.read(node)
        if is_condition(read):
            raise self._refuse(
                node, "is a condition where a number is needed", "Join them with and, or"
            )
        return read

    def _bool(self, node: ast.BoolOp) -> Node:
        sign: Sign = "and" if isinstance(node.op, ast.And) else "or"
        sides = [self._condition(v) for v in node.values]
        joined = sides[0]
        for side in sides[1:]:
            joined = Join(sign, joined, side)
        return joined

    def _unary(self, node: ast.UnaryOp) -> Node:
        match node.op:
            case ast.Not():
                return Negate("not", self._condition(node.operand))
            case ast.USub():
                return Negate("-", self._number(node.operand))
            case ast.UAdd():
                return self._number(node.operand)
            case _:
                raise self._refuse(node, "is not allowed in a rule", "Use not, - or abs()")

    def _binary(self, node: ast.BinOp) -> Node:
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None:
            raise self._refuse(node, "uses a sign that is not allowed", "Use + - * /")
        return Join(sign, self._number(node.left), self._number(node.right))

    def _compare(self, node: ast.Compare) -> Node:
        sides = [self._number(n) for n in (node.left, *node.comparators)]
        joined: Node | None = None
        for place, op in enumerate(node.ops):
            sign = _COMPARE.get(type(op))
            if sign is None:
                raise self._refuse(
                    node, "compares in a way that is not allowed", "Use > >= < <= == !="
                )
            pair = Join(sign, sides[place], sides[place + 1])
            joined = pair if joined is None else Join("and", joined, pair)
        assert joined is not None
        return joined

    def _call(self, node: ast.Call) -> Node:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            close = difflib.get_close_matches(name, FUNCTIONS, n=1)
            known = f"Did you mean '{close[0]}'" if close else f"Known are {', '.join(FUNCTIONS)}"
            raise self._refuse(node, "is not a known function", known)
        if name == "abs" and len(node.args) == 1 and not node.keywords:
            return Negate("abs", self._number(node.args[0]))
        return self._over_time(name, node)

    def _over_time(self, name: str, node: ast.Call) -> Node:
        wanted, of_signal = FUNCTIONS[name]
        if len(node.args) != wanted or node.keywords:
            shape = "x" if wanted == 1 else "x, seconds"
            raise self._refuse(node, "has the wrong arguments", f"Write {name}({shape})")
        first = node.args[0]
        if of_signal and not isinstance(first, ast.Name):
            raise self._refuse(first, "is not a signal's name", f"{name} looks at one signal")
        of = self._condition(first) if name == "for_" else self.read(first)
        if wanted == 1:
            return OverTime(name, of)
        return OverTime(name, of, self._seconds(node.args[1]))

    def _seconds(self, node: ast.expr) -> float:
        read = self.read(node)
        if not isinstance(read, Number) or not 0 < read.value <= WINDOW_S_MAX:
            raise self._refuse(
                node, "is not a number of seconds", f"Write a number up to {WINDOW_S_MAX:.0f}"
            )
        return read.value
