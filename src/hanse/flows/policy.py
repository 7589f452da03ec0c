"""What may happen with no person asked, and up to what money."""

from __future__ import annotations

from msgspec import Struct


class Policy(Struct, frozen=True, kw_only=True):
    """The firm's limits for acting alone; amounts in minor units of its currency.

    ``closing_s``: seconds from the first award of a request to its orders, in which a seller may
    give the place to one that pays more and we may go elsewhere; 0 orders at once.
    """

    award_alone_up_to_minor: int
    accept_alone_up_to_minor: int
    quote_alone: bool = True
    agree_changes_alone: bool = True
    despatch_alone: bool = True
    invoice_alone: bool = True
    ripple_alone: bool = True
    closing_s: int = 0
