"""What a rule would have done on history, before it is armed: a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.decide.columns import F8, I4, I8
from hanse.decide.engine import Engine, EngineSettings
from hanse.decide.fit import Asset
from hanse.decide.rules import Rule
from hanse.decide.transition import Transition
from hanse.model.errors import TooMuch
from hanse.model.ids import Happening
from hanse.model.plant import Signal
from hanse.model.sample import Frame, frame
from hanse.model.time import NS_PER_S

HISTORY_SAMPLES_MAX = 50_000_000
CHATTER_S = 60
CHATTER_TIMES = 3
STEP_SAMPLES = 10_000


class History(NamedTuple):
    """Samples of the past as columns of one length, in any order; quality 0 is good.

    ``text`` holds the words of samples that are none of a number, None elsewhere.
    """

    signal: I4
    at_ns: I8
    value: F8
    quality: np.ndarray[tuple[int], np.dtype[np.uint8]]
    text: NDArray[np.object_] | None = None


class Trial(Struct, frozen=True, kw_only=True):
    """What would have been told. ``chatter`` counts alarms that came CHATTER_TIMES within a minute.

    ``delay_s`` is how long after the condition began each alarm came: mean and worst.
    """

    transitions: tuple[Transition, ...]
    alarms: int
    alarms_by_asset: dict[str, int]
    chatter: int
    active_s: float
    delay_mean_s: float
    delay_worst_s: float
    samples: int


def backtest(
    rules: Iterable[Rule],
    history: History,
    *,
    assets: Iterable[Asset],
    signals: Iterable[Signal],
    until_ns: int | None = None,
) -> Trial:
    """Run rules over history as they would have run then, clock included.

    ``until_ns`` lets time pass after the last sample, so that delays and silence come due.

    Raises:
        TooMuch: more than HISTORY_SAMPLES_MAX samples.
        BadConfig: as `Engine`.
    """
    if history.signal.size > HISTORY_SAMPLES_MAX:
        raise TooMuch(
            f"more than {HISTORY_SAMPLES_MAX} samples", remedy="Test a shorter time or fewer assets"
        )
    engine = Engine(rules, assets=assets, signals=signals, settings=EngineSettings(settle_ns=0))
    told: list[Transition] = []
    last_ns = 0
    for piece in frames(history):
        last_ns = int(piece.at_ns.max())
        engine.feed(piece)
        told += engine.tick(last_ns)
    told += engine.tick(max(until_ns or 0, last_ns))
    end_ns = max(until_ns or 0, last_ns)
    return _trial(told, end_ns, engine.counts.taken)


def frames(history: History) -> Iterator[Frame]:
    """History as frames in order of time, STEP_SAMPLES samples each."""
    order = np.argsort(history.at_ns, kind="stable")
    for start in range(0, order.size, STEP_SAMPLES):
        rows = order[start : start + STEP_SAMPLES]
        yield frame(
            Happening("history", 0, start),
            signal=history.signal[rows],
            at_ns=history.at_ns[rows],
            value=history.value[rows],
            quality=history.quality[rows],
            texts=_texts(history, rows),
        )


def _texts(history: History, rows: NDArray[np.int64]) -> dict[int, str]:
    if history.text is None:
        return {}
    return {n: said for n, said in enumerate(history.text[rows].tolist()) if said}


def _trial(told: list[Transition], end_ns: int, samples: int) -> Trial:
    raised = [t for t in told if t.active]
    by_asset: dict[str, int] = {}
    for transition in raised:
        by_asset[transition.asset] = by_asset.get(transition.asset, 0) + 1
    delays = [(t.at_ns - t.since_ns) / NS_PER_S for t in raised]
    return Trial(
        transitions=tuple(told),
        alarms=len(raised),
        alarms_by_asset=by_asset,
        chatter=chatter(raised),
        active_s=_active_s(told, end_ns),
        delay_mean_s=float(np.mean(delays)) if delays else 0.0,
        delay_worst_s=max(delays, default=0.0),
        samples=samples,
    )


def chatter(raised: Iterable[Transition]) -> int:
    """How many alarms came as the CHATTER_TIMES-th or later of their kind within CHATTER_S."""
    recent: dict[str, list[int]] = {}
    count = 0
    for transition in raised:
        kept = recent.setdefault(transition.alarm, [])
        kept[:] = [at for at in kept if transition.at_ns - at < CHATTER_S * NS_PER_S]
        kept.append(transition.at_ns)
        count += len(kept) >= CHATTER_TIMES
    return count


def _active_s(told: Iterable[Transition], end_ns: int) -> float:
    began: dict[str, int] = {}
    total = 0
    for transition in told:
        if transition.active:
            began[transition.alarm] = transition.at_ns
        else:
            total += transition.at_ns - began.pop(transition.alarm, transition.at_ns)
    return (total + sum(end_ns - at for at in began.values())) / NS_PER_S
