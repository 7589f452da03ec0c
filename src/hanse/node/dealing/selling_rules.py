"""What this firm asks beside its price when the node quotes alone, as set on the page."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.match.papers import plain
from hanse.model import trade
from hanse.store import Tx

NAME = "selling"
BREAKS_MAX = 10
CENT = Decimal("0.01")


class Step(Struct, frozen=True, kw_only=True):
    """From so many pieces on, so many percent off the price of all of them."""

    least: Annotated[int, Meta(ge=1, le=10**9)]
    off_percent: Decimal


class Selling(Struct, frozen=True, kw_only=True):
    """Money in our currency: set-up and freight once a line; ``least`` pieces a line.

    Where the normal date is late: an earlier one is offered alone as long as the harm to others is
    at most ``express_harm_max``, at ``express_percent`` of that harm and ``express_least`` at the
    least. A provisional award gives way, before its closing, to one whose premium is higher by
    ``raise_least`` (0: to none). ``withdrawal_percent`` of its worth is owed by whoever takes a
    provisional award back.
    """

    setup: Decimal = Decimal(0)
    freight: Decimal = Decimal(0)
    least: Annotated[int, Meta(ge=0, le=10**9)] = 0
    express_harm_max: Decimal = Decimal(0)
    express_percent: Annotated[int, Meta(ge=100, le=10_000)] = 120
    express_least: Decimal = Decimal(0)
    raise_least: Decimal = Decimal(10)
    withdrawal_percent: Annotated[int, Meta(ge=0, le=99)] = 0
    steps: Annotated[tuple[Step, ...], Meta(max_length=BREAKS_MAX)] = ()


def selling(tx: Tx) -> Selling:
    """The rules as they are set; none where nobody has set any."""
    return tx.settings.get(NAME, Selling) or Selling()


def breaks_of(said: Selling, price: Decimal) -> tuple[trade.PriceBreak, ...]:
    """The price breaks of an item at its price, each rounded up to the cent."""
    return tuple(
        trade.PriceBreak(
            minimum_quantity=str(step.least),
            price_amount=plain(
                (price * (100 - step.off_percent) / 100).quantize(CENT, rounding=ROUND_UP)
            ),
        )
        for step in sorted(said.steps, key=lambda s: s.least)
    )
