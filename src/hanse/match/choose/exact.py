"""The award problem as a mixed-integer program (HiGHS inside scipy): exact for small problems.

Binaries only where something needs them: a tier that is not the only one, a minimum quantity, a
setup, a count of firms a line; else a firm's own switch bounds its offers directly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.match.choose.problem import Award, AwardProblem, Floats, Ints

EXACT_OFFERS_MAX = 1_200
CONTINUOUS_OFFERS_MAX = 10_000


class _Rows:
    """Rows of a sparse matrix being written."""

    def __init__(self) -> None:
        self.row: list[NDArray[np.int64]] = []
        self.col: list[NDArray[np.int64]] = []
        self.value: list[Floats] = []
        self.low: list[Floats] = []
        self.high: list[Floats] = []
        self.count = 0

    def add(self, rows: Ints, cols: Ints, values: Floats) -> None:
        """Entries of rows numbered from the next free one."""
        self.row.append(rows + self.count)
        self.col.append(cols)
        self.value.append(values)

    def close(self, low: Floats, high: Floats) -> None:
        """The bounds of the rows just written."""
        self.low.append(low)
        self.high.append(high)
        self.count += len(low)


class _Columns(Struct, frozen=True, kw_only=True):
    """Where each kind of variable starts: tier quantity, tier switch, firm, unmet, small gap."""

    tiers: int
    switched: Ints
    firms: int
    lines: int

    @property
    def y(self) -> int:
        return self.tiers

    @property
    def z(self) -> int:
        return self.tiers + len(self.switched)

    @property
    def u(self) -> int:
        return self.z + self.firms

    @property
    def gap(self) -> int:
        return self.u + self.lines

    @property
    def count(self) -> int:
        return self.gap + 1


def needs_switch(p: AwardProblem) -> NDArray[np.bool_]:
    """Per tier: whether its offer needs binaries."""
    per_offer = np.diff(p.tier_start) > 1
    per_offer |= p.setup > 0
    per_offer |= p.low[p.tier_start[:-1]] > 0
    uses_setup = np.zeros(p.offers, bool)
    owner = np.repeat(np.arange(p.offers), np.diff(p.use_start))
    uses_setup[owner[p.setup_hours > 0]] = True
    counts = np.diff(p.offer_start)
    counted = np.repeat(p.most < counts, counts)
    return np.asarray((per_offer | uses_setup | counted)[p.offer_of_tier])


def _columns(p: AwardProblem) -> _Columns:
    switched = np.flatnonzero(needs_switch(p))
    return _Columns(tiers=len(p.low), switched=switched, firms=p.firms, lines=p.lines)


def _objective(p: AwardProblem, c: _Columns) -> Floats:
    offer = p.offer_of_tier
    cost = np.zeros(c.count)
    cost[: c.tiers] = p.unit_cost
    cost[c.y : c.z] = p.setup[offer[c.switched]]
    cost[c.z : c.u] = p.fixed
    cost[c.u : c.gap] = p.penalty
    cost[c.gap] = p.small_penalty
    return cost


def _cover(p: AwardProblem, c: _Columns, rows: _Rows, line: Ints) -> None:
    tiers = np.arange(c.tiers)
    rows.add(line, tiers, np.ones(c.tiers))
    rows.add(np.arange(c.lines), c.u + np.arange(c.lines), np.ones(c.lines))
    rows.close(p.quantity, p.quantity)


def _tiers(p: AwardProblem, c: _Columns, rows: _Rows, line: Ints) -> None:
    """Low y <= x <= high y for switched tiers, x <= high z for the others."""
    k, t = np.arange(len(c.switched)), c.switched
    cap = np.minimum(p.high[t], p.quantity[line[t]])
    rows.add(k, t, np.ones(len(t)))
    rows.add(k, c.y + k, -cap)
    rows.close(np.full(len(t), -np.inf), np.zeros(len(t)))
    positive = p.low[t] > 0
    k2 = np.arange(int(positive.sum()))
    rows.add(k2, t[positive], np.ones(len(k2)))
    rows.add(k2, c.y + k[positive], -p.low[t][positive])
    rows.close(np.zeros(len(k2)), np.full(len(k2), np.inf))
    plain = np.setdiff1d(np.arange(c.tiers), t)
    k3, firm = np.arange(len(plain)), p.firm[p.offer_of_tier[plain]]
    rows.add(k3, plain, np.ones(len(plain)))
    rows.add(k3, c.z + firm, -np.minimum(p.high[plain], p.quantity[line[plain]]))
    rows.close(np.full(len(plain), -np.inf), np.zeros(len(plain)))


def _switches(p: AwardProblem, c: _Columns, rows: _Rows, line: Ints) -> None:
    """One tier an offer, only of firms that are used, at most ``most`` firms a line."""
    offer = p.offer_of_tier[c.switched]
    names, k = np.unique(offer, return_inverse=True)
    rows.add(k, c.y + np.arange(len(offer)), np.ones(len(offer)))
    rows.add(np.arange(len(names)), c.z + p.firm[names], -np.ones(len(names)))
    rows.close(np.full(len(names), -np.inf), np.zeros(len(names)))
    lines, k = np.unique(line[c.switched], return_inverse=True)
    rows.add(k, c.y + np.arange(len(offer)), np.ones(len(offer)))
    rows.close(np.full(len(lines), -np.inf), p.most[lines].astype(float))


def _capacities(p: AwardProblem, c: _Columns, rows: _Rows) -> None:
    """Hours of every shared capacity; a capacity of one firm is open only if the firm is used."""
    owner = np.repeat(np.arange(p.offers), np.diff(p.use_start))
    counts = np.diff(p.tier_start)[owner]
    use = np.repeat(np.arange(len(owner)), counts)
    start = p.tier_start[owner]
    shift = np.arange(len(use)) - np.repeat(np.cumsum(counts) - counts, counts)
    tier = start[use] + shift
    rows.add(p.resource[use], tier, p.hours[use])
    place = np.full(c.tiers, -1)
    place[c.switched] = np.arange(len(c.switched))
    has = (place[tier] >= 0) & (p.setup_hours[use] > 0)
    rows.add(p.resource[use][has], c.y + place[tier[has]], p.setup_hours[use][has])
    of = np.full(len(p.capacity), -1)
    shared = np.zeros(len(p.capacity), bool)
    for u in range(len(owner)):
        r, firm = p.resource[u], p.firm[owner[u]]
        shared[r] |= of[r] not in (-1, firm)
        of[r] = firm
    single = np.flatnonzero((of >= 0) & ~shared)
    rows.add(single, c.z + of[single], -p.capacity[single])
    high = p.capacity.copy()
    high[single] = 0.0
    rows.close(np.full(len(high), -np.inf), high)


def _money(p: AwardProblem, c: _Columns, rows: _Rows) -> None:
    firm = p.firm[p.offer_of_tier]
    capped = np.flatnonzero(p.spend_cap < 1e17)
    place = np.full(p.firms, -1)
    place[capped] = np.arange(len(capped))
    t = np.flatnonzero(place[firm] >= 0)
    rows.add(place[firm[t]], t, p.unit_spend[t])
    rows.close(np.full(len(capped), -np.inf), p.spend_cap[capped])
    tiers = np.arange(c.tiers)
    rows.add(np.zeros(c.tiers, np.int64), tiers, p.unit_spend * (p.small_share - p.small[firm]))
    rows.add(np.zeros(1, np.int64), np.array([c.gap]), -np.ones(1))
    rows.close(np.array([-np.inf]), np.zeros(1))


def _matrix(p: AwardProblem, c: _Columns) -> tuple[Any, Floats, Floats]:
    from scipy.sparse import csr_matrix

    rows, line = _Rows(), p.line_of_offer[p.offer_of_tier]
    _cover(p, c, rows, line)
    _tiers(p, c, rows, line)
    _switches(p, c, rows, line)
    if len(p.capacity):
        _capacities(p, c, rows)
    _money(p, c, rows)
    where = (np.concatenate(rows.row), np.concatenate(rows.col))
    matrix = csr_matrix((np.concatenate(rows.value), where), shape=(rows.count, c.count))
    return matrix, np.concatenate(rows.low), np.concatenate(rows.high)


def solve_exact(p: AwardProblem, *, seconds: float, gap: float = 0.0) -> Award | None:
    """The best award found within the time, with a proved bound; None if nothing feasible."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    c = _columns(p)
    matrix, low, high = _matrix(p, c)
    line = p.line_of_offer[p.offer_of_tier]
    upper = np.full(c.count, np.inf)
    upper[: c.tiers] = np.minimum(p.high, p.quantity[line])
    upper[c.y : c.u] = 1.0
    integral = np.zeros(c.count)
    integral[c.y : c.u] = 1
    found = milp(
        _objective(p, c),
        integrality=integral,
        bounds=Bounds(np.zeros(c.count), upper),
        constraints=LinearConstraint(matrix, low, high),
        options={"time_limit": seconds, "mip_rel_gap": gap},
    )
    if found.x is None:
        return None
    x = np.zeros(p.offers)
    np.add.at(x, p.offer_of_tier, np.where(found.x[: c.tiers] > 1e-7, found.x[: c.tiers], 0.0))
    bound = None if found.mip_dual_bound is None else float(found.mip_dual_bound)
    proved = found.status == 0
    return Award(quantity=x, cost=float(found.fun), bound=bound, proved=proved, how="exact")


def lower_bound(p: AwardProblem, *, seconds: float) -> float | None:
    """The value of the linear relaxation, or None if the time was too short."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    c = _columns(p)
    matrix, low, high = _matrix(p, c)
    line = p.line_of_offer[p.offer_of_tier]
    upper = np.full(c.count, np.inf)
    upper[: c.tiers] = np.minimum(p.high, p.quantity[line])
    upper[c.y : c.u] = 1.0
    below, above, equal = (
        np.isfinite(high) & (low < high),
        np.isfinite(low) & (low < high),
        low == high,
    )
    found = linprog(
        _objective(p, c),
        A_ub=vstack([matrix[below], -matrix[above]]),
        b_ub=np.concatenate([high[below], -low[above]]),
        A_eq=matrix[equal],
        b_eq=high[equal],
        bounds=np.column_stack([np.zeros(c.count), upper]),
        method="highs-ipm",
        options={"time_limit": seconds},
    )
    return float(found.fun) if found.status == 0 else None
