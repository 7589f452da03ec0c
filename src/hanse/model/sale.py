"""What a firm's own customers ordered, and what they were told."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.ids import Key, Title
from hanse.model.money import Currency
from hanse.model.text import Text
from hanse.model.time import Instant


class CustomerOrderState(enum.StrEnum):
    """Where a customer's order stands."""

    OPEN = "open"
    DESPATCHED = "despatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class CustomerOrder(Struct, frozen=True, kw_only=True):
    """So much of an item for a customer: ``due`` they asked for, ``promised`` they were told.

    ``price_minor`` is the whole order's, in minor units of ``currency``.
    """

    key: Key
    customer: Key
    title: Title
    item: Key
    quantity: Decimal
    placed_at: Instant
    due: Instant
    promised: Instant | None = None
    state: CustomerOrderState = CustomerOrderState.OPEN
    price_minor: Annotated[int, Meta(ge=0, le=10**15)] = 0
    currency: Currency = "EUR"
    delivered: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if not self.quantity.is_finite() or self.quantity <= 0:
            raise ValueError("an order is for more than nothing")


class Notice(Struct, frozen=True, kw_only=True):
    """A sentence for a customer about an order, and the event that is the reason for it."""

    id: Annotated[str, Meta(max_length=120)]
    customer: Key
    order: Key
    at: Instant
    text: Text
    event: Annotated[str, Meta(max_length=120)] = ""
    read_at: Instant | None = None
