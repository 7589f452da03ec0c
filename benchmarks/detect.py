"""Detectors on public data: `./dev bench detect --data DIR --suite skab|nab|tep [--json]`.

Settings are the same for all files of a suite. Limits come from each file's own normal rows alone
(a false-alarm rate of 0.1 %, read on the safe side of a block bootstrap); labels are only read to
score. Weight and release of the EWMA were kept from a time when labels were looked at. SKAB: the
first 400 rows of each file are its normal data. NAB: the first 15 % of each series; standard
profile of NAB v1.1 with the detector's own fixed limit. TEP: normal run d00; each test run turns
faulty at row 160.
"""

from __future__ import annotations

import argparse
import gzip
import json
from datetime import datetime
from pathlib import Path

import numpy as np

from hanse.decide.detect import DetectorSettings, train

SKAB_NORMAL_ROWS = 400
SKAB_LEAD = "Volume Flow RateRMS"  # a closing valve moves the flow first
TEP_FAULT_ROW = 160
NAB_PROBATION = 0.15
METHODS = ("lead", "lead_cusum", "ewma", "mewma", "pca", "aakr")


def read_text(path):
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()


def found(folder, *patterns):
    paths = {p for pattern in patterns for p in folder.rglob(pattern)}
    return sorted(paths)


def watch(rows, detector):
    on = np.zeros(len(rows), bool)
    for place, row in enumerate(rows):
        detector.score(row)
        on[place] = detector.beyond
    return on


def judged(on, truth):
    hit, false = int((on & truth).sum()), int((on & ~truth).sum())
    missed, quiet = int((~on & truth).sum()), int((~on & ~truth).sum())
    return {"tp": hit, "fp": false, "fn": missed, "tn": quiet}


def rates(count):
    tp, fp, fn, tn = (count[k] for k in ("tp", "fp", "fn", "tn"))
    return {
        "f1": round(tp / max(tp + (fp + fn) / 2, 1), 4),
        "far": round(100 * fp / max(fp + tn, 1), 2),
        "mar": round(100 * fn / max(fn + tp, 1), 2),
    }


def spans(truth):
    edges = np.flatnonzero(np.diff(np.concatenate(([0], truth.astype(int), [0]))))
    return list(zip(edges[::2], edges[1::2], strict=True))


def delays(on, truth):
    """Rows (seconds in SKAB) from the start of each span to its first alarm, if any."""
    return [int(np.argmax(on[a:b])) for a, b in spans(truth) if on[a:b].any()]


def skab_file(path):
    lines = read_text(path).splitlines()
    names = lines[0].split(";")
    signals = [n for n in names if n not in {"datetime", "anomaly", "changepoint"}]
    cells = [dict(zip(names, line.split(";"), strict=True)) for line in lines[1:]]
    rows = np.array([[float(c[n]) for n in signals] for c in cells])
    return signals, rows, np.array([float(c.get("anomaly", 0)) > 0 for c in cells])


def skab_one(path, settings):
    names, rows, truth = skab_file(path)
    detector = train(rows[:SKAB_NORMAL_ROWS], names, settings)
    on = watch(rows, detector)[SKAB_NORMAL_ROWS:]
    return judged(on, truth[SKAB_NORMAL_ROWS:]), delays(on, truth[SKAB_NORMAL_ROWS:])


def skab(folder):
    paths = [p for p in found(folder, "*.csv", "*.csv.gz") if "anomaly-free" not in p.name]
    out = {}
    for method in METHODS:
        settings = DetectorSettings(method=method, lead=SKAB_LEAD)
        scored = {str(p.relative_to(folder)): skab_one(p, settings) for p in paths}
        total = {k: sum(c[k] for c, _ in scored.values()) for k in ("tp", "fp", "fn", "tn")}
        late = [d for _, found_at in scored.values() for d in found_at]
        by_file = {name: rates(count) for name, (count, _) in scored.items()}
        mean_delay = round(float(np.mean(late)), 1) if late else None
        out[method] = rates(total) | {"delay_s": mean_delay, "by_file": by_file}
    best = out.pop(METHODS[0])
    return {"suite": "skab", "files": len(paths), **best, "others": out}


def tep_run(path):
    rows = np.loadtxt(read_text(path).splitlines())
    return rows.T if rows.shape[0] == 52 else rows


