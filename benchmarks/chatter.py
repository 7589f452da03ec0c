"""Chattering alarms: `./dev bench chatter [--data DIR] [--seed 1] [--json]`.

The same high limit twice on the same history: plain (no hysteresis, no delay) and with the shipped
defaults (2 % hysteresis, 1 s on-delay, 10 s off-delay), run by `hanse.decide.backtest`.

`seeded`: 40 sensors for an hour at 5 samples a second: a level that wanders around its limit, with
sensor noise of 0.25, 0.5 and 1 % of the limit and spikes. With ``--data`` also recordings replayed:
every signal of SKAB (1 Hz) and every positive axis signal of the milling experiments (10 Hz)
against the 99 % quantile of its own first 400 rows; no label is read.

`chatter` counts alarms that came as the third or later of their kind within 60 s (ISA-18.2);
`ratio` is plain over default. `added_s_worst` is how much later than the plain alarm of the same
crossing a default alarm came, at worst; `unmatched` counts default alarms without a plain one.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

import numpy as np

from hanse.decide import Asset, History, backtest, parse_rules
from hanse.model.plant import Signal

START_NS = 1_767_600_000_000_000_000
NORMAL_ROWS = 400
PLAIN = "hysteresis = 0\non_delay_s = 0\noff_delay_s = 0\n"
RULE = """
[[rule]]
kind = "limit"
key = "high"
asset_type = "sensor"
signal = "value"
high = "limit"
"""


def tried(columns, limits, step_s, settings):
    """A trial of one rule on columns of samples, one asset each."""
    kept = [(c, limit) for c, limit in zip(columns, limits, strict=True) if limit > 0]
    at = [START_NS + np.round(np.arange(c.size) * step_s * 1e9).astype(np.int64) for c, _ in kept]
    signal = [np.full(c.size, n, np.int32) for n, (c, _) in enumerate(kept)]
    value = np.concatenate([c for c, _ in kept])
    past = History(
        np.concatenate(signal), np.concatenate(at), value, np.zeros(value.size, np.uint8)
    )
    assets = [
        Asset(key=f"a{n}", asset_type="sensor", attributes={"limit": float(limit)})
        for n, (_, limit) in enumerate(kept)
    ]
    signals = [Signal(id=n, asset=f"a{n}", name="value") for n in range(len(kept))]
    return backtest(parse_rules(RULE + settings), past, assets=assets, signals=signals)


def compared(columns, limits, step_s):
    plain = tried(columns, limits, step_s, PLAIN)
    ours = tried(columns, limits, step_s, "")
    crossings = {(t.asset, t.at_ns) for t in plain.transitions if t.active}
    raised = [t for t in ours.transitions if t.active]
    return {
        "signals": len(columns),
        "samples": plain.samples,
        "alarms_plain": plain.alarms,
        "alarms_default": ours.alarms,
        "chatter_plain": plain.chatter,
        "chatter_default": ours.chatter,
        "ratio": round(plain.chatter / max(ours.chatter, 1), 1),
        "added_s_worst": round(max(((t.at_ns - t.since_ns) / 1e9 for t in raised), default=0.0), 3),
        "unmatched": sum((t.asset, t.since_ns) not in crossings for t in raised),
    }


def wandering(dice, rows, noise):
    """A level around 100 that leaves and comes back within minutes, noise, and spikes."""
    calm = np.cumsum(dice.normal(0, 0.05, rows))
    level = 100 + 4 * np.sin(np.arange(rows) / dice.uniform(300, 900) + dice.uniform(0, 6))
    level += calm - np.linspace(calm[0], calm[-1], rows)
    spikes = (dice.random(rows) < 0.001) * dice.uniform(3, 10, rows)
    return level + dice.normal(0, noise, rows) + spikes


def seeded(seed):
    told = {}
    for share in (0.25, 0.5, 1.0):
        dice = np.random.default_rng(seed)
        columns = [wandering(dice, 18_000, share) for _ in range(40)]
        told[f"seeded, noise {share:g} %"] = compared(columns, [100.0] * 40, 0.2)
    return told


def numbers(path, divider):
    """The columns of a table that are numbers all the way down."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    rows = [line.split(divider) for line in text.splitlines()]
    for name, *cells in zip(*rows, strict=True):
        try:
            yield name, np.array(cells, np.float64)
        except ValueError:
            continue


def recorded(paths, divider, step_s, left_out):
    columns = [c for p in paths for name, c in numbers(p, divider) if name not in left_out]
    limits = [float(np.quantile(c[:NORMAL_ROWS], 0.99)) for c in columns]
    return compared(columns, limits, step_s)


def replayed(folder):
    told = {}
    for name, divider, step_s, left_out in (
        ("skab", ";", 1.0, {"anomaly", "changepoint"}),
        ("cnc_tool_wear", ",", 0.1, {"", "M_CURRENT_PROGRAM_NUMBER", "M_sequence_number"}),
    ):
        inner = folder / name
        paths = sorted({p for pattern in ("*.csv", "*.csv.gz") for p in inner.rglob(pattern)})
        paths = [p for p in paths if "label" not in p.name and "anomaly-free" not in p.name]
        if paths:
            told[name] = recorded(paths, divider, step_s, left_out)
    return told


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    told = seeded(given.seed) | (replayed(given.data) if given.data else {})
    if given.json:
        print(json.dumps(told))
        return
    for name, row in told.items():
        print(f"{name:>20}", row)


if __name__ == "__main__":
    main()
