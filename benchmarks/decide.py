"""The rule engine: `./dev bench decide [--signals 10000] [--rules 3] [--seconds 4] [--json]`.

Three stateful rules a signal: a limit with hysteresis and a 5 s on-delay, a rate of change, a mean
of the last 16 samples. Ours decodes the wire frames of `hanse.transmit.codec`, evaluates, and fires
timers; each part runs in a process of its own. Node-RED (from npm, under `.dev/npm-node-red`) runs
the same three rules as function nodes behind a switch, in its own process on the same work, in the
same run; `vs_node_red` is null where npm cannot be reached.

The open loop says beside `p99_ms` what a tick cost in processor time (`tick_cpu_p99_ms`) and how
long the process stood in the queue for a processor in the second it stood longest
(`queue_ms_a_s`): on a machine that others use, a late tick is mostly that.

`--due` measures something else: how late delays, silence and schedules are told by a decide role of
a node (`benchmarks.decide_due`), by kind.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
NODE_RED = "4.1.15"
SIGNALS_AN_ASSET = 100
START_NS = 1_767_600_000_000_000_000
TICK_S = 0.005
FRAME = 10_000
RULES = """
[[rule]]
kind = "limit"
key = "high"
asset_type = "unit"
signal = "{name}"
high = 3.5
hysteresis = 0.5
on_delay_s = 5
off_delay_s = 0

[[rule]]
kind = "rate"
key = "fast"
asset_type = "unit"
signal = "{name}"
rise = {rise}
on_delay_s = 0
off_delay_s = 0

[[rule]]
kind = "window"
key = "mean"
asset_type = "unit"
signal = "{name}"
measure = "mean"
samples = 16
above = 0.9
at_least = 16
on_delay_s = 0
off_delay_s = 0
"""


def plant(signals, first=0):
    from hanse.decide import Asset
    from hanse.model.plant import Signal

    names = min(SIGNALS_AN_ASSET, signals)
    assets = [Asset(key=f"u{i}", asset_type="unit") for i in range(-(-signals // names))]
    made = (
        Signal(id=i - first, asset=f"u{(i - first) // names}", name=f"s{i % names}")
        for i in range(first, first + signals)
    )
    return assets, made, names


def engine(signals, rules, rise=6.0):
    from hanse.decide import Engine, EngineSettings, parse_rules

    assets, made, names = plant(signals)
    blocks = []
    for n in range(names):
        parts = RULES.format(name=f"s{n}", rise=rise).split("[[rule]]")[1 : rules + 1]
        keyed = (p.replace('key = "', f'key = "s{n}-') for p in parts)
        blocks += ["[[rule]]" + p for p in keyed]
    return Engine(
        parse_rules("\n".join(blocks)),
        assets=assets,
        signals=made,
        settings=EngineSettings(ahead_ns=10**18),
    )


def values(size, seed=1):
    """AR(1) noise a signal: enough crossings that every rule has work."""
    dice = np.random.default_rng(seed)
    level = dice.normal(size=size)
    while True:
        level = 0.7 * level + dice.normal(size=size)
        yield level.copy()


def packed(signals, batches, seed=1):
    from hanse.model.ids import Happening
    from hanse.model.sample import frame
    from hanse.transmit.codec import pack

    ids = np.arange(signals, dtype=np.int32)
    made, source = [], values(signals, seed)
    for second in range(batches):
        now = START_NS + second * 10**9
        column = next(source)
        for start in range(0, signals, FRAME):
            part = slice(start, start + FRAME)
            piece = frame(
                Happening("bench", 1, len(made)),
                signal=ids[part],
                at_ns=np.full(ids[part].size, now, np.int64),
                value=column[part],
            )
            made.append((now, pack(piece)))
    return made


def rss_mb():
    import psutil

    return psutil.Process().memory_info().rss / 1e6


def queued_ms():
    """How long this thread has stood runnable without a processor, so far."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6
    except OSError:
        return 0.0


def settle():
    """As the decide role does: what stands is never looked at again by the collector."""
    gc.collect()
    gc.freeze()


def start_together(given):
    """Where two are measured: both have made their frames before either begins."""
    if given.together:
        print("ready", flush=True)
        sys.stdin.readline()


def part_control(given):
    """The same passes over columns, without the engine: what the machine gives to one or to two."""
    dice = np.random.default_rng(given.seed)
    state, limit = dice.normal(size=30_000), dice.normal(size=30_000)
    rounds, spent = 0, 0.0
    start_together(given)
    while spent < given.seconds:
        began = time.perf_counter()
        for _ in range(100):
            beyond = state - limit
            state += 0.01 * np.where(beyond > 0, -beyond, beyond)
            np.flatnonzero(beyond > 3).sum()
        spent += time.perf_counter() - began
        rounds += 100
    return {"samples_s": rounds / spent}


