"""Clearing a group of firms at once: every demand and every capacity, at the least cost, exact.

A minimum-cost flow (network simplex of LEMON through `pylmcf`): capacities feed demands over the
edges that are technically possible; what stays unmet is charged its penalty. For a group that wants
to clear together, or to ask what a perfect plan would save; day-to-day dealing needs no such view.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.model.errors import BadInput, TooMuch

EDGES_MAX = 5_000_000
COST_MAX = 10**12
Ints = NDArray[np.int64]


class Clearing(Struct, frozen=True, kw_only=True):
    """Whole units and minor money. Edges name a demand and a supply by number.

    ``cost`` is per unit along an edge, ``penalty`` per unit of a demand that stays unmet.
    """

    need: Ints
    penalty: Ints
    capacity: Ints
    demand: Ints
    supply: Ints
    cost: Ints
    limit: Ints


class Cleared(Struct, frozen=True, kw_only=True):
    """Units on each edge, units of each demand left unmet, and the least cost."""

    flow: Ints
    unmet: Ints
    cost: int


def _checked(p: Clearing) -> None:
    edges = len(p.demand)
    if edges > EDGES_MAX:
        raise TooMuch(f"at most {EDGES_MAX} edges", subject=str(edges))
    if not len(p.supply) == len(p.cost) == len(p.limit) == edges or len(p.penalty) != len(p.need):
        raise BadInput("the columns of a clearing differ in length")
    columns = (p.need, p.penalty, p.capacity, p.cost, p.limit, p.demand, p.supply)
    if any(len(c) and (c.min() < 0 or c.max() > COST_MAX) for c in columns):
        raise BadInput("a clearing holds a negative or too large number")
    inside = edges == 0 or (p.demand.max() < len(p.need) and p.supply.max() < len(p.capacity))
    if not inside:
        raise BadInput("an edge names a demand or a supply that is not there")


def network(p: Clearing) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Supply of each node, and start, end, capacity and cost of each arc.

    Arcs: the edges, then source to supplies, then source to demands (unmet).
    """
    demands, supplies = len(p.need), len(p.capacity)
    source = demands + supplies
    node = np.zeros(source + 1, np.int64)
    node[:demands] = -p.need
    node[source] = p.need.sum()
    start = np.concatenate([p.supply + demands, np.full(supplies + demands, source)])
    end = np.concatenate([p.demand, np.arange(supplies) + demands, np.arange(demands)])
    room = np.concatenate([p.limit, p.capacity, p.need])
    cost = np.concatenate([p.cost, np.zeros(supplies, np.int64), p.penalty])
    arcs = tuple(np.ascontiguousarray(a, np.int64) for a in (start, end, room, cost))
    return node, arcs[0], arcs[1], arcs[2], arcs[3]


def clear(p: Clearing) -> Cleared:
    """The least-cost way to serve every demand.

    Raises:
        BadInput, TooMuch: the columns are malformed or too many.
    """
    from pylmcf import pylmcf_cpp

    _checked(p)
    node, start, end, room, cost = network(p)
    flow = np.asarray(pylmcf_cpp.lmcf(node, start, end, room, cost), np.int64)
    edges, supplies = len(p.demand), len(p.capacity)
    total = int((flow * cost).sum())
    return Cleared(flow=flow[:edges], unmet=flow[edges + supplies :], cost=total)
