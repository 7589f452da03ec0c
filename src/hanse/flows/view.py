"""What the process managers may look up: facts on record, never the world."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from hanse.model.time import Instant


class RequestFacts(Struct, frozen=True, kw_only=True):
    """One request for quotes as it stands: how many were asked, how many have answered.

    ``alone``: the node awards it or orders from it by itself.
    """

    request: str
    asked: int
    answered: int
    chosen: bool
    alone: bool = False


class DemandFacts(Struct, frozen=True, kw_only=True):
    """Something to be bought as it stands: ``missing`` is on no order and in no open request.

    ``line`` is the line of the order that was looked up, ``customer`` the customer's order it is
    bought for (empty: none).
    """

    demand: str
    line: str = "1"
    customer: str = ""
    item: str
    due: Instant
    missing: Decimal


class View(Protocol):
    """Facts on record."""

    @property
    def me(self) -> str:
        """This firm."""
        ...

    def request(self, request: str) -> RequestFacts:
        """One of our requests for quotes.

        Raises:
            NotFound: we sent none of that number.
        """
        ...

    def request_of(self, partner: str, order: str) -> str | None:
        """The request that an order of ours came from, None where it came from none."""
        ...

    def demands_of(self, partner: str, order: str) -> tuple[DemandFacts, ...]:
        """What the lines of an order of ours were placed for; empty: for nothing on record."""
        ...
