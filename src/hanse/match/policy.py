"""What a firm lets its node agree to alone, and what waits for a person."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

ORDERS_OPEN_MAX = 10_000


class Policy(Struct, frozen=True, kw_only=True):
    """Limits in the firm's own money, as decimals; zero means a person is always asked.

    ``accept_order_max``: an order that takes our own valid quotation is signed alone up to this.
    ``place_order_max``: an order of ours is proposed alone up to this (checked by `flows`).
    ``acknowledge``: despatch, receipt, quality, invoice and payment entries that fit the contract
    are countersigned alone (they state what happened; they grant nothing).
    ``raise_least``: a provisional award gives way to one that pays this much more for its place,
    until its closing; 0: it gives way to none.
    """

    accept_order_max: Decimal = Decimal(50_000)
    place_order_max: Decimal = Decimal(10_000)
    acknowledge: bool = True
    raise_least: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if min(self.accept_order_max, self.place_order_max, self.raise_least) < 0:
            raise ValueError("a money limit is not negative")
