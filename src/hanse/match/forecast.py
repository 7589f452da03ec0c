"""Aggregated demand passed upstream, so that every tier plans on end demand, not on orders.

Orders swing more at each tier (the bullwhip effect; Lee, Padmanabhan and Whang 1997). A firm that
passes on what its own customers expect, summed so that no customer can be told apart, lets the next
tier forecast from the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hanse.model import trade
from hanse.model.errors import Refused
from hanse.model.time import Instant

SOURCES_MIN = 3
WINDOW_MAX = 104


def aggregated(
    parts: Sequence[Sequence[trade.ForecastBucket]],
    *,
    item: trade.TradeItem,
    number: str,
    at: Instant,
) -> trade.Forecast:
    """One forecast over several customers, by equal periods.

    Raises:
        Refused: fewer than SOURCES_MIN customers: one could be told apart.
    """
    if len(parts) < SOURCES_MIN:
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
        trade.ForecastBucket(start_date_time=a, end_date_time=b, quantity=str(q))
        for (a, b), q in sorted(sums.items())
    )
    return trade.Forecast(
        id=number, issue_date_time=at, item=item, sources=len(parts), forecast_line=lines
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
