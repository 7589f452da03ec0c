"""What the pages show of groups that clear together, and of the same tried on our own requests."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.money import Money
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Deed, Id, Line, State

MEMBERS_MAX = 200
HOURS_MAX = 336
DAYS_MAX = 366


class PairRow(Struct, frozen=True, kw_only=True):
    """What the convener proposes to us: with whom, how many, at what price, ready when."""

    buys: bool
    firm: Line
    item: Line
    quantity: Decimal
    price: Decimal
    ready: Instant


class ClearingRow(Struct, frozen=True, kw_only=True):
    """A clearing we convened or take part in; ``quiet`` are members that said nothing."""

    id: Id
    convener: Line
    ours: bool
    state: State
    opened_at: Instant
    closing: Instant
    until: Instant
    currency: Line
    members: tuple[Line, ...] = ()
    stated: Count = 0
    quiet: tuple[Line, ...] = ()
    needs: Count = 0
    offers: Count = 0
    pairs: tuple[PairRow, ...] = ()
    left: tuple[Text, ...] = ()
    note: Line = ""


class TrialRow(Struct, frozen=True, kw_only=True):
    """One line of a request with both answers: pieces by firm."""

    request: Id
    item: Line
    quantity: Decimal
    chosen: tuple[Line, ...] = ()
    together: tuple[Line, ...] = ()
    same: bool = True


class TogetherView(Struct, frozen=True, kw_only=True):
    """Our own requests cleared at once, beside what was chosen."""

    rows: tuple[TrialRow, ...]
    chosen: Money
    together: Money
    chosen_unmet: Decimal
    together_unmet: Decimal


class ClearingsView(Struct, frozen=True, kw_only=True):
    """All clearings, the newest first, the trial, and what may be done."""

    rows: tuple[ClearingRow, ...]
    trial: TogetherView
    deeds: tuple[Deed, ...] = ()
    refused: tuple[Line, ...] = ()


class ConveneForm(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to convene; it closes after ``hours`` and looks ``days`` ahead."""

    members: Annotated[
        tuple[Annotated[str, Meta(max_length=300)], ...], Meta(min_length=1, max_length=MEMBERS_MAX)
    ]
    hours: Annotated[float, Meta(gt=0, le=HOURS_MAX)] = 24.0
    days: Annotated[float, Meta(gt=0, le=DAYS_MAX)] = 30.0
    note: Annotated[str, Meta(max_length=400)] = ""
