"""Whole numbers from values: what a device keeps in an integer."""

from __future__ import annotations

from hanse.model.setting import Value

SLACK = 1e-6


def whole(value: Value) -> int:
    """The whole number a value is, up to what scaling costs.

    Raises:
        ValueError: it is none.
    """
    number = float(value)
    found = round(number)
    if abs(number - found) > SLACK * max(1.0, abs(number)):
        raise ValueError(f"{value} is not a whole number")
    return found
