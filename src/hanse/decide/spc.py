"""Control charts: Western Electric and Nelson tests by name, EWMA and CUSUM.

Western Electric: Statistical Quality Control Handbook, 1956, rules 1-4. Nelson: Journal of Quality
Technology 16 (1984), tests 1-8. EWMA with exact limits: Lucas and Saccucci 1990. CUSUM: Page 1954.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hanse.decide.banks import SignalBank, Stand, deviation
from hanse.decide.columns import F8, FALSE, I8, TRUE, UNKNOWN, Batch, Columns
from hanse.decide.latches import Latches
from hanse.decide.rules import SpcTest
from hanse.model.text import Text

_ONES = np.array([n.bit_count() for n in range(32)], np.int8)


class SpcShape(NamedTuple):
    """What the instances of one chart have in common; the tests in the order of their stands."""

    tests: tuple[SpcTest, ...]
    learn: int
    weight: float
    width: float
    slack: float
    decision: float


TESTS: dict[SpcTest, tuple[float, Text]] = {
    "western_electric_1": (3, Text("one point beyond 3 sigma", "1 点超出 3σ")),
    "western_electric_2": (2, Text("2 of 3 points beyond 2 sigma", "3 点中 2 点超出 2σ")),
    "western_electric_3": (1, Text("4 of 5 points beyond 1 sigma", "5 点中 4 点超出 1σ")),
    "western_electric_4": (8, Text("8 points in a row on one side", "连续 8 点在同一侧")),
    "nelson_1": (3, Text("one point beyond 3 sigma", "1 点超出 3σ")),
    "nelson_2": (9, Text("9 points in a row on one side", "连续 9 点在同一侧")),
    "nelson_3": (6, Text("6 points in a row rising or falling", "连续 6 点上升或下降")),
    "nelson_4": (14, Text("14 points in a row up and down in turn", "连续 14 点交替升降")),
    "nelson_5": (2, Text("2 of 3 points beyond 2 sigma", "3 点中 2 点超出 2σ")),
    "nelson_6": (1, Text("4 of 5 points beyond 1 sigma", "5 点中 4 点超出 1σ")),
    "nelson_7": (15, Text("15 points in a row within 1 sigma", "连续 15 点在 1σ 以内")),
    "nelson_8": (8, Text("8 points in a row beyond 1 sigma", "连续 8 点超出 1σ")),
    "ewma": (0, Text("the weighted mean has shifted", "加权均值漂移")),
    "cusum": (0, Text("the cumulative sum has shifted", "累积和漂移")),
}
"""Each test's number (sigmas or points in a row) and its words."""


