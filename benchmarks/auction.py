"""Bilateral clearing simulated: many firms, only messages between two, lost ones sent again.

Every firm has a demand and a capacity; eight kinds of work, load 95 %, lognormal sizes; a buyer
knows ``--known`` firms of its kind. Efficiency is the value reached over the value of the central
optimum on the same known pairs. Cases: ``divisible`` lots; ``indivisible``: four whole jobs a firm
in place of one lot (against the divisible optimum, which no indivisible plan can reach);
``shaded``: three firms in ten quote up to 20 % over their cost (value counted at true cost);
``desks``: the running mechanism, letter by letter between real desks to signed orders, beside
``desks_first_come``, the same firms where no award gives way (see `benchmarks.auction_desks`).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict

import numpy as np

from benchmarks import auction_desks
from hanse.match.choose.auction import Bid, Pool, next_bid
from hanse.match.choose.clear import Clearing, clear

KINDS = 8
LOAD = 0.95
SCALE = 100
JOBS = 4
DESK_STEP = 5


class World:
    def __init__(self, firms, known, seed, *, whole, shaded):
        rng = np.random.default_rng(seed)
        self.whole = whole
        self.buyers = buyers = firms * (JOBS if whole else 1)
        kind = rng.integers(0, KINDS, buyers)
        makes = rng.integers(0, KINDS, firms)
        self.capacity = np.round(np.exp(rng.normal(5, 0.7, firms))) + 10
        self.need = np.round(np.exp(rng.normal(5, 0.7, buyers))) + 10
        for k in range(KINDS):
            have, want = self.capacity[makes == k].sum(), self.need[kind == k].sum()
            if want:
                self.need[kind == k] = np.maximum(
                    1, np.floor(self.need[kind == k] * LOAD * have / want)
                )
        self.value = rng.uniform(120, 260, buyers)
        base = rng.uniform(60, 120, firms)
        mark = np.where(rng.random(firms) < 0.3, rng.uniform(1.0, 1.2, firms), 1.0)
        self.true, self.quoted = [], []
        for d in range(buyers):
            able = np.flatnonzero((makes == kind[d]) & (np.arange(firms) != d % firms))
            some = rng.choice(able, min(known, len(able)), replace=False) if len(able) else []
            costs = {int(s): float(base[s] + rng.uniform(0, 60)) for s in some}
            self.true.append(costs)
            self.quoted.append(
                {s: c * (float(mark[s]) if shaded else 1.0) for s, c in costs.items()}
            )

    def optimum(self):
        demand, supply, cost, limit = [], [], [], []
        for d, costs in enumerate(self.true):
            for s, c in costs.items():
                demand.append(d)
                supply.append(s)
                cost.append(round(min(c, self.value[d]) * SCALE))
                limit.append(int(self.need[d]))
        found = clear(
            Clearing(
                need=self.need.astype(np.int64),
                penalty=np.round(self.value * SCALE).astype(np.int64),
                capacity=self.capacity.astype(np.int64),
                demand=np.array(demand),
                supply=np.array(supply),
                cost=np.array(cost),
                limit=np.array(limit),
            )
        )
        return float((self.need * self.value).sum()) - found.cost / SCALE


def simulate(world, *, step, loss, seed, rounds_max=40):
    """Rounds of bids and answers; a lost message is sent again a round later and counted again."""
    rng = np.random.default_rng(seed + 1)
    pools = [Pool(float(c), whole=world.whole) for c in world.capacity]
    premiums = [defaultdict(float) for _ in range(world.buyers)]
    left = world.need.astype(float).copy()
    messages = 2.0 * sum(len(c) for c in world.quoted) / (1.0 - loss)
    waiting = []
    last = 0

    def attempts():
        n = 1
        while rng.random() < loss:
            n += 1
        return n

    for round_ in range(rounds_max):
        due = [w for w in waiting if w[0] <= round_]
        waiting = [w for w in waiting if w[0] > round_]
        for _, buyer, units, seller, premium in due:
            left[buyer] += units
            premiums[buyer][seller] = max(premiums[buyer][seller], premium)
        busy = bool(waiting)
        for buyer in rng.permutation(world.buyers):
            if left[buyer] <= 1e-9:
                continue
            wish = next_bid(world.value[buyer], world.quoted[buyer], premiums[buyer], step=step)
            if wish is None:
                continue
            busy = True
            there, back = attempts(), attempts()
            messages += there + back
            units, left[buyer] = left[buyer], 0.0
            bid = Bid(buyer=int(buyer), units=float(units), premium=wish.premium)
            out = pools[wish.seller].offer(bid)
            late = round_ + there + back - 1
            if units - out.kept > 1e-9 or out.premium > premiums[buyer][wish.seller]:
                waiting.append((late, buyer, units - out.kept, wish.seller, out.premium))
            for gone in out.displaced:
                tries = attempts()
                messages += tries
                waiting.append((round_ + tries, gone.buyer, gone.units, wish.seller, out.premium))
        if not busy:
            break
        last = round_ + 1
    value = sum(
        b.units * (world.value[b.buyer] - world.true[b.buyer][s])
        for s, pool in enumerate(pools)
        for b in pool.held
    )
    messages += sum(len(p.held) for p in pools) / (1.0 - loss)
    return value, messages / world.buyers, last


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=1_000)
    parser.add_argument("--known", type=int, default=10)
    parser.add_argument("--loss", default="0,0.1")
    parser.add_argument("--step", type=float, default=10.0)
    parser.add_argument("--desks", type=int, default=20, help="firms of the desks case; 0: without")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = []
    for case in ("divisible", "indivisible", "shaded"):
        world = World(
            args.firms, args.known, args.seed, whole=case == "indivisible", shaded=case == "shaded"
        )
        best = world.optimum()
        for loss in map(float, args.loss.split(",")):
            value, messages, rounds = simulate(world, step=args.step, loss=loss, seed=args.seed)
            rows.append(
                {
                    "loss": loss,
                    "case": case,
                    "efficiency_pct": round(100 * value / best, 2),
                    "messages_per_demand": round(messages, 1),
                    "rounds": rounds,
                }
            )
    if args.desks:
        losses = [float(loss) for loss in args.loss.split(",")]
        rows += auction_desks.rows(args.desks, args.known, args.seed, losses=losses, step=DESK_STEP)
    if args.json:
        print(json.dumps({"rows": rows}))
        return
    for r in rows:
        print("  ".join(f"{k} {v}" for k, v in r.items()))


if __name__ == "__main__":
    main()
