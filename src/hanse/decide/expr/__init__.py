"""Expressions: a checked subset of Python over an asset's signals and attributes.

For: `expr` and `sequence` rules. In: a line such as ``spindle_c > limit_c and mean(load, 60) < 9``.
Out: a tree that is checked (names, arguments, units) and evaluated by numpy over all assets of a
type at once, in three truth values: bad or missing is unknown, never false. Never `eval`.
Limits: EXPRESSION_CHARACTERS_MAX characters, NODES_MAX parts, WINDOW_S_MAX seconds a window.
"""

from hanse.decide.expr.evaluate import Evaluator
from hanse.decide.expr.parse import NODES_MAX, Expression, parse_expression

__all__ = ["NODES_MAX", "Evaluator", "Expression", "parse_expression"]
