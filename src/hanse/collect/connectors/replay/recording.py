"""Recordings in CSV read row by row: delimiter and time found out, bad rows told and passed."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from hanse.collect.times import time_in
from hanse.model.errors import BadConfig, NotFound

COLUMNS_MAX = 5_000
LINE_BYTES_MAX = 1_000_000
FILES_MAX = 10_000
_DELIMITERS = ";,\t|"


class Row(Struct, frozen=True):
    """One row of a recording: its line, its time, its cells by column name."""

    line: int
    at_ns: int
    cells: dict[str, str]


class BadRow(Struct, frozen=True):
    """A row that cannot be used, and why."""

    line: int
    what: str


def files_of(path: Path) -> list[Path]:
    """The recordings a path names: a file, or those of a folder by name.

    Raises:
        NotFound: nothing there.
    """
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.name.endswith((".csv", ".csv.gz")))
        if found:
            return found[:FILES_MAX]
    elif path.is_file():
        return [path]
    raise NotFound(
        "no recording there", subject=str(path), remedy="Name a .csv or .csv.gz file, or a folder"
    )


def columns_of(path: Path, delimiter: str = "") -> list[str]:
    """The names in the first line.

    Raises:
        BadConfig: no table.
    """
    with _open(path) as file:
        return _header(file, path, delimiter)[0]


def rows_of(path: Path, *, time_column: str = "", delimiter: str = "") -> Iterator[Row | BadRow]:
    """The rows of one recording in file order.

    Raises:
        BadConfig: no table, or no such time column.
    """
    with _open(path) as file:
        columns, found = _header(file, path, delimiter)
        clock = time_column or columns[0]
        if clock not in columns:
            raise BadConfig(
                f"no column {clock}", subject=str(path), remedy=f"Choose of {columns[:10]}"
            )
        place = columns.index(clock)
        for line, cells in enumerate(csv.reader(_bounded(file), delimiter=found), 2):
            if cells:
                yield _row(line, cells, columns, place)


def _row(line: int, cells: Sequence[str], columns: Sequence[str], place: int) -> Row | BadRow:
    if len(cells) != len(columns):
        return BadRow(line, f"{len(cells)} cells instead of {len(columns)}")
    at_ns = time_in(cells[place])
    if at_ns is None:
        return BadRow(line, f"not a time: {cells[place][:40]}")
    return Row(line, at_ns, dict(zip(columns, cells, strict=True)))


def _open(path: Path) -> io.TextIOBase:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open("r", encoding="utf-8-sig", errors="replace", newline="")


def _header(file: io.TextIOBase, path: Path, delimiter: str) -> tuple[list[str], str]:
    first = file.readline(LINE_BYTES_MAX)
    found = delimiter or max(_DELIMITERS, key=first.count)
    columns = [c.strip() for c in next(csv.reader([first], delimiter=found), [])]
    if len(columns) < 2 or len(columns) > COLUMNS_MAX:
        raise BadConfig(
            f"not a table of 2 to {COLUMNS_MAX} columns",
            subject=str(path),
            remedy="Write a first line with the column names",
        )
    return columns, found


def _bounded(file: io.TextIOBase) -> Iterator[str]:
    while line := file.readline(LINE_BYTES_MAX):
        yield line.replace("\0", "")
