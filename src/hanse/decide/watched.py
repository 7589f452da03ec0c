"""Which signals a rule looks at, by name."""

from __future__ import annotations

from typing import assert_never

from hanse.decide.expr.parse import names, parse_expression
from hanse.decide.rules import Expr, Limit, Model, Rate, Rule, Sequence, Spc, Stale, State, Window


def watched(rule: Rule) -> frozenset[str]:
    """The names in a rule: its signals, and for expressions its attributes as well."""
    match rule:
        case Limit() | Rate() | Window() | Spc() | Stale() | State():
            return frozenset({rule.signal})
        case Expr():
            return frozenset(names(parse_expression(rule.when)))
        case Sequence():
            return frozenset(
                names(parse_expression(rule.first)) | names(parse_expression(rule.then))
            )
        case Model():
            return frozenset(rule.signals)
        case _:
            assert_never(rule)
