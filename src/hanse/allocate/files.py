"""A plant's records from files: one TOML, a workbook with a sheet a kind, or a folder of CSVs.

TOML is the shape of `records.Records`. A sheet or CSV is named after a part (``machines``,
``people``, ``orders`` ...), its first row names the fields; skills are separated by ``;``. Routings
are given as ``routings`` rows: item, step, title, machine, run_s, setup_s, family, skill.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hanse.allocate.records import Records
from hanse.model.errors import BadInput, TooMuch

ROWS_MAX = 200_000
FILE_BYTES_MAX = 64 * 1024 * 1024
PARTS = tuple(Records.__struct_fields__)

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
        if part not in PARTS or part in {"rules", "plan"}:
            raise BadInput(
                f"there is no part {part}",
                subject=name,
                remedy=f"Name it one of {', '.join(PARTS)}",
            )
        if len(rows) > ROWS_MAX:
            raise TooMuch(f"a part holds at most {ROWS_MAX} rows", subject=f"{name}: {part}")
        cleaned = [_cleaned(row) for row in rows]
        parts[part] = _routings(cleaned) if part == "routings" else cleaned
    try:
        return msgspec.convert(parts, type=Records, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"a row cannot be used: {error}", subject=name) from error


def _cleaned(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {k: v.strip() for k, v in row.items() if k and v and v.strip()}
    if "skills" in found:
        found["skills"] = [skill.strip() for skill in found["skills"].split(";")]
    return found


def _routings(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row an alternative of a step, in order, to nested routings."""
    items: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        own = {key: row.pop(key) for key in ("machine", "run_s", "setup_s") if key in row}
        item, key = row.pop("item", ""), row.pop("step", "10")
        step = items.setdefault(item, {}).setdefault(
            key, {"key": key, "title": key, "alternatives": [], **row}
        )
        step["alternatives"].append(own)
    return [{"item": item, "steps": list(steps.values())} for item, steps in items.items()]
