"""The compiled engine of one shop as it stands: decode, and search by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from hanse.allocate.decoder import Orders
from hanse.allocate.kernels.anneal import anneal, price
from hanse.allocate.kernels.arrays import (
    COLUMNS,
    Floats,
    Ints,
    favour,
    flatten,
    ints,
    offsets,
    pack,
    plan_of,
    state_of,
)
from hanse.allocate.kernels.decoder import cost, decode, ends
from hanse.allocate.kernels.jit import WARM
from hanse.allocate.kernels.layout import S_HAS, S_PLACED
from hanse.allocate.problem import NONE, Plan, Shop
from hanse.allocate.search import EXCESS_MINOR, STAYS

_NONE: Ints = np.zeros(0, np.int64)
TEMPERATURES = 40


class Stay(NamedTuple):
    """What a plan should stay near to: its rules in minor units, and seconds in favour of home."""

    plan: Plan | None = None
    near_s: int = 0
    move_minor: int = 0
    machine_minor: int = 0
    stay_s: int = 0
    changes: int = 0


class Engine:
    """Arrays of a shop, valid until the shop changes."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._parts = flatten(shop)
        self._a = pack(self._parts)
        self._s = state_of(self._parts)
        self._heap = np.zeros(len(shop.ops) + 1)

    def decode(self, orders: Orders) -> Plan:
        """A plan, the same as `hanse.allocate.decoder.decode` makes."""
        self._decode(orders)
        done = np.zeros(len(self.shop.jobs), np.int64)
        ends(self._a, self._s, done)
        return plan_of(self._s, len(self.shop.ops), done.tolist())

    def cost(self, orders: Orders) -> int:
        """What the plan of an order costs."""
        self._decode(orders)
        opened = sum(overtime.cost_minor for overtime in self.shop.overtime)
        return opened + cost(self._a, self._s)

    def _decode(self, orders: Orders) -> None:
        key = np.array(orders.key, np.float64)
        floor = _NONE if orders.floor is None else ints(orders.floor)
        home = _NONE if orders.home is None else ints(orders.home)
        favour(self._s, orders.before)
        args = (floor, home, orders.mode, orders.stay_s, orders.new_from)
        decode(self._a, self._s, self._heap, key, *args)

    def search(
        self,
        keys: Sequence[Sequence[float]],
        progress: Callable[[float, float], float],
        *,
        stay: Stay,
        seed: int = 1,
    ) -> Plan:
        """The best plan found by annealing from the best of some keys.

        ``progress(done, cost)`` is asked between batches of candidates what part of the budget is
        spent (0 to 1; 1 stops); with ``done`` a count of candidates it makes runs repeatable.
        """
        run = _Search(self, stay)
        favour(self._s, ())
        run.begin(keys)
        spent, done = progress(0, run.costs[1]), 0
        while spent < 1:
            rounds = run.rounds
            run.step(spent, rounds, seed + done)
            done += rounds
            spent = progress(done, run.costs[1])
        self._again(run)
        return plan_of(self._s, len(self.shop.ops))

    def _again(self, run: _Search) -> None:
        decode(self._a, self._s, self._heap, run.best, _NONE, run.home, 0, run.stay_s, 2**40)


class Judge:
    """Which of several orders makes the cheapest plan, its moves counted.

    As many operations may change their machine as the first order judged changes, or ``changes``
    of ``stay``.
    """

    def __init__(self, engine: Engine, stay: Stay) -> None:
        self.engine = engine
        self._run = _Search(engine, stay)
        self._known = False

    def cheapest(self, tries: Iterable[Orders]) -> tuple[float, Plan]:
        """The least cost in minor units with its plan; the first wins where two cost the same."""
        e, run = self.engine, self._run
        best, plan = np.inf, Plan([])
        for orders in tries:
            e._decode(orders)  # noqa: SLF001
            if not self._known:
                run.rules[3], self._known = max(run.rules[3], self._changed()), True
            found = price(e._a, e._s, run.tardy, run.old, run.rules)  # noqa: SLF001
            if found < best:
                best, plan = float(found), plan_of(e._s, len(e.shop.ops))  # noqa: SLF001
        return best, plan

    def _changed(self) -> int:
        """How many operations another machine does than before."""
        s, parts, old = self.engine._s, self.engine._parts, self._run.old  # noqa: SLF001
        n = len(self.engine.shop.ops)
        chosen = s[s[S_PLACED] : s[S_PLACED] + n * COLUMNS].reshape(n, COLUMNS)[:, 0]
        has = s[s[S_HAS] : s[S_HAS] + n] > 0
        now = parts.machine[parts.choice_off[:-1] + np.maximum(chosen, 0)]
        return int(np.count_nonzero(has & (old[1::2] >= 0) & (now != old[::2])))


