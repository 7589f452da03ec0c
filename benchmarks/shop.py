"""`./dev bench shop --ops 200,1000,5000,10000`: first plans and searches against greedy and CP-SAT.

Shops from `benchmarks.shops` with every rule on. Greedy is what the open peers do: one forward pass
by due date. CP-SAT gets the same shop without setups, people, tools, stock and calendars (with
them it finds nothing in the time), so its tardiness is a bound it could not even keep; where it
finds nothing the ratio is null. Ratios: ours divided by theirs, below 1 is better.
"""

from __future__ import annotations

import argparse
import json
import time

import msgspec

from benchmarks.shops import LOADS, START, shop
from hanse.allocate import engine
from hanse.allocate.build import Builder
from hanse.allocate.check import check
from hanse.allocate.decoder import Orders
from hanse.allocate.problem import NONE, late_s, tardiness_minor


class Clock:
    def monotonic_s(self) -> float:
        return time.perf_counter()


def tardiness(plant, plan) -> int:
    return sum(
        tardiness_minor(job.weight, late_s(plant, plan, j)) for j, job in enumerate(plant.jobs)
    )


def cpsat_tardiness(plant, seconds: float) -> int | None:
    """Weighted tardiness of the plain shop (machines and precedence only) by CP-SAT, 8 workers."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    horizon = sum(min(c.run_s for c in op.choices) for op in plant.ops) + 10**7
    lanes: dict[int, list] = {}
    starts, ends = [], []
    for op in plant.ops:
        start, end = model.new_int_var(0, horizon, ""), model.new_int_var(0, 2 * horizon, "")
        picks = []
        for choice in op.choices:
            pick = model.new_bool_var("")
            picks.append(pick)
            model.add(end == start + choice.run_s + choice.setup_s).only_enforce_if(pick)
            if choice.lane != NONE and not plant.lanes[choice.lane].batch_max:
                size = choice.run_s + choice.setup_s
                lanes.setdefault(choice.lane, []).append(
                    model.new_optional_fixed_size_interval_var(start, size, pick, "")
                )
        model.add_exactly_one(picks)
        starts.append(start)
        ends.append(end)
    for i, op in enumerate(plant.ops):
        for link in op.preds:
            if not link.transfer:
                model.add(starts[i] >= ends[link.op] + link.lag_s)
    for intervals in lanes.values():
        model.add_no_overlap(intervals)
    late = []
    for job in plant.jobs:
        t = model.new_int_var(0, 2 * horizon, "")
        for op in job.last:
            model.add(t >= ends[op] - job.due)
        late.append(job.weight * t)
    model.minimize(sum(late))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 8
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return round(solver.objective_value / 3_600)


def row(ops: int, load: str, seconds: float, *, peers: bool) -> dict:
    records = shop(ops, load=load, seed=1)
    plant = Builder(records, origin=START).shop
    rules = msgspec.structs.replace(
        records.rules,
        compiled_from_ops=0,
        move_minor=0,
        machine_minor=0,
        stay_s=0,
        change_share=1.0,
    )
    began = time.perf_counter()
    run = engine.decode_for(rules)
    first = run(plant, Orders(engine.dispatch_keys(plant)[1]))
    first_ms = 1_000 * (time.perf_counter() - began)
    greedy = run(plant, Orders(engine.dispatch_keys(plant)[0]))
    found = engine.improve(plant, first, rules, engine.Budget(Clock(), seconds))
    violations = check(plant, first) + check(plant, found)
    ours, theirs = tardiness(plant, found), tardiness(plant, greedy)
    cpsat = cpsat_tardiness(plant, seconds) if peers else None
    return {
        "ops": len(plant.ops),
        "load": load,
        "first_feasible_ms": round(first_ms, 2),
        "checker": len(violations),
        "tardiness": ours,
        "tardiness_greedy": theirs,
        "tardiness_vs_greedy": round(ours / theirs, 4) if theirs else None,
        "tardiness_cpsat_relaxed": cpsat,
        "tardiness_vs_cpsat": round(ours / cpsat, 4) if cpsat else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", default="200,1000,5000,10000")
    parser.add_argument("--load", default=",".join(LOADS))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    from hanse.allocate.kernels.run import warm_up

    warm_up()
    rows = []
    for ops in map(int, args.ops.split(",")):
        for load in args.load.split(","):
            rows.append(row(ops, load, args.seconds, peers=not args.no_peers))
            if not args.json:
                print(rows[-1], flush=True)
    if args.json:
        print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
