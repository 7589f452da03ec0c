"""From a failing value on a machine to the replacement order co-signed and the customer told.

``./dev bench loop --runs 20 [--peers 20] [--json]``: each run is a whole chain of five nodes, laid
out fresh, started, played through and stopped; time scale 1 from the failing value on. With more
``--peers`` shops are added that run the roles gate, plan and flow in their own processes, quote
from their own plans and are asked by the buyer like the others; they have no machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from pathlib import Path

from hanse.flows import kinds
from hanse.node.chain.lay import LIGHT, Wishes
from hanse.node.chain.telling import Report, play_and_check

MARKS = (
    ("seen", kinds.ALARM_ACTIVE),
    ("capacity out", kinds.CAPACITY_OUT),
    ("plan repaired", kinds.PLAN_REPAIRED),
    ("promise broken", kinds.PROMISE_BROKEN),
    ("partner told", kinds.CHANGE_PROPOSED),
    ("change co-signed", kinds.CHANGED),
    ("asked", kinds.ASKED),
    ("quoted", kinds.OFFERED),
    ("chosen", kinds.CHOSEN),
    ("order co-signed", kinds.ORDERED),
    ("customer told", kinds.CUSTOMER_TOLD),
)


WHOLE = 5
"""Firms of the sample chain; every one runs all roles."""


def run_once(peers: int) -> Report:
    with tempfile.TemporaryDirectory(prefix="hanse-loop-") as made:
        return asyncio.run(play_and_check(Path(made), Wishes(), firms=peers))


def quoted(report: Report) -> int:
    """How many firms had quoted for the replacement when it was chosen."""
    alarm = next(s for s in report.steps if s.name == kinds.ALARM_ACTIVE and s.loop)
    return sum(s.loop == alarm.loop and s.name == kinds.OFFERED for s in report.steps)


def shares(report: Report) -> dict[str, float]:
    """Seconds from each mark of the loop to the next."""
    alarm = next(s for s in report.steps if s.name == kinds.ALARM_ACTIVE and s.loop)
    loop = [s for s in report.steps if s.loop == alarm.loop]
    told_s = max(s.at_s for s in loop if s.name == kinds.CUSTOMER_TOLD)
    before_s = told_s - report.loop_s
    found = {}
    for label, kind in MARKS:
        times = [s.at_s for s in loop if s.name == kind and s.at_s >= before_s]
        if times:
            found[label] = round(min(times) - before_s, 3)
            before_s = min(times)
    return found


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--peers", type=int, default=WHOLE)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    reports = [run_once(asked.peers) for _ in range(asked.runs)]
    loops = [r.loop_s for r in reports]
    steps = [shares(r) for r in reports]
    told = {
        "runs": len(reports),
        "firms": max(asked.peers, WHOLE),
        "whole_nodes": WHOLE,
        "light_nodes": max(0, asked.peers - WHOLE),
        "light_roles": list(LIGHT),
        "quotes": round(statistics.median([quoted(r) for r in reports])),
        "ok": sum(r.ok for r in reports),
        "p50_s": round(statistics.median(loops), 3),
        "p95_s": round(percentile(loops, 0.95), 3),
        "by_step": {
            label: round(statistics.median([s[label] for s in steps if label in s]), 3)
            for label, _ in MARKS
            if any(label in s for s in steps)
        },
        "ready_s": round(statistics.median([r.ready_s for r in reports]), 1),
        "rss_mb": round(max(r.rss_mb for r in reports), 1),
    }
    if asked.json:
        print(json.dumps(told))
        return
    print(f"p50 {told['p50_s']} s, p95 {told['p95_s']} s, {told['ok']} of {told['runs']} whole")
    for label, seconds in told["by_step"].items():
        print(f"  {label:18} {seconds:7.3f} s")


if __name__ == "__main__":
    main()
