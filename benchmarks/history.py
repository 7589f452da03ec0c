"""History against VictoriaMetrics, PostgreSQL and DuckDB's own table, on the same samples.

Samples: --signals of them every 6 s for --days. ``--work plant`` (the default) is a mixture as
machines have it, a tenth each: smooth and whole-number walks, noisy readings of one and of three
decimals, noisy and smooth readings of a controller's REAL (32 bits), counters, states, set values,
flags; source times jitter by some milliseconds. ``--work walk`` is random walks of two decimals,
every fifth of whole numbers, at perfectly even times. Ours comes in frames of one instant through
the writer that the node uses, with its syncs, and ``ingest_s`` includes merging into sorted days
with rollups. PostgreSQL gets one day in arrival order (COPY into a logged table, then a B-tree and
a BRIN) and its queries are of that day: it is slower by more than its noise. Each query figure is
the median of several over different signals.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np

from hanse.model.ids import Happening
from hanse.model.sample import frame as checked_frame
from hanse.model.time import from_ns
from hanse.transmit.history.merge import Merger
from hanse.transmit.history.query import History
from hanse.transmit.history.rows import HOUR_US
from hanse.transmit.history.writer import HistoryWriter

STEP_S = 6
START_S = int(time.time()) // 86_400 * 86_400 - 9 * 86_400
"""Nine days ago: a table forgets what was taken out of it a week ago by the real clock."""
REPEATS = 7
VICTORIA_BESIDE = "/opt/vm/usr/bin/victoria-metrics"
PER_DAY = 86_400 // STEP_S


class Clock:
    def __init__(self):
        self.offset_ns = 0

    def ns(self):
        return time.time_ns() + self.offset_ns

    def now(self):
        return from_ns(self.ns())

    def monotonic_s(self):
        return time.monotonic()


def walk(dice, steps):
    return dice.normal(0, 0.1, steps).cumsum() + 50


def runs(dice, steps, values):
    lengths = dice.integers(20, 400, steps // 20)
    return np.repeat(dice.choice(values, lengths.shape[0]), lengths)[:steps]


PLANT = (
    lambda dice, n: np.round(walk(dice, n), 2),
    lambda dice, n: np.round(walk(dice, n) * 10),
    lambda dice, n: np.round(60 + 5 * np.sin(np.arange(n) / 2_000) + dice.normal(0, 0.3, n), 1),
    lambda dice, n: np.round(dice.normal(2, 0.3, n), 3),
    lambda dice, n: dice.normal(50, 1, n).astype(np.float32),
    lambda dice, n: walk(dice, n).astype(np.float32),
    lambda dice, n: (dice.random(n) < 0.3).cumsum(),
    lambda dice, n: runs(dice, n, np.arange(17)),
    lambda dice, n: np.round(runs(dice, n, dice.normal(180, 20, 5)), 1),
    lambda dice, n: runs(dice, n, [0, 1]),
)


class Work:
    """The samples, by day: times (ms) and values[signal, step]."""

    def __init__(self, signals, days, kind, seed=7):
        self.signals, self.days = signals, days
        dice = np.random.default_rng(seed)
        steps = days * PER_DAY
        self.values = np.empty((signals, steps))
        self.at_ms = (START_S + np.arange(steps, dtype=np.int64) * STEP_S) * 1_000
        for i in range(signals):
            self.values[i] = self.walk(i, dice) if kind == "walk" else PLANT[i % 10](dice, steps)
        if kind == "plant":
            self.at_ms += np.abs(dice.normal(0, 5, steps)).astype(np.int64)
        self.n = signals * steps

    def walk(self, i, dice):
        return np.round(walk(dice, self.at_ms.shape[0]) * (1 if i % 5 else 10), 2 if i % 5 else 0)

    def some(self, k, seed):
        return sorted(np.random.default_rng(seed).choice(self.signals, k, replace=False).tolist())


def median_ms(query, repeats=REPEATS):
    took = []
    for i in range(repeats):
        start = time.perf_counter()
        rows = query(i)
        took.append((time.perf_counter() - start) * 1e3)
        assert rows > 0, "a query found nothing"
    return round(statistics.median(took), 2)


def folder_bytes(folder):
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


async def ignore(_):
    pass


def fill_ours(work, folder, clock):
    writer = HistoryWriter(folder, clock=clock, gaps=ignore)
    signal = np.arange(work.signals, dtype=np.int32)
    columns = np.ascontiguousarray(work.values.T)
    start = time.perf_counter()

    async def fill():
        for i, at_ms in enumerate(work.at_ms.tolist()):
            at = np.full(work.signals, at_ms * 10**6, np.int64)
            frame = checked_frame(
                Happening("bench/all", 1, i),
                signal=signal,
                at_ns=at,
                value=columns[i],
                received_ns=at_ms * 10**6,
            )
            writer.take(frame)
            if writer.due:
                await writer.commit()
        await writer.commit()

    asyncio.run(fill())
    committed = time.perf_counter() - start
    clock.offset_ns = (START_S + (work.days + 2) * 86_400) * 10**9 - time.time_ns()
    Merger(folder, clock=clock).run()
    merged = time.perf_counter() - start
    clock.offset_ns += 7_200 * 10**9
    Merger(folder, clock=clock).run()
    return writer, committed, merged


def ours(work, scratch):
    import duckdb

    folder, clock = scratch / "hanse", Clock()
    writer, committed_s, merged_s = fill_ours(work, folder, clock)
    history = History(folder, clock=clock, tail=writer.tail, last=writer.last)
    end = from_ns((START_S + work.days * 86_400) * 10**9)
    begin = from_ns(START_S * 10**9)

    def one_day(i):
        at = from_ns((START_S + (i % work.days) * 86_400) * 10**9)
        signal = work.some(1, i)
        return len(history.buckets(signal, at, at + dt.timedelta(days=1), n=480))

    def hundred(i):
        return len(history.rolled(work.some(100, i), begin, end, width_us=HOUR_US))

    paths = [str(p) for p in history.paths()]
    scan = f"select signal, count(*), avg(value) from read_parquet({paths}) group by signal"
    with duckdb.connect() as connection:
        scan_ms = median_ms(lambda _: len(connection.execute(scan).fetchall()), 3)
    samples = sum(f.size for f in writer.table.log.refresh().files.values())
    return {
        "bytes_per_sample": round(samples / work.n, 2),
        "bytes_per_sample_with_rollups_and_log": round(folder_bytes(folder) / work.n, 2),
        "ingest_s": round(work.n / merged_s),
        "commit_s": round(work.n / committed_s),
        "one_day_ms": median_ms(one_day),
        "hundred_week_ms": median_ms(hundred),
        "last_ms": median_ms(lambda _: len(history.last())),
        "scan_s": round(scan_ms / 1e3, 3),
    }


def duckdb_table(work, scratch):
    import duckdb
    import pyarrow as pa

    path = scratch / "own.duckdb"
    connection = duckdb.connect(str(path))
    connection.execute(
        "create table s (signal integer, time timestamp, value double, quality tinyint)"
    )
    start = time.perf_counter()
    for day in range(work.days):
        table = arrow_day(work, day)
        connection.register("day", table)
        connection.execute("insert into s select signal, time, value, quality from day")
        connection.unregister("day")
        del table
    connection.execute("checkpoint")
    took = time.perf_counter() - start
    del pa

    def one_day(i):
        low = START_S + (i % work.days) * 86_400
        return len(
            connection.execute(
                "select epoch(time)::bigint // 180 b, min(value), max(value), avg(value) from s"
                " where signal = ? and time >= to_timestamp(?)::timestamp and time <"
                " to_timestamp(?)::timestamp group by b",
                [work.some(1, i)[0], low, low + 86_400],
            ).fetchall()
        )

    def hundred(i):
        chosen = ",".join(map(str, work.some(100, i)))
        return len(
            connection.execute(
                "select signal, epoch(time)::bigint // 3600 b, min(value), max(value), avg(value)"
                f" from s where signal in ({chosen}) group by signal, b"
            ).fetchall()
        )

    last = "select signal, arg_max(value, time) from s group by signal"
    scan = "select signal, count(*), avg(value) from s group by signal"
    return {
        "bytes_per_sample": round(path.stat().st_size / work.n, 2),
        "ingest_s": round(work.n / took),
        "one_day_ms": median_ms(one_day),
        "hundred_week_ms": median_ms(hundred),
        "last_ms": median_ms(lambda _: len(connection.execute(last).fetchall()), 3),
        "scan_s": round(median_ms(lambda _: len(connection.execute(scan).fetchall()), 3) / 1e3, 3),
    }


def arrow_day(work, day):
    import pyarrow as pa

    steps = slice(day * PER_DAY, (day + 1) * PER_DAY)
    at = np.tile(work.at_ms[steps] * 1_000, work.signals)
    signal = np.repeat(np.arange(work.signals, dtype=np.int32), PER_DAY)
    value = np.ascontiguousarray(work.values[:, steps]).ravel()
    return pa.table(
        {
            "signal": signal,
            "time": pa.array(at, pa.timestamp("us")),
            "value": value,
            "quality": np.zeros(value.shape[0], np.int8),
        }
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, data=None, **query):
    full = url + ("?" + urllib.parse.urlencode(query) if query else "")
    with urllib.request.urlopen(full, data=data, timeout=120) as answer:
        return answer.read()


def victoria_program():
    named = os.environ.get("VICTORIA_METRICS", "")
    return shutil.which(named or "victoria-metrics") or shutil.which(VICTORIA_BESIDE)


@contextlib.contextmanager
def victoria(scratch):
    port = free_port()
    process = subprocess.Popen(
        [
            victoria_program(),
            f"-storageDataPath={scratch / 'vm'}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y",
            "-search.disableCache",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                get(url + "/health")
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def victoriametrics(work, scratch):
    import orjson

    if victoria_program() is None:
        return {"skipped": "no victoria-metrics (Debian: apt-get install victoria-metrics)"}
    with victoria(scratch) as url:
        took = 0.0
        for day in range(work.days):
            steps = slice(day * PER_DAY, (day + 1) * PER_DAY)
            at_ms = work.at_ms[steps].tolist()
            for block in range(0, work.signals, 50):
                lines = [
                    orjson.dumps(
                        {
                            "metric": {"__name__": "s", "id": str(i)},
                            "values": work.values[i, steps].tolist(),
                            "timestamps": at_ms,
                        }
                    )
                    for i in range(block, min(block + 50, work.signals))
                ]
                body = b"\n".join(lines)
                start = time.perf_counter()
                get(url + "/api/v1/import", data=body)
                took += time.perf_counter() - start
        start = time.perf_counter()
        get(url + "/internal/force_flush")
        took += time.perf_counter() - start
        get(url + "/internal/force_merge")
        until_merged(url, scratch)
        return ask_victoria(work, scratch, url, took)


def until_merged(url, scratch, wait_s=120):
    """Until nothing merges, and the folder has had one size for five seconds."""
    size, since = -1, time.monotonic()
    end = since + wait_s
    while time.monotonic() < min(end, since + 5):
        time.sleep(0.5)
        lines = get(url + "/metrics").decode().splitlines()
        active = sum(float(n.split()[-1]) for n in lines if n.startswith("vm_active_merges"))
        now = folder_bytes(scratch / "vm")
        if active or now != size:
            size, since = now, time.monotonic()


def ask_victoria(work, scratch, url, took):
    end = START_S + work.days * 86_400

    def series(path, **query):
        return json.loads(get(url + path, **query))["data"]["result"]

    def one_day(i):
        low = START_S + (i % work.days) * 86_400
        query = f'rollup(s{{id="{work.some(1, i)[0]}"}}[3m])'
        found = series("/api/v1/query_range", query=query, start=low, end=low + 86_399, step="3m")
        return sum(len(s["values"]) for s in found)

    def hundred(i):
        ids = "|".join(map(str, work.some(100, i)))
        query = f'rollup(s{{id=~"{ids}"}}[1h])'
        found = series("/api/v1/query_range", query=query, start=START_S, end=end, step="1h")
        return sum(len(s["values"]) for s in found)

    def last(_):
        return len(series("/api/v1/query", query="s", time=end - 1))

    def scan(_):
        return len(series("/api/v1/query", query=f"avg_over_time(s[{work.days}d])", time=end))

    return {
        "bytes_per_sample": round(folder_bytes(scratch / "vm") / work.n, 2),
        "ingest_s": round(work.n / took),
        "one_day_ms": median_ms(one_day),
        "hundred_week_ms": median_ms(hundred, 3),
        "last_ms": median_ms(last),
        "scan_s": round(median_ms(scan, 3) / 1e3, 3),
    }


@contextlib.contextmanager
def postgres(scratch):
    bins = max(Path("/usr/lib/postgresql").glob("*/bin"))
    data, port = scratch / "pg", free_port()
    data.mkdir()
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(data, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    run = lambda *argv: subprocess.run(  # noqa: E731
        [*as_user, *map(str, argv)], check=True, capture_output=True, cwd="/"
    )
    run(bins / "initdb", "-D", data, "-A", "trust", "-U", "bench")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}"
    run(bins / "pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start")
    try:
        yield f"host=127.0.0.1 port={port} user=bench dbname=postgres"
    finally:
        run(bins / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def postgresql(work, scratch):
    if not list(Path("/usr/lib/postgresql").glob("*/bin")):
        return {"skipped": "no PostgreSQL (Debian: apt-get install postgresql)"}
    import psycopg

    scratch.chmod(0o755)
    n = work.signals * PER_DAY
    with postgres(scratch) as place, psycopg.connect(place, autocommit=True) as connection:
        connection.execute("create table s (signal int, at bigint, value float8, quality smallint)")
        start = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy("copy s from stdin") as copy:
            for i in range(PER_DAY):
                at = int(work.at_ms[i])
                values = work.values[:, i].tolist()
                copy.write("".join(f"{s}\t{at}\t{v}\t0\n" for s, v in enumerate(values)))
        took = time.perf_counter() - start
        connection.execute("create index on s (signal, at)")
        connection.execute("create index on s using brin (at)")
        connection.execute("vacuum analyze s")
        size = connection.execute("select pg_total_relation_size('s')").fetchone()[0]
        return {"samples": n} | ask_postgresql(work, connection, size / n, n / took)


def ask_postgresql(work, connection, bytes_per_sample, rate):
    def one_day(i):
        query = (
            "select at / 180000 b, min(value), max(value), avg(value) from s"
            " where signal = %s group by b"
        )
        return len(connection.execute(query, (work.some(1, i)[0],)).fetchall())

    def hundred(i):
        query = (
            "select signal, at / 3600000 b, min(value), max(value), avg(value) from s"
            " where signal = any(%s) group by signal, b"
        )
        return len(connection.execute(query, (work.some(100, i),)).fetchall())

    last = "select distinct on (signal) signal, value from s order by signal, at desc"
    scan = "select signal, count(*), avg(value) from s group by signal"
    return {
        "bytes_per_sample": round(bytes_per_sample, 2),
        "ingest_s": round(rate),
        "one_day_ms": median_ms(one_day),
        "hundred_week_ms": median_ms(hundred, 3),
        "last_ms": median_ms(lambda _: len(connection.execute(last).fetchall()), 3),
        "scan_s": round(median_ms(lambda _: len(connection.execute(scan).fetchall()), 3) / 1e3, 3),
    }


STORES = {
    "hanse": ours,
    "victoriametrics": victoriametrics,
    "duckdb": duckdb_table,
    "postgresql": postgresql,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=500)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--work", choices=["plant", "walk"], default="plant")
    parser.add_argument("--stores", default=",".join(STORES))
    parser.add_argument("--data", help="not needed: the samples are made from a seed")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    work = Work(asked.signals, asked.days, asked.work)
    found = {}
    for name in asked.stores.split(","):
        with tempfile.TemporaryDirectory(prefix="hanse-bench-") as scratch:
            found[name] = STORES[name](work, Path(scratch))
        print(f"{name}: {found[name]}", file=sys.stderr)
    if asked.json:
        print(json.dumps({"samples": work.n, "work": asked.work, "stores": found}))


if __name__ == "__main__":
    main()
