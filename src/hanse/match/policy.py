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
    """

    accept_order_max: Decimal = Decimal(50_000)
    place_order_max: Decimal = Decimal(10_000)
    acknowledge: bool = True

    def __post_init__(self) -> None:
        if min(self.accept_order_max, self.place_order_max) < 0:
            raise ValueError("a money limit is not negative")
