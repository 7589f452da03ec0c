"""Word between firms that binds nobody: disturbances, what they do, and expected demand.

Written like the documents of `hanse.model.trade`; nothing here is signed by both.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hanse.model.ids import Note
from hanse.model.money import Currency
from hanse.model.quantity import UnitCode
from hanse.model.trade import (
    LINES_MAX,
    Aggregate,
    DocumentReference,
    Moment,
    Number,
    Positive,
    TradeItem,
)


class AffectedLine(Aggregate, frozen=True, kw_only=True):
    """What a disturbance does to one agreed line: pieces that cannot come by the agreed date.

    Or how much more or less is wanted by then; without an order ``item`` says of what.
    """

    order_reference: DocumentReference | None = None
    order_line_id: Number = "1"
    quantity_short: Positive
    agreed: Moment
    expected: Moment | None = None
    item: TradeItem | None = None


class Disturbance(Aggregate, frozen=True, kw_only=True):
    """What happened and what it does to the addressee (Catena-X demand-and-capacity notification).

    ``id`` is the same along the chain: a loop ends; ``hop_limit`` counts down.
    """

    id: Number
    issue_date_time: Moment
    effect: Literal["capacity-reduced", "capacity-increased", "demand-reduced", "demand-increased"]
    leading_root_cause: Literal[
        "production-incident",
        "maintenance",
        "material-shortage",
        "logistics-disruption",
        "weather",
        "strike",
        "demand-change",
        "other",
    ]
    start_date_time: Moment
    expected_end_date_time: Moment | None = None
    affected: Annotated[tuple[AffectedLine, ...], Meta(max_length=LINES_MAX)] = ()
    hop_limit: Annotated[int, Meta(ge=0, le=8)] = 3
    note: Note = ""


class RippleAnswer(Aggregate, frozen=True, kw_only=True):
    """What a disturbance does to the one who answers, told only to its direct partner.

    Money is what is at risk in its own orders and behind it, ``replacement_quoted`` how much of it
    quotes of others cover; ``first_short`` when something is missing first; ``survive_days`` how
    long stock lasts, ``recover_days`` until a replacement runs; ``hops`` how far it went;
    ``needs`` what of the lines it was told of is needed, by ``agreed``.
    """

    id: Number
    disturbance_id: Number
    issue_date_time: Moment
    orders: Annotated[int, Meta(ge=0, le=1_000_000)]
    value_at_risk: Positive
    currency: Currency
    first_short: Moment | None = None
    survive_days: Positive = "0"
    recover_days: Positive | None = None
    replacement_quoted: Positive = "0"
    hops: Annotated[int, Meta(ge=0, le=16)] = 1
    firms: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    needs: Annotated[tuple[AffectedLine, ...], Meta(max_length=LINES_MAX)] = ()


class ForecastBucket(Aggregate, frozen=True, kw_only=True):
    """Demand expected in a period, over all of the sender's customers together."""

    start_date_time: Moment
    end_date_time: Moment
    quantity: Positive


class Forecast(Aggregate, frozen=True, kw_only=True):
    """UBL Forecast, aggregated: what end demand a supplier may expect, customers not named."""

    id: Number
    issue_date_time: Moment
    item: TradeItem
    unit_code: UnitCode = "C62"
    sources: Annotated[int, Meta(ge=1, le=1_000_000)]
    forecast_line: Annotated[tuple[ForecastBucket, ...], Meta(min_length=1, max_length=LINES_MAX)]
