"""Tables in CSV and XLSX files, row by row: encodings found out, bombs refused."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from hanse.model.errors import BadInput, TooMuch

FILE_BYTES_MAX = 200_000_000
XLSX_BYTES_MAX = 200_000_000
"""Of what is inside an XLSX file, unpacked."""
XLSX_RATIO_MAX = 200
COLUMNS_MAX = 5_000
_DELIMITERS = ";,\t|"
Cell = object


def rows_in(path: Path, *, delimiter: str = "", sheet: str = "") -> Iterator[Sequence[Cell]]:
    """The rows of a table, the column names first. Blocks.

    Raises:
        BadInput: not a table, or one that unpacks to something huge.
    """
    if path.stat().st_size > FILE_BYTES_MAX:
        raise TooMuch(f"more than {FILE_BYTES_MAX} bytes", subject=path.name, remedy="Split it")
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _xlsx(path, sheet)
    return _csv(path, delimiter)


def _csv(path: Path, delimiter: str) -> Iterator[Sequence[Cell]]:
    text = text_of(path.read_bytes())
    first = text.partition("\n")[0]
    found = delimiter or max(_DELIMITERS, key=first.count)
    lines = io.StringIO(text.replace("\0", ""))
    try:
        yield from csv.reader(lines, delimiter=found)
    except csv.Error as error:
        raise BadInput(
            f"not a table: {error}", subject=path.name, remedy="Save it as CSV again"
        ) from error


def text_of(raw: bytes) -> str:
    """Text in UTF-8, UTF-16 with its mark, or the Chinese and Western encodings of office files."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", "replace")


def _xlsx(path: Path, sheet: str) -> Iterator[Sequence[Cell]]:
    _refuse_bomb(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        name = sheet or book.sheet_names[0]
        rows = book.get_sheet_by_name(name).iter_rows()
        yield from rows
    except (CalamineError, IndexError) as error:
        raise BadInput(
            f"not a sheet: {error}"[:200], subject=path.name, remedy="Name a sheet that is in it"
        ) from error


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            sizes = [(i.file_size, i.compress_size) for i in packed.infolist()]
    except zipfile.BadZipFile as error:
        raise BadInput("not an XLSX file", subject=path.name, remedy="Save it again") from error
    inside = sum(size for size, _ in sizes)
    if inside > XLSX_BYTES_MAX or inside > XLSX_RATIO_MAX * max(1, sum(c for _, c in sizes)):
        raise TooMuch(
            "the file unpacks to far more than it should", subject=path.name, remedy="Split it"
        )
