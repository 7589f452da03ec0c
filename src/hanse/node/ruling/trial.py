"""What rules would have done on the node's own history."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hanse.decide import Asset, Rule, Transition, backtest, watched
from hanse.decide.backtest import History as Past
from hanse.model.errors import BadInput, NotFound
from hanse.model.plant import Signal
from hanse.model.time import Clock, Instant, from_ns, to_ns
from hanse.node.ruling.book import checked, plant_of
from hanse.store import Tx
from hanse.transmit.history.query import History
from hanse.transmit.history.rows import Rows
from hanse.transmit.history.thin import thin

TRIAL_DAYS_MAX = 400
TOLD_MAX = 500
CHARTS_MAX = 4
CHART_POINTS = 800
NS_PER_US = 1_000


class Told(Struct, frozen=True, kw_only=True):
    """One time that an alarm would have stood on an asset; ``end`` None: to the end of the trial.

    ``delay_s`` is how long after its condition began it was raised.
    """

    rule: str
    asset: str
    side: str
    start: Instant
    end: Instant | None
    delay_s: float
    value: float | None
    limit: float | None
    text_en: str
    text_zh: str


class Line(Struct, frozen=True, kw_only=True):
    """A signal beside what would have been told: thinned points, extremes kept."""

    asset: str
    signal: int
    name: str
    unit: str
    at: tuple[Instant, ...]
    value: tuple[float | None, ...]
    limits: tuple[float, ...]


class Tried(Struct, frozen=True, kw_only=True):
    """What some rules would have done between two instants.

    ``chatter`` counts alarms that came as the third or later of their kind within a minute.
    ``told`` holds the first TOLD_MAX times, ``lines`` the signals of the noisiest assets.
    """

    start: Instant
    end: Instant
    rules: tuple[str, ...]
    assets: int
    samples: int
    alarms: int
    alarms_by_asset: dict[str, int]
    chatter: int
    active_s: float
    delay_mean_s: float
    delay_worst_s: float
    told: tuple[Told, ...]
    lines: tuple[Line, ...]


class Question(Struct, frozen=True, kw_only=True):
    """What is tried: checked rules, the plant they stand on, and the time."""

    rules: tuple[Rule, ...]
    assets: tuple[Asset, ...]
    signals: tuple[Signal, ...]
    start: Instant
    end: Instant


def question(tx: Tx, text: str, *, key: str, start: Instant, end: Instant) -> Question:
    """The rules of a text with all that a trial of them needs.

    Raises:
        BadConfig: the first thing wrong in the text, with line, word and fix.
        BadInput: the time is empty, backwards or longer than TRIAL_DAYS_MAX.
        NotFound: no asset has the signals of the rules.
    """
    if not start < end <= start + dt.timedelta(days=TRIAL_DAYS_MAX):
        raise BadInput(
            f"the time is empty, backwards or longer than {TRIAL_DAYS_MAX} days",
            remedy="Let the start be before the end",
        )
    rules = tuple(checked(tx, text, key=key))
    assets, signals = plant_of(tx)
    types = {r.asset_type for r in rules}
    wanted = {name for r in rules for name in watched(r)}
    kept = tuple(a for a in assets if a.asset_type in types)
    keys = {a.key for a in kept}
    heard = tuple(s for s in signals if s.asset in keys and s.name in wanted)
    if not heard:
        raise NotFound(
            "no asset has the signals of the rule",
            subject=", ".join(sorted(types)),
            remedy="Connect a machine of that type first",
        )
    return Question(rules=rules, assets=kept, signals=heard, start=start, end=end)


def answer(asked: Question, folder: Path, *, clock: Clock) -> Tried:
    """Run the rules over history as they would have run then. Takes as long as history is long.

    Raises:
        TooMuch: more samples than a trial may hold.
    """
    history = History(folder, clock=clock)
    ids = [s.id for s in asked.signals]
    start_us, end_us = to_ns(asked.start) // NS_PER_US, to_ns(asked.end) // NS_PER_US
    rows = history.rows(ids, start_us, end_us, lean=False)
    armed = tuple(replace(r, enabled=True) for r in asked.rules)
    until_ns = min(to_ns(asked.end), clock.ns())
    past = Past(rows.signal, rows.at_us * NS_PER_US, rows.value, rows.quality, rows.text)
    trial = backtest(armed, past, assets=asked.assets, signals=asked.signals, until_ns=until_ns)
    told = _spans(trial.transitions)
    return Tried(
        start=asked.start,
        end=asked.end,
        rules=tuple(r.key for r in asked.rules),
        assets=len({s.asset for s in asked.signals}),
        samples=trial.samples,
        alarms=trial.alarms,
        alarms_by_asset=trial.alarms_by_asset,
        chatter=trial.chatter,
        active_s=trial.active_s,
        delay_mean_s=trial.delay_mean_s,
        delay_worst_s=trial.delay_worst_s,
        told=tuple(told[:TOLD_MAX]),
        lines=_lines(asked, rows, trial.alarms_by_asset),
    )


def _spans(transitions: tuple[Transition, ...]) -> list[Told]:
    """Each time an alarm stood, by when it was raised."""
    open_: dict[str, Transition] = {}
    found: list[Told] = []
    for one in transitions:
        if one.active:
            open_[one.alarm] = one
        elif one.alarm in open_:
            found.append(_told(open_.pop(one.alarm), from_ns(one.at_ns)))
    found += [_told(one, None) for one in open_.values()]
    return sorted(found, key=lambda t: (t.start, t.asset, t.rule, t.side))


def _told(one: Transition, end: Instant | None) -> Told:
    return Told(
        rule=one.rule,
        asset=one.asset,
        side=one.side,
        start=from_ns(one.at_ns),
        end=end,
        delay_s=(one.at_ns - one.since_ns) / 1e9,
        value=one.value,
        limit=one.limit,
        text_en=one.text.en,
        text_zh=one.text.zh,
    )


def _lines(asked: Question, rows: Rows, alarms: dict[str, int]) -> tuple[Line, ...]:
    """The signals of the assets with most alarms, as charts show them."""
    order = sorted(asked.signals, key=lambda s: (-alarms.get(s.asset, 0), s.asset, s.name))
    return tuple(_line(asked, rows, signal) for signal in order[:CHARTS_MAX])


def _line(asked: Question, rows: Rows, signal: Signal) -> Line:
    own = rows.take(rows.signal == signal.id)
    which = thin(own.at_us, own.value, CHART_POINTS)
    values = own.value[which].tolist()
    asset = next(a for a in asked.assets if a.key == signal.asset)
    return Line(
        asset=signal.asset,
        signal=signal.id,
        name=signal.name,
        unit=signal.unit,
        at=tuple(from_ns(at * NS_PER_US) for at in own.at_us[which].tolist()),
        value=tuple(None if np.isnan(v) else v for v in values),
        limits=_limits(asked.rules, asset, signal.name),
    )


def _limits(rules: tuple[Rule, ...], asset: Asset, name: str) -> tuple[float, ...]:
    """The limits that rules put on a signal of an asset."""
    found: set[float] = set()
    for rule in rules:
        if getattr(rule, "signal", "") != name:
            continue
        for side in ("high_high", "high", "low", "low_low", "above", "below"):
            level = getattr(rule, side, None)
            level = asset.attributes.get(level) if isinstance(level, str) else level
            if isinstance(level, int | float):
                found.add(float(level))
    return tuple(sorted(found))
