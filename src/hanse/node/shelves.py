"""The loop's own things on record: what must be bought, and what was sold."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from hanse.model.ids import Did, Key
from hanse.model.time import Instant
from hanse.model.trade import Drawing, Requirement
from hanse.store import Tx
from hanse.store.shelf import Shelf

FIRST_LINE = "1"


class Demand(Struct, frozen=True, kw_only=True):
    """Something that must be bought for an order of our own, until it is covered.

    Several demands may share a request: ``lines`` says which of its lines is this one's, by
    request (the first where it says nothing).

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
    lines: dict[str, str] = {}

    def line_in(self, request: str) -> str:
        """The line of a request that asks for this."""
        return self.lines.get(request, FIRST_LINE)


class Sale(Struct, frozen=True, kw_only=True):
    """A line of a partner's order and the work order that makes it; no line: its first."""

    order: str
    line: str = ""
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
    """What was sold, line by line, by the key of `hanse.node.dealing.selling.key_of`."""
    return tx.shelf("sale", Sale)
