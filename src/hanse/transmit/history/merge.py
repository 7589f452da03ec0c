"""Merging: many small files into few sorted ones, rollups of them, and forgetting what is old.

Runs in a process of its own (``python -m hanse.transmit.history.merge FOLDER``, started by
`Housekeeper`), so that the memory it needs is given back. It commits like any writer: if someone
changed the same files meanwhile, it leaves them and comes back later.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.model.errors import Conflict
from hanse.model.time import Clock
from hanse.transmit.history import files, rollup
from hanse.transmit.history.columns import column_of
from hanse.transmit.history.delta import File, Log, State
from hanse.transmit.history.keep import Keeping
from hanse.transmit.history.rollup import MINUTE_US, Buckets
from hanse.transmit.history.rows import DAY_US, HOUR_US, Rows, concat, in_order
from hanse.transmit.history.table import (
    HOURS,
    MINUTES,
    ROLLUP_COLUMNS,
    SAMPLES,
    Tokens,
    age,
    name_of,
    partition_path,
)

MERGE_ROWS_MAX = 1_000_000
"""Rows sorted in memory at once; a bigger hour or day is merged signal group by signal group."""
SETTLE_US = 15 * 60 * 1_000_000
"""How long after its end an hour or day waits for late samples before it is merged."""
FILES_LEFT_MAX = 40
"""Small files an unfinished hour may have before they are merged."""
MINUTE_SAMPLES_MIN = 20
"""Minute rollups are stored where a minute has at least this many samples; else computed."""
REMOVED_KEPT_S = 3_600
"""How long a merged-away file stays for readers that still have it open."""
CHECKPOINT_COMMITS = 50
NICENESS = 15
"""Of the merging process: whatever else the machine has to do comes first."""
EVERY_S = 600.0
MERGE_WAIT_S_MAX = 3_600.0


class Task(Struct, frozen=True, kw_only=True):
    """Files to become one: of an hour of a day, or (``hour`` None) of the whole day."""

    kept: str
    day: str
    hour: int | None
    files: tuple[File, ...]

    @property
    def start_us(self) -> int:
        """Where the hour or day starts."""
        return files.day_start_us(self.day) + (self.hour or 0) * HOUR_US


class Done(Struct, frozen=True, kw_only=True):
    """What a run did."""

    merged: int
    into: int
    expired: int
    deleted: int


def tasks(state: State, *, now_us: int) -> list[Task]:
    """What should be merged now: days that are over whole, hours that are over or crowded."""
    days: dict[tuple[str, str], list[File]] = {}
    for file in state.files.values():
        days.setdefault((file.kept, file.day), []).append(file)
    found: list[Task] = []
    for (kept, day), in_day in sorted(days.items()):
        start_us = files.day_start_us(day)
        if now_us >= start_us + DAY_US + SETTLE_US:
            if len(in_day) > 1 or name_of(in_day[0].path).level < 2:
                found.append(Task(kept=kept, day=day, hour=None, files=tuple(in_day)))
        else:
            found += _hours(kept, day, in_day, now_us=now_us)
    return found


def _hours(kept: str, day: str, in_day: Sequence[File], *, now_us: int) -> Iterator[Task]:
    hours: dict[int, list[File]] = {}
    for file in in_day:
        hour = name_of(file.path).hour
        if hour is not None:
            hours.setdefault(hour, []).append(file)
    for hour, found in sorted(hours.items()):
        over = now_us >= files.day_start_us(day) + (hour + 1) * HOUR_US + SETTLE_US
        raw = sum(name_of(f.path).level == 0 for f in found)
        if (over and raw) or raw > FILES_LEFT_MAX:
            yield Task(kept=kept, day=day, hour=hour, files=tuple(found))


class Merger:
    """Merges, rolls up, and forgets, in one folder."""

    def __init__(self, folder: Path, *, clock: Clock, keeping: Keeping | None = None) -> None:
        self._clock = clock
        self._keeping = keeping or Keeping()
        self._samples = Log(folder / SAMPLES, files.SAMPLE_COLUMNS, clock=clock)
        self._rolled = {
            MINUTE_US: Log(folder / MINUTES, ROLLUP_COLUMNS, clock=clock),
            HOUR_US: Log(folder / HOURS, ROLLUP_COLUMNS, clock=clock),
        }
        self._tokens = Tokens(clock)

    def run(self, *, vacuum: bool = True) -> Done:
        """Do what is due; what it did."""
        todo = tasks(self._samples.refresh(), now_us=self._clock.ns() // 1_000)
        merged = sum(len(t.files) for t in todo if self._merge(t))
        expired = self._expire()
        self._drop_stale_rollups()
        deleted = sum(self._vacuum(log) for log in self._logs()) if vacuum else 0
        for log in self._logs():
            checkpoint(log)
        return Done(merged=merged, into=len(todo), expired=expired, deleted=deleted)

    def _logs(self) -> list[Log]:
        return [self._samples, *self._rolled.values()]

    def _merge(self, task: Task) -> bool:
        """One task, its rollups after it; False if someone else was there meanwhile."""
        token = self._tokens.new()
        level = "L2" if task.hour is None else f"L1-h{task.hour:02d}"
        path = partition_path(task.kept, task.day, f"{level}-{token}")
        folder, packed = self._samples.folder, {"level": files.MERGED_LEVEL}
        whole_ms = all(files.has_whole_ms(folder, f) for f in task.files)
        output = files.Output(folder, path, whole_ms=whole_ms, **packed)
        beside = partition_path(task.kept, task.day, f"of-{token}")
        rolled = {
            width: files.Output(log.folder, beside, whole_ms=True, **packed)
            for width, log in self._rolled.items()
        }
        try:
            for rows in self._groups(task.files):
                output.write(files.to_table(rows))
                with_lead = in_order(concat([self._lead(task, rows), rows]))
                for width, out in rolled.items():
                    out.write(_table(_rolled(with_lead, width, from_us=task.start_us)))
            return self._put(task, output, rolled)
        except BaseException:
            for out in (output, *rolled.values()):
                out.give_up()
            raise

    def _put(self, task: Task, output: files.Output, rolled: dict[int, files.Output]) -> bool:
        file = output.close()
        stored = {width: out.close() for width, out in rolled.items()}
        assert file is not None, "a merged file has rows"
        try:
            self._samples.commit(
                add=[file], remove=[f.path for f in task.files], operation="OPTIMIZE"
            )
        except Conflict:
            output.give_up()
            return False
        for width, one in stored.items():
            if one is not None:
                self._rolled[width].commit(add=[one])
        return True

    def _groups(self, parts: Sequence[File]) -> Iterator[Rows]:
        """All rows of some files, sorted, each once, in groups of signals that fit in memory."""
        total = sum(f.rows for f in parts)
        low = min(f.signal_min for f in parts)
        high = max(f.signal_max for f in parts)
        n = min(-(-total // MERGE_ROWS_MAX), high - low + 1)
        bounds = np.linspace(low, high + 1, n + 1).astype(np.int64)
        in_time = sorted(parts, key=lambda f: age(f.path))
        for begin, end in itertools.pairwise(bounds):
            signals = np.arange(begin, end, dtype=np.int32)
            rows = concat([r for f in in_time if len(r := self._read(f, signals))])
            if len(rows):
                yield in_order(rows)

    def _read(self, file: File, signals: NDArray[np.int32]) -> Rows:
        window = {"start_us": file.at_min_us, "end_us": file.at_max_us + 1}
        return files.read(self._samples.folder, file, signals, lean=False, **window)

    def _lead(self, task: Task, rows: Rows) -> Rows:
        """What the signals of some rows did in the hour before: it holds into the first bucket."""
        signals = np.unique(rows.signal)
        low, high = task.start_us - rollup.HOLD_US, task.start_us
        found = [
            files.read(self._samples.folder, f, signals, start_us=low, end_us=high)
            for f in self._samples.state.files.values()
        ]
        return concat([r for r in found if len(r)])

    def _expire(self) -> int:
        """Drop whole days of classes whose time is over; how many files."""
        today = self._clock.now().date()
        n = 0
        for log in self._logs():
            samples = log is self._samples
            old = [
                f.path
                for f in log.refresh().files.values()
                if dt.date.fromisoformat(f.day)
                < today - dt.timedelta(days=self._days(f.kept, samples=samples))
            ]
            if old:
                log.commit(remove=old, operation="DELETE")
                n += len(old)
        return n

    def _days(self, kept: str, *, samples: bool) -> int:
        rule = self._keeping.of(kept)
        return rule.days if samples else max(rule.days, rule.rollup_days)

    def _drop_stale_rollups(self) -> None:
        """Drop rollups whose merged file was merged again; those of expired samples stay."""
        state = self._samples.refresh()
        tokens = {name_of(p).token for p in state.files}
        days = {(f.kept, f.day) for f in state.files.values()}
        for log in self._rolled.values():
            stale = [
                path
                for path, f in log.refresh().files.items()
                if (f.kept, f.day) in days and name_of(path).token not in tokens
            ]
            if stale:
                log.commit(remove=stale, operation="DELETE")

    def _vacuum(self, log: Log) -> int:
        """Delete files that left the table an hour ago, and strays of a day ago."""
        state = log.refresh()
        now_s = self._clock.ns() / 1e9
        n = 0
        for path in log.folder.glob("kept=*/day=*/*.parquet"):
            name = str(path.relative_to(log.folder))
            if name in state.files:
                continue
            left_ms = state.removed_ms.get(name)
            stray_s = path.stat().st_mtime + 86_400 if left_ms is None else 0
            gone_s = stray_s or (left_ms or 0) / 1e3 + REMOVED_KEPT_S
            if now_s >= gone_s:
                path.unlink()
                n += 1
        return n


def checkpoint(log: Log) -> bool:
    """Have one file stand for the log so far, when it grew by CHECKPOINT_COMMITS; whether."""
    version = log.refresh().version
    pointer = log.folder / "_delta_log" / "_last_checkpoint"
    before = msgspec.json.decode(pointer.read_bytes())["version"] if pointer.exists() else 0
    if version - before < CHECKPOINT_COMMITS:
        return False
    from deltalake import DeltaTable  # 60 MB, and seldom needed

    table = DeltaTable(str(log.folder))
    table.create_checkpoint()
    table.cleanup_metadata()
    return True


def _rolled(rows: Rows, width_us: int, *, from_us: int) -> Buckets:
    """The buckets that are worth storing of sorted rows and their lead.

    Minutes of slow signals are quicker computed than stored.
    """
    if width_us == MINUTE_US:
        n = np.bincount(rows.signal)
        minutes = (int(rows.at_us.max()) - int(rows.at_us.min())) / MINUTE_US + 1
        fast = n >= MINUTE_SAMPLES_MIN * minutes
        if not fast.any():
            return rollup.none()
        rows = rows.take(fast[rows.signal])
    return rollup.cut(rollup.buckets(rows, width_us), from_us, rollup.ALWAYS_US)


def _table(found: Buckets) -> Any:
    import pyarrow as pa

    columns = {
        "time" if name == "at_us" else name: getattr(found, name)
        for name in Buckets.__struct_fields__
    }
    utc = pa.timestamp("us", "UTC")
    return pa.table({n: column_of(v, utc if n == "time" else None) for n, v in columns.items()})


class Housekeeper:
    """Starts a merging process now and then, one at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        keeping: Keeping | None = None,
        every_s: float = EVERY_S,
        first_s: float | None = None,
    ) -> None:
        self._folder = folder
        self._keeping = keeping or Keeping()
        self._every_s = every_s
        self._first_s = every_s if first_s is None else first_s
        self.runs = 0
        self.error = ""

    async def run(self) -> None:
        """Merge every so often until cancelled; nodes of one machine start at other moments."""
        await asyncio.sleep(self._first_s)
        while True:
            await self.merge()
            await asyncio.sleep(self._every_s)

    async def merge(self) -> None:
        """One run in a process of its own."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, str(self._folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(MERGE_WAIT_S_MAX):
                _, problem = await process.communicate(msgspec.json.encode(self._keeping))
        except BaseException:
            process.kill()
            await process.wait()
            raise
        self.runs += 1
        self.error = problem.decode(errors="replace")[-400:] if process.returncode else ""


class _Clock:
    """The machine's clock, for the process that merges."""

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.ns() / 1e9, dt.UTC)

    def ns(self) -> int:
        import time

        return time.clock_gettime_ns(time.CLOCK_REALTIME)

    def monotonic_s(self) -> float:
        import time

        return time.monotonic()


def main(argv: Sequence[str]) -> int:
    """Merge what is due in a folder; rules for keeping come as JSON on standard input."""
    import pyarrow as pa

    os.nice(NICENESS)
    pa.set_memory_pool(pa.system_memory_pool())  # which gives back what is no longer needed
    keeping = msgspec.json.decode(sys.stdin.buffer.read() or b"{}", type=Keeping)
    done = Merger(Path(argv[1]), clock=_Clock(), keeping=keeping).run()
    sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
