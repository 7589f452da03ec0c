"""The rules once more, one event at a time in plain Python: what the columns must agree with.

It shares the parsed rules and nothing else with the engine: no numpy, no banks, no latches. A law
feeds both the same frames and ticks and compares every transition. Schedules and models are left
to the engine's own tests.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from hanse.decide.fit import Asset
from hanse.decide.oracle_expr import Scalar, Seen
from hanse.decide.oracle_spc import ScalarChart
from hanse.decide.rules import Delayed, Expr, Limit, Rate, Rule, Sequence, Spc, Stale, State, Window
from hanse.model.plant import Signal
from hanse.model.sample import Frame, Quality

S = 1_000_000_000
PANES = 24
PER = {"s": 1.0, "min": 60.0, "h": 3_600.0}


class Told(NamedTuple):
    """One transition."""

    at_ns: int
    rule: str
    side: str
    asset: str
    on: bool


class Latch:
    """Delays: the output follows the condition when it has held for a while."""

    def __init__(self, name: tuple[str, str, str], delays: tuple[int, int]) -> None:
        self.name = name
        self.delays = delays
        self.out = False
        self.cond: bool | None = None
        self.due: int | None = None
        self.told: list[Told] = []

    def pass_to(self, at: int) -> None:
        """Let time pass to an instant."""
        if self.due is not None and self.due <= at:
            self.out = not self.out
            self.told.append(Told(self.due, *self.name, self.out))
            self.due = None

    def step(self, at: int, cond: bool | None) -> None:  # noqa: FBT001 (three-valued)
        """Take a condition: true, false or unknown."""
        self.pass_to(at)
        self.cond = cond
        if cond is None or cond is self.out:
            self.due = None
            return
        if self.due is None:
            self.due = at + self.delays[0 if cond else 1]
            self.pass_to(at)

    def judge(self, at: int, beyond: float | None, band: float) -> None:
        """Take how far a value is beyond its limit, with a band to come back through."""
        if beyond is None:
            self.step(at, None)
            return
        before = self.out if self.cond is None else self.cond
        self.step(at, beyond > 0 or (beyond > -band and before))


class Point(NamedTuple):
    """One sample."""

    at: int
    value: float
    good: bool


Take = Callable[[Point], None]


class Oracle:
    """The same rules, assets and signals as an engine, fed and ticked the same way."""

    def __init__(
        self, rules: Iterable[Rule], *, assets: Iterable[Asset], signals: Iterable[Signal]
    ) -> None:
        self._assets = {a.key: a for a in assets}
        self._signals = {s.id: s for s in signals}
        self._latches: list[Latch] = []
        self._take: dict[int, list[Take]] = {i: [] for i in self._signals}
        self._wake: list[Callable[[int], None]] = []
        self._joint: dict[str, list[Joint]] = {}
        self._newest: dict[int, int] = {}
        self._waiting: list[Frame] = []
        for rule in rules:
            self._arm(rule)

    def feed(self, frame: Frame) -> None:
        """Take a frame for the next tick."""
        self._waiting.append(frame)

    def tick(self, now_ns: int) -> list[Told]:
        """Everything that was fed, then everything due."""
        rows = sorted(
            (int(at), order, int(signal), float(value), int(quality))
            for order, (signal, at, value, quality) in enumerate(
                row
                for f in self._waiting
                for row in zip(f.signal, f.at_ns, f.value, f.quality, strict=True)
            )
        )
        self._waiting = []
        fresh: dict[tuple[str, int], list[tuple[str, Point]]] = {}
        for at, _, signal, value, quality in rows:
            if signal not in self._take or at <= self._newest.get(signal, -1):
                continue
            self._newest[signal] = at
            good = quality == Quality.GOOD and not math.isnan(value)
            point = Point(at, value, good)
            for take in self._take[signal]:
                take(point)
            known = self._signals[signal]
            fresh.setdefault((known.asset, at), []).append((known.name, point))
        for (asset, at), points in sorted(fresh.items(), key=lambda kv: kv[0][1]):
            for joint in self._joint.get(asset, []):
                joint.take(at, points)
        for wake in self._wake:
            wake(now_ns)
        told: list[Told] = []
        for latch in self._latches:
            latch.pass_to(now_ns)
            told += latch.told
            latch.told = []
        return sorted(told)

    def _arm(self, rule: Rule) -> None:
        for asset in self._assets.values():
            if asset.asset_type == rule.asset_type:
                self._arm_on(rule, asset)

    def _arm_on(self, rule: Rule, asset: Asset) -> None:
        if isinstance(rule, Expr | Sequence):
            known = [s.name for s in self._signals.values() if s.asset == asset.key]
            latch = self._latch(rule, "", asset)
            joint = Joint(rule, asset, known, latch)
            self._joint.setdefault(asset.key, []).append(joint)
            self._wake.append(joint.wake)
            return
        name = getattr(rule, "signal", "")
        for signal in self._signals.values():
            if signal.asset == asset.key and signal.name == name:
                self._arm_signal(rule, asset, signal)

    def _latch(self, rule: Rule, side: str, asset: Asset) -> Latch:
        on, off = (rule.on_delay_s, rule.off_delay_s) if isinstance(rule, Delayed) else (0.0, 0.0)
        latch = Latch((rule.key, side, asset.key), (round(on * S), round(off * S)))
        self._latches.append(latch)
        return latch

    def _arm_signal(self, rule: Rule, asset: Asset, signal: Signal) -> None:
        takes = self._take[signal.id]
        match rule:
            case Limit():
                for side, level, sign in _sides(rule):
                    latch = self._latch(rule, side, asset)
                    takes.append(_limit(latch, (sign, level), _band(rule, signal, level)))
            case Rate():
                for side, pace, sign in (("rise", rule.rise, 1), ("fall", rule.fall, -1)):
                    if pace is not None:
                        latch = self._latch(rule, side, asset)
                        takes.append(_Rate(latch, sign, float(pace), rule).take)
            case Window():
                for side, bound, sign in (("above", rule.above, 1), ("below", rule.below, -1)):
                    if bound is not None:
                        latch = self._latch(rule, side, asset)
                        window = _window(rule, latch, (sign, float(bound)))
                        takes.append(window.take)
                        self._wake.append(window.wake)
            case Spc():
                latches = [self._latch(rule, test, asset) for test in rule.tests]
                takes.append(_chart(rule, latches))
            case Stale():
                stale = _Stale(self._latch(rule, "", asset), rule)
                takes.append(stale.take)
                self._wake.append(stale.wake)
            case State():
                takes.append(_state(self._latch(rule, "", asset), rule))
            case _:
                return


def _sides(rule: Limit) -> list[tuple[str, float, int]]:
    given = (
        ("high_high", rule.high_high, 1),
        ("high", rule.high, 1),
        ("low", rule.low, -1),
        ("low_low", rule.low_low, -1),
    )
    return [(side, float(level), sign) for side, level, sign in given if level is not None]


def _band(rule: Limit, signal: Signal, limit: float) -> float:
    if rule.hysteresis is not None:
        return float(rule.hysteresis)
    if signal.low is not None and signal.high is not None and signal.high > signal.low:
        return 0.02 * (signal.high - signal.low)
    return 0.02 * abs(limit)


def _limit(latch: Latch, bound: tuple[int, float], band: float) -> Take:
    sign, limit = bound

    def take(point: Point) -> None:
        latch.judge(point.at, sign * (point.value - limit) if point.good else None, band)

    return take


def _state(latch: Latch, rule: State) -> Take:
    def take(point: Point) -> None:
        latch.step(point.at, (point.value in rule.any_of) if point.good else None)

    return take


def _chart(rule: Spc, latches: list[Latch]) -> Take:
    chart = ScalarChart(rule)

    def take(point: Point) -> None:
        said = chart.take(point.value) if point.good else [None] * len(latches)
        for latch, cond in zip(latches, said, strict=True):
            latch.step(point.at, cond)

    return take


class _Rate:
    def __init__(self, latch: Latch, sign: int, limit: float, rule: Rate) -> None:
        self.latch, self.sign, self.limit = latch, sign, sign * limit
        self.over, self.per = max(round(rule.over_s * S), 1), PER[rule.per]
        self.anchor: Point | None = None

    def take(self, point: Point) -> None:
        anchor = self.anchor
        if not point.good:
            self.anchor = None
            self.latch.judge(point.at, None, 0.0)
        elif anchor is None:
            self.anchor = point
        elif point.at - anchor.at >= self.over:
            rate = (point.value - anchor.value) / ((point.at - anchor.at) / (self.per * S))
            self.anchor = point
            self.latch.judge(point.at, self.sign * (rate - self.limit), 0.0)


class _Stale:
    def __init__(self, latch: Latch, rule: Stale) -> None:
        self.latch, self.rule = latch, rule
        self.after = round(float(rule.after_s) * S)
        self.value = math.nan
        self.started = False

    def take(self, point: Point) -> None:
        same = abs(point.value - self.value) <= self.rule.tolerance
        if (self.rule.good_only and not point.good) or (self.rule.unchanged and same):
            return
        self.latch.step(point.at, cond=False)
        self.latch.due = point.at + self.after
        self.value = point.value
        self.started = True

    def wake(self, now: int) -> None:
        if not self.started:
            self.latch.due = now + self.after
            self.started = True


def figure(values: list[float], rule: Window) -> float | None:  # noqa: PLR0911 (one a case)
    """The window's figure of some values."""
    n = len(values)
    if rule.measure == "count":
        return float(n)
    if n == 0 or (rule.measure == "sd" and n < 2):
        return None
    match rule.measure:
        case "mean":
            return sum(values) / n
        case "sd":
            total, squares = sum(values), sum(v * v for v in values)
            return math.sqrt(max(squares - total * total / n, 0.0) / (n - 1))
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "range":
            return max(values) - min(values)
        case _:
            return 100.0 * sum(v > rule.of for v in values) / n


