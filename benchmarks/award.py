"""Awards: real capacitated-sourcing files against their proved values, and generated tenders.

``--data DIR`` is the folder with ``orlib_cap`` and ``sscflp_holmberg``; ``--generate 50x20,...``
makes tenders of lines x firms: 60 % small firms, two price tiers, three shared capacities a firm,
capacity 1.4 times the need and enough for any one offer, two firms a line at most, a quarter of
the spend a firm at most, and 18 % wanted for small firms.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from hanse.match.choose.award import greedy, solve
from hanse.match.choose.exact import lower_bound
from hanse.match.choose.problem import UNLIMITED, AwardProblem, cost_of

OFFERS_A_LINE = {50: 8, 500: 15, 2_000: 20}
SECONDS = {50: 40.0, 500: 45.0, 2_000: 60.0}


def sourcing(capacity, fixed, demand, cost):
    """Capacitated sourcing with fixed cost, split allowed: every firm offers every line."""
    m, n = len(capacity), len(demand)
    offers = m * n
    unit = (cost / demand[None, :]).T.reshape(-1)
    return AwardProblem(
        quantity=demand.astype(float),
        penalty=np.full(n, float(cost.max() * 10 + fixed.max() * 10)),
        most=np.full(n, m, np.int64),
        offer_start=np.arange(n + 1, dtype=np.int64) * m,
        firm=np.tile(np.arange(m, dtype=np.int64), n),
        setup=np.zeros(offers),
        tier_start=np.arange(offers + 1, dtype=np.int64),
        low=np.zeros(offers),
        high=np.repeat(demand.astype(float), m),
        unit_cost=unit,
        unit_spend=unit,
        use_start=np.arange(offers + 1, dtype=np.int64),
        resource=np.tile(np.arange(m, dtype=np.int64), n),
        hours=np.ones(offers),
        setup_hours=np.zeros(offers),
        fixed=fixed.astype(float),
        spend_cap=np.full(m, UNLIMITED),
        small=np.zeros(m),
        capacity=capacity.astype(float),
    )


def numbers(path):
    text = path.read_bytes().replace(b"\0", b" ").replace(b"capacity", b"1e9").split()
    return [float(word) for word in text]


def read_holmberg(path):
    values = numbers(path)
    m, n = int(values[0]), int(values[1])
    heads = np.array(values[2 : 2 + 2 * m]).reshape(m, 2)
    demand = np.array(values[2 + 2 * m : 2 + 2 * m + n])
    cost = np.array(values[2 + 2 * m + n : 2 + 2 * m + n + m * n]).reshape(m, n)
    return sourcing(heads[:, 0], heads[:, 1], demand, cost)


def read_orlib(path):
    values = numbers(path)
    m, n = int(values[0]), int(values[1])
    heads = np.array(values[2 : 2 + 2 * m]).reshape(m, 2)
    rest = np.array(values[2 + 2 * m : 2 + 2 * m + n * (m + 1)]).reshape(n, m + 1)
    return sourcing(heads[:, 0], heads[:, 1], rest[:, 0], rest[:, 1:].T)


def tender(lines, firms, seed=1):
    """A generated tender; sizes are in pieces, money in the buyer's currency."""
    rng = np.random.default_rng(seed)
    each = min(OFFERS_A_LINE.get(lines, 12), firms)
    quantity = np.round(np.exp(rng.normal(4.5, 0.8, lines))) + 10
    base = np.exp(rng.normal(3.0, 0.6, lines))
    small = (rng.random(firms) < 0.6).astype(float)
    level = np.where(small > 0, rng.normal(1.0, 0.08, firms), rng.normal(0.97, 0.06, firms))
    who = np.concatenate(
        [np.sort(rng.choice(firms, each, replace=False)) for _ in range(lines)]
    ).astype(np.int64)
    offers = lines * each
    line = np.repeat(np.arange(lines), each)
    q, price = quantity[line], base[line] * level[who] * rng.normal(1.0, 0.08, offers)
    price = np.maximum(price, 0.3 * base[line]) * rng.uniform(1.0, 1.05, offers)
    cut = np.round(q * rng.uniform(0.4, 0.7, offers))
    low_1 = np.round(q * rng.uniform(0.05, 0.2, offers))
    cap = np.maximum(cut + 1, np.round(q * rng.uniform(0.6, 1.3, offers)))
    discount = rng.uniform(0.02, 0.08, offers)
    extra = price * rng.uniform(0.0, 0.06, offers)
    low = np.column_stack([low_1, cut]).reshape(-1)
    high = np.column_stack([cut, cap]).reshape(-1)
    spend = np.column_stack([price, price * (1 - discount)]).reshape(-1)
    kind = rng.integers(0, 3, offers)
    hours = rng.uniform(0.5, 1.5, offers) * 0.02 * base[line]
    need = np.zeros(firms * 3)
    np.add.at(need, who * 3 + kind, hours * q / each)
    alone = np.zeros(firms * 3)
    np.maximum.at(alone, who * 3 + kind, hours * cap)
    room = np.maximum(need * 1.4 * rng.uniform(0.8, 1.2, firms * 3), alone) + 3.0
    total = float((quantity * base).sum())
    return AwardProblem(
        quantity=quantity,
        penalty=base * 4,
        most=np.full(lines, 2, np.int64),
        offer_start=np.arange(lines + 1, dtype=np.int64) * each,
        firm=who,
        setup=np.round(base[line] * rng.uniform(1, 6, offers)),
        tier_start=np.arange(offers + 1, dtype=np.int64) * 2,
        low=low,
        high=high,
        unit_cost=spend + np.repeat(extra, 2),
        unit_spend=spend,
        use_start=np.arange(offers + 1, dtype=np.int64),
        resource=(who * 3 + kind).astype(np.int64),
        hours=hours,
        setup_hours=rng.uniform(0.2, 2.0, offers),
        fixed=np.round(rng.uniform(0.2, 1.0, firms) * total / firms * 0.25),
        spend_cap=np.full(firms, 0.25 * total),
        small=small,
        capacity=room,
        small_share=0.18,
        small_penalty=0.5,
    )


