"""How much less orders swing up the chain when each tier passes end demand on, as letters do.

``./dev bench bullwhip [--seeds 20] [--periods 4000] [--json]``: four tiers order up to a target
(moving average over five periods, lead two; Lee, Padmanabhan and Whang 1997). *alone*: each
forecasts from the orders of the tier below. *passed*: each forecasts from end demand, which three
customers expect and which goes up as the summed forecast letters of `hanse.match.forecast`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import statistics
from decimal import Decimal

from hanse.match.forecast import WEEK, aggregated, order_up_to
from hanse.model import tidings, trade

TIERS = 4
LEAD = 2
WINDOW = 5
WARM = 50
CUSTOMERS = 3
START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
ITEM = trade.TradeItem(buyers_item_identification="SHAFT-40")
LINES = 400


def demand_of(rng: random.Random, periods: int) -> list[list[float]]:
    """What each end customer takes, a number a period."""
    return [[max(0.0, rng.gauss(100, 10)) for _ in range(periods)] for _ in range(CUSTOMERS)]


def passed_up(customers: list[list[float]]) -> list[float]:
    """End demand as it comes out of the forecast letters of one tier after another."""
    found: list[float] = []
    for begin in range(0, len(customers[0]), LINES):
        parts = [_buckets(row[begin : begin + LINES], begin) for row in customers]
        word = aggregated(parts, item=ITEM, number="F-1", at=START)
        for _ in range(TIERS - 1):
            word = aggregated(
                [word.forecast_line], item=ITEM, number="F-2", at=START, sources=[word.sources]
            )
        found += [float(bucket.quantity) for bucket in word.forecast_line]
    return found


def _buckets(row: list[float], begin: int) -> list[tidings.ForecastBucket]:
    return [
        tidings.ForecastBucket(
            start_date_time=START + n * WEEK,
            end_date_time=START + (n + 1) * WEEK,
            quantity=str(Decimal(f"{value:.3f}")),
        )
        for n, value in enumerate(row, begin)
    ]


def swings(seed: int, periods: int) -> dict[str, list[float]]:
    """Variance of each tier's orders over that of end demand."""
    customers = demand_of(random.Random(seed), periods)
    end = [sum(values) for values in zip(*customers, strict=True)]
    seen = passed_up(customers)
    base = statistics.variance(end[WARM:])
    found: dict[str, list[float]] = {"alone": [], "passed": []}
    alone = passed = end
    for _ in range(TIERS):
        alone = order_up_to(alone, alone, lead=LEAD, window=WINDOW)
        passed = order_up_to(passed, seen, lead=LEAD, window=WINDOW)
        found["alone"].append(statistics.variance(alone[WARM:]) / base)
        found["passed"].append(statistics.variance(passed[WARM:]) / base)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--periods", type=int, default=4_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    runs = [swings(seed, asked.periods) for seed in range(asked.seeds)]
    rows = [
        {
            "tier": tier + 1,
            "alone": round(statistics.median(r["alone"][tier] for r in runs), 1),
            "passed": round(statistics.median(r["passed"][tier] for r in runs), 1),
        }
        for tier in range(TIERS)
    ]
    ratios = [r["alone"][-1] / r["passed"][-1] for r in runs]
    told = {
        "rows": rows,
        "times_less_at_last_tier": round(statistics.median(ratios), 1),
        "least": round(min(ratios), 1),
        "seeds": asked.seeds,
    }
    if asked.json:
        print(json.dumps(told))
        return
    for row in rows:
        print(f"tier {row['tier']}: {row['alone']:6.1f} alone, {row['passed']:5.1f} passed on")
    print(f"{told['times_less_at_last_tier']} times less at the last tier (median)")


if __name__ == "__main__":
    main()
