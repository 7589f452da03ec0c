"""Remaining life on C-MAPSS: `./dev bench life --data DIR --subset FD001 [--json]`.

Trains on the subset's train file alone, with the shipped settings, and scores its test file once.
`rmse_raw` and `phm` are against the published remaining lives, `rmse_capped` against the same
capped at 125. `coverage80` is the share of engines whose true (capped) life lies in the interval.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from pathlib import Path

import numpy as np

from hanse.decide.life.model import LifeSettings, train_life

COLUMNS = ["set1", "set2", "set3", *(f"s{i:02d}" for i in range(1, 22))]


def table(folder, name):
    path = next(p for p in sorted(folder.rglob(f"{name}.txt*")))
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return np.loadtxt(text.splitlines(), ndmin=2)


def histories(rows):
    return [rows[rows[:, 0] == unit][:, 2:] for unit in np.unique(rows[:, 0])]


def phm(error):
    return float(np.sum(np.where(error < 0, np.exp(-error / 13) - 1, np.exp(error / 10) - 1)))


def scored(said, true, took):
    guess = np.array([s.steps for s in said])
    capped = np.minimum(true, 125)
    inside = [s.low <= t <= s.high for s, t in zip(said, capped, strict=True)]
    return {
        "rmse_raw": round(float(np.sqrt(np.mean((guess - true) ** 2))), 2),
        "rmse_capped": round(float(np.sqrt(np.mean((guess - capped) ** 2))), 2),
        "phm": round(phm(guess - true), 1),
        "coverage80": round(100 * float(np.mean(inside)), 1),
        "train_s": round(took, 1),
        "interval_mean": round(float(np.mean([s.high - s.low for s in said])), 1),
    }


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--subset", default="FD001")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    train = histories(table(given.data, f"train_{given.subset}"))
    test = histories(table(given.data, f"test_{given.subset}"))
    true = table(given.data, f"RUL_{given.subset}").ravel()
    start = time.perf_counter()
    model = train_life(train, COLUMNS, LifeSettings(settings=("set1", "set2", "set3")))
    took = time.perf_counter() - start
    told = {"subset": given.subset} | scored(model.predict_many(test), true, took)
    told |= {"out_of_fold_rmse": round(model.rmse, 2), "engines": len(train)}
    told |= {"out_of_fold_coverage": round(100 * model.cover, 1)}
    if given.json:
        print(json.dumps(told))
        return
    for key, value in told.items():
        print(f"{key:>18} {value}")


if __name__ == "__main__":
    main()