def row(name, problem, *, seconds, proved=None):
    start = greedy(problem)
    begun = time.monotonic()
    award = solve(problem, seconds=seconds)
    spent = time.monotonic() - begun
    ours = cost_of(problem, award.quantity, tolerance=1e-5)
    assert ours <= start.cost * (1 + 1e-9), "never worse than greedy"
    bound = award.bound if proved is None else max(proved, award.bound or proved)
    if bound is None:
        bound = lower_bound(problem, seconds=60.0)
    gap = None if bound is None else round(100 * (ours / bound - 1), 3)
    return {
        "name": name,
        "ours": round(ours, 3),
        "proved": None if bound is None else round(bound, 3),
        "gap_pct": gap,
        "s": round(spent, 2),
        "greedy": round(start.cost, 3),
        "under_greedy_pct": round(100 * (1 - ours / start.cost), 2),
        "optimal": award.proved,
    }


def on_files(data, seconds, only):
    rows = []
    for folder, read, key in (
        ("sscflp_holmberg", read_holmberg, "split_award"),
        ("orlib_cap", read_orlib, "split_award_optimum"),
    ):
        proved = json.loads((data / folder / "proved.json").read_text())
        for name, known in proved.items():
            path = next(
                p for p in (data / folder / name, data / folder / f"{name}.txt") if p.exists()
            )
            if only and name not in only:
                continue
            value = known.get("split_bound", known[key])
            rows.append(row(name, read(path), seconds=seconds, proved=value))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="", help="names of files, with commas")
    parser.add_argument("--generate", default="")
    parser.add_argument("--seconds", type=float, default=0.0, help="instead of the usual time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = []
    solve(tender(5, 4), seconds=0.2)
    solve(sourcing(np.full(3, 60.0), np.ones(3), np.ones(4), np.ones((3, 4))), seconds=0.2)
    if args.data:
        rows += on_files(args.data, args.seconds or 3.9, [n for n in args.only.split(",") if n])
    for size in [s for s in args.generate.split(",") if s]:
        lines, firms = map(int, size.split("x"))
        seconds = args.seconds or SECONDS.get(lines, 30.0)
        rows.append(row(size, tender(lines, firms, args.seed), seconds=seconds - 0.5))
    if args.json:
        print(json.dumps({"rows": rows}))
        return
    for r in rows:
        print("  ".join(f"{k} {v}" for k, v in r.items()))


if __name__ == "__main__":
    main()
