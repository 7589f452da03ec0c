"""Columns: which headings name them, what stands in their cells, and how a row becomes values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from hanse.links.imports import cells
from hanse.links.imports.cells import Setting
from hanse.links.imports.problems import WrongCell
from hanse.links.imports.table import Row
from hanse.model.text import Text

Read = Callable[..., Any]


class Column(Struct, frozen=True, kw_only=True):
    """One column: its name, its headings in two languages and other words for it.

    ``unit_s`` is set for durations: what a bare number counts in, unless the heading says.
    ``many`` columns (``attribute.x``) collect into a mapping.
    """

    name: str
    title: Text
    read: Read = cells.text
    also: tuple[str, ...] = ()
    required: bool = False
    unit_s: int = 0
    many: bool = False

    def headings(self) -> tuple[str, ...]:
        """All headings that name it, folded."""
        return tuple(fold(h) for h in (self.name, self.title.en, self.title.zh, *self.also))


class Placed(Struct, frozen=True, kw_only=True):
    """A column where a table has it, under the heading that it has there."""

    column: Column
    at: int
    heading: str


def fold(heading: str) -> str:
    """A heading as it is compared: lower case, without brackets, blanks, ``_``, ``-`` and ``*``."""
    bare = re.sub(r"[(（\[].*?[)）\]]", "", heading.lower())
    return re.sub(r"[\s_\-*:：]+", "", bare)


def place(columns: Sequence[Column], heading: Sequence[str]) -> tuple[list[Placed], list[str]]:
    """Where the columns stand in a heading, and the headings that name none of them."""
    known = {name: c for c in columns if not c.many for name in c.headings()}
    many = [c for c in columns if c.many]
    placed: list[Placed] = []
    strange: list[str] = []
    for at, words in enumerate(heading):
        column = known.get(fold(words)) or _many(many, words)
        taken = column is not None and not column.many and any(p.column is column for p in placed)
        if column is not None and not taken:
            placed.append(Placed(column=column, at=at, heading=words))
        elif words:
            strange.append(words)
    return placed, strange


def _many(columns: list[Column], heading: str) -> Column | None:
    return next((c for c in columns if heading.lower().startswith(f"{c.name}.")), None)


def values_of(row: Row, placed: Sequence[Placed], setting: Setting) -> dict[str, Any]:
    """The values of a row by column name; empty cells are left out.

    Raises:
        WrongCell: a cell cannot be read, or a required one is empty.
    """
    values: dict[str, Any] = {}
    for spot in placed:
        cell = row.cells[spot.at] if spot.at < len(row.cells) else None
        column = spot.column
        if cell is None or cell == "":
            if column.required:
                raise WrongCell(
                    Text("the cell is empty", "单元格为空"),
                    Text("Fill it in", "请填写"),
                    spot.heading,
                )
            continue
        value = _read(cell, spot, setting)
        if column.many:
            values.setdefault(column.name, {})[spot.heading.partition(".")[2].strip()] = value
        else:
            values[column.name] = value
    return values


def _read(cell: Any, spot: Placed, setting: Setting) -> Any:
    column = spot.column
    try:
        if column.unit_s:
            unit_s = cells.unit_of_heading(spot.heading) or column.unit_s
            return column.read(cell, setting, unit_s=unit_s)
        return column.read(cell, setting)
    except WrongCell as error:
        raise WrongCell(error.what, error.remedy, spot.heading) from error
    except (ValueError, OverflowError, ArithmeticError) as error:
        raise WrongCell(
            Text(f"'{str(cell)[:40]}' cannot be read", f"无法读取“{str(cell)[:40]}”"),
            Text("Write a plain value", "请填写普通数值"),
            spot.heading,
        ) from error
