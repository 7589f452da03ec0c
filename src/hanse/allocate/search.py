"""Key search in plain Python, for shops too small to be worth loading numba for."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from hanse.allocate.decoder import FREE, Orders, decode
from hanse.allocate.problem import Plan, Shop, late_s, tardiness_minor

Price = Callable[[Plan], int]
Progress = Callable[[float, float], float]

STAYS = (1, 4, 16, 64, 1_024)
"""How many times the favour for staying a search begins with: the cheapest of them is kept."""

EXCESS_MINOR = 10**9
"""What each change of machine beyond those allowed costs a search."""


class Home(NamedTuple):
    """The choices an earlier plan made, and seconds in their favour."""

    choices: list[int] | None
    stay_s: int


def key_search(
    shop: Shop,
    keys: Sequence[Sequence[float]],
    price: Price,
    progress: Progress,
    *,
    home: Home | None = None,
    seed: int = 1,
) -> Plan:
    """The best plan by annealing on keys; ``progress`` says what part of the budget is spent.

    The same moves as the compiled search: late orders forward, others back, single operations.
    """
    dice = random.Random(seed)  # noqa: S311 (a search, not a secret)
    begins = list(_begins(keys, home or Home(None, 0)))
    plans = [decode(shop, orders) for orders in begins]
    costs = [price(plan) for plan in plans]
    at = costs.index(min(costs))
    begin, best, best_cost = begins[at], plans[at], costs[at]
    key = list(begin.key)
    cost, plan, done = best_cost, best, 0
    span = max(3_600.0, (max(key, default=0) - min(key, default=0)) * 0.5)
    heat = max(1.0, best_cost * 0.002)
    while shop.ops and (spent := progress(done, best_cost)) < 1:
        done += 1
        tried = _shifted(shop, plan, key, (span, dice))
        found = decode(shop, replace(begin, key=tried))
        tried_cost = price(found)
        gain = cost - tried_cost
        if gain >= 0 or dice.random() < math.exp(gain / (heat * 0.01**spent)):
            key, plan, cost = tried, found, tried_cost
            if cost < best_cost:
                best, best_cost = plan, cost
    return best


def _begins(keys: Sequence[Sequence[float]], home: Home) -> Iterator[Orders]:
    for key in keys:
        for times in STAYS if home.stay_s and home.choices is not None else (1,):
            yield Orders(list(key), home=home.choices, mode=FREE, stay_s=home.stay_s * times)


def _shifted(
    shop: Shop, plan: Plan, key: list[float], chance: tuple[float, random.Random]
) -> list[float]:
    span, dice = chance
    size = span * dice.random() ** 3
    tried = list(key)
    jobs = [dice.randrange(len(shop.jobs)) for _ in range(4)]
    latest = max(jobs, key=lambda j: tardiness_minor(shop.jobs[j].weight, late_s(shop, plan, j)))
    draw = dice.random()
    if draw < 0.65:
        job, by = (latest, -size) if draw < 0.45 else (jobs[0], size)
        for op in shop.jobs[job].ops:
            tried[op] += by
        return tried
    ops = (shop.jobs[latest].ops if draw < 0.85 else None) or range(len(shop.ops))
    op = ops[dice.randrange(len(ops))]
    tried[op] += size if dice.random() < 0.4 else -size
    return tried
