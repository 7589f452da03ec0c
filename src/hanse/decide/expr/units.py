"""Units in expressions: what is compared or added must be the same, where both are known."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.decide.expr.parse import Join, Name, Negate, Node, Number, OverTime
from hanse.model.errors import BadConfig

ANY = ""
"""A number without a unit, or one whose unit nobody knows: goes with everything."""


def check_units(node: Node, units: Mapping[str, str], *, subject: str) -> str:
    """The unit of a tree, ANY where it has none.

    Raises:
        BadConfig: two different known units are compared, added or subtracted.
    """
    match node:
        case Number():
            return ANY
        case Name(name=name):
            return units.get(name, ANY)
        case Negate(of=of):
            return check_units(of, units, subject=subject)
        case OverTime(what=what, of=of):
            return _over_time(what, check_units(of, units, subject=subject))
        case Join(sign=sign, left=left, right=right):
            one = check_units(left, units, subject=subject)
            other = check_units(right, units, subject=subject)
            return _join(sign, (one, other), subject)


def _over_time(what: str, unit: str) -> str:
    match what:
        case "rate":
            return f"{unit}/s" if unit else ANY
        case "age":
            return "s"
        case "for_" | "stale" | "count":
            return ANY
        case _:
            return unit


def _join(sign: str, units: tuple[str, str], subject: str) -> str:
    one, other = units
    if sign in {"*", "/"}:
        if sign == "/" and one == other:
            return ANY
        return one if not other else ANY
    if one and other and one != other:
        raise BadConfig(
            f"'{sign}' stands between {one} and {other}",
            subject=subject,
            remedy="Bring both to one unit, or divide each by its own limit",
        )
    return (one or other) if sign in {"+", "-"} else ANY
