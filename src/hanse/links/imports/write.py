"""Values back to a CSV file that `read_file` reads to the same values: for export, and by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from hanse.links.imports import cells
from hanse.links.imports.cells import Setting
from hanse.links.imports.columns import Column
from hanse.links.imports.kinds import KINDS, Kind
from hanse.model.order import Progress
from hanse.model.plan import Outage
from hanse.model.plant import Calendar
from hanse.model.product import Routing
from hanse.model.text import Language
from hanse.model.time import format_instant, from_ns

_DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_Row = dict[str, Any]


def to_csv(kind: str, values: Sequence[Any], *, setting: Setting, language: Language = "en") -> str:
    """One kind of values as CSV: a comma between cells, a point in numbers, instants in UTC.

    A column in which nothing differs from the default is left out, unless it is needed.
    """
    known = KINDS[kind]
    rows = [row for value in values for row in _rows(value)]
    heads = [pair for column in known.columns for pair in _heads(column, rows, language)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([words for words, _, _ in heads])
    for row in rows:
        writer.writerow([_cell(row, column, inner, setting) for _, column, inner in heads])
    return file.getvalue()


def _heads(
    column: Column, rows: list[_Row], language: Language
) -> Iterable[tuple[str, Column, str]]:
    if column.many:
        for inner in sorted({name for row in rows for name in row.get(column.name, {})}):
            yield f"{column.name}.{inner}", column, inner
    elif column.required or any(column.name in row for row in rows):
        yield column.title.in_(language), column, ""


def _cell(row: _Row, column: Column, inner: str, setting: Setting) -> str:
    value = row.get(column.name)
    if column.many:
        value = (value or {}).get(inner)
    if value is None:
        return ""
    read = getattr(column.read, "func", column.read)
    if column.unit_s:
        return _duration(value, column.unit_s)
    return _WRITE.get(read, str)(value) if read is not cells.minor else _money(value, setting)


def _money(minor: int, setting: Setting) -> str:
    return str(Decimal(minor).scaleb(-setting.minor_digits))


def _duration(seconds: float, unit_s: int) -> str:
    """In the unit of the heading where that is exact, else in seconds."""
    exact = Decimal(repr(seconds)) if isinstance(seconds, float) else Decimal(seconds)
    if exact % unit_s == 0:
        return _plain(exact / unit_s)
    return f"{_plain(exact)} s"


def _plain(number: Decimal | float) -> str:
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    return format(exact, "f")


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


_WRITE: dict[Callable[..., Any], Callable[[Any], str]] = {
    cells.number: _plain,
    cells.quantity: _plain,
    cells.fraction: _plain,
    cells.yes: lambda yes: "yes" if yes else "no",
    cells.words_list: "; ".join,
    cells.instant: format_instant,
    cells.days: lambda days: ",".join(_DAY_NAMES[d] for d in days),
    cells.minutes_of_day: _clock,
}


_SAID: dict[type, tuple[str, ...]] = {Outage: ("planned",), Progress: ("good",)}
"""What is written even where it is as by default, because a sheet without it reads otherwise."""


def _rows(value: Any) -> list[_Row]:
    """The rows of one value, by column name; what is as by default is left out."""
    match value:
        case Routing():
            return _routing_rows(value)
        case Calendar():
            return _calendar_rows(value)
        case _:
            row = _told(value) | {name: getattr(value, name) for name in _SAID.get(type(value), ())}
            if "at_ns" in row:
                row["at"] = from_ns(row.pop("at_ns"))
            if "attributes" in row:
                row["attribute"] = row.pop("attributes")
            return [row]


def _told(value: msgspec.Struct) -> _Row:
    """The fields of a Struct that are not as by default."""
    found = {}
    for field in msgspec.structs.fields(value):
        given = getattr(value, field.name)
        if field.required or given != _default(field):
            found[field.name] = given
    return found


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    made = field.default_factory
    return made() if callable(made) else None


def _routing_rows(routing: Routing) -> list[_Row]:
    rows = []
    for step in routing.steps:
        place = {"item": routing.item, "step": step.key}
        shared = {k: v for k, v in _told(step).items() if k not in ("key", "alternatives")}
        rows += [{**place, **shared, **_told(alternative)} for alternative in step.alternatives]
    return rows


def _calendar_rows(calendar: Calendar) -> list[_Row]:
    shared = {"key": calendar.key, "timezone": calendar.timezone}
    rows: list[_Row] = []
    for shift in calendar.shifts:
        row = {**shared, "days": shift.days, "start": shift.start_min, "end": shift.end_min}
        if shift.overtime_minor_per_h:
            row["overtime_minor_per_h"] = shift.overtime_minor_per_h
        rows.append(row)
    return rows + [
        {**shared, "closed": d.date, **({"title": d.title} if d.title else {})}
        for d in calendar.days_off
    ]


def kind_of(value: Any) -> Kind | None:
    """The kind of sheet that a value stands on, None where there is none."""
    return next((kind for kind in KINDS.values() if type(value) is kind.struct), None)
