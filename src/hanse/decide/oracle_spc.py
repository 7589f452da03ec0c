"""A control chart one point at a time, kept as a list: for the oracle."""

from __future__ import annotations

import math
from itertools import pairwise

from hanse.decide.rules import Spc, SpcTest


class ScalarChart:
    """One chart; `take` gives what each test says of one good value."""

    def __init__(self, rule: Spc) -> None:
        self.rule = rule
        self.learned: list[float] = []
        given = rule.centre is not None and rule.sigma is not None
        self.line = (float(rule.centre or 0), float(rule.sigma or 0)) if given else None
        self.z: list[float] = []
        self.ewma, self.up, self.down = 0.0, 0.0, 0.0
        self.shrink = 1.0

    def take(self, value: float) -> list[bool | None]:
        """Each test's word, None while the chart is being learned."""
        if self.line is None:
            self.learned.append(value)
            if len(self.learned) >= self.rule.learn:
                self.line = _line(self.learned)
            return [None] * len(self.rule.tests)
        centre, sigma = self.line
        if sigma <= 0:
            return [None] * len(self.rule.tests)
        z = (value - centre) / sigma
        self.z = [*self.z[-40:], z]
        weight, slack = self.rule.ewma_lambda, self.rule.cusum_k
        self.ewma += weight * (z - self.ewma)
        self.shrink *= (1 - weight) ** 2
        self.up = max(0.0, self.up + z - slack)
        self.down = max(0.0, self.down - z - slack)
        return [self._test(test) for test in self.rule.tests]

    def _test(self, test: SpcTest) -> bool:  # noqa: PLR0911 (one a case)
        z = self.z
        match test:
            case "western_electric_1" | "nelson_1":
                return abs(z[-1]) > 3
            case "western_electric_2" | "nelson_5":
                return _some_beyond(z[-3:], 2, 2)
            case "western_electric_3" | "nelson_6":
                return _some_beyond(z[-5:], 1, 4)
            case "western_electric_4":
                return _one_side(z[-8:], 8)
            case "nelson_2":
                return _one_side(z[-9:], 9)
            case "nelson_3":
                return _one_side(_steps(z[-6:]), 5)
            case "nelson_4":
                steps = _steps(z[-14:])
                turns = all(a * b < 0 for a, b in pairwise(steps))
                return len(steps) == 13 and turns
            case "nelson_7":
                return len(z) >= 15 and all(abs(v) <= 1 for v in z[-15:])
            case "nelson_8":
                return len(z) >= 8 and all(abs(v) > 1 for v in z[-8:])
            case "ewma":
                weight = self.rule.ewma_lambda
                spread = math.sqrt(weight / (2 - weight) * (1 - self.shrink))
                return abs(self.ewma) > self.rule.ewma_width * spread
            case "cusum":
                return max(self.up, self.down) > self.rule.cusum_h


def _line(values: list[float]) -> tuple[float, float]:
    n, total, squares = len(values), sum(values), sum(v * v for v in values)
    return total / n, math.sqrt(max(squares - total * total / n, 0.0) / (n - 1))


def _steps(z: list[float]) -> list[float]:
    return [b - a for a, b in pairwise(z)]


def _one_side(z: list[float], least: int) -> bool:
    return len(z) >= least and (all(v > 0 for v in z) or all(v < 0 for v in z))


def _some_beyond(z: list[float], sigmas: float, least: int) -> bool:
    high = z[-1] > sigmas and sum(v > sigmas for v in z) >= least
    low = z[-1] < -sigmas and sum(v < -sigmas for v in z) >= least
    return high or low
