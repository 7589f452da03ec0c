"""What a partner may do at our desk, and how fast: permissions, values and rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.errors import NotAllowed, TooMuch
from hanse.model.time import Instant

LETTERS_PER_MINUTE_MAX = 600
ASKS_PER_MINUTE_MAX = 60
OPEN_ASKS_MAX = 500
RIPPLES_PER_MINUTE_MAX = 30


class Grants(Struct, frozen=True, kw_only=True):
    """What one partner may do, and what it is told.

    ``may_ask`` covers requests and awards, ``may_forward`` disturbances it passes on to us;
    ``may_hear``: it is told of ours, and answered, in sums; ``gets_forecast``: it is told what our
    customers together will want; ``may_clear``: called by it to clear as a group, we state our open
    needs and our free capacity to it.
    """

    may_ask: bool = True
    may_sell: bool = True
    may_forward: bool = True
    may_hear: bool = True
    gets_forecast: bool = False
    may_clear: bool = False
    order_value_max: Decimal = Decimal(1_000_000)
    letters_per_minute: Annotated[int, Meta(ge=1, le=100_000)] = LETTERS_PER_MINUTE_MAX
    asks_per_minute: Annotated[int, Meta(ge=1, le=100_000)] = ASKS_PER_MINUTE_MAX


class Meter(Struct, frozen=True, kw_only=True):
    """How much a partner sent within the running minute."""

    minute: int = 0
    letters: int = 0
    asks: int = 0
    ripples: int = 0


ASKING = frozenset({"request_for_quotation", "award", "displaced"})
SELLING = frozenset({"quotation", "decline", "hold"})


def count(meter: Meter, grants: Grants, *, kind: str, at: Instant) -> Meter:
    """The meter after one more letter.

    Raises:
        NotAllowed: the partner may not send this kind.
        TooMuch: over its rate; nothing is lost, it may send again in the next minute.
    """
    if (kind in ASKING and not grants.may_ask) or (kind in SELLING and not grants.may_sell):
        raise NotAllowed("this partner may not send this", subject=kind, remedy="Grant it first")
    if kind == "disturbance" and not grants.may_forward:
        raise NotAllowed("this partner may not pass disturbances on", subject=kind)
    if kind == "clearing_call" and not grants.may_clear:
        raise NotAllowed("this partner may not call us to clear", subject=kind)
    minute = int(at.timestamp()) // 60
    if minute != meter.minute:
        meter = Meter(minute=minute)
    after = Meter(
        minute=minute,
        letters=meter.letters + 1,
        asks=meter.asks + (kind == "request_for_quotation"),
        ripples=meter.ripples + (kind == "disturbance"),
    )
    asks_too_often = after.asks > grants.asks_per_minute
    tells_too_often = after.ripples > RIPPLES_PER_MINUTE_MAX
    if after.letters > grants.letters_per_minute or asks_too_often or tells_too_often:
        raise TooMuch("too many letters in one minute", subject=kind, remedy="Send it later")
    return after
