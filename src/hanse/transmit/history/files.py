"""Parquet files of samples and rollups: written sorted and synced, read by row group."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hanse.transmit.history.columns import column_of, texts_of, values_of
from hanse.transmit.history.delta import Column, File, sync_folder
from hanse.transmit.history.pieces import PieceWriter
from hanse.transmit.history.rows import DAY_US, Longs, Rows, concat, empty

ZSTD_LEVEL = 3
MERGED_LEVEL = 9
"""Files that stay are packed harder."""
FOOTERS_MAX = 512
"""Footers kept parsed: each holds the ranges of its row groups."""

SAMPLE_COLUMNS = (
    Column("signal", "integer"),
    Column("time", "timestamp"),
    Column("value", "double"),
    Column("quality", "byte"),
    Column("delay_ms", "integer"),
    Column("text", "string"),
    Column("kept", "string"),
    Column("day", "date"),
)
_READ = ("signal", "time", "value", "quality", "delay_ms", "text")
_LEAN = ("signal", "time", "value", "quality")


def day_of(at_us: int) -> str:
    """The UTC day of an instant: the partition it is in."""
    return str(np.datetime64(at_us // DAY_US, "D"))


def day_start_us(day: str) -> int:
    """The first microsecond of a day."""
    return int(np.datetime64(day, "D").astype(np.int64)) * DAY_US


def to_table(rows: Rows) -> Any:
    """The rows as an Arrow table."""
    import pyarrow as pa

    n = len(rows)
    columns = [
        column_of(rows.signal),
        column_of(rows.at_us, pa.timestamp("us", "UTC")),
        column_of(rows.value),
        column_of(rows.quality.astype(np.int8)),
        column_of(rows.delay_ms),
        pa.nulls(n, pa.string()) if rows.text is None else texts_of(rows.text.tolist()),
    ]
    return pa.table(columns, names=list(_READ))


def from_table(table: Any) -> Rows:
    """The rows of an Arrow table; columns that were not read are zeros."""
    names = table.column_names
    n = table.num_rows
    text = None
    if "text" in names and table.column("text").null_count < n:
        text = np.asarray(table.column("text").to_pylist(), object)
    delay = values_of(table.column("delay_ms")) if "delay_ms" in names else np.zeros(n, np.int32)
    return Rows(
        signal=values_of(table.column("signal")),
        at_us=times_of(table),
        value=values_of(table.column("value")),
        quality=values_of(table.column("quality")).view(np.uint8),
        delay_ms=delay,
        text=text,
    )


def times_of(table: Any) -> Longs:
    """The times of an Arrow table in microseconds, in whichever unit its file has them."""
    import pyarrow as pa

    at = table.column("time").cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    return values_of(at)


class Output:
    """A Parquet file being written, part by part; parts come in the order of the file.

    ``whole_ms``: every time of it is a whole millisecond, and is written as such: the differences
    of times that jitter take half the room. Readers see microseconds all the same.
    """

    def __init__(self, folder: Path, path: str, *, whole_ms: bool, level: int = ZSTD_LEVEL) -> None:
        self._target = folder / path
        self._target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._file = self._target.open("xb")
        self._writer = PieceWriter(self._file, level=level)
        self._path = path
        self._whole_ms = whole_ms
        self._ranges: list[tuple[int, int, int, int]] = []
        self.rows = 0

    def write(self, table: Any) -> None:
        """Append an Arrow table with columns ``signal`` and ``time``."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if table.num_rows == 0:
            return
        at = table.column("time").cast("int64")
        if self._whole_ms:
            place = table.column_names.index("time")
            in_ms = table.column("time").cast(pa.timestamp("ms", "UTC"))
            table = table.set_column(place, "time", in_ms)
        self._writer.write(table)
        bounds = (pc.min_max(table.column("signal")).as_py(), pc.min_max(at).as_py())
        self._ranges.append(tuple(b[k] for b in bounds for k in ("min", "max")))
        self.rows += table.num_rows

    def close(self) -> File | None:
        """Finish and sync it; None (and no file) if nothing was written."""
        if self.rows == 0:
            self.give_up()
            return None
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sync_folder(self._target.parent)
        kept, day = partition_of(self._path)
        return File(
            path=self._path,
            kept=kept,
            day=day,
            size=self._target.stat().st_size,
            rows=self.rows,
            signal_min=min(r[0] for r in self._ranges),
            signal_max=max(r[1] for r in self._ranges),
            at_min_us=min(r[2] for r in self._ranges),
            at_max_us=max(r[3] for r in self._ranges),
        )

    def give_up(self) -> None:
        """Leave no file."""
        self._file.close()
        self._target.unlink(missing_ok=True)


