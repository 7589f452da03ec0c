"""`./dev bench repair`: from a breakdown to a feasible plan, and what two seconds more are worth.

The plan is live (`LivePlan`), half a day in, with a frozen zone; the busiest machines fail one
after the other for 8 hours, each on the plan before. `feasible_p99_ms` is from the event to the
adopted version: right shift and rerouting, checked. `extra_tardiness_vs_reroute`: what the event
costs after 2 s of search, against what it costs after rerouting alone.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import time

import msgspec

from benchmarks.shop import tardiness
from benchmarks.shops import START, shop
from hanse.allocate import engine
from hanse.allocate.check import check
from hanse.allocate.live import LivePlan
from hanse.allocate.problem import NONE, Plan
from hanse.allocate.repair import reroute
from hanse.model.ids import Counter
from hanse.model.time import StillClock


class Running(StillClock):
    """Stands still for the plan, runs for the search."""

    def monotonic_s(self) -> float:
        return time.perf_counter()


def busiest(plan: LivePlan) -> list[str]:
    """Machines by the work the next day holds for them."""
    load: dict[str, int] = {}
    now = plan.shop.not_before
    for op, placed in enumerate(plan.current.placed):
        if placed is None or not now <= placed.start < now + 86_400:
            continue
        choice = plan.shop.ops[op].choices[placed.choice]
        if choice.lane != NONE and not plan.shop.lanes[choice.lane].batch_max:
            key = plan.shop.machines[choice.machine]
            load[key] = load.get(key, 0) + choice.run_s
    return sorted(load, key=load.__getitem__, reverse=True)


def machine_changes(plan: LivePlan, old: Plan, new: Plan) -> int:
    changed = 0
    for op, (was, now) in enumerate(zip(old.placed, new.placed, strict=False)):
        if was is not None and now is not None:
            choices = plan.shop.ops[op].choices
            changed += choices[was.choice].machine != choices[now.choice].machine
    return changed


def live(ops: int) -> tuple[LivePlan, Running]:
    records = shop(ops, load="overloaded", seed=3)
    rules = msgspec.structs.replace(records.rules, compiled_from_ops=0)
    clock = Running(START)
    plan = LivePlan(clock, Counter())
    plan.adopt(msgspec.structs.replace(records, rules=rules))
    plan.plan(seconds=2.0)
    clock.advance(6 * 3_600)
    plan.unkept()
    return plan, clock


def row(ops: int, events: int, seconds: float) -> dict:
    plan, clock = live(ops)
    count = len(plan.shop.ops)
    took, frozen_moved, violations = [], 0, []
    extra, changes = [], []
    for machine in busiest(plan)[:events]:
        old, before = plan.current.copy(), tardiness(plan.shop, plan.current)
        fixed = dict(plan.shop.fixed)
        began = time.perf_counter()
        plan.machine_down(machine, clock.now(), clock.now() + dt.timedelta(hours=8))
        took.append(1_000 * (time.perf_counter() - began))
        violations += check(plan.shop, plan.current)
        frozen_moved += sum(
            plan.current.placed[op] != placed
            for op, placed in fixed.items()
            if op in plan.shop.fixed
        )
        rerouted = reroute(plan.shop, old)
        harm = tardiness(plan.shop, rerouted) - before
        if len(extra) < 2:
            found = engine.improve(
                plan.shop,
                plan.current,
                plan.rules,
                engine.Budget(clock, seconds),
            )
            violations += check(plan.shop, found)
            extra.append(((tardiness(plan.shop, found) - before), harm))
            rerouted_changes = machine_changes(plan, old, rerouted)
            changes.append((machine_changes(plan, old, found), rerouted_changes))
    took.sort()
    return {
        "ops": count,
        "feasible_p50_ms": round(statistics.median(took), 1),
        "feasible_p99_ms": round(took[min(len(took) - 1, round(0.99 * len(took)))], 1),
        "checker": len(violations),
        "broken": [list(violation) for violation in violations[:5]],
        "extra_tardiness_vs_reroute": ratio(extra),
        "machine_changes_vs_reroute": ratio(changes),
        "extra_minor": extra,
        "machine_changes": changes,
        "frozen_moved": frozen_moved,
    }


def ratio(pairs: list[tuple[int, int]]) -> float | None:
    """The sum of ours over the sum of theirs; below 0 where ours is better than before."""
    theirs = sum(b for _, b in pairs)
    return round(sum(a for a, _ in pairs) / theirs, 3) if theirs > 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", default="200,1000,5000")
    parser.add_argument("--events", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    from hanse.allocate.kernels.run import warm_up

    warm_up()
    rows = []
    for ops in map(int, args.ops.split(",")):
        rows.append(row(ops, args.events, args.seconds))
        if not args.json:
            print(rows[-1], flush=True)
    if args.json:
        print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
