"""Quantities: a decimal with a unit code of UN/ECE Recommendation 20 (C62 = piece, KGM, MTR)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.errors import BadInput

UnitCode = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,3}$", description="UN/ECE Rec 20 code")]
QUANTITY_MAX = Decimal(10**12)
PLACES_MAX = 6


class Quantity(Struct, frozen=True):
    """So much of something. Written between firms as ``{"value": "120", "unit": "C62"}``."""

    value: Decimal
    unit: UnitCode = "C62"

    def __post_init__(self) -> None:
        if not self.value.is_finite() or abs(self.value) > QUANTITY_MAX:
            raise ValueError("quantity out of range")
        exponent = self.value.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -PLACES_MAX:
            raise ValueError(f"quantity has more than {PLACES_MAX} decimal places")


def pieces(n: int) -> Quantity:
    """A count of pieces."""
    return Quantity(Decimal(n), "C62")


def quantity(text: str, unit: str = "C62") -> Quantity:
    """A quantity from a decimal string.

    Raises:
        BadInput: not a decimal, too large or too fine.
    """
    try:
        return Quantity(Decimal(text), unit)
    except (InvalidOperation, ValueError) as error:
        raise BadInput("not a quantity", subject=text[:40], remedy="Write 120 or 2.5") from error
