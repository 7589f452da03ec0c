"""XLSX workbooks, opened by a child process that may take only so much memory and time.

A workbook is a zip file that others made: its directory is checked first (entries, unpacked size,
ratio), then the child unpacks it under limits of the operating system, so that a directory that
lies can hurt nothing but the child.
"""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import zipfile
from typing import Any

import msgspec

from hanse.links.imports.table import Row, Table, table_of
from hanse.links.imports.text import FILE_BYTES_MAX
from hanse.model.errors import BadInput, TooMuch

ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 300_000_000
RATIO_MAX = 200
SHEETS_MAX = 50
CHILD_MEMORY_BYTES_MAX = 1_500_000_000
CHILD_CPU_S_MAX = 30
CHILD_WALL_S_MAX = 60

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"


def is_workbook(content: bytes) -> bool:
    """Whether the bytes begin as those of a workbook do (XLSX, or the old XLS)."""
    return content.startswith((_ZIP, _OLE))


def read_workbook(content: bytes, *, name: str) -> list[tuple[str, Table]]:
    """The sheets that hold anything, with their titles.

    Raises:
        TooMuch: it unpacks to more than a named limit, or the child met one.
        BadInput: it is an old XLS, or no workbook.
    """
    if content.startswith(_OLE):
        raise BadInput("is in the old XLS form", subject=name, remedy="Save it as XLSX or CSV")
    check_zip(content, name=name)
    sheets = _in_child(content, name)
    tables = [(title, _rows(rows)) for title, rows in sheets[:SHEETS_MAX]]
    filled = [(t, rows) for t, rows in tables if rows]
    if not filled:
        raise BadInput("is empty", subject=name, remedy="Put the headings in the first row")
    return [(title, table_of(rows, name=f"{name}[{title}]")) for title, rows in filled]


def check_zip(content: bytes, *, name: str) -> None:
    """Look at the directory of a zip file before anything is unpacked.

    Raises:
        TooMuch: over FILE_BYTES_MAX, ENTRIES_MAX, UNPACKED_BYTES_MAX or RATIO_MAX.
        BadInput: it is no zip file, or no workbook is in it.
    """
    if len(content) > FILE_BYTES_MAX:
        raise TooMuch(f"is over {FILE_BYTES_MAX} bytes", subject=name, remedy="Split the file")
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError) as error:
        raise BadInput("is damaged", subject=name, remedy="Save it again") from error
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_BYTES_MAX:
        raise TooMuch("unpacks to too much", subject=name, remedy="Save the sheets as CSV")
    if unpacked > 10_000_000 and unpacked > RATIO_MAX * len(content):
        raise TooMuch("is packed like a zip bomb", subject=name, remedy="Save the sheets as CSV")
    if not any(entry.filename.startswith("xl/") for entry in entries):
        raise BadInput("is no workbook", subject=name, remedy="Save it as XLSX or CSV")


def _in_child(content: bytes, name: str) -> list[tuple[str, list[list[Any]]]]:
    command = [
        sys.executable,
        "-m",
        "hanse.links.imports.child",
        str(CHILD_MEMORY_BYTES_MAX),
        str(CHILD_CPU_S_MAX),
    ]
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter, our own module)
            command, input=content, capture_output=True, timeout=CHILD_WALL_S_MAX, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TooMuch("took too long to open", subject=name, remedy="Save it as CSV") from error
    if done.returncode == 3:
        raise BadInput(
            f"cannot be opened ({done.stderr.decode(errors='replace').strip()[:200]})",
            subject=name,
            remedy="Save it again as XLSX, or as CSV",
        )
    if done.returncode != 0:
        raise TooMuch("needs too much memory or time", subject=name, remedy="Save it as CSV")
    sheets: list[tuple[str, list[list[Any]]]] = msgspec.msgpack.decode(
        done.stdout, type=list[tuple[str, list[list[Any]]]], ext_hook=_stdlib
    )
    return sheets


def _stdlib(code: int, data: memoryview) -> Any:
    """Dates, times of day and durations, which the child packs as text."""
    words = bytes(data).decode()
    match code:
        case 1:
            return dt.datetime.fromisoformat(words)
        case 2:
            return dt.date.fromisoformat(words)
        case 3:
            return dt.time.fromisoformat(words)
        case _:
            return dt.timedelta(seconds=float(words))


def _rows(sheet: list[list[Any]]) -> list[Row]:
    rows = [Row(n, tuple(_tidy(c) for c in cells)) for n, cells in enumerate(sheet, 1)]
    return [row for row in rows if any(cell not in ("", None) for cell in row.cells)]


def _tidy(cell: Any) -> Any:
    return cell.strip() if isinstance(cell, str) else cell
