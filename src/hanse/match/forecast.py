"""Aggregated demand passed upstream, so that every tier plans on end demand, not on orders.

Orders swing more at each tier (the bullwhip effect; Lee, Padmanabhan and Whang 1997). A firm that
passes on what its own customers expect, summed so that no customer can be told apart, lets the next
tier forecast from the source.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from hanse.model import tidings, trade
from hanse.model.errors import Refused
from hanse.model.time import Instant

SOURCES_MIN = 3
WINDOW_MAX = 104
WEEKS = 12
WEEK = dt.timedelta(days=7)
SIXTH = Decimal("0.000001")


def aggregated(
    parts: Sequence[Sequence[tidings.ForecastBucket]],
    *,
    item: trade.TradeItem,
    number: str,
    at: Instant,
    sources: Sequence[int] = (),
) -> tidings.Forecast:
    """One forecast over several customers, by equal periods.

    Args:
        parts: what each customer will want.
        item: of what.
        number: the forecast's own number.
        at: now.
        sources: how many customers stand behind each part, where a part is itself a forecast that
            was passed up; one each where nothing is said.

    Raises:
        Refused: fewer than SOURCES_MIN customers: one could be told apart.
    """
    behind = sum(sources) if sources else len(parts)
    if behind < SOURCES_MIN:
        raise Refused(
            f"a forecast over fewer than {SOURCES_MIN} customers would show one of them",
            subject=item.buyers_item_identification,
        )
    sums: dict[tuple[Instant, Instant], Decimal] = {}
    for part in parts:
        for bucket in part:
            key = (bucket.start_date_time, bucket.end_date_time)
            sums[key] = sums.get(key, Decimal(0)) + Decimal(bucket.quantity)
    lines = tuple(
        tidings.ForecastBucket(start_date_time=a, end_date_time=b, quantity=str(q))
        for (a, b), q in sorted(sums.items())
    )
    return tidings.Forecast(
        id=number, issue_date_time=at, item=item, sources=behind, forecast_line=lines
    )


def week_of(at: Instant) -> Instant:
    """The Monday, 00:00 UTC, on which the week of an instant begins."""
    day = at.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - dt.timedelta(days=day.weekday())


def by_week(
    wants: Iterable[tuple[Instant, Decimal]], *, start: Instant
) -> tuple[tidings.ForecastBucket, ...]:
    """What is wanted when, as WEEKS buckets from the week of ``start``; what is late counts now.

    What is wanted after the last week is left out.
    """
    first = week_of(start)
    counts = [Decimal(0)] * WEEKS
    for at, quantity in wants:
        week = max(0, (week_of(at) - first) // WEEK)
        if week < WEEKS:
            counts[week] += quantity
    return tuple(
        tidings.ForecastBucket(
            start_date_time=first + n * WEEK,
            end_date_time=first + (n + 1) * WEEK,
            quantity=format(count.quantize(SIXTH).normalize(), "f"),
        )
        for n, count in enumerate(counts)
    )


def order_up_to(
    demand: Sequence[float], seen: Sequence[float], *, lead: int, window: int
) -> list[float]:
    """Orders of a tier that keeps its position at the forecast over lead time and one period.

    Args:
        demand: what the tier below orders, a number a period.
        seen: what the forecast is made from: ``demand`` itself, or end demand passed upstream.
        lead: periods until an order arrives.
        window: periods the moving average looks back, at most WINDOW_MAX.
    """
    size, orders, level = min(window, WINDOW_MAX), [], None
    for t in range(len(demand)):
        recent = seen[max(0, t - size + 1) : t + 1]
        target = (lead + 1) * sum(recent) / len(recent)
        orders.append(demand[t] + (0.0 if level is None else target - level))
        level = target
    return orders
