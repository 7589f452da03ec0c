"""Money: whole minor units with a currency (ISO 4217). No float ever crosses a border."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.errors import BadInput

MINOR_MAX = 10**15
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")]
_NO_MINOR = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})


class Money(Struct, frozen=True, order=False):
    """An amount in minor units (cents, fen) of one currency; may be negative."""

    minor: Annotated[int, Meta(ge=-MINOR_MAX, le=MINOR_MAX)]
    currency: Currency

    def __add__(self, other: Money) -> Money:
        """The sum; both must be of one currency."""
        return Money(self.minor + _same(self, other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        """The difference; both must be of one currency."""
        return Money(self.minor - _same(self, other).minor, self.currency)

    def times(self, factor: Decimal | int) -> Money:
        """Multiplied and rounded half to even to a whole minor unit."""
        exact = Decimal(self.minor) * Decimal(factor)
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), self.currency)

    def __str__(self) -> str:
        """``12.40 EUR``."""
        return f"{decimal_of(self)} {self.currency}"


def _same(a: Money, b: Money) -> Money:
    if a.currency != b.currency:
        raise BadInput(f"{a.currency} and {b.currency} cannot be added", remedy="Convert one first")
    return b


def _digits(currency: str) -> int:
    return 0 if currency in _NO_MINOR else 2


def decimal_of(money: Money) -> str:
    """The amount as a decimal string, as it is written between firms: ``12.40``."""
    digits = _digits(money.currency)
    return str(Decimal(money.minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits)))


def money(amount: str, currency: str) -> Money:
    """Money from a decimal string.

    Raises:
        BadInput: not a finite decimal, finer than the currency's minor unit, or over MINOR_MAX.
    """
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise BadInput("not a decimal amount", subject=amount[:40], remedy="Write 12.40") from error
    if not value.is_finite():
        raise BadInput("not a finite amount", subject=amount[:40], remedy="Write 12.40")
    minor = value.scaleb(_digits(currency))
    if minor != minor.to_integral_value():
        raise BadInput(
            f"{currency} has {_digits(currency)} decimal places",
            subject=amount[:40],
            remedy="Round it before it is agreed",
        )
    if abs(minor) > MINOR_MAX:
        raise BadInput("the amount is too large", subject=amount[:40], remedy="Check the unit")
    return Money(int(minor), currency)
