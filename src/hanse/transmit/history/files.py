"""Parquet files of samples and rollups: written sorted and synced, read by row group."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hanse.transmit.history.delta import Column, File, sync_folder
from hanse.transmit.history.rows import DAY_US, Rows, concat, empty

ROW_GROUP_ROWS = 131_072
ZSTD_LEVEL = 3
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
    text = pa.nulls(n, pa.string()) if rows.text is None else pa.array(rows.text, pa.string())
    columns = [
        pa.array(rows.signal),
        pa.array(rows.at_us, pa.timestamp("us", "UTC")),
        pa.array(rows.value),
        pa.array(rows.quality.astype(np.int8)),
        pa.array(rows.delay_ms),
        text,
    ]
    return pa.table(columns, names=list(_READ))


def from_table(table: Any) -> Rows:
    """The rows of an Arrow table; columns that were not read are zeros."""
    import pyarrow as pa

    names = table.column_names
    n = table.num_rows
    text = None
    if "text" in names and table.column("text").null_count < n:
        text = np.asarray(table.column("text").to_pylist(), object)
    delay = table.column("delay_ms").to_numpy() if "delay_ms" in names else np.zeros(n, np.int32)
    return Rows(
        signal=table.column("signal").to_numpy(),
        at_us=table.column("time").cast(pa.int64()).to_numpy(),
        value=table.column("value").to_numpy(),
        quality=table.column("quality").to_numpy().view(np.uint8),
        delay_ms=delay,
        text=text,
    )


class Output:
    """A Parquet file being written, part by part; parts come in the order of the file."""

    def __init__(self, folder: Path, path: str, *, kept: str, day: str) -> None:
        self._target = folder / path
        self._target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._file = self._target.open("xb")
        self._writer: Any = None
        self._known = (path, kept, day)
        self._ranges: list[tuple[int, int, int, int]] = []
        self.rows = 0

    def write(self, table: Any) -> None:
        """Append an Arrow table with columns ``signal`` and ``time``."""
        import pyarrow.compute as pc

        if table.num_rows == 0:
            return
        if self._writer is None:
            self._writer = _writer(self._file, table.schema)
        self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        at = table.column("time").cast("int64")
        bounds = (pc.min_max(table.column("signal")).as_py(), pc.min_max(at).as_py())
        self._ranges.append(tuple(b[k] for b in bounds for k in ("min", "max")))
        self.rows += table.num_rows

    def close(self) -> File | None:
        """Finish and sync it; None (and no file) if nothing was written."""
        path, kept, day = self._known
        if self._writer is None:
            self.give_up()
            return None
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sync_folder(self._target.parent)
        return File(
            path=path,
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


def _writer(file: Any, schema: Any) -> Any:
    """Times as packed differences, everything else by dictionary, all in zstd: see the decision."""
    import pyarrow.parquet as pq

    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[name for name in schema.names if name != "time"],
        column_encoding={"time": "DELTA_BINARY_PACKED"},
        write_statistics=["signal", "time"],
    )


def write(folder: Path, path: str, rows: Rows, *, kept: str, day: str) -> File:
    """Write rows, sorted by the caller, as one synced file."""
    output = Output(folder, path, kept=kept, day=day)
    try:
        output.write(to_table(rows))
        file = output.close()
    except BaseException:
        output.give_up()
        raise
    assert file is not None, "a file has at least one row"
    return file


@lru_cache(maxsize=FOOTERS_MAX)
def _footer(path: str) -> tuple[Any, NDArray[np.int64]]:
    """The parsed footer and, by row group, the first and last signal and time (µs)."""
    import pyarrow.parquet as pq

    footer = pq.read_metadata(path)
    names = footer.schema.names
    ranges = np.empty((footer.num_row_groups, 4), np.int64)
    for i in range(footer.num_row_groups):
        group = footer.row_group(i)
        signal = group.column(names.index("signal")).statistics
        at = group.column(names.index("time")).statistics
        ranges[i] = (signal.min, signal.max, at.min_raw, at.max_raw)
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
