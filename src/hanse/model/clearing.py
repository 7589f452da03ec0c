"""Word within a group of firms that clear together: a call, what each wants and has, what fits.

Nothing of it binds: each pair that fits becomes a request, a quotation and an order of its own
between the two firms. Written like the documents of `hanse.model.trade`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hanse.model.ids import Did, Note
from hanse.model.money import Currency
from hanse.model.quantity import UnitCode
from hanse.model.trade import LINES_MAX, Aggregate, DocumentReference, Moment, Number, Positive
from hanse.model.trade import TradeItem as Item

MEMBERS_MAX = 200
"""Firms in one group, the convener among them."""


class ClearingCall(Aggregate, frozen=True, kw_only=True):
    """A firm convenes: who is asked, until when statements count, and which dates are looked at.

    ``until`` bounds both needs and free capacity; ``member`` names every firm of the group, so that
    each can say which of them it would deal with.
    """

    id: Number
    issue_date_time: Moment
    closing_date_time: Moment
    until: Moment
    pricing_currency_code: Currency
    member: Annotated[tuple[Did, ...], Meta(min_length=2, max_length=MEMBERS_MAX)]
    note: Note = ""


class ClearingNeed(Aggregate, frozen=True, kw_only=True):
    """So many of an item by ``latest``; ``value`` is the most a unit is worth, if there is one."""

    id: Number
    item: Item
    quantity: Positive
    unit_code: UnitCode = "C62"
    latest: Moment
    value: Positive | None = None


class ClearingOffer(Aggregate, frozen=True, kw_only=True):
    """So many of an item that could be ready by ``ready``, at a price for one unit."""

    id: Number
    item: Item
    quantity: Positive
    unit_code: UnitCode = "C62"
    ready: Moment
    price: Positive


class ClearingStatement(Aggregate, frozen=True, kw_only=True):
    """What one member wants and has, told only to the convener. A later one replaces it.

    ``deals_with``: the members it would deal with; a pair needs the word of both.
    """

    id: Number
    clearing_reference: DocumentReference
    issue_date_time: Moment
    deals_with: Annotated[tuple[Did, ...], Meta(max_length=MEMBERS_MAX)] = ()
    need: Annotated[tuple[ClearingNeed, ...], Meta(max_length=LINES_MAX)] = ()
    offer: Annotated[tuple[ClearingOffer, ...], Meta(max_length=LINES_MAX)] = ()


class ClearingPair(Aggregate, frozen=True, kw_only=True):
    """What the convener proposes on one line of the addressee: deal so many with that firm."""

    line_id: Number
    side: Literal["buy", "sell"]
    partner: Did
    quantity: Positive
    price: Positive
    ready: Moment


class ClearingResult(Aggregate, frozen=True, kw_only=True):
    """The addressee's own pairs and nobody else's; ``stated`` is how many firms stated anything."""

    id: Number
    clearing_reference: DocumentReference
    issue_date_time: Moment
    stated: Annotated[int, Meta(ge=0, le=MEMBERS_MAX)]
    pair: Annotated[tuple[ClearingPair, ...], Meta(max_length=LINES_MAX)] = ()
