"""Text to rows: which character separates, which row is the heading, which sign is the decimal."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from msgspec import Struct

from hanse.model.errors import BadInput, TooMuch

ROWS_MAX = 200_000
COLUMNS_MAX = 200
CELL_CHARACTERS_MAX = 4_000
_SEPARATORS = (";", "\t", ",", "|")
_POINT = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d*)\.\d+$")
_COMMA = re.compile(r"^[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+$")
_EITHER = re.compile(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$")


class Row(Struct, frozen=True):
    """A row as the spreadsheet numbers it, with its cells as they stand there."""

    number: int
    cells: tuple[Any, ...]


class Table(Struct, frozen=True, kw_only=True):
    """Rows of one sheet. ``comma_decimal`` None: nothing in it tells which sign is the decimal."""

    heading: tuple[str, ...]
    rows: tuple[Row, ...]
    comma_decimal: bool | None = False


def separator_of(text: str) -> str:
    """The character that separates cells: the one that cuts the first rows most evenly."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()][:20]
    if not lines:
        return ","

    def evenness(mark: str) -> tuple[int, int]:
        cuts = [len(next(csv.reader([line], delimiter=mark), [])) for line in lines]
        return (sum(c == cuts[0] for c in cuts) if cuts[0] > 1 else 0, cuts[0])

    return max(_SEPARATORS, key=evenness)


def read_csv(text: str, *, name: str) -> Table:
    """The table of a CSV text.

    Raises:
        BadInput: a quote is never closed, or it has no heading.
        TooMuch: over ROWS_MAX rows, COLUMNS_MAX columns or CELL_CHARACTERS_MAX in a cell.
    """
    mark = separator_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    rows: list[Row] = []
    try:
        for cells in reader:
            rows.append(Row(reader.line_num, tuple(c.strip() for c in cells)))
            if len(rows) > ROWS_MAX + 1:
                break
    except csv.Error as error:
        raise BadInput(
            f"the quotes of line {reader.line_num} do not match",
            subject=name,
            remedy="Close the quotes or remove them",
        ) from error
    return table_of(rows, name=name, comma_decimal=False if mark == "," else None)


def table_of(rows: list[Row], *, name: str, comma_decimal: bool | None = None) -> Table:
    """A checked table: the first row that is not empty is the heading.

    ``comma_decimal`` is what counts when no number in it tells which sign is the decimal.

    Raises:
        BadInput: there is no heading.
        TooMuch: a limit of this module.
    """
    filled = [row for row in rows if any(cell not in ("", None) for cell in row.cells)]
    if not filled:
        raise BadInput("is empty", subject=name, remedy="Put the headings in the first row")
    _check_limits(filled, name)
    heading = tuple(str(cell or "").strip() for cell in filled[0].cells)
    body = tuple(filled[1:])
    sign = _decimal_sign(body)
    return Table(heading=heading, rows=body, comma_decimal=comma_decimal if sign is None else sign)


def _check_limits(rows: list[Row], name: str) -> None:
    if len(rows) > ROWS_MAX + 1:
        raise TooMuch(f"has over {ROWS_MAX} rows", subject=name, remedy="Split the file")
    for row in rows:
        if len(row.cells) > COLUMNS_MAX:
            raise TooMuch(
                f"row {row.number} has over {COLUMNS_MAX} columns",
                subject=name,
                remedy="Remove the columns that are not needed",
            )
        if any(isinstance(c, str) and len(c) > CELL_CHARACTERS_MAX for c in row.cells):
            raise TooMuch(
                f"row {row.number} has a cell of over {CELL_CHARACTERS_MAX} characters",
                subject=name,
                remedy="Shorten it",
            )


def _decimal_sign(rows: tuple[Row, ...]) -> bool | None:
    """Whether the comma is the decimal sign, told by the numbers that can be read one way only."""
    points = commas = 0
    for row in rows:
        for cell in row.cells:
            if not isinstance(cell, str) or _EITHER.match(cell):
                continue
            points += bool(_POINT.match(cell))
            commas += bool(_COMMA.match(cell))
    if points == commas:
        return None
    return commas > points
