"""The lives of the machines of a type, from the record's alarms and the history's rollups."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from hanse.decide.columns import F8, I4, I8
from hanse.decide.life import even_rows, spans_of_life
from hanse.decide.transition import alarm_id
from hanse.flows import kinds
from hanse.model.time import Clock, from_ns
from hanse.node.living.book import machines_of
from hanse.node.settings import LifeWatch
from hanse.store import Tx
from hanse.transmit.history.query import History
from hanse.transmit.history.rollup import MINUTE_US
from hanse.transmit.history.rows import HOUR_US

LOOK_BACK_S = 366 * 86_400
LIVES_MAX = 2_000
SIDES = ("", "high", "high_high", "low", "low_low", "rise", "fall", "above", "below")
_NS_PER_US = 1_000
_NS_PER_S = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Marks:
    """One machine: its signals in order of the columns, when it failed, when it was back."""

    asset: str
    signals: tuple[int, ...]
    failed: tuple[int, ...]
    repaired: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Lives:
    """Whole lives in order of their end, and the present one of each machine."""

    whole: tuple[F8, ...]
    present: dict[str, F8]
    begun: dict[str, int]
    since_ns: int


def marks_of(tx: Tx, watch: LifeWatch) -> tuple[Marks, ...]:
    """What the record knows of the machines of a watch; those without all signals are left out."""
    found = []
    for machine in machines_of(tx, watch.asset_type):
        named = {s.name: s.id for s in tx.signals.where(asset=machine.key)}
        if all(name in named for name in watch.signals):
            signals = tuple(named[name] for name in watch.signals)
            failed = _instants(tx, kinds.ALARM_ACTIVE, watch.failed_by, machine.key)
            repaired = _instants(tx, kinds.ALARM_INACTIVE, watch.failed_by, machine.key)
            found.append(Marks(machine.key, signals, failed, repaired))
    return tuple(found)


def _instants(tx: Tx, kind: str, rule: str, asset: str) -> tuple[int, ...]:
    subjects = (alarm_id(rule, side, asset) for side in SIDES)
    events = (e for subject in subjects for e in tx.events.find(kind=kind, subject=subject))
    return tuple(sorted(int(e.about["at_ns"]) for e in events))


def lives_of(marks: tuple[Marks, ...], watch: LifeWatch, folder: Path, *, clock: Clock) -> Lives:
    """The lives of a watch, read from history: takes a moment, meant for a thread."""
    now = clock.ns()
    history = History(folder, clock=clock)
    width_us = HOUR_US if watch.step_s * 1_000_000 >= HOUR_US else MINUTE_US
    step_ns = round(watch.step_s * _NS_PER_S)
    whole: list[tuple[int, F8]] = []
    present, begun, since_ns = {}, {}, now
    for one in marks:
        start = from_ns(now - LOOK_BACK_S * _NS_PER_S)
        told = history.rolled(list(one.signals), start, from_ns(now), width_us=width_us)
        samples = told.signal, told.at_us * _NS_PER_US, told.mean
        if not told.signal.size:
            continue
        first = int(samples[1].min())
        spans, born = spans_of_life(one.failed, one.repaired, begun=first, now=now)
        whole += [(end, _cut(samples, one, (a, end), step_ns)) for a, end in spans]
        present[one.asset], begun[one.asset] = _cut(samples, one, (born, now), step_ns), born
        since_ns = min(since_ns, first)
    whole.sort(key=lambda life: life[0])
    lived = tuple(rows for _, rows in whole[-LIVES_MAX:] if len(rows) > 1)
    return Lives(lived, {k: r for k, r in present.items() if len(r)}, begun, since_ns)


def _cut(samples: tuple[I4, I8, F8], one: Marks, span: tuple[int, int], step_ns: int) -> F8:
    signal, at, value = samples
    inside = (at >= span[0]) & (at < span[1])
    taken = signal[inside], at[inside], value[inside]
    return even_rows(taken, list(one.signals), step_ns=step_ns)


def behind_one_another(lives: tuple[F8, ...]) -> tuple[list[int], bytes]:
    """Lengths and rows of lives, for the worker."""
    return [len(rows) for rows in lives], np.concatenate(lives).astype(np.float64).tobytes()
