"""Requests, quotes, orders between firms, the pair ledger, and partners."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hanse.model.event import Event
from hanse.model.money import Money
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Amount, Count, Deed, Fact, Field, Id, Line, State, Tone
from hanse.web.views.rippling import RippleRow


class RfqRow(Struct, frozen=True, kw_only=True):
    """A request for quotation, asked by us (``out``) or of us (``in``)."""

    id: Id
    direction: Literal["out", "in"]
    item: Line
    quantity: Decimal
    unit: Line
    due: Instant
    state: State
    asked_at: Instant
    more: Count = 0
    firms: tuple[str, ...] = ()
    quotes: Count = 0
    loop: str = ""
    event: str = ""


class AskedLine(Struct, frozen=True, kw_only=True):
    """A line of a request: what, how many, by when, and what it must hold."""

    line: Line
    item: Line
    quantity: Decimal
    unit: Line
    due: Instant | None = None
    facts: tuple[Fact, ...] = ()


class QuotedLine(Struct, frozen=True, kw_only=True):
    """A line of a request as one firm offers it; ``quantity`` 0: it is left out."""

    line: Line
    item: Line
    quantity: Decimal
    unit: Line
    price: Line = ""
    date: Instant | None = None


class OrderedLine(Struct, frozen=True, kw_only=True):
    """A line of an order as it is agreed now and how far it is; ``work`` is who makes it here."""

    line: Line
    item: Line
    quantity: Decimal
    unit: Line
    price: Line
    state: State
    due: Instant | None = None
    despatched: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)
    work: Line = ""
    planned: Instant | None = None


class QuoteRow(Struct, frozen=True, kw_only=True):
    """A quote for a request; ``rank`` 1 is the one that would be chosen.

    ``lines`` where the request has several; quantity is then the first offered one's.
    """

    id: Id
    firm: Line
    did: Line
    price: Money
    quantity: Decimal
    date: Instant
    state: State
    valid_until: Instant | None = None
    rank: Count = 0
    why: Text = Text("", "")
    facts: tuple[Fact, ...] = ()
    lines: tuple[QuotedLine, ...] = ()
    deeds: tuple[Deed, ...] = ()
    event: str = ""


class RfqView(Struct, frozen=True, kw_only=True):
    """A request with its quotes and what may be done now.

    ``choice`` says for each line what would be chosen now, why, and what the next best costs.
    """

    row: RfqRow
    quotes: tuple[QuoteRow, ...]
    lines: tuple[AskedLine, ...] = ()
    choice: tuple[Text, ...] = ()
    facts: tuple[Fact, ...] = ()
    deeds: tuple[Deed, ...] = ()
    events: tuple[Event, ...] = ()


class FirmRules(Struct, frozen=True, kw_only=True):
    """What counts when buying from one firm; ``open`` is what open orders with it come to."""

    did: Id
    firm: Line
    taking_on: Money
    open: Money
    spend_max: Money | None = None
    risk_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    small: bool = False


class RulesView(Struct, frozen=True, kw_only=True):
    """Rules for dealing: what happens alone, what counts when buying, what our quotes ask."""

    alone: tuple[Fact, ...]
    buying: tuple[Fact, ...]
    selling: tuple[Fact, ...] = ()
    firms: tuple[FirmRules, ...] = ()
    deeds: tuple[Deed, ...] = ()
    events: tuple[Event, ...] = ()


class TradeRow(Struct, frozen=True, kw_only=True):
    """An order between two firms, bought or sold by us.

    Item and quantity are its first line's, with ``more`` lines beside it; price and dates are
    the whole order's.
    """

    id: Id
    direction: Literal["buy", "sell"]
    firm: Line
    did: Line
    item: Line
    quantity: Decimal
    unit: Line
    price: Money
    due: Instant
    state: State
    promised: Instant | None = None
    more: Count = 0
    cosigned: bool = False
    loop: str = ""
    event: str = ""


class TradeView(Struct, frozen=True, kw_only=True):
    """An order with its lines, its papers, its events and what may be done now."""

    row: TradeRow
    lines: tuple[OrderedLine, ...] = ()
    facts: tuple[Fact, ...] = ()
    entries: tuple[EntryRow, ...] = ()
    deeds: tuple[Deed, ...] = ()
    events: tuple[Event, ...] = ()


LINES_ASKED_MAX = 50
"""Lines of one request written by a person or a program."""


class AskLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a request: either ``item``, or ``words`` of one's own and their ``code``.

    ``size_mm`` is written ``120 x 40``; ``drawing`` is a kept file's digest; ``order`` the
    customer's order it is bought for.
    """

    item: Annotated[str, Meta(max_length=120)] = ""
    words: Annotated[str, Meta(max_length=400)] = ""
    code: Annotated[str, Meta(max_length=80)] = ""
    quantity: Amount
    due: Instant
    material: Annotated[str, Meta(max_length=80)] = ""
    size_mm: Annotated[str, Meta(max_length=60)] = ""
    tolerance_um: Annotated[str, Meta(pattern=r"^([0-9]{1,6}(\.[0-9]{1,3})?)?$")] = ""
    drawing: Annotated[str, Meta(max_length=60)] = ""
    order: Annotated[str, Meta(max_length=120)] = ""


