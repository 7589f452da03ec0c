"""`./dev bench allocate --data DIR --kind jsp|fjsp|rcpsp --seconds 10 [--only GLOB] [--peers]`.

Ours against PyJobShop and raw CP-SAT, each with 2 and with 8 workers and the same seconds (the
best of the four is the peer), and against the dispatching rules (`rules`). Every schedule passes
the checker. `--only` takes shell patterns with `|` between them. Compiling is done before the clock
starts; `first_s` is the first whole schedule.

The set in slices: with `--append FILE` each row is added to FILE (a JSON object a line) as soon
as it is there, and the summary is over all rows of FILE of this kind and these seconds, the last
one of each name. `--missing` leaves out what FILE has (with `--peers`: with the peers). What the
peers found is taken over from an earlier row where they were not run again; such a row says
`peers_earlier`.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import io
import json
import statistics
import time
from pathlib import Path

from hanse.allocate import jobshop, project
from hanse.allocate.check import check
from hanse.allocate.jobshop import JobShop, Limits, Solved, as_plan, as_shop, solve
from hanse.allocate.project import Project, Scheduled, broken, solve_project


def read_jobshop(path: Path) -> JobShop:
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    jobs, machines = int(lines[0][0]), int(lines[0][1])
    rows = [list(map(int, line)) for line in lines[1 : jobs + 1]]
    return JobShop(
        machines,
        [[[(r[i], r[i + 1])] for i in range(0, len(r) - 1, 2) if r[i] >= 0] for r in rows],
    )


def read_flexible(path: Path) -> JobShop:
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    jobs, machines = int(lines[0][0]), int(lines[0][1])
    found = []
    for line in lines[1 : jobs + 1]:
        row = iter(map(int, line))
        steps = [[(next(row) - 1, next(row)) for _ in range(next(row))] for _ in range(next(row))]
        found.append(steps)
    return JobShop(machines, found)


def read_project(path: Path) -> Project:
    numbers = iter(map(int, path.read_text().split()))
    count, resources = next(numbers), next(numbers)
    capacities = [next(numbers) for _ in range(resources)]
    project = Project([], [], capacities, [])
    for _ in range(count):
        project.durations.append(next(numbers))
        project.uses.append([next(numbers) for _ in range(resources)])
        project.followers.append([next(numbers) - 1 for _ in range(next(numbers))])
    return project


def ours(kind: str, problem, seconds: float) -> dict:
    if kind == "rcpsp":
        found = solve_project(problem, Limits(seconds, time.perf_counter))
        assert broken(problem, found.starts) == []
        return figures(found, len(problem.durations))
    solved = solve(problem, Limits(seconds, time.perf_counter))
    violations = check(as_shop(problem), as_plan(problem, solved.starts, solved.choices))
    assert violations == [], violations[:3]
    return figures(solved, problem.size())


def figures(found: Solved | Scheduled, ops: int) -> dict:
    return {
        "ops": ops,
        "ours": found.makespan,
        "bound": found.bound,
        "first_s": round(found.first_s, 4),
        "rules": found.first,
    }


def raw_cpsat(kind: str, problem, seconds: float, workers: int) -> int | None:
    from ortools.sat.python import cp_model

    from hanse.allocate.cpsat import model_of, solver_of
    from hanse.allocate.project import _model

    if kind == "rcpsp":
        model, _, end = _model(problem, sum(problem.durations))
    else:
        upper = sum(max(d for _, d in step) for job in problem.jobs for step in job)
        model, _, _, end = model_of(problem, upper)
    solver = solver_of(seconds=seconds, workers=workers)
    status = solver.solve(model)
    return solver.value(end) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None


def pyjobshop(kind: str, problem, seconds: float, workers: int) -> int | None:
    from pyjobshop import Model

    model = Model()
    if kind == "rcpsp":
        resources = [model.add_renewable(capacity=c) for c in problem.capacities]
        tasks = [model.add_task() for _ in problem.durations]
        for task, duration, uses in zip(tasks, problem.durations, problem.uses, strict=True):
            used = [(r, u) for r, u in zip(resources, uses, strict=True) if u]
            model.add_mode(task, [r for r, _ in used], duration, demands=[u for _, u in used])
        for x, followers in enumerate(problem.followers):
            for y in followers:
                model.add_end_before_start(tasks[x], tasks[y])
    else:
        machines = [model.add_machine() for _ in range(problem.machines)]
        for steps in problem.jobs:
            job = model.add_job()
            before = None
            for step in steps:
                task = model.add_task(job=job)
                for machine, duration in step:
                    model.add_mode(task, machines[machine], duration)
                if before is not None:
                    model.add_end_before_start(before, task)
                before = task
    with contextlib.redirect_stdout(io.StringIO()):
        result = model.solve(time_limit=seconds, num_workers=workers, display=False)
    return None if result.objective == float("inf") else int(result.objective)


def peers(kind: str, problem, seconds: float, workers: list[int]) -> dict[str, int | None]:
    found = {}
    for count in workers:
        found[f"cp-sat/{count}"] = raw_cpsat(kind, problem, seconds, count)
        found[f"pyjobshop/{count}"] = pyjobshop(kind, problem, seconds, count)
    return found


READERS = {"jsp": read_jobshop, "fjsp": read_flexible, "rcpsp": read_project}


def measure(args: argparse.Namespace, path: Path, known: dict) -> dict:
    problem = READERS[args.kind](path)
    row = {"name": path.stem, "kind": args.kind, "seconds": args.seconds}
    row |= {"family": known["family"], "size": known["size"]}
    row |= ours(args.kind, problem, args.seconds)
    row |= {"lb": known["lb"], "ub": known["ub"]}
    row["gap_pct"] = round(100 * (row["ours"] / known["ub"] - 1), 3)
    row["proven"] = row["bound"] == row["ours"]
    row["peer"] = row["peer_gap_pct"] = None
    if args.peers:
        row["peers"] = peers(args.kind, problem, args.seconds, args.workers)
        best = [v for v in row["peers"].values() if v is not None]
        if best:
            row["peer"] = min(best)
            row["peer_gap_pct"] = round(100 * (min(best) / known["ub"] - 1), 3)
    return row


def earlier(args: argparse.Namespace) -> dict[str, dict]:
    """The last row of each name in the file, of this kind and these seconds."""
    if args.append is None or not args.append.exists():
        return {}
    rows = map(json.loads, args.append.read_text().splitlines())
    return {r["name"]: r for r in rows if (r["kind"], r["seconds"]) == (args.kind, args.seconds)}


def carry(row: dict, before: dict | None) -> dict:
    """The peers' figures of an earlier row, said to be so."""
    if "peers" in row or not before or "peers" not in before:
        return row
    kept = {key: before[key] for key in ("peers", "peer", "peer_gap_pct")}
    return {**row, **kept, "peers_earlier": True}


