"""Why the cheapest offer of a line was not taken: what stood in its way, in two languages."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct

from hanse.match.choose.problem import Award, AwardProblem
from hanse.model.text import Text

Obstacle = Literal["full", "spend", "taking_on", "share", "split"]
_WORDS: dict[Obstacle, Text] = {
    "full": Text(
        "{who} is cheaper by {less} by itself, but its capacity is worth more on other lines.",
        "单看此行 {who} 便宜 {less}，但其产能用于其他行更划算。",
    ),
    "spend": Text(
        "{who} is cheaper by {less} by itself, but more would be spent with it than allowed.",
        "单看此行 {who} 便宜 {less}，但会超出对其的采购上限。",
    ),
    "taking_on": Text(
        "{who} is cheaper by {less} by itself, but taking this firm on costs more than that.",
        "单看此行 {who} 便宜 {less}，但启用该企业的费用更高。",
    ),
    "share": Text(
        "{who} is cheaper by {less} by itself, but small firms would fall short of their share.",
        "单看此行 {who} 便宜 {less}，但会达不到小企业份额目标。",
    ),
    "split": Text(
        "{who} is cheaper by {less} by itself; over all lines together this costs less.",
        "单看此行 {who} 便宜 {less}；但各行合计如此更省。",
    ),
}


class PassedOver(Struct, frozen=True, kw_only=True):
    """An offer that alone would have been cheaper by ``less``, and what stood in its way."""

    offer: int
    less: float
    obstacle: Obstacle

    def text(self, who: str) -> Text:
        """The reason for people."""
        words, less = _WORDS[self.obstacle], f"{self.less:.2f}"
        return Text(words.en.format(who=who, less=less), words.zh.format(who=who, less=less))


def alone(p: AwardProblem, j: int, amount: float) -> float:
    """What an amount of an offer costs by itself; endless where it is not offered."""
    costs = [
        float(p.unit_cost[t] * amount)
        for t in range(p.tier_start[j], p.tier_start[j + 1])
        if p.low[t] - 1e-9 <= amount <= p.high[t] + 1e-9
    ]
    return min(costs, default=np.inf) + float(p.setup[j])


def passed_over(p: AwardProblem, award: Award, line: int) -> PassedOver | None:
    """The cheapest offer of a line by itself, if another was taken for the same quantity."""
    start, end = int(p.offer_start[line]), int(p.offer_start[line + 1])
    taken = [j for j in range(start, end) if award.quantity[j] > 1e-7]
    if not taken:
        return None
    amount = float(sum(award.quantity[j] for j in taken))
    paid = sum(alone(p, j, float(award.quantity[j])) for j in taken)
    others = [(alone(p, j, amount), j) for j in range(start, end) if j not in taken]
    cost, best = min(others, default=(np.inf, -1))
    if not cost < paid - 0.005:
        return None
    return PassedOver(offer=best, less=paid - cost, obstacle=_obstacle(p, award, best, amount))


def _obstacle(p: AwardProblem, award: Award, j: int, amount: float) -> Obstacle:
    owner = np.repeat(np.arange(p.offers), np.diff(p.use_start))
    on = award.quantity[owner] > 1e-7
    hours = on * (p.hours * award.quantity[owner] + p.setup_hours)
    load = np.bincount(p.resource, weights=hours, minlength=len(p.capacity))
    for u in range(p.use_start[j], p.use_start[j + 1]):
        more = p.hours[u] * amount + p.setup_hours[u]
        if load[p.resource[u]] + more > p.capacity[p.resource[u]] * (1 + 1e-9):
            return "full"
    firm = p.firm[j]
    mine = award.quantity[p.firm == firm]
    spend = float(p.unit_spend[p.tier_start[:-1]][p.firm == firm] @ mine)
    if spend + p.unit_spend[p.tier_start[j]] * amount > p.spend_cap[firm]:
        return "spend"
    if not mine.any() and p.fixed[firm] > 0:
        return "taking_on"
    return "share" if p.small_penalty > 0 and p.small[firm] == 0 else "split"
