"""The table of samples: rows into files by class, day and hour, and the spans they cover.

A file's name says what it is: ``L0-h07-<token>`` as it came within one hour, ``L1-h07-<token>``
an hour merged, ``L2-<token>`` a day merged. Rollups of a merged file are ``of-<token>``: they
count only while that file is the only one of its hour or day.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from msgspec import Struct

from hanse.model.time import Clock
from hanse.transmit.coverage import Coverage
from hanse.transmit.history import files
from hanse.transmit.history.delta import Column, File, Log
from hanse.transmit.history.keep import by_class
from hanse.transmit.history.rows import DAY_US, HOUR_US, Rows, in_order

SAMPLES = "samples"
MINUTES = "minutes"
HOURS = "hours"
ROLLUP_COLUMNS = (
    Column("signal", "integer"),
    Column("time", "timestamp"),
    *(Column(name, "double") for name in ("min", "max", "mean", "last", "held")),
    Column("count", "integer"),
    Column("good", "float"),
    Column("kept", "string"),
    Column("day", "date"),
)
_count = itertools.count()
_NAME = re.compile(r"(?:L(?P<level>[012])(?:-h(?P<hour>\d\d))?|of)-(?P<token>[0-9a-z-]+)\.parquet$")
_TOKEN = re.compile(r"[0-9a-f]+(-[0-9a-f]+){2}")


class Name(Struct, frozen=True):
    """What a file's name says; ``hour`` is None for a whole day, ``level`` -1 for a rollup."""

    level: int
    hour: int | None
    token: str


def name_of(path: str) -> Name:
    """What the name of a file of ours says (of another's: level 0 of its day, never trusted)."""
    match = _NAME.search(path)
    if match is None:
        return Name(0, None, "")
    level, hour = match["level"], match["hour"]
    return Name(
        -1 if level is None else int(level), None if hour is None else int(hour), match["token"]
    )


def age(path: str) -> tuple[int, tuple[int, ...]]:
    """Sorts files by when their rows came, oldest first: merged ones before those of one write."""
    name = name_of(path)
    ours = _TOKEN.fullmatch(name.token) is not None
    return -name.level, tuple(int(part, 16) for part in name.token.split("-")) if ours else ()


class Tokens:
    """Fresh names for files: the time, the process and a count."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self) -> str:
        """A name that no other file has."""
        return f"{self._clock.ns():x}-{os.getpid():x}-{next(_count):x}"


def partition_path(kept: str, day: str, name: str) -> str:
    """Where a file stands within its table."""
    return f"kept={kept}/day={day}/{name}.parquet"


class SampleTable:
    """The samples of a node, as files and a log. One thread at a time writes."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self.folder = folder / SAMPLES
        self.log = Log(self.folder, files.SAMPLE_COLUMNS, clock=clock)
        self.tokens = Tokens(clock)

    def append(
        self, rows: Rows, *, spans: Mapping[str, int], classes: Mapping[int, str] | None = None
    ) -> list[File]:
        """Add rows and the spans they cover in one step; returns when the disk has them.

        Raises:
            OSError: the disk refuses; nothing was added.
        """
        added: list[File] = []
        try:
            for kept, which in by_class(rows.signal, classes or {}):
                added += self._write_hours(rows.take(which), kept)
            self.log.commit(add=added, spans=spans)
        except BaseException:
            stands = self.log.refresh().files
            for file in added:
                if file.path not in stands:
                    (self.folder / file.path).unlink(missing_ok=True)
            raise
        return added

    def coverage(self) -> Coverage:
        """Which frames had their effect."""
        return Coverage(span_of(name, last) for name, last in self.log.state.spans.items())

    def _write_hours(self, rows: Rows, kept: str) -> Iterable[File]:
        hour = rows.at_us // HOUR_US
        hours = np.unique(hour).tolist() if len(rows) else []
        for one in hours:
            part = in_order(rows if len(hours) == 1 else rows.take(hour == one))
            day = files.day_of(one * HOUR_US)
            in_day = (one * HOUR_US % DAY_US) // HOUR_US
            path = partition_path(kept, day, f"L0-h{in_day:02d}-{self.tokens.new()}")
            yield files.write(self.folder, path, part)


def span_name(source: str, epoch: int, first: int) -> str:
    """The Delta application id under which a span's last number stands."""
    return f"{source}|{epoch}|{first}"


def span_of(name: str, last: int) -> tuple[str, int, int, int]:
    """The span of a Delta transaction id; an empty one if it is another writer's."""
    source, _, rest = name.rpartition("|")
    source, _, epoch = source.rpartition("|")
    if not (source and epoch.isdigit() and rest.isdigit()):
        return (name, 0, 0, -1)
    return (source, int(epoch), int(rest), last)
