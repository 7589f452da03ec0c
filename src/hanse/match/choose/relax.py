"""The Lagrangian relaxation of capacitated sourcing: prices on lines in place of the duty to cover.

At given prices every firm fills up with what pays best and shows what opening it is worth; a
knapsack opens firms that have room for all (Cornuejols, Sridharan, Thizy 1991). The sum is a proved
lower bound, and the firms opened are where a search begins.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.match.choose.exact import needs_switch
from hanse.match.choose.problem import AwardProblem, Floats, Ints

CELLS_MAX = 60_000
UNITS_MAX = 4_000
DUST = 1e-9


class Plain(Struct, frozen=True, kw_only=True):
    """A problem as a table: ``cost`` a piece (M firms and "unmet" x N lines); room in pieces."""

    cost: Floats
    fixed: Floats
    room: Floats
    quantity: Floats


def plain(p: AwardProblem) -> Plain | None:
    """The problem as a table, or None if something in it does not fit into one.

    Fits: one tier without a minimum, no setups, no count of firms, no spend caps, no small-firm
    share, one capacity a firm that every piece of a line uses alike.
    """
    if p.firms * p.lines > CELLS_MAX or p.offers == 0 or needs_switch(p).any():
        return None
    if p.small_penalty > 0 or (p.spend_cap < (p.unit_spend * p.high).sum()).any():
        return None
    covered = p.high >= p.quantity[p.line_of_offer] * (1 - 1e-9)
    if not covered.all() or len(np.unique(p.line_of_offer * p.firms + p.firm)) < p.offers:
        return None
    room = _rooms(p)
    if room is None:
        return None
    cost = np.full((p.firms + 1, p.lines), np.inf)
    cost[p.firm, p.line_of_offer] = p.unit_cost
    dear = np.isinf(cost)
    cost[-1] = p.penalty
    dear[-1] = False
    cost[dear] = (np.broadcast_to(p.penalty * 2 + 1.0, cost.shape))[dear]
    fixed = np.append(p.fixed, 0.0)
    return Plain(cost=cost, fixed=fixed, room=np.append(room, 1e18), quantity=p.quantity)


def _rooms(p: AwardProblem) -> Floats | None:
    """Pieces that fit at each firm; None where a capacity is shared or hours differ by line."""
    room = np.full(p.firms, 1e18)
    uses = np.diff(p.use_start)
    if (uses > 1).any():
        return None
    owner = np.repeat(np.arange(p.offers), uses)
    for firm in range(p.firms):
        mine = p.firm[owner] == firm
        whole = int((p.firm == firm).sum())
        if not mine.any():
            continue
        hours, which = p.hours[mine], p.resource[mine]
        foreign = np.isin(p.resource[~mine], which[:1]).any()
        if foreign or len(which) < whole or np.ptp(which) or np.ptp(hours) > 0 or hours[0] <= 0:
            return None
        room[firm] = p.capacity[which[0]] / hours[0]
    return room


class Look(Struct, frozen=True, kw_only=True):
    """One look at the relaxation: its value, what each firm is worth, which it opens.

    ``over`` is how far each line is from being covered, ``miss`` the least a piece unmet costs.
    """

    bound: float
    base: float
    worth: Floats
    opened: NDArray[np.bool_]
    over: Floats
    miss: float


class Sizes(Struct, frozen=True, kw_only=True):
    """Room and need in whole units, room rounded up and need down, so that no cover is lost."""

    room: Ints
    need: int
    unit: float


def sizes_of(t: Plain) -> Sizes:
    """Whole units as they are where the need is small, else UNITS_MAX of them."""
    need = float(t.quantity.sum())
    whole = need <= UNITS_MAX and not (np.append(t.room[:-1], t.quantity) % 1).any()
    unit = 1.0 if whole else need / UNITS_MAX
    room = np.ceil(np.minimum(t.room[:-1], need) / unit - DUST).astype(np.int64)
    return Sizes(room=room, need=int(need / unit + DUST), unit=unit)


def look_at(t: Plain, sizes: Sizes, price: Floats, pinned: Ints) -> Look:
    """The relaxation at a price a piece for every line: each firm fills up with what pays best.

    The firms opened must have room for all that is not left unmet: redundant, but it lifts the
    bound over that of the linear relaxation. ``pinned`` is 1 or 0 for firms whose choice is given.
    """
    firms = len(t.room) - 1
    gain = t.cost[:firms] - price
    order = np.argsort(gain, axis=1)
    rows = np.arange(firms)[:, None]
    sorted_gain = gain[rows, order]
    wanted = np.where(sorted_gain < 0, t.quantity[order], 0.0)
    upto = np.minimum(np.cumsum(wanted, axis=1), t.room[:firms, None])
    took = np.diff(upto, axis=1, prepend=0.0)
    worth = t.fixed[:firms] + (took * sorted_gain).sum(axis=1)
    miss = max(0.0, float((t.cost[-1] - price).min()))
    lift, opened = covered(sizes, worth, miss, pinned)
    amount = np.zeros_like(gain)
    amount[rows, order] = took
    base = float((price * t.quantity).sum())
    over = t.quantity - amount[opened].sum(axis=0)
    return Look(bound=base + lift, base=base, worth=worth, opened=opened, over=over, miss=miss)


def covered(
    sizes: Sizes, worth: Floats, miss: float, pinned: Ints
) -> tuple[float, NDArray[np.bool_]]:
    """The least sum of worth of firms with enough room, and those firms."""
    from hanse.match.choose import transport

    opened = np.zeros(len(worth), np.bool_)
    least = transport.cover(worth, sizes.room, sizes.need, miss * sizes.unit, pinned, opened)
    return float(least), opened
