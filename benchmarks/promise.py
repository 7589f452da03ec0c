"""`./dev bench promise`: how long a date takes, and how much earlier it is without harm to anyone.

`gap`: nothing moves. `harmless`: others are pushed right, every promise is kept. `api` is the gap
question asked of a running node over its HTTPS API, with a token, one after another: gate, broker,
plan process and back (`GET /api/v1/plan/promise?curve=false`).
`earlier_x`: time from now to the gap date over time from now to the harmless date, median.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.running import running_shop
from benchmarks.shops import START, shop
from hanse.allocate.live import LivePlan
from hanse.model.ids import Counter
from hanse.model.plan import PromiseKind
from hanse.model.time import StillClock

WARM_QUESTIONS = 5


def live(ops: int, load: str) -> LivePlan:
    records = shop(ops, load=load, seed=5)
    rules = msgspec.structs.replace(records.rules, compiled_from_ops=0)
    plan = LivePlan(StillClock(START), Counter())
    plan.adopt(msgspec.structs.replace(records, rules=rules))
    return plan


def asked_of_a_node(ops: int, load: str, questions: int) -> list[float]:
    """Milliseconds from question to answer over a running node's HTTPS API, one after another."""
    dice, took = random.Random(2), []
    with (
        tempfile.TemporaryDirectory(prefix="hanse-promise-") as made,
        running_shop(Path(made), ops, load=load) as (client, items),
    ):
        for n in range(questions + WARM_QUESTIONS):
            asked = {"item": dice.choice(items), "quantity": "5", "curve": "false"}
            began = time.perf_counter()
            answer = client.get("/api/v1/plan/promise", params=asked)
            if n >= WARM_QUESTIONS:
                took.append(1_000 * (time.perf_counter() - began))
            answer.raise_for_status()
    return took


def row(ops: int, load: str, questions: int, curves: int) -> dict:
    plan = live(ops, load)
    dice = random.Random(1)
    items = [routing.item for routing in plan.records.routings]
    plan.promise(items[0], 1)
    gap, curve, harmed, earlier = [], [], 0, []
    for _ in range(questions):
        began = time.perf_counter()
        plan.promise(dice.choice(items), dice.choice((1, 5, 20)), express=False)
        gap.append(1_000 * (time.perf_counter() - began))
    api = asked_of_a_node(ops, load, questions)
    now = plan.shop.origin
    for _ in range(curves):
        began = time.perf_counter()
        found = plan.promise(dice.choice(items), dice.choice((1, 5, 20))).curve
        curve.append(1_000 * (time.perf_counter() - began))
        kept = [p for p in found if p.kind != PromiseKind.EXPRESS]
        harmed += sum(len(p.harmed) for p in kept)
        soonest = min(p.ready_at for p in kept)
        earlier.append((found[0].ready_at - now) / (soonest - now))
    return {
        "ops": len(plan.shop.ops),
        "load": load,
        "gap_p50_ms": round(statistics.median(gap), 2),
        "gap_p99_ms": p99(gap),
        "api_p50_ms": round(statistics.median(api), 2),
        "api_p99_ms": p99(api),
        "harmless_p50_ms": round(statistics.median(curve), 1),
        "harmless_p99_ms": p99(curve),
        "harmed_orders": harmed,
        "earlier_x": round(statistics.median(earlier), 2),
    }


def p99(values: list[float]) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))], 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", default="1000,10000")
    parser.add_argument("--load", default="loose,tight")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--curves", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    from hanse.allocate.kernels.run import warm_up

    warm_up()
    rows = []
    for ops in map(int, args.ops.split(",")):
        for load in args.load.split(","):
            rows.append(row(ops, load, args.questions, args.curves))
            if not args.json:
                print(rows[-1], flush=True)
    if args.json:
        print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
