"""What the process managers may look up: facts on record, never the world."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct

from hanse.model.time import Instant

Side = Literal["buyer", "seller"]


class DealFacts(Struct, frozen=True, kw_only=True):
    """One deal with one partner as it stands."""

    deal: str
    side: Side
    partner: str
    item: str
    quantity: Decimal
    due: Instant
    demand: str = ""
    value_minor: int = 0


class RequestFacts(Struct, frozen=True, kw_only=True):
    """One request for quotes as it stands: how many were asked, how many have answered."""

    request: str
    asked: int
    answered: int
    offered: int
    chosen: bool
    demand: str = ""


class View(Protocol):
    """Facts on record."""

    def deal(self, deal: str) -> DealFacts:
        """A deal.

        Raises:
            NotFound: there is none of that name.
        """
        ...

    def request(self, request: str) -> RequestFacts:
        """A request for quotes.

        Raises:
            NotFound: there is none of that name.
        """
        ...
