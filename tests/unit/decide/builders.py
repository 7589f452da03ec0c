"""Small plants, rules and frames with defaults."""

import numpy as np

from hanse.decide import Asset, Engine, EngineSettings, parse_rules
from hanse.model.ids import Happening
from hanse.model.plant import Signal
from hanse.model.sample import frame

S = 1_000_000_000
START = 1_767_600_000 * S


def spindle(key="spindle-1", **attributes):
    return Asset(key=key, asset_type="spindle", title=key, attributes=attributes)


def signals(asset="spindle-1", names=("temperature_c",), first=1, **how):
    return [Signal(id=first + i, asset=asset, name=n, **how) for i, n in enumerate(names)]


def engine(toml, *, assets=None, given=None, settle_ns=0):
    return Engine(
        parse_rules(toml),
        assets=assets or [spindle()],
        signals=given or signals(unit="Cel"),
        settings=EngineSettings(settle_ns=settle_ns),
    )


def samples(*rows, texts=None):
    """Rows are (seconds, value) of signal 1, or (seconds, value, signal), or with a quality."""
    full = [(*r, *(1, 0)[len(r) - 2 :]) for r in rows]
    return frame(
        Happening("test", 1, 1),
        at_ns=np.array([START + round(r[0] * S) for r in full], np.int64),
        value=np.array([r[1] for r in full], np.float64),
        signal=np.array([r[2] for r in full], np.int32),
        quality=np.array([r[3] for r in full], np.uint8),
        texts=texts,
    )


def run(engine, frames_and_ticks):
    """Feed each frame and tick at each number of seconds; all transitions."""
    told = []
    for step in frames_and_ticks:
        if isinstance(step, int | float):
            told += engine.tick(START + round(step * S))
        else:
            assert engine.feed(step)
    return told


def brief(transitions):
    """(seconds, on/off, side) of each."""
    return [((t.at_ns - START) / S, "on" if t.active else "off", t.side) for t in transitions]
