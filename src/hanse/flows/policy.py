"""What may happen with no person asked, and up to what money."""

from __future__ import annotations

from msgspec import Struct


class Policy(Struct, frozen=True, kw_only=True):
    """The firm's limits for acting alone; amounts in minor units of its currency."""

    award_alone_up_to_minor: int
    accept_alone_up_to_minor: int
    quote_alone: bool = True
    agree_changes_alone: bool = True
    despatch_alone: bool = True
    invoice_alone: bool = True
    ripple_alone: bool = True