def wanted(args: argparse.Namespace, name: str, known: dict[str, dict]) -> bool:
    if not any(fnmatch.fnmatch(name, pattern) for pattern in args.only.split("|")):
        return False
    had = known.get(name)
    return not (args.missing and had and ("peers" in had or not args.peers))


def summary(rows: list[dict]) -> dict:
    if not rows:
        return {"mean_gap_pct": None, "peer_mean_gap_pct": None, "proven_pct": None}
    peer_gaps = [row["peer_gap_pct"] for row in rows if row["peer_gap_pct"] is not None]
    return {
        "instances": len(rows),
        "mean_gap_pct": round(statistics.fmean(row["gap_pct"] for row in rows), 3),
        "worst_gap_pct": max(row["gap_pct"] for row in rows),
        "peer_mean_gap_pct": round(statistics.fmean(peer_gaps), 3) if peer_gaps else None,
        "peer_found": len(peer_gaps),
        "proven_pct": round(100 * sum(r["proven"] for r in rows) / len(rows), 1),
        "first_s_max": max(row["first_s"] for row in rows),
    }


def run(args: argparse.Namespace) -> dict:
    bounds = json.loads((args.data / "bounds.json").read_text())[args.kind]
    rows = earlier(args)
    (project if args.kind == "rcpsp" else jobshop).warm_up()
    for path in sorted((args.data / args.kind).iterdir()):
        if path.stem not in bounds or not wanted(args, path.stem, rows):
            continue
        row = carry(measure(args, path, bounds[path.stem]), rows.get(path.stem))
        rows[path.stem] = row
        if args.append is not None:
            with args.append.open("a") as out:
                out.write(json.dumps(row) + "\n")
        if not args.json:
            print(row, flush=True)
    groups: dict[str, list[dict]] = {}
    for row in sorted(rows.values(), key=lambda row: row["name"]):
        groups.setdefault(f"{row['family']} {row['size']}", []).append(row)
    found = {"rows": list(rows.values()), **summary(list(rows.values()))}
    return found | {"groups": {name: summary(group) for name, group in groups.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/scheduling"))
    parser.add_argument("--kind", choices=list(READERS), default="jsp")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", default="*")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 8])
    parser.add_argument("--append", type=Path, help="the file that keeps the rows of all slices")
    parser.add_argument("--missing", action="store_true", help="only what the file lacks")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = run(args)
    if args.json:
        print(json.dumps(result))
    else:
        for name, group in result["groups"].items():
            print(name, group)
        print({key: value for key, value in result.items() if key not in {"rows", "groups"}})


if __name__ == "__main__":
    main()