class _Samples:
    def __init__(self, rule: Window, latch: Latch, bound: tuple[int, float]) -> None:
        self.rule, self.latch, (self.sign, self.limit) = rule, latch, bound
        self.size = rule.samples or 0
        self.values: deque[float] = deque(maxlen=self.size)

    def take(self, point: Point) -> None:
        said = None
        if point.good:
            self.values.append(point.value)
            if len(self.values) >= min(self.rule.at_least, self.size):
                said = figure(list(self.values), self.rule)
        beyond = None if said is None else self.sign * (said - self.limit)
        self.latch.judge(point.at, beyond, 0.0)

    def wake(self, now: int) -> None:
        """Time alone changes nothing here."""


class _Seconds:
    def __init__(self, rule: Window, latch: Latch, bound: tuple[int, float]) -> None:
        self.rule, self.latch, (self.sign, self.limit) = rule, latch, bound
        self.width = max(round((rule.over_s or 0) * S) // PANES, 1)
        self.head: int | None = None
        self.start = 0
        self.values: list[tuple[int, float]] = []

    def _move(self, pane: int) -> None:
        if self.head is None:
            self.start = pane
        self.head = pane if self.head is None else max(pane, self.head)
        self.values = [v for v in self.values if v[0] > self.head - PANES]

    def _pass(self, until: int) -> None:
        while self.head is not None and (self.head + 1) * self.width <= until:
            at = (self.head + 1) * self.width
            self._move(self.head + 1)
            self._judge(at)

    def take(self, point: Point) -> None:
        self._pass(point.at)
        self._move(point.at // self.width)
        if point.good:
            self.values.append((point.at // self.width, point.value))
        self._judge(point.at)

    def wake(self, now: int) -> None:
        if self.head is None:
            self._move(now // self.width)
        self._pass(now)

    def _judge(self, at: int) -> None:
        assert self.head is not None
        said = figure([v for _, v in self.values], self.rule)
        if self.rule.measure == "count":
            said = said if self.head - self.start >= PANES else None
        elif len(self.values) < max(self.rule.at_least, 1):
            said = None
        self.latch.judge(at, None if said is None else self.sign * (said - self.limit), 0.0)


def _window(rule: Window, latch: Latch, bound: tuple[int, float]) -> _Samples | _Seconds:
    return _Samples(rule, latch, bound) if rule.samples else _Seconds(rule, latch, bound)


class Joint:
    """A rule over several signals of one asset."""

    def __init__(
        self, rule: Expr | Sequence, asset: Asset, signals: list[str], latch: Latch
    ) -> None:
        self.rule, self.latch = rule, latch
        self.seen = Seen(signals, asset.attributes)
        texts = [rule.when] if isinstance(rule, Expr) else [rule.first, rule.then]
        self.parts = [Scalar(text, self.seen) for text in texts]
        self.names = frozenset().union(*(p.names for p in self.parts))
        self.clock: int | None = None
        self.was: list[bool | None] = [None, None]
        self.opened: int | None = None

    def take(self, at: int, points: list[tuple[str, Point]]) -> None:
        """All samples of the asset at one instant."""
        points = [p for p in points if p[0] in self.names]
        if not points:
            return
        at = at if self.clock is None else max(at, self.clock)
        self._begin(at)
        self._pass(at)
        for name, point in points:
            self.seen.take(name, at=point.at, value=point.value if point.good else None)
        self._look(at)
        self.seen.fresh.clear()

    def wake(self, now: int) -> None:
        """Let time pass to an instant."""
        if self.clock is None:
            self._begin(now)
            self._look(now)
        self._pass(now + 1)

    def _begin(self, at: int) -> None:
        if self.clock is None:
            self.clock = self.seen.start = at

    def _pass(self, until: int) -> None:
        while True:
            assert self.clock is not None
            soonest = [p.wake_at(self.clock) for p in self.parts]
            ready = [s for s in soonest if s is not None and s < until]
            if not ready:
                return
            self._look(min(ready))

    def _look(self, at: int) -> None:
        self.clock = at
        said = [p.evaluate(at) for p in self.parts]
        if isinstance(self.rule, Expr):
            self.latch.step(at, said[0])
            return
        one, two = said
        opens = one is True and self.was[0] is False
        comes = two is True and self.was[1] is not True
        self.was = [w if s is None else s for s, w in zip(said, self.was, strict=True)]
        within = round(self.rule.within_s * S)
        if self.rule.alarm_if == "missing":
            if two is True:
                self.latch.step(at, cond=False)
            self.latch.pass_to(at)
            if opens and two is not True and not self.latch.out and self.latch.due is None:
                self.latch.due = at + within
            return
        if opens:
            self.opened = at
        hit = comes and self.opened is not None and at - self.opened <= within
        if hit:
            self.opened = None
        stays = two is True and self.latch.out
        self.latch.step(at, True if hit or stays else (None if two is None else False))