def partition_of(path: str) -> tuple[str, str]:
    """The class and day that a file's path names (``kept=.../day=.../name``)."""
    kept, day, _ = path.split("/")
    return kept.removeprefix("kept="), day.removeprefix("day=")


def write(folder: Path, path: str, rows: Rows) -> File:
    """Write rows, sorted by the caller, as one synced file."""
    output = Output(folder, path, whole_ms=not bool((rows.at_us % 1_000).any()))
    try:
        output.write(to_table(rows))
        file = output.close()
    except BaseException:
        output.give_up()
        raise
    assert file is not None, "a file has at least one row"
    return file


def has_whole_ms(folder: Path, file: File) -> bool:
    """Whether a file has its times in milliseconds."""
    return _us_each(_footer(str(folder / file.path))[0]) > 1


def _us_each(footer: Any) -> int:
    """Microseconds in the unit in which a file has its times."""
    return 1_000 if footer.schema.to_arrow_schema().field("time").type.unit == "ms" else 1


@lru_cache(maxsize=FOOTERS_MAX)
def _footer(path: str) -> tuple[Any, NDArray[np.int64]]:
    """The parsed footer and, by row group, the first and last signal and time (µs)."""
    import pyarrow.parquet as pq

    footer = pq.read_metadata(path)
    names, unit = footer.schema.names, _us_each(footer)
    ranges = np.empty((footer.num_row_groups, 4), np.int64)
    for i in range(footer.num_row_groups):
        group = footer.row_group(i)
        signal = group.column(names.index("signal")).statistics
        at = group.column(names.index("time")).statistics
        ranges[i] = (signal.min, signal.max, at.min_raw * unit, at.max_raw * unit)
    return footer, ranges


def overlaps(file: File, signals: NDArray[np.int32], *, start_us: int, end_us: int) -> bool:
    """Whether a file may hold some of the signals within ``start <= at < end``."""
    if file.at_max_us < start_us or file.at_min_us >= end_us:
        return False
    at = int(np.searchsorted(signals, file.signal_min))
    return at < signals.shape[0] and int(signals[at]) <= file.signal_max


def tables(
    folder: Path,
    file: File,
    signals: NDArray[np.int32] | None,
    *,
    start_us: int,
    end_us: int,
    columns: Sequence[str],
) -> Any:
    """The row groups of a file that may hold some of the signals (sorted), as one Arrow table."""
    import pyarrow.parquet as pq

    path = str(folder / file.path)
    footer, ranges = _footer(path)
    hit = (ranges[:, 3] >= start_us) & (ranges[:, 2] < end_us)
    if signals is not None:
        first = np.searchsorted(signals, ranges[:, 0])
        known = np.append(signals, np.iinfo(np.int32).max)
        hit &= known[first] <= ranges[:, 1]
    groups = np.flatnonzero(hit).tolist()
    with pq.ParquetFile(path, memory_map=True, metadata=footer) as opened:
        return opened.read_row_groups(groups, columns=list(columns), use_threads=len(groups) > 4)


def read(
    folder: Path,
    file: File,
    signals: NDArray[np.int32],
    *,
    start_us: int,
    end_us: int,
    lean: bool = True,
) -> Rows:
    """The rows of some signals (sorted ids) in ``start <= at < end``, in the file's order."""
    if not overlaps(file, signals, start_us=start_us, end_us=end_us):
        return empty()
    columns = _LEAN if lean else _READ
    table = tables(folder, file, signals, start_us=start_us, end_us=end_us, columns=columns)
    rows = from_table(table)
    runs = _runs(rows.signal, signals)
    parts = [_window(rows.take(slice(a, b)), start_us, end_us) for a, b in runs]
    return concat([p for p in parts if len(p)])


def _runs(column: NDArray[np.int32], signals: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Where each signal stands in a sorted column; neighbouring runs are joined."""
    starts = np.searchsorted(column, signals, "left").tolist()
    ends = np.searchsorted(column, signals, "right").tolist()
    begin = finish = 0
    for a, b in zip(starts, ends, strict=True):
        if a == finish:
            finish = b
        elif b > a:
            if finish > begin:
                yield begin, finish
            begin, finish = a, b
    if finish > begin:
        yield begin, finish


def _window(rows: Rows, start_us: int, end_us: int) -> Rows:
    inside = (rows.at_us >= start_us) & (rows.at_us < end_us)
    return rows if bool(inside.all()) else rows.take(inside)


def read_all(folder: Path, file: File, *, lean: bool = True) -> Rows:
    """All rows of a file."""
    columns = _LEAN if lean else _READ
    table = tables(
        folder, file, None, start_us=file.at_min_us, end_us=file.at_max_us + 1, columns=columns
    )
    return from_table(table)
