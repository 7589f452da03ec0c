"""`./dev bench campaign`: live plans under thousands of random events, each plan judged.

Machines and people go and come, material is late, orders come, change and go, machines report
(late, twice, out of order), a planner moves and pins, capacity is held, confirmed, given back and
lapses, what-ifs are adopted, overtime is opened, searches find something meanwhile, the node
restarts; time passes across breaks, midnight and the change of the clocks. After each event the
independent checker runs on the plan given out, and what had begun must stand where it stood.

Each event has a seed of its own, so a run that fails is shrunk by leaving events out:
`--ops 0` plays odd little shops (`benchmarks.odd`), other sizes those of `benchmarks.shops`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.happenings import Case, Run


class Failure(NamedTuple):
    """What broke, after which event, and the events that are needed for it."""

    event: int
    kind: str
    broken: list[str]
    events: list[int]


def play(case: Case, events: Sequence[int]) -> Failure | None:
    """The first failure of a case under some events, not yet shrunk."""
    run = Run(case)
    for at, n in enumerate(events):
        try:
            broken = run.step(n)
        except Exception:  # noqa: BLE001 (a crash is a failure like any other)
            broken = [traceback.format_exc(limit=-4)]
        if broken:
            return Failure(n, run.kind, broken[:5], list(events[: at + 1]))
    return None


def shrink(case: Case, failure: Failure, *, tries: int = 400) -> Failure:
    """The same failure with as few events as leaving some out finds."""
    best, size = failure, max(1, len(failure.events) // 2)
    while size and tries > 0:
        at, smaller = 0, False
        while at < len(best.events) - 1 and tries > 0:
            kept = [*best.events[:at], *best.events[at + size :]]
            tries -= 1
            found = play(case, kept) if kept else None
            if found is not None and _alike(found, failure):
                best, smaller = found, True
            else:
                at += size
        size = size if smaller and size > 1 else size // 2
    return best


def _alike(one: Failure, other: Failure) -> bool:
    """Whether two failures break the same rule."""
    return one.broken[0].split(":")[1:2] == other.broken[0].split(":")[1:2]


def campaign(cases: Iterable[Case], events: int, deadline_s: float) -> dict[str, object]:
    """Play cases until the time is up; what failed, shrunk."""
    began, played, runs, failures = time.perf_counter(), 0, 0, []
    for case in cases:
        if time.perf_counter() - began > deadline_s:
            break
        found = play(case, range(events))
        runs += 1
        played += events if found is None else len(found.events)
        if found is not None:
            small = shrink(case, found, tries=400 if case.ops < 500 else 0)
            failures.append({"case": list(case), **small._asdict()})
            print(failures[-1], file=sys.stderr, flush=True)
    return {"runs": runs, "events": played, "failures": failures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", default="0,200,1000")
    parser.add_argument("--events", type=int, default=60, help="events a run")
    parser.add_argument("--runs", type=int, default=20, help="runs a size")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--seconds", type=float, default=120.0, help="at most a size")
    parser.add_argument("--plain", action="store_true", help="the plain decoder")
    parser.add_argument("--twins", action="store_true", help="compare both decoders as well")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if not args.plain or args.twins:
        from hanse.allocate.kernels.run import warm_up

        warm_up()
    rows = []
    for ops in map(int, args.ops.split(",")):
        loads = ("loose", "tight", "overloaded")
        seeds = range(args.seed, args.seed + args.runs)
        cases = (Case(ops, loads[s % 3], s, not args.plain, args.twins) for s in seeds)
        rows.append({"ops": ops, **campaign(cases, args.events, args.seconds)})
        if not args.json:
            print(rows[-1], flush=True)
    if args.json:
        print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
