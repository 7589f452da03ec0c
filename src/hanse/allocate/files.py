"""A plant's records from files: one TOML, a workbook with a sheet a kind, or a folder of CSVs.

TOML is the shape of `records.Records`. A sheet or CSV is named after a part (``machines``,
``people``, ``orders`` ...), its first row names the fields; skills are separated by ``;``. Routings
are ``routings`` rows, one an alternative of a step: item, step, title, machine, run_s, setup_s,
subcontract, lead_s, cost_minor, family, skill ... Calendars are ``calendars`` rows, one a shift
(key, timezone, days, start, end, overtime_minor_per_h), and ``days_off`` rows (calendar, date,
title; every calendar's where none is named). A column that a part does not have is an error.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hanse.allocate.records import Records
from hanse.model.errors import BadInput, TooMuch
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import Outage, Overtime, Pin
from hanse.model.plant import Machine, Person
from hanse.model.product import BomLine, Item, SetupChange, Step, Stock, Tool, Transport

ROWS_MAX = 200_000
FILE_BYTES_MAX = 64 * 1024 * 1024
PARTS = (*(f for f in Records.__struct_fields__ if f not in {"rules", "plan"}), "days_off")
OWN = ("machine", "run_s", "setup_s", "subcontract", "lead_s", "cost_minor")
"""What is an alternative's own, not its step's."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "machines": Machine.__struct_fields__,
    "calendars": ("key", "timezone", "days", "start", "end", "overtime_minor_per_h"),
    "days_off": ("calendar", "date", "title"),
    "people": Person.__struct_fields__,
    "tools": Tool.__struct_fields__,
    "items": Item.__struct_fields__,
    "bom": BomLine.__struct_fields__,
    "routings": ("item", "step", *OWN, *(f for f in Step.__struct_fields__ if f != "alternatives")),
    "setups": SetupChange.__struct_fields__,
    "transports": Transport.__struct_fields__,
    "stock": Stock.__struct_fields__,
    "orders": WorkOrder.__struct_fields__,
    "outages": Outage.__struct_fields__,
    "progress": Progress.__struct_fields__,
    "pins": Pin.__struct_fields__,
    "overtime": Overtime.__struct_fields__,
}
"""What a row of each part may name."""

Row = Mapping[str, str]


def read_records(path: Path) -> Records:
    """Records from a .toml file, an .xlsx workbook or a folder of .csv files.

    Raises:
        BadInput: a file, row or field cannot be used; the error says which.
        TooMuch: a file is larger than FILE_BYTES_MAX or has more than ROWS_MAX rows.
    """
    if path.is_dir():
        return _from_tables({p.stem: _csv(p) for p in sorted(path.glob("*.csv"))}, path.name)
    if path.stat().st_size > FILE_BYTES_MAX:
        raise TooMuch(f"a file holds at most {FILE_BYTES_MAX} bytes", subject=path.name)
    if path.suffix == ".xlsx":
        return _from_tables(_sheets(path), path.name)
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Records)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadInput(f"the file cannot be used: {error}", subject=path.name) from error


def _csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _sheets(path: Path) -> dict[str, list[Row]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    found: dict[str, list[Row]] = {}
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        head = [str(cell).strip() for cell in rows[0]] if rows else []
        found[name] = [dict(zip(head, map(_text, row), strict=False)) for row in rows[1:]]
    return found


def _text(cell: object) -> str:
    """A cell as it would stand in a CSV."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _from_tables(tables: Mapping[str, list[Row]], name: str) -> Records:
    parts: dict[str, Any] = {}
    for part, rows in tables.items():
        if part not in PARTS:
            raise BadInput(
                f"there is no part {part}",
                subject=name,
                remedy=f"Name it one of {', '.join(PARTS)}",
            )
        if len(rows) > ROWS_MAX:
            raise TooMuch(f"a part holds at most {ROWS_MAX} rows", subject=f"{name}: {part}")
        cleaned = [_cleaned(row) for row in rows]
        _known(part, cleaned, name)
        parts[part] = cleaned
    days_off = parts.pop("days_off", [])
    if "routings" in parts:
        parts["routings"] = _routings(parts["routings"])
    if "calendars" in parts:
        parts["calendars"] = _calendars(parts["calendars"], days_off)
    try:
        return msgspec.convert(parts, type=Records, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"a row cannot be used: {error}", subject=name) from error


def _cleaned(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {k: v.strip() for k, v in row.items() if k and v and v.strip()}
    if "skills" in found:
        found["skills"] = [skill.strip() for skill in found["skills"].split(";")]
    return found


def _known(part: str, rows: Iterable[Mapping[str, object]], name: str) -> None:
    """Every column is one that the part has.

    Raises:
        BadInput: it is not, and would have been lost without a word.
    """
    known = set(COLUMNS[part])
    for row in rows:
        for column in row:
            if column not in known:
                raise BadInput(
                    f"there is no column {column}",
                    subject=f"{name}: {part}",
                    remedy=f"Name it one of {', '.join(sorted(known))}",
                )


def _calendars(
    rows: Iterable[dict[str, Any]], days_off: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """One row a shift: its days (0 is Monday, ``0;1;2``) and hours (``06:00``), to calendars."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key, zone = row.get("key", ""), row.get("timezone", "UTC")
        calendar = found.setdefault(
            key, {"key": key, "timezone": zone, "shifts": [], "days_off": []}
        )
        if "start" in row:
            start, end = _minutes(row["start"]), _minutes(row.get("end", ""))
            calendar["shifts"].append(
                {
                    "days": [int(day) for day in row.get("days", "0;1;2;3;4").split(";")],
                    "start_min": start,
                    "end_min": end if end > start else end + 1_440,
                    "overtime_minor_per_h": row.get("overtime_minor_per_h", "0"),
                }
            )
    for row in days_off:
        day = {"date": row.get("date", "")[:10], "title": row.get("title", "")}
        for key in [row["calendar"]] if "calendar" in row else list(found):
            if key in found:
                found[key]["days_off"].append(day)
    return list(found.values())


def _minutes(text: str) -> int:
    """Minutes from midnight of ``06:00`` or ``06:00:00``.

    Raises:
        BadInput: it is no time of day.
    """
    hours, _, rest = text.partition(":")
    minutes = rest.partition(":")[0]
    if not (hours.isdigit() and minutes.isdigit() and int(hours) <= 24 and int(minutes) < 60):
        raise BadInput(f"{text} is no time of day", remedy="Write it as 06:00")
    return 60 * int(hours) + int(minutes)


def _routings(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row an alternative of a step, in order, to nested routings.

    What a step has (its title, family, skill, tool ...) is taken from its first row.
    """
    items: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        own = {key: row.pop(key) for key in OWN if key in row}
        item, key = row.pop("item", ""), row.pop("step", "10")
        step = items.setdefault(item, {}).setdefault(
            key, {"key": key, "title": key, **row, "alternatives": []}
        )
        step["alternatives"].append(own)
    return [{"item": item, "steps": list(steps.values())} for item, steps in items.items()]