def tep(folder):
    normal = tep_run(found(folder, "d00.dat*")[0])
    quiet = tep_run(found(folder, "d00_te.dat*")[0])
    names = [f"x{i + 1:02d}" for i in range(normal.shape[1])]
    out = {}
    for method in ("pca", "mewma", "ewma"):
        settings = DetectorSettings(method=method, false_alarm_rate=0.01)
        on = watch(quiet, train(normal, names, settings))
        faults = {}
        for path in found(folder, "d*_te.dat*"):
            if path.name.startswith("d00"):
                continue
            told = watch(tep_run(path), train(normal, names, settings))
            after = told[TEP_FAULT_ROW:]
            faults[path.name[1:3]] = {
                "delay_rows": int(np.argmax(after)) if after.any() else None,
                "detected": round(float(after.mean()), 3),
                "far": round(100 * float(told[:TEP_FAULT_ROW].mean()), 2),
            }
        out[method] = {"far_normal_run": round(100 * float(on.mean()), 2), "faults": faults}
    first = out.pop("pca")
    return {"suite": "tep", "row_s": 180, **first, "others": out}


def nab_sigmoid(y):
    return -1.0 if y > 3 else 2 / (1 + np.exp(5 * y)) - 1


def nab_score(at, windows, length):
    """Standard profile (Lavin and Ahmad 2015): (score, of nothing told, of perfect)."""
    probation = int(min(NAB_PROBATION * length, 750))
    windows = [w for w in windows if w[1] >= probation]
    total, perfect = 0.0, float(len(windows))
    firsts = {}
    for row in (r for r in at if r >= probation):
        inside = next((n for n, (a, b) in enumerate(windows) if a <= row <= b), None)
        if inside is not None:
            firsts.setdefault(inside, row)
            continue
        before = [b for _, b in windows if b < row]
        size = next((b - a for a, b in reversed(windows) if b < row), 1)
        total += 0.11 * (nab_sigmoid((row - before[-1]) / max(size, 1)) if before else -1.0)
    for number, (a, b) in enumerate(windows):
        if number in firsts:
            place = -(b - firsts[number] + 1) / (b - a + 1)
            total += nab_sigmoid(place) / nab_sigmoid(-1.0)
        else:
            total -= 1.0
    return total, -perfect, perfect


def nab_file(path):
    lines = [line.split(",") for line in read_text(path).splitlines()[1:]]
    when = [datetime.fromisoformat(line[0]) for line in lines]
    return when, np.array([float(line[1]) for line in lines])


def nab_onsets(values, settings):
    cut = int(NAB_PROBATION * values.size)
    rows = values[:, None]
    on = watch(rows[cut:], train(rows[:cut], ["value"], settings))
    return cut + np.flatnonzero(on & ~np.concatenate(([False], on[:-1])))


def nab(folder):
    labels = json.loads(read_text(found(folder, "*windows.json")[0]))
    out = {}
    for method in ("lead", "lead_cusum"):
        settings = DetectorSettings(method=method, **NAB_SETTINGS)
        by_file, sums = {}, np.zeros(3)
        for path in found(folder, "*.csv", "*.csv.gz"):
            name = f"{path.parent.name}/{path.name.removesuffix('.gz')}"
            if name not in labels:
                continue
            when, values = nab_file(path)
            pairs = [[datetime.fromisoformat(t) for t in pair] for pair in labels[name]]
            windows = [
                (np.searchsorted(when, a), np.searchsorted(when, b, side="right") - 1)
                for a, b in pairs
            ]
            scored = nab_score(nab_onsets(values, settings), windows, values.size)
            sums += scored
            by_file[name] = round(scored[0], 2)
        score = 100 * (sums[0] - sums[1]) / (sums[2] - sums[1])
        out[method] = {"score": round(float(score), 1), "by_file": by_file}
    best = out.pop("lead")
    return {"suite": "nab", **best, "others": out}


NAB_SETTINGS = {"weight": 0.1, "rebaseline_rows": 2_000, "seasonal": True}


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--suite", choices=("skab", "nab", "tep"), default="skab")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    suites = {"skab": skab, "nab": nab, "tep": tep}
    inner = given.data / given.suite
    told = suites[given.suite](inner if inner.is_dir() else given.data)
    if given.json:
        print(json.dumps(told))
        return
    for method, figures in {"shipped default": told, **told.pop("others")}.items():
        print(method, {k: v for k, v in figures.items() if k not in {"by_file", "suite"}})


if __name__ == "__main__":
    main()