class AskForm(AskLine, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for quotation: one line, with further ``lines`` below it.

    ``firms`` empty means all that can do it.
    """

    firms: Annotated[list[Id], Meta(max_length=200)] = []
    note: Annotated[str, Meta(max_length=2_000)] = ""
    lines: Annotated[tuple[AskLine, ...], Meta(max_length=LINES_ASKED_MAX - 1)] = ()


class FileRow(Struct, frozen=True, kw_only=True):
    """A file that can go with a request: its digest, name and size in bytes."""

    digest: Id
    name: Line
    size: Count


class EntryRow(Struct, frozen=True, kw_only=True):
    """One entry of a pair ledger. ``hash`` is lower-case hexadecimal."""

    seq: Count
    at: Instant
    kind: Line
    text: Text
    hash: Line
    ours: bool
    theirs: bool
    firm: Line = ""
    mine: bool = False
    trade: str = ""
    event: str = ""
    files: tuple[PaperFile, ...] = ()


class PaperFile(Struct, frozen=True, kw_only=True):
    """A paper of an order as a file of another standard: what it is called, and where it is."""

    label: Line
    href: Line


class ChainRow(Struct, frozen=True, kw_only=True):
    """The ledger shared with one firm and whether it checks."""

    id: Id
    firm: Line
    did: Line
    entries: Count
    head: Line
    state: State
    verified_at: Instant | None = None
    last_at: Instant | None = None
    finding: Text = Text("", "")
    sums: Text = Text("", "")


class PeerRow(Struct, frozen=True, kw_only=True):
    """A firm this node knows. ``code`` is the short code the two people compare."""

    did: Id
    name: Line
    address: Line
    state: State
    code: Line = ""
    pinned: bool = False
    last_at: Instant | None = None
    waiting: Count = 0
    round_trip_ms: float | None = None
    facts: tuple[Fact, ...] = ()
    introduced_by: Line = ""


class PeerView(Struct, frozen=True, kw_only=True):
    """A firm with its profile, limits and what may be done now; ``own`` where it is this one."""

    row: PeerRow
    facts: tuple[Fact, ...] = ()
    limits: tuple[Field, ...] = ()
    deeds: tuple[Deed, ...] = ()
    events: tuple[Event, ...] = ()
    own: bool = False


class IntroducedRow(Struct, frozen=True, kw_only=True):
    """A firm that a partner vouches for and that we do not deal with yet."""

    did: Id
    name: Line
    address: Line
    by: Line
    can_do: Text
    hops: Count = 1
    code: Line = ""
    mirror: Line = ""


class DoubtRow(Struct, frozen=True, kw_only=True):
    """A firm that signed two different profiles under one number, and who showed the second."""

    did: Id
    name: Line
    seq: Count
    mirror: Line
    at: Instant


class OwnCard(Struct, frozen=True, kw_only=True):
    """What another firm needs in order to add this one."""

    name: Line
    did: Line
    address: Line
    code: Line


class MapNode(Struct, frozen=True, kw_only=True):
    """A firm on the network map; tier 0 is this one, negative buys from us, positive sells."""

    did: Id
    name: Line
    state: State
    tier: Annotated[int, Meta(ge=-8, le=8)] = 0
    href: Line = ""
    lines: Annotated[tuple[Text, ...], Meta(max_length=3)] = ()
    hit: Text = Text("", "")
    hit_tone: Tone = Tone.QUIET


class MapLink(Struct, frozen=True, kw_only=True):
    """A tie between two firms; ``weight`` is what flows, for the line's width (0 to 1)."""

    a: Id
    b: Id
    state: State
    text: Text = Text("", "")
    weight: Annotated[float, Meta(ge=0, le=1)] = 0.5


class NetworkRow(Struct, frozen=True, kw_only=True):
    """A partner in figures: shares are 0 to 1, None before anything was due, received or asked.

    ``worth`` is what is open between the two firms; ``hit`` what the ripple that is looked at does
    to it, in its own words.
    """

    did: Id
    name: Line
    state: State
    role: Text
    tier: Annotated[int, Meta(ge=-8, le=8)] = 1
    last_at: Instant | None = None
    waiting: Count = 0
    on_time: float | None = None
    good: float | None = None
    answered: float | None = None
    record: Text = Text("", "")
    open_deals: Count = 0
    open_requests: Count = 0
    worth: Decimal = Decimal(0)
    currency: Line = ""
    hit: Text = Text("", "")
    hit_tone: Tone = Tone.QUIET


class NetworkView(Struct, frozen=True, kw_only=True):
    """The firms this node deals with, as far as it knows; ``chosen`` is the ripple on the map."""

    nodes: tuple[MapNode, ...]
    links: tuple[MapLink, ...]
    rows: tuple[NetworkRow, ...] = ()
    ripples: tuple[RippleRow, ...] = ()
    chosen: RippleRow | None = None
