"""The award problem: many lines, many offers, and everything that couples them.

minimise   unit cost x quantity + setup per offer used + fixed per firm used + penalty x unmet
           + penalty x (share of small firms that is missing, in money)
such that  each line is covered or counted unmet; a quantity lies in a tier of its offer; at most
           ``most`` firms a line; hours of each shared capacity; a spend cap for each firm.

Everything is a flat column, so that the searches run without objects: offers are sorted by line,
tiers by offer, uses of capacity by offer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.model.errors import BadInput, TooMuch

LINES_MAX = 5_000
OFFERS_MAX = 100_000
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNLIMITED = 1e18


class AwardProblem(Struct, frozen=True, kw_only=True):
    """The columns. L lines, J offers, T tiers, U uses, S firms, R shared capacities.

    ``offer_start`` (L+1), ``tier_start`` (J+1) and ``use_start`` (J+1) delimit the groups.
    ``unit_cost`` is everything a piece costs the buyer (price, transport, lateness, risk);
    ``unit_spend`` what is paid for it, which counts for caps and shares.
    """

    quantity: Floats
    penalty: Floats
    most: Ints
    offer_start: Ints
    firm: Ints
    setup: Floats
    tier_start: Ints
    low: Floats
    high: Floats
    unit_cost: Floats
    unit_spend: Floats
    use_start: Ints
    resource: Ints
    hours: Floats
    setup_hours: Floats
    fixed: Floats
    spend_cap: Floats
    small: Floats
    capacity: Floats
    small_share: float = 0.0
    small_penalty: float = 0.0

    @property
    def lines(self) -> int:
        """How many lines."""
        return int(self.quantity.shape[0])

    @property
    def offers(self) -> int:
        """How many offers, of one firm for one line each."""
        return int(self.firm.shape[0])

    @property
    def firms(self) -> int:
        """How many firms."""
        return int(self.fixed.shape[0])

    @property
    def line_of_offer(self) -> Ints:
        """The line of each offer."""
        counts = np.diff(self.offer_start)
        return np.repeat(np.arange(self.lines, dtype=np.int64), counts)

    @property
    def offer_of_tier(self) -> Ints:
        """The offer of each tier."""
        return np.repeat(np.arange(self.offers, dtype=np.int64), np.diff(self.tier_start))

    def columns(self) -> tuple[Any, ...]:
        """The columns in the order in which the compiled searches take them."""
        return (
            self.quantity,
            self.penalty,
            self.most,
            self.offer_start,
            self.firm,
            self.setup,
            self.tier_start,
            self.low,
            self.high,
            self.unit_cost,
            self.unit_spend,
            self.use_start,
            self.resource,
            self.hours,
            self.setup_hours,
            self.fixed,
            self.spend_cap,
            self.small,
            self.capacity,
            self.small_share,
            self.small_penalty,
        )


class Award(Struct, frozen=True, kw_only=True):
    """So much of each offer (J), what it costs in all, and a proved lower bound where known."""

    quantity: Floats
    cost: float
    bound: float | None = None
    proved: bool = False
    seconds: float = 0.0
    how: str = ""


def checked(problem: AwardProblem) -> AwardProblem:
    """The problem, if its columns fit together.

    Raises:
        TooMuch: more than LINES_MAX lines or OFFERS_MAX offers.
        BadInput: columns of unequal length, groups out of order, negative numbers.
    """
    p = problem
    if p.lines > LINES_MAX or p.offers > OFFERS_MAX:
        raise TooMuch(f"at most {LINES_MAX} lines and {OFFERS_MAX} offers", subject=str(p.offers))
    same = (
        len(p.penalty) == len(p.most) == p.lines == len(p.offer_start) - 1
        and len(p.setup) == p.offers == len(p.tier_start) - 1 == len(p.use_start) - 1
        and len(p.low) == len(p.high) == len(p.unit_cost) == len(p.unit_spend)
        and len(p.resource) == len(p.hours) == len(p.setup_hours)
        and len(p.spend_cap) == len(p.small) == p.firms
        and p.offer_start[-1] == p.offers
        and p.tier_start[-1] == len(p.low)
        and p.use_start[-1] == len(p.resource)
    )
    if not same:
        raise BadInput("the columns of an award problem do not fit together")
    columns = (p.quantity, p.penalty, p.setup, p.low, p.unit_spend, p.hours, p.fixed, p.capacity)
    if any((c < 0).any() or not np.isfinite(c).all() for c in columns):
        raise BadInput("an award problem holds a negative or endless number")
    return problem


def cost_of(problem: AwardProblem, x: Floats, *, tolerance: float = 1e-6) -> float:
    """What an award costs, worked out anew from its quantities (shares no code with the searches).

    Raises:
        BadInput: it breaks a limit: tier, firms a line, capacity, spend cap, more than asked.
    """
    total = spent = small = 0.0
    spend, hours = np.zeros(problem.firms), np.zeros(len(problem.capacity))
    used = np.zeros(problem.firms, bool)
    for line in range(problem.lines):
        start, end = problem.offer_start[line], problem.offer_start[line + 1]
        taken = [j for j in range(start, end) if x[j] > tolerance]
        missing = problem.quantity[line] - sum(x[j] for j in taken)
        if missing < -tolerance * (1 + problem.quantity[line]) or len(taken) > problem.most[line]:
            raise BadInput("an award takes too much or too many firms", subject=f"line {line}")
        total += problem.penalty[line] * max(0.0, missing)
        for j in taken:
            cost, paid = _offer_cost(problem, j, x[j], tolerance)
            total += cost + problem.setup[j]
            firm = problem.firm[j]
            spend[firm] += paid
            used[firm] = True
            for u in range(problem.use_start[j], problem.use_start[j + 1]):
                hours[problem.resource[u]] += problem.hours[u] * x[j] + problem.setup_hours[u]
    if (hours > problem.capacity * (1 + tolerance) + tolerance).any():
        raise BadInput("an award takes more hours than there are")
    if (spend > problem.spend_cap * (1 + tolerance) + tolerance).any():
        raise BadInput("an award spends more with a firm than it may")
    spent, small = float(spend.sum()), float((spend * problem.small).sum())
    total += float(problem.fixed[used].sum())
    return total + problem.small_penalty * max(0.0, problem.small_share * spent - small)


def _offer_cost(
    problem: AwardProblem, j: int, amount: float, tolerance: float
) -> tuple[float, float]:
    slack = tolerance * (1 + amount)
    fitting = [
        t
        for t in range(problem.tier_start[j], problem.tier_start[j + 1])
        if problem.low[t] - slack <= amount <= problem.high[t] + slack
    ]
    if not fitting:
        raise BadInput(f"{amount} lies in no tier", subject=f"offer {j}")
    best = min(fitting, key=lambda t: problem.unit_cost[t])
    return float(problem.unit_cost[best] * amount), float(problem.unit_spend[best] * amount)
