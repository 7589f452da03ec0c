"""A recording played back at its own pace, or faster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from hanse.collect.connectors.replay.config import ReplayConfig
from hanse.collect.connectors.replay.recording import BadRow, Row, columns_of, files_of, rows_of
from hanse.collect.ports import Intake, Point, World
from hanse.model.errors import BadConfig
from hanse.model.sample import Quality
from hanse.model.time import NS_PER_S

PAUSE_ROWS = 200
"""Rows given in one go at most before others get their turn."""
HOLE_S_MAX = 10.0
"""A hole in the recording is waited for no longer than this (in seconds of now)."""


async def collect(
    config: ReplayConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """Give every row at its time; returns at the end unless it repeats.

    Raises:
        NotFound, BadConfig: no recording there, or none of the columns is in it.
    """
    while True:
        for file in files_of(Path(config.file)):
            wanted = await asyncio.to_thread(_wanted, file, config, points, intake)
            intake.note(device=file.name)
            intake.up()
            await _play(file, config, wanted, (intake, world))
        if not config.repeat:
            return


def _wanted(
    file: Path, config: ReplayConfig, points: Sequence[Point], intake: Intake
) -> list[Point]:
    columns = set(columns_of(file, config.delimiter))
    missing = [p.address for p in points if p.address not in columns]
    if points and len(missing) == len(points):
        raise BadConfig(
            "none of the columns is in the recording",
            subject=str(file),
            remedy=f"It has {', '.join(sorted(columns)[:12])}",
        )
    for address in missing:
        intake.reject("no such column", subject=f"{file.name}: {address}")
    return [p for p in points if p.address in columns]


async def _play(
    file: Path, config: ReplayConfig, points: Sequence[Point], to: tuple[Intake, World]
) -> None:
    intake, world = to
    pace = _Pace(config, world)
    rows = rows_of(file, time_column=config.time_column, delimiter=config.delimiter)
    for count, row in enumerate(rows):
        if isinstance(row, BadRow):
            intake.reject(row.what, subject=f"{file.name} line {row.line}")
            continue
        wait_s = pace.wait_s(row.at_ns)
        if wait_s is None:
            continue
        if wait_s > 0 or count % PAUSE_ROWS == 0:
            await intake.room()
            await asyncio.sleep(max(0.0, wait_s))
        _give(row, points, intake, pace.stamp(row.at_ns))


def _give(row: Row, points: Sequence[Point], intake: Intake, at_ns: int) -> None:
    for point in points:
        cell = row.cells[point.address]
        if cell.strip():
            intake.take(point.slot, cell, at_ns)
        else:
            intake.take(point.slot, None, at_ns, Quality.BAD)


class _Pace:
    """When a row is due, and the time it carries."""

    def __init__(self, config: ReplayConfig, world: World) -> None:
        self._config = config
        self._clock = world.clock
        self._first_ns: int | None = None
        self._begun_ns = 0
        self._waited_ns = 0

    def wait_s(self, at_ns: int) -> float | None:
        """Seconds from now until a row is due; None where it is left out."""
        if self._first_ns is None:
            self._first_ns = at_ns + round(self._config.skip_s * NS_PER_S)
            self._begun_ns = self._clock.ns()
        if at_ns < self._first_ns:
            return None
        wait_s = (self._due_ns(at_ns) - self._clock.ns()) / NS_PER_S
        if wait_s > HOLE_S_MAX:
            self._waited_ns += round((wait_s - HOLE_S_MAX) * NS_PER_S)
            return HOLE_S_MAX
        return wait_s

    def stamp(self, at_ns: int) -> int:
        """The source time a row is given: when it was due, or as recorded."""
        return at_ns if self._config.original_time else self._due_ns(at_ns)

    def _due_ns(self, at_ns: int) -> int:
        since_ns = at_ns - (self._first_ns or at_ns)
        return self._begun_ns + round(since_ns / self._config.speed) - self._waited_ns


def rows(config: ReplayConfig) -> Iterator[Row | BadRow]:
    """All rows of a recording, one file after another, at once."""
    for file in files_of(Path(config.file)):
        yield from rows_of(file, time_column=config.time_column, delimiter=config.delimiter)