class _Search:
    """One annealing run: keys, costs and how hot it is."""

    def __init__(self, engine: Engine, stay: Stay) -> None:
        self.engine = engine
        shop, n = engine.shop, len(engine.shop.ops)
        self.stay_s = stay.stay_s
        self.old, self.home = _old(shop, stay.plan)
        near = shop.not_before + stay.near_s
        self.rules = ints((near, stay.move_minor, stay.machine_minor, stay.changes, EXCESS_MINOR))
        counts = [0] * len(shop.jobs)
        for op in shop.ops:
            counts[op.order] += 1
        self.job_off = offsets(counts)
        self.tardy: Floats = np.zeros(len(shop.jobs))
        self.costs: Floats = np.zeros(2)
        self.key: Floats = np.zeros(n)
        self.best: Floats = np.zeros(n)
        self.rounds = max(1, 20_000 // max(1, n))
        self.heat = 1.0

    def begin(self, keys: Sequence[Sequence[float]]) -> None:
        best, stay_s = np.inf, self.stay_s
        for tried in keys:
            key = np.array(tried, np.float64)
            for times in STAYS if len(self.home) and stay_s else (1,):
                self.stay_s, was = stay_s * times, self.stay_s
                found = self._price(key)
                if found < best:
                    best, self.key = found, key
                else:
                    self.stay_s = was
        self.costs[:] = self._price(self.key)
        self.best = self.key.copy()
        self.heat = max(1.0, best * 0.002)
        low, high = np.quantile(self.key, (0.05, 0.95)) if len(self.key) else (0.0, 1.0)
        self.span = max(3_600.0, float(high - low) * 0.5)

    def _price(self, key: Floats) -> float:
        e = self.engine
        decode(e._a, e._s, e._heap, key, _NONE, self.home, 0, self.stay_s, 2**40)  # noqa: SLF001
        return price(e._a, e._s, self.tardy, self.old, self.rules)  # noqa: SLF001

    def step(self, spent: float, rounds: int, seed: int) -> None:
        e = self.engine
        anneal(
            e._a, e._s, e._heap, self.key, self.best, self.costs, self.tardy, self.job_off,  # noqa: SLF001
            self.home, self.stay_s, self.old, self.rules, self.span,
            self.heat * 0.01 ** spent, rounds, seed,
        )  # fmt: skip


def _old(shop: Shop, plan: Plan | None) -> tuple[Ints, Ints]:
    """Machine and start of each operation before, and its choice as home."""
    n = len(shop.ops)
    old = np.full(2 * n, NONE, np.int64)
    if plan is None:
        return old, _NONE
    home = np.full(n, NONE, np.int64)
    for op, placed in enumerate(plan.placed):
        if placed is not None:
            home[op] = placed.choice
            old[2 * op] = shop.ops[op].choices[placed.choice].machine
            old[2 * op + 1] = max(0, placed.start)
    return old, home


def warm_up() -> None:
    """Compile everything, or load it from disk, before it is needed."""
    import datetime as dt

    from hanse.allocate.calendars import ALWAYS
    from hanse.allocate.problem import Choice, Job, Lane, Op

    shop = Shop(origin=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), horizon_s=86_400)
    shop.machines, shop.rates, shop.changes = ["m"], [0], [[[0]]]
    shop.lanes = [Lane(0, 0, ALWAYS)]
    shop.jobs = [Job("o", "i", 1, 0, 0, 0, 1, [0], [0])]
    shop.ops = [Op(0, 0, "10", 1, [Choice(0, 0, 0, 60, 0, 0)])]
    engine = Engine(shop)
    engine.cost(Orders([0.0]))
    engine.search([[0.0]], lambda done, _: done, stay=Stay())
    WARM.set()
