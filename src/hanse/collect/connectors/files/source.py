"""Values from files: every row of every file once."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hanse.collect.connectors.files.config import FilesConfig
from hanse.collect.connectors.files.table import COLUMNS_MAX, Cell, rows_in
from hanse.collect.ports import Intake, Point, World
from hanse.collect.times import time_in
from hanse.model.errors import BadInput, NotFound
from hanse.model.sample import Quality

FILES_MAX = 5_000
DONE_MAX = 20_000
"""Files remembered as read."""
SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm")
ROWS_AT_ONCE = 500
QUIET_S = 1.0
"""A file that changed less than this ago is still being written."""


async def collect(
    config: FilesConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """Read what is there; with ``watch`` go on for ever.

    Raises:
        NotFound: nothing there, without ``watch``.
    """
    done = _Done(world)
    while True:
        files = [f for f in files_of(config) if done.is_new(f)]
        intake.up()
        for file in files:
            if config.watch and world.clock.ns() / 1e9 - file.stat().st_mtime < QUIET_S:
                continue
            await _read(file, config, points, (intake, world))
            await intake.settled()
            done.add(file)
        if not config.watch:
            return
        intake.alive()
        await asyncio.sleep(config.poll_s)


def files_of(config: FilesConfig) -> list[Path]:
    """The files a setting names, oldest first.

    Raises:
        NotFound: there is nothing, or no such folder.
    """
    path = Path(config.path)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
        if found or config.watch:
            return sorted(found, key=lambda p: p.stat().st_mtime)[:FILES_MAX]
    raise NotFound("nothing there", subject=config.path, remedy="Name a file, or a folder")


async def _read(
    file: Path, config: FilesConfig, points: Sequence[Point], to: tuple[Intake, World]
) -> None:
    intake, _ = to
    intake.note(device=file.name)
    try:
        rows = await asyncio.to_thread(
            lambda: list(rows_in(file, delimiter=config.delimiter, sheet=config.sheet))
        )
        reader = _Reader(file, config, points, intake)
        reader.begin(rows[0] if rows else ())
    except (BadInput, OSError) as error:
        what = error.what if isinstance(error, BadInput) else str(error)
        intake.reject(what, subject=file.name, remedy=getattr(error, "remedy", "Copy it again"))
        return
    for n, row in enumerate(rows[1:], 2):
        reader.row(n, row)
        if n % ROWS_AT_ONCE == 0:
            await intake.room()
            await asyncio.sleep(0)


class _Reader:
    """Rows of one file to points."""

    def __init__(
        self, file: Path, config: FilesConfig, points: Sequence[Point], intake: Intake
    ) -> None:
        self._file = file
        self._config = config
        self._points = points
        self._intake = intake
        self._file_ns = file.stat().st_mtime_ns
        self._columns: dict[str, int] = {}

    def begin(self, header: Sequence[Cell]) -> None:
        """Look at the column names.

        Raises:
            BadInput: a column that is needed is not there.
        """
        names = [str(c).strip() for c in header[:COLUMNS_MAX]]
        self._columns = {name: n for n, name in enumerate(names)}
        config = self._config
        needed = [c for c in (config.time_column, config.name_column) if c]
        needed += [config.value_column] if config.name_column else []
        for column in needed:
            if column not in self._columns:
                raise BadInput(
                    f"no column {column}",
                    subject=self._file.name,
                    remedy=f"It has {', '.join(names[:12])}",
                )
        if not config.name_column:
            for point in self._points:
                if point.address not in self._columns:
                    self._reject("no such column", point.address)

    def row(self, line: int, cells: Sequence[Cell]) -> None:
        """One row; what cannot be used is told."""
        if len(cells) < len(self._columns):
            if any(str(c).strip() for c in cells):
                self._reject(f"{len(cells)} cells instead of {len(self._columns)}", f"line {line}")
            return
        at_ns = self._at(cells)
        if at_ns is None:
            self._reject("not a time", f"line {line}")
            return
        for slot, cell in self._values(cells):
            self._give(slot, cell, at_ns)

    def _at(self, cells: Sequence[Cell]) -> int | None:
        if not self._config.time_column:
            return self._file_ns
        cell = cells[self._columns[self._config.time_column]]
        if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime):
            cell = dt.datetime(cell.year, cell.month, cell.day, tzinfo=dt.UTC)
        return time_in(cell)

    def _values(self, cells: Sequence[Cell]) -> Iterator[tuple[int, Cell]]:
        if self._config.name_column:
            name = str(cells[self._columns[self._config.name_column]]).strip()
            value = cells[self._columns[self._config.value_column]]
            yield from ((p.slot, value) for p in self._points if p.address == name)
            return
        for point in self._points:
            at = self._columns.get(point.address)
            if at is not None:
                yield point.slot, cells[at]

    def _give(self, slot: int, cell: Cell, at_ns: int) -> None:
        if cell is None or str(cell).strip() == "":
            self._intake.take(slot, None, at_ns, Quality.BAD)
            return
        if isinstance(cell, str) and self._config.decimal_comma:
            cell = cell.replace(".", "").replace(",", ".")
        self._intake.take(slot, cell, at_ns)

    def _reject(self, what: str, where: str) -> None:
        self._intake.reject(what, subject=f"{self._file.name}: {where}")


class _Done:
    """Files that were read already, by name, size and time; survives a restart."""

    def __init__(self, world: World) -> None:
        self._memory = world.remembered
        self._key = f"files/{world.connection}"
        kept = self._memory.get(self._key)
        self._marks: list[str] = msgspec.json.decode(kept, type=list[str]) if kept else []

    def is_new(self, file: Path) -> bool:
        """Whether it was not read as it is now."""
        return self._mark(file) not in self._marks

    def add(self, file: Path) -> None:
        """It was read."""
        self._marks = [*self._marks, self._mark(file)][-DONE_MAX:]
        self._memory.put(self._key, msgspec.json.encode(self._marks).decode())

    def _mark(self, file: Path) -> str:
        seen = file.stat()
        text = f"{file.name}|{seen.st_size}|{seen.st_mtime_ns}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]
