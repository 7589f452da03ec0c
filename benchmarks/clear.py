"""Network clearing: exact min-cost flow beside OR-tools and scipy on the same graphs."""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from hanse.match.choose.clear import Clearing, clear, network

DEGREE = 20
SCIPY_EDGES_MAX = 150_000


def graph(edges, seed=1):
    """Demands and capacities on a plane: unit cost 100 plus distance; 10 % more than is needed."""
    rng = np.random.default_rng(seed)
    demands = max(1, edges // DEGREE)
    supplies = max(1, int(demands * 0.6))
    here, there = rng.random((demands, 2)), rng.random((supplies, 2))
    demand = np.repeat(np.arange(demands), DEGREE)
    supply = rng.integers(0, supplies, len(demand))
    far = np.sqrt(((here[demand] - there[supply]) ** 2).sum(1))
    need = rng.integers(10, 200, demands)
    capacity = rng.integers(10, 200, supplies).astype(float)
    capacity = np.ceil(capacity * need.sum() * 1.1 / capacity.sum()).astype(np.int64)
    cost = (500 + 1_000 * far + rng.integers(0, 200, len(demand))).astype(np.int64)
    return Clearing(
        need=need.astype(np.int64),
        penalty=np.full(demands, 2_500, np.int64),
        capacity=capacity,
        demand=demand.astype(np.int64),
        supply=supply.astype(np.int64),
        cost=cost,
        limit=need[demand].astype(np.int64),
    )


def with_ortools(p):
    from ortools.graph.python import min_cost_flow

    node, start, end, room, cost = network(p)
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(start, end, room, cost)
    solver.set_nodes_supplies(np.arange(len(node)), node)
    assert solver.solve() == solver.OPTIMAL
    return int(solver.optimal_cost())


def with_scipy(p):
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    node, start, end, room, cost = network(p)
    arcs = np.arange(len(start))
    ones = np.ones(len(start))
    matrix = csr_matrix(
        (np.concatenate([ones, -ones]), (np.concatenate([start, end]), np.tile(arcs, 2))),
        shape=(len(node), len(start)),
    )
    found = linprog(
        cost, A_eq=matrix, b_eq=node, bounds=np.column_stack([0 * room, room]), method="highs"
    )
    return round(found.fun)


def timed(run, p, repeat=3):
    best, cost = 1e9, 0
    for _ in range(repeat):
        begun = time.perf_counter()
        cost = run(p)
        best = min(best, time.perf_counter() - begun)
        if best > 3:
            break
    return {"s": round(best, 4), "cost": cost}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", default="100000")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = []
    for edges in map(int, args.edges.split(",")):
        p = graph(edges)
        ours = timed(lambda x: clear(x).cost, p)
        peers = {"ortools": timed(with_ortools, p)}
        if edges <= SCIPY_EDGES_MAX:
            peers["scipy"] = timed(with_scipy, p, repeat=1)
        for peer in peers.values():
            assert peer["cost"] == ours["cost"], "every exact solver finds one optimum"
        rows.append({"edges": len(p.demand), **ours, "peers": peers})
    if args.json:
        print(json.dumps({"rows": rows}))
        return
    for r in rows:
        print(r["edges"], "edges", r["s"], "s", r["cost"], r["peers"])


if __name__ == "__main__":
    main()
