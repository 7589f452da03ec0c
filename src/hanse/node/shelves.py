"""The loop's own things on record: what must be bought, and what was sold."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from hanse.model.ids import Did, Key
from hanse.model.time import Instant
from hanse.model.trade import Drawing, Requirement
from hanse.store import Tx
from hanse.store.shelf import Shelf


class Demand(Struct, frozen=True, kw_only=True):
    """Something that must be bought for an order of our own, until it is covered.

    ``firms`` are the ones a person named (empty: all that can), ``drawing`` goes with the request.
    ``requests`` are the requests for quotes sent for it, ``orders`` the (partner, order) pairs
    that cover it.
    """

    key: Key
    item: Key
    wanted: Decimal
    due: Instant
    customer_order: str = ""
    requests: tuple[str, ...] = ()
    orders: tuple[tuple[Did, str], ...] = ()
    firms: tuple[Did, ...] = ()
    note: str = ""
    drawing: Drawing | None = None
    requirement: Requirement | None = None


class Sale(Struct, frozen=True, kw_only=True):
    """An order of a partner and the work order that makes it."""

    order: str
    partner: Did
    work_order: Key
    item: Key
    quantity: Decimal
    due: Instant
    hold: str = ""


def demands(tx: Tx) -> Shelf[Demand]:
    """What must be bought."""
    return tx.shelf("demand", Demand)


def sales(tx: Tx) -> Shelf[Sale]:
    """What was sold, by order number."""
    return tx.shelf("sale", Sale)
