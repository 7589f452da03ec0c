"""What the pages show of a disturbance that goes through the chain."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from hanse.model.event import Event
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Fact, Id, Line, State


class RippleRow(Struct, frozen=True, kw_only=True):
    """One disturbance: where it began, how far it went, what it is worth.

    ``began_by`` is the partner that told us, empty where it began here; ``money`` is all that is
    at risk (or wanted more), ``covered`` what quotes of others cover of it, by currency.
    """

    id: Id
    title: Text
    state: State
    began_at: Instant
    began_by: Line = ""
    wanted: bool = False
    orders: Count = 0
    firms: Count = 0
    first_short: Instant | None = None
    money: Line = ""
    covered: Line = ""
    loop: str = ""
    event: str = ""


class RippleHit(Struct, frozen=True, kw_only=True):
    """One order of ours that is hit; ``firm`` who waits for it, ``href`` its page."""

    order: Line
    firm: Line
    quantity: Decimal
    agreed: Instant
    expected: Instant | None = None
    money: Line = ""
    href: Line = ""


class RippleAnswerRow(Struct, frozen=True, kw_only=True):
    """What one partner that was told answered, in sums; ``state`` says whether it has."""

    did: Id
    firm: Line
    state: State
    orders: Count = 0
    firms: Count = 0
    first_short: Instant | None = None
    money: Line = ""
    covered: Line = ""
    survive_days: Line = ""
    recover_days: Line = ""
    needs: Text = Text("", "")


class RippleView(Struct, frozen=True, kw_only=True):
    """One disturbance with what it does here and what partners answered."""

    row: RippleRow
    facts: tuple[Fact, ...] = ()
    hits: tuple[RippleHit, ...] = ()
    answers: tuple[RippleAnswerRow, ...] = ()
    left_out: Count = 0
    events: tuple[Event, ...] = ()


class ForecastRow(Struct, frozen=True, kw_only=True):
    """Demand expected for an item, week by week; ``firm`` who said so, or whom we told."""

    firm: Line
    item: Line
    sources: Count
    said_at: Instant
    weeks: tuple[tuple[Instant, Decimal], ...] = ()
    total: Decimal = Decimal(0)
    out: bool = False
