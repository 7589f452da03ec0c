"""What the record itself adds to the vocabulary: leases and meters."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Lease(Struct, frozen=True, kw_only=True):
    """Who does a piece of work that only one may do at a time, and until when."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    holder: Annotated[str, Meta(min_length=1, max_length=120)]
    until_ns: int


class Meter(Struct, frozen=True, kw_only=True):
    """How much of something a node used in a period (``2026-11``, ``2026-11-22``)."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    period: Annotated[str, Meta(min_length=4, max_length=13)]
    value: int