class SpcBank(SignalBank):
    """One chart an asset, shared by all its tests; each test is an instance of its own.

    ``centre`` and ``sigma`` are NaN where they are still to be learned.
    """

    def __init__(self, stands: list[Stand], first: int, slots: int, *, chart: Chart) -> None:
        super().__init__(stands[:1], first, slots)
        self._shape = chart.shape
        n = len(self)
        self._centre, self._sigma = chart.centre.copy(), chart.sigma.copy()
        self._learned = np.zeros((n, 3))
        self._bits = np.zeros((n, 4), np.int64)
        self._runs = np.zeros((n, 5), np.int64)
        self._last = np.full(n, np.nan)
        self._ewma = np.zeros((n, 2))
        self._ewma[:, 1] = 1.0
        self._sums = np.zeros((n, 2))

    @property
    def instances(self) -> int:
        """One for each test of each asset."""
        return len(self) * len(self._shape.tests)

    def take(self, batch: Batch, latches: Latches) -> None:
        """A bad sample is unknown to every test and leaves the chart as it was."""
        for mine, samples in self.meet(batch):
            good = samples.good
            z = np.full(mine.size, np.nan)
            z[good] = self._standard(mine[good], samples.value[good])
            charted = ~np.isnan(z)
            self._chart(mine[charted], z[charted])
            for number, test in enumerate(self._shape.tests):
                statistic, bound = self._statistic(test, mine, z)
                cond = np.where(statistic >= bound, TRUE, FALSE)
                cond = np.where(charted, cond, UNKNOWN).astype(np.int8)
                idx = mine + (self.first + number * len(self))
                latches.step(idx, samples.at, cond, statistic)

    def _standard(self, who: I8, value: F8) -> F8:
        learning = np.isnan(self._sigma[who])
        if learning.any():
            self._learn(who[learning], value[learning])
        sigma = self._sigma[who]
        usable = ~learning & (sigma > 0)
        return np.where(usable, (value - self._centre[who]) / np.where(usable, sigma, 1), np.nan)

    def _learn(self, who: I8, value: F8) -> None:
        self._learned[who] += np.stack((np.ones(who.size), value, value * value), axis=1)
        done = who[self._learned[who, 0] >= self._shape.learn]
        count, total, squares = self._learned[done].T
        self._centre[done] = total / count
        self._sigma[done] = deviation(total, squares, count)

    def _chart(self, who: I8, z: F8) -> None:
        beyond = np.stack((z > 1, z > 2, z < -1, z < -2), axis=1).astype(np.int64)
        self._bits[who] = ((self._bits[who] << 1) | beyond) & 31
        runs, last = self._runs[who], self._last[who]
        step = np.where(np.isnan(last), 0, np.sign(z - last)).astype(np.int64)
        side = np.sign(z).astype(np.int64)
        runs[:, 0] = _run(runs[:, 0], side)
        alternates = (step != 0) & (np.sign(runs[:, 1]) == -step)
        runs[:, 2] = np.where(alternates, runs[:, 2] + 1, np.abs(step))
        runs[:, 1] = _run(runs[:, 1], step)
        inside = np.abs(z) <= 1
        runs[:, 3] = np.where(inside, runs[:, 3] + 1, 0)
        runs[:, 4] = np.where(inside, 0, runs[:, 4] + 1)
        self._runs[who], self._last[who] = runs, z
        self._sum(who, z)

    def _sum(self, who: I8, z: F8) -> None:
        weight, slack = self._shape.weight, self._shape.slack
        self._ewma[who, 0] += weight * (z - self._ewma[who, 0])
        self._ewma[who, 1] *= (1 - weight) ** 2
        self._sums[who, 0] = np.maximum(0.0, self._sums[who, 0] + z - slack)
        self._sums[who, 1] = np.maximum(0.0, self._sums[who, 1] - z - slack)

    def _statistic(self, test: SpcTest, who: I8, z: F8) -> tuple[F8, F8]:  # noqa: PLR0911 (one a case)
        bound = np.full(who.size, TESTS[test][0], np.float64)
        match test:
            case "western_electric_1" | "nelson_1":
                return np.abs(z), np.nextafter(bound, np.inf)
            case "western_electric_2" | "nelson_5":
                return self._of_last(who, (1, 3, 0b111), 2), bound
            case "western_electric_3" | "nelson_6":
                return self._of_last(who, (0, 2, 0b11111), 4), bound
            case "western_electric_4" | "nelson_2":
                return np.abs(self._runs[who, 0]).astype(np.float64), bound
            case "nelson_3":
                return np.abs(self._runs[who, 1]) + 1.0, bound
            case "nelson_4":
                return self._runs[who, 2] + 1.0, bound
            case "nelson_7":
                return self._runs[who, 3].astype(np.float64), bound
            case "nelson_8":
                return self._runs[who, 4].astype(np.float64), bound
            case "ewma" | "cusum":
                return self._shifted(test, who)

    def _of_last(self, who: I8, zone: tuple[int, int, int], least: int) -> F8:
        up, down, mask = zone
        hit = np.zeros(who.size, np.bool_)
        for column in (up, down):
            bits = self._bits[who, column] & mask
            hit |= ((bits & 1) == 1) & (_ONES[bits] >= least)
        return np.where(hit, float(up + 1), 0.0)

    def _shifted(self, test: SpcTest, who: I8) -> tuple[F8, F8]:
        if test == "cusum":
            sums = self._sums[who].max(axis=1)
            return sums, np.full(who.size, np.nextafter(self._shape.decision, np.inf))
        weight = self._shape.weight
        spread = np.sqrt(weight / (2 - weight) * (1 - self._ewma[who, 1]))
        bound = np.maximum(self._shape.width * spread, np.finfo(float).tiny)
        return np.abs(self._ewma[who, 0]), np.nextafter(bound, np.inf)

    def lines(self, local: int) -> tuple[float, float] | None:
        """Centre line and sigma of one asset's chart; None while it is being learned."""
        asset = local % len(self)
        centre, sigma = float(self._centre[asset]), float(self._sigma[asset])
        return None if np.isnan(sigma) else (centre, sigma)

    def columns(self) -> Columns:
        """The charts."""
        return {
            "centre": self._centre,
            "sigma": self._sigma,
            "learned": self._learned,
            "bits": self._bits,
            "runs": self._runs,
            "last": self._last,
            "ewma": self._ewma,
            "sums": self._sums,
        }


class Chart(NamedTuple):
    """A chart's shape, and centre line and sigma an asset, NaN where to be learned."""

    shape: SpcShape
    centre: F8
    sigma: F8


def _run(run: I8, sign: I8) -> I8:
    """A signed count of how often in a row the same sign came; a sign of 0 ends it."""
    goes_on = (np.sign(run) == sign) & (sign != 0)
    return np.asarray(np.where(goes_on, run + sign, sign))