def part_throughput(given):
    from hanse.transmit.codec import unpack

    eng = engine(given.signals, given.rules)
    settle()
    batches = max(200_000 // given.signals, 2)
    stream = packed(given.signals, 12 * batches if given.signals < 100_000 else 3, given.seed)
    told, done, shift, spent, worked = 0, 0, 0, 0.0, 0.0
    start_together(given)
    while spent < given.seconds:
        for now, data in stream:
            began, busy = time.perf_counter(), time.thread_time()
            piece = unpack(data)
            eng.feed(_later(piece, shift))
            told += len(eng.tick(now + shift))
            spent += time.perf_counter() - began
            worked += time.thread_time() - busy
            done += len(piece)
        shift += (stream[-1][0] - stream[0][0]) + 10**9
    return {
        "samples_s": done / spent,
        "samples_cpu_s": done / worked,
        "transitions": told,
        "rss_mb": rss_mb(),
        "samples": done,
    }


def _later(piece, shift):
    from msgspec.structs import replace

    return replace(piece, at_ns=piece.at_ns + shift) if shift else piece


def part_json(given):
    import orjson

    from hanse.model.ids import Happening
    from hanse.model.sample import frame

    eng, source = engine(given.signals, given.rules), values(given.signals)
    messages, count = [], 0
    for second in range(max(200_000 // given.signals, 1)):
        at = START_NS + second * 10**9
        column = next(source).tolist()
        messages += [orjson.dumps({"s": i, "t": at, "v": v}) for i, v in enumerate(column)]
    began = time.perf_counter()
    for start in range(0, len(messages), FRAME):
        rows = [orjson.loads(m) for m in messages[start : start + FRAME]]
        piece = frame(
            Happening("bench", 1, start),
            signal=np.array([r["s"] for r in rows], np.int32),
            at_ns=np.array([r["t"] for r in rows], np.int64),
            value=np.array([r["v"] for r in rows], np.float64),
        )
        eng.feed(piece)
        eng.tick(int(piece.at_ns[-1]))
        count += len(rows)
    return {"samples_s": count / (time.perf_counter() - began)}


def part_open_loop(given):
    """Frames of 100 samples fall due every 1 / (rate / 100) s; a sample waits for its frame too."""
    from hanse.model.ids import Happening
    from hanse.model.sample import frame
    from hanse.transmit.codec import pack, unpack

    size, gap = 100, 100 / given.rate
    # as many steep steps as with a sample a second
    eng = engine(given.signals, given.rules, rise=6.0 * given.rate / given.signals)
    total = int(given.seconds / gap)
    source, ids = values(given.signals), np.arange(given.signals, dtype=np.int32)
    per_round, frames, column = given.signals // size, [], None
    for number in range(total):
        if number % per_round == 0:
            column = next(source)
        part = slice(number % per_round * size, number % per_round * size + size)
        at = START_NS + int(number * gap * 1e9)
        frames.append(
            pack(
                frame(
                    Happening("bench", 1, number),
                    signal=ids[part],
                    at_ns=np.full(size, at, np.int64),
                    value=column[part],
                )
            )
        )
    waits, work, queue, place, told = [], [], [queued_ms()], 0, 0
    settle()
    origin = time.perf_counter()
    next_tick = TICK_S
    while place < total:
        time.sleep(max(0.0, origin + next_tick - time.perf_counter()))
        now = time.perf_counter() - origin
        ready = min(int(now / gap), total)
        worked = time.thread_time()
        for number in range(place, ready):
            eng.feed(unpack(frames[number]))
        told += len(eng.tick(START_NS + int(now * 1e9)))
        work.append(time.thread_time() - worked)
        done = time.perf_counter() - origin
        arrived = (np.arange(place * size, ready * size) + 1) * (gap / size)
        waits.append(done - arrived)
        place = ready
        next_tick = max(next_tick + TICK_S, done)
        if done >= len(queue):
            queue.append(queued_ms())
    spent = np.concatenate(waits) * 1e3
    spent = spent[spent.size // 10 :]
    p50, p99 = np.quantile(spent, [0.5, 0.99])
    # the processor time of a tick does not depend on what else the machine is doing
    return {
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "tick_cpu_p99_ms": 1e3 * float(np.quantile(work, 0.99)),
        "queue_ms_a_s": float(np.diff(queue).max(initial=0.0)),
        "transitions_s": told / given.seconds,
    }


PARTS = {
    "throughput": part_throughput,
    "control": part_control,
    "json": part_json,
    "open_loop": part_open_loop,
}


def child(given, part, **changed):
    asked = {"signals": given.signals, "rules": given.rules, "seconds": given.seconds, "seed": 1}
    asked |= changed
    words = [f"--{k}={v}" for k, v in asked.items()]
    command = [sys.executable, "-m", "benchmarks.decide", f"--part={part}", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def answer(process):
    said, _ = process.communicate(timeout=600)
    return json.loads(said.splitlines()[-1])


def together(given, part, *asked):
    """Processes measured in the same seconds; what makes their frames is done by then."""
    started = [child(given, part, together=1, **one) for one in asked]
    for process in started:
        process.stdout.readline()
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [answer(process) for process in started]


def two_processes(given):
    """What two processes do over what one does: medians of three rounds.

    ``split``: half of the plant each; ``each``: a whole plant each, so that a frame and a tick are
    as large as with one; ``control``: plain passes over columns, what the machine itself gives.
    The first by processor time too: that does not depend on whether both had a core.
    """
    half, rounds = given.signals // 2, []
    for _ in range(3):
        (one,) = together(given, "throughput", {})
        split = together(given, "throughput", *({"signals": half, "seed": s} for s in (2, 3)))
        each = together(given, "throughput", *({"seed": s} for s in (2, 3)))
        (alone,) = together(given, "control", {})
        control = together(given, "control", *({"seed": s} for s in (2, 3)))
        rounds.append(
            [
                sum(g["samples_s"] for g in split) / one["samples_s"],
                sum(g["samples_cpu_s"] for g in split) / one["samples_cpu_s"],
                sum(g["samples_s"] for g in each) / one["samples_s"],
                sum(g["samples_s"] for g in control) / alone["samples_s"],
            ]
        )
    return [round(float(r), 2) for r in np.median(rounds, axis=0)]


def node_red_folder():
    folder = ROOT / ".dev" / "npm-node-red"
    if (folder / "node_modules" / "node-red" / "package.json").exists():
        return folder
    if shutil.which("npm") is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    got = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"node-red@{NODE_RED}"],
        cwd=folder,
        capture_output=True,
        timeout=600,
        check=False,
    )
    return folder if got.returncode == 0 else None


def node_red(given, messages=60_000):
    """Messages a second through switch and function nodes; None where it cannot run."""
    folder = node_red_folder()
    if folder is None:
        return None
    script = ROOT / "benchmarks" / "node_red_rules.cjs"
    got = subprocess.run(
        ["node", str(script), str(folder), str(given.signals), str(given.rules), str(messages)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [line for line in got.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else None


def whole(given):
    ours = [answer(child(given, "throughput")) for _ in range(3)]
    speed = float(np.median([o["samples_s"] for o in ours]))
    busy = float(np.median([o["samples_cpu_s"] for o in ours]))
    ratios = [None] * 4 if given.signals > 200_000 else two_processes(given)
    texts = answer(child(given, "json"))["samples_s"]
    loops = [answer(child(given, "open_loop", rate=given.rate)) for _ in range(5)]
    loop = {k: float(np.median([one[k] for one in loops])) for k in loops[0]}
    peer = None if given.no_peer else node_red(given)
    return {
        "signals": given.signals,
        "rules": given.rules,
        "samples_s_core": round(speed),
        "samples_cpu_s": round(busy),
        "json_samples_s": round(texts),
        "p50_ms": round(loop["p50_ms"], 2),
        "p99_ms": round(loop["p99_ms"], 2),
        "tick_cpu_p99_ms": round(loop["tick_cpu_p99_ms"], 2),
        "queue_ms_a_s": round(loop["queue_ms_a_s"], 1),
        "p99_ms_each": [round(one["p99_ms"], 2) for one in loops],
        "rss_mb": round(max(o["rss_mb"] for o in ours), 1),
        "node_red_samples_s": round(peer["samples_s"]) if peer else None,
        "vs_node_red": round(speed / peer["samples_s"], 1) if peer else None,
        "two_process_ratio": ratios[0],
        "two_process_cpu_ratio": ratios[1],
        "two_whole_plants_ratio": ratios[2],
        "machine_two_process_ratio": ratios[3],
    }


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--signals", type=int, default=10_000)
    asked.add_argument("--rules", type=int, choices=(1, 2, 3), default=3)
    asked.add_argument("--seconds", type=float, default=4.0)
    asked.add_argument("--rate", type=int, default=100_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--together", type=int, default=0, help="wait for a word before measuring")
    asked.add_argument("--part", choices=tuple(PARTS))
    asked.add_argument("--due", action="store_true", help="how late timers are, in a node")
    asked.add_argument("--no-peer", action="store_true")
    asked.add_argument("--data", type=Path, help="not needed")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    if given.due:
        from benchmarks.decide_due import due

        told = due()
    else:
        told = PARTS[given.part](given) if given.part else whole(given)
    if given.json or given.part:
        print(json.dumps(told))
        return
    for key, value in told.items():
        print(f"{key:>20} {value}")


if __name__ == "__main__":
    main()
