"""Asking history: ranges, buckets, rollups, values as of an instant, last values, export.

Answers join what is in files with what the writer has not committed yet (`tail`), and put late,
repeated and out-of-order samples right. Everything here may run in any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hanse.model.errors import BadInput, TooMuch
from hanse.model.sample import Gap
from hanse.model.time import Clock, Instant, to_ns
from hanse.transmit.history import files, rollup
from hanse.transmit.history.columns import values_of
from hanse.transmit.history.delta import File, Log, State
from hanse.transmit.history.last import LastTable, LastValues
from hanse.transmit.history.rollup import Buckets
from hanse.transmit.history.rows import (
    DAY_US,
    HOUR_US,
    Longs,
    Rows,
    concat,
    empty,
    in_order,
    of_signals,
)
from hanse.transmit.history.table import HOURS, MINUTES, ROLLUP_COLUMNS, SAMPLES, age, name_of
from hanse.transmit.history.thin import thin

RANGE_ROWS_MAX = 20_000_000
POINTS_MAX = 20_000
SIGNALS_MAX = 20_000
LOOK_BACK_US = 7 * DAY_US
"""How far back a value as of an instant is looked for."""

GapsOf = Callable[[int, int, int], Sequence[Gap]]
"""The gaps of a signal that overlap ``[start_ns, end_ns)``."""
Tail = Callable[[], Sequence[Rows]]


class Series(Struct, frozen=True, kw_only=True):
    """One signal over a period, in order of time.

    ``thinned_from`` is how many samples there are; fewer stand here if it was asked so. ``gaps``
    are periods in which the connection gave nothing: a chart breaks its line there.
    """

    signal: int
    at_us: Longs
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    text: NDArray[np.object_] | None
    gaps: tuple[Gap, ...]
    thinned_from: int


class History:
    """Reads the history in a folder, in the process that writes it or any other.

    Args:
        folder: the node's ``history`` folder.
        clock: for opening the tables.
        tail: what the writer has not committed yet, where it runs in this process.
        last: the writer's last values, likewise.
        gaps: gaps by signal, from the record.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        tail: Tail = tuple,
        last: LastTable | None = None,
        gaps: GapsOf = lambda *_: (),
    ) -> None:
        self._samples = Log(folder / SAMPLES, files.SAMPLE_COLUMNS, clock=clock)
        self._rolled = {
            rollup.MINUTE_US: Log(folder / MINUTES, ROLLUP_COLUMNS, clock=clock),
            HOUR_US: Log(folder / HOURS, ROLLUP_COLUMNS, clock=clock),
        }
        self._tail = tail
        self._last = last
        self._gaps = gaps

    def range(
        self, signal: int, start: Instant, end: Instant, *, points_max: int = POINTS_MAX
    ) -> Series:
        """A signal's samples in ``start <= at < end``; thinned so that extremes stay.

        Raises:
            TooMuch: more than RANGE_ROWS_MAX samples: ask for buckets.
        """
        start_us, end_us = _us(start), _us(end)
        rows = self.rows([signal], start_us, end_us, lean=False)
        which = thin(rows.at_us, rows.value, points_max)
        return Series(
            signal=signal,
            at_us=rows.at_us[which],
            value=rows.value[which],
            quality=rows.quality[which],
            text=None if rows.text is None else rows.text[which],
            gaps=tuple(self._gaps(signal, start_us * 1_000, end_us * 1_000)),
            thinned_from=len(rows),
        )

    def buckets(self, signals: Sequence[int], start: Instant, end: Instant, *, n: int) -> Buckets:
        """``n`` equal buckets of each signal, from its samples.

        Raises:
            BadInput: the period is empty or ``n`` is not 1..POINTS_MAX.
        """
        start_us, end_us = _us(start), _us(end)
        if not 1 <= n <= POINTS_MAX or end_us <= start_us:
            raise BadInput(f"1 to {POINTS_MAX} buckets of a period", subject=f"{n} buckets")
        width_us = -(-(end_us - start_us) // n)
        return rollup.buckets(self.rows(signals, start_us, end_us), width_us, origin_us=start_us)

    def rolled(
        self, signals: Sequence[int], start: Instant, end: Instant, *, width_us: int = HOUR_US
    ) -> Buckets:
        """Minute or hour buckets of some signals, from rollups where they stand.

        Raises:
            BadInput: ``width_us`` is neither a minute nor an hour.
        """
        if width_us not in self._rolled:
            raise BadInput("rollups are of a minute or an hour", subject=f"{width_us} us")
        wanted = _ids(signals)
        low = _us(start) // width_us * width_us
        period = (low, -(-_us(end) // width_us) * width_us)
        state, rolled = self._samples.refresh(), self._rolled[width_us].refresh()
        stand, missing = _plan(state, rolled, period, fresh=self._fresh_hours(period))
        parts = []
        for file, begin, finish in stand:
            found = self._stored(width_us, file, wanted, period)
            parts.append(found)
            if width_us == rollup.MINUTE_US:  # minutes of slow signals are not stored
                slow = np.setdiff1d(wanted, found.signal).astype(np.int32)
                parts.append(self._computed(state, slow, width_us, _common(period, begin, finish)))
        parts += [self._computed(state, wanted, width_us, stretch) for stretch in missing]
        return rollup.joined(parts)

    def as_of(self, signals: Sequence[int], at: Instant) -> LastValues:
        """The last value of each signal at or before an instant (within LOOK_BACK_US)."""
        at_us = _us(at) + 1
        table, wanted = LastTable(), _ids(signals)
        back_us = HOUR_US
        while len(wanted) and back_us <= 2 * LOOK_BACK_US:
            table.take(self.rows(wanted.tolist(), at_us - min(back_us, LOOK_BACK_US), at_us))
            wanted = np.setdiff1d(wanted, table.get(wanted).signal).astype(np.int32)
            back_us *= 8
        return table.get(_ids(signals))

    def last(self, signals: Sequence[int] | None = None) -> LastValues:
        """The last value of some signals, or of all: from memory, where the writer runs here.

        Elsewhere from the files of the newest day.
        """
        wanted = None if signals is None else _ids(signals)
        if self._last is not None:
            return self._last.get(wanted)
        table = LastTable()
        state = self._samples.refresh()
        newest = max((f.day for f in state.files.values()), default="")
        for file in [f for f in state.files.values() if f.day == newest]:
            table.take(files.read_all(self._samples.folder, file))
        return table.get(wanted)

    def rows(
        self, signals: Sequence[int], start_us: int, end_us: int, *, lean: bool = True
    ) -> Rows:
        """The samples of some signals in ``start <= at < end``, sorted, each once."""
        state = self._samples.refresh()
        return self._read(state, _ids(signals), start_us, end_us, lean=lean)

    def paths(self, start: Instant | None = None, end: Instant | None = None) -> list[Path]:
        """The table's files of a period: for DuckDB, polars or any engine that reads Parquet."""
        low = _us(start) if start else -(2**62)
        high = _us(end) if end else 2**62
        found = self._samples.refresh().files.values()
        hit = (f for f in found if f.at_max_us >= low and f.at_min_us < high)
        return [self._samples.folder / f.path for f in hit]

    def export(self, target: Path, signals: Sequence[int], start: Instant, end: Instant) -> int:
        """Write samples to a ``.csv`` or ``.parquet`` file; how many there were.

        Raises:
            BadInput: another kind of file.
        """
        if target.suffix not in {".csv", ".parquet"}:
            raise BadInput("history is exported to .csv or .parquet", subject=target.name)
        table = files.to_table(self.rows(signals, _us(start), _us(end), lean=False))
        if target.suffix == ".csv":
            from pyarrow import csv

            csv.write_csv(table, target)
        else:
            import pyarrow.parquet as pq

            pq.write_table(table, target, compression="zstd")
        return int(table.num_rows)

    def _read(
        self,
        state: State,
        signals: NDArray[np.int32],
        start_us: int,
        end_us: int,
        *,
        lean: bool = True,
    ) -> Rows:
        window = {"start_us": start_us, "end_us": end_us}
        parts, total = [], 0
        for file in _oldest_first(state, start_us, end_us):
            part = files.read(self._samples.folder, file, signals, lean=lean, **window)
            total += len(part)
            if total > RANGE_ROWS_MAX:
                raise TooMuch(
                    f"more than {RANGE_ROWS_MAX} samples",
                    subject=f"{len(signals)} signals",
                    remedy="Ask for a shorter period, fewer signals, or buckets",
                )
            parts.append(part)
        parts += [of_signals(r, signals, **window) for r in self._tail()]
        parts = [p for p in parts if len(p)]
        return in_order(concat(parts)) if parts else empty()

    def _fresh_hours(self, period: tuple[int, int]) -> set[int]:
        """Hours of the period of which the writer holds samples it has not committed."""
        tail = [r.at_us for r in self._tail()]
        at = np.concatenate(tail) if tail else np.empty(0, np.int64)
        inside = at[(at >= period[0]) & (at < period[1])]
        return set(np.unique(inside // HOUR_US).tolist())

    def _computed(
        self, state: State, signals: NDArray[np.int32], width_us: int, period: tuple[int, int]
    ) -> Buckets:
        """Buckets of some signals out of their samples."""
        if len(signals) == 0:
            return rollup.none()
        rows = self._read(state, signals, period[0] - rollup.HOLD_US, period[1])
        return rollup.cut(rollup.buckets(rows, width_us), *period)

    def _stored(
        self, width_us: int, file: File, signals: NDArray[np.int32], period: tuple[int, int]
    ) -> Buckets:
        """Buckets of some signals out of a rollup file."""
        folder = self._rolled[width_us].folder
        names = list(Buckets.__struct_fields__)
        columns = ["time" if name == "at_us" else name for name in names]
        table = files.tables(
            folder, file, signals, start_us=period[0], end_us=period[1], columns=columns
        )
        return _chosen(buckets_of(table), signals, period)


def buckets_of(table: Any) -> Buckets:
    """The buckets of an Arrow table."""
    at = files.times_of(table)
    rest = [n for n in Buckets.__struct_fields__ if n != "at_us"]
    return Buckets(at_us=at, **{name: values_of(table.column(name)) for name in rest})


def _plan(
    state: State, rolled: State, period: tuple[int, int], *, fresh: set[int]
) -> tuple[list[tuple[File, int, int]], list[tuple[int, int]]]:
    """Which rollup files answer for which stretch, and which stretches only samples answer for.

    ``fresh`` are hours of which there is more than the files hold.
    """
    by_token = {name_of(p).token: f for p, f in rolled.files.items()}
    stand: list[tuple[File, int, int]] = []
    hours = set(fresh)
    for day_us, in_day in _by_day(state, *period):
        for file, begin, finish, alone in _claims(in_day, day_us):
            stored = by_token.get(name_of(file.path).token) if alone else None
            low, high = _common(period, begin, finish)
            own = range(low // HOUR_US, -(-high // HOUR_US))
            if stored is not None and fresh.isdisjoint(own):
                stand.append((stored, begin, finish))
            else:
                hours.update(own)
    known = {(f.kept, f.day) for f in state.files.values()}
    for file in rolled.files.values():  # of samples whose own time of keeping is over
        day_us = files.day_start_us(file.day)
        low, high = _common(period, day_us, day_us + DAY_US)
        if (file.kept, file.day) not in known and low < high:
            stand.append((file, low, high))
    return stand, [_common(period, a, b) for a, b in _stretches(hours)]


def _common(period: tuple[int, int], begin: int, finish: int) -> tuple[int, int]:
    return max(period[0], begin), min(period[1], finish)


def _by_day(state: State, start_us: int, end_us: int) -> Iterator[tuple[int, list[File]]]:
    days: dict[tuple[str, str], list[File]] = {}
    for file in state.files.values():
        day_us = files.day_start_us(file.day)
        if day_us < end_us and day_us + DAY_US > start_us:
            days.setdefault((file.kept, file.day), []).append(file)
    for (_, day), found in sorted(days.items()):
        yield files.day_start_us(day), found


def _claims(in_day: list[File], day_us: int) -> Iterator[tuple[File, int, int, bool]]:
    """Each file of a day, the stretch its hour or day spans, and whether it is alone there."""
    names = [name_of(f.path) for f in in_day]
    for file, name in zip(in_day, names, strict=True):
        if name.hour is None:
            yield file, day_us, day_us + DAY_US, len(in_day) == 1
        else:
            begin = day_us + name.hour * HOUR_US
            alone = sum(n.hour in {None, name.hour} for n in names) == 1
            yield file, begin, begin + HOUR_US, alone


def _stretches(hours: set[int]) -> Iterator[tuple[int, int]]:
    """Runs of hours as periods in microseconds."""
    begin = before = None
    for hour in sorted(hours):
        if begin is None or before is None:
            begin = hour
        elif hour != before + 1:
            yield begin * HOUR_US, (before + 1) * HOUR_US
            begin = hour
        before = hour
    if begin is not None and before is not None:
        yield begin * HOUR_US, (before + 1) * HOUR_US


def _chosen(found: Buckets, signals: NDArray[np.int32], period: tuple[int, int]) -> Buckets:
    return rollup.cut(rollup.masked(found, np.isin(found.signal, signals)), *period)


def _oldest_first(state: State, start_us: int, end_us: int) -> list[File]:
    """Files of a period, merged ones first: what came later wins."""
    hit = [f for f in state.files.values() if f.at_max_us >= start_us and f.at_min_us < end_us]
    return sorted(hit, key=lambda f: age(f.path))


def _ids(signals: Sequence[int]) -> NDArray[np.int32]:
    if len(signals) > SIGNALS_MAX:
        raise TooMuch(f"at most {SIGNALS_MAX} signals at once", subject=str(len(signals)))
    return np.unique(np.asarray(signals, np.int32))


def _us(at: Instant) -> int:
    return to_ns(at) // 1_000
