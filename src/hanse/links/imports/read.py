"""A file to values: which kind each sheet is, every good row as a Struct, every bad one named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hanse.links.imports.cells import Setting
from hanse.links.imports.columns import Placed, fold, place, values_of
from hanse.links.imports.kinds import KINDS, Kind
from hanse.links.imports.problems import PROBLEMS_MAX, Problem, WrongCell
from hanse.links.imports.table import Row, Table, read_csv
from hanse.links.imports.text import decode
from hanse.links.imports.workbook import is_workbook, read_workbook
from hanse.model.errors import BadInput
from hanse.model.text import Text

_AT = re.compile(r" - at `\$\.?([a-z_]*)[^`]*`$")


class Sheet(Struct, frozen=True, kw_only=True):
    """What one sheet gave. ``rows`` counts those that were not empty; ``ignored`` are headings."""

    file: str
    kind: str
    values: tuple[Any, ...]
    problems: tuple[Problem, ...] = ()
    rows: int = 0
    ignored: tuple[str, ...] = ()
    encoding: str = ""


class Imported(Struct, frozen=True, kw_only=True):
    """What a file gave, sheet by sheet."""

    sheets: tuple[Sheet, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong, in the order of the file."""
        return tuple(p for sheet in self.sheets for p in sheet.problems)

    def values(self, kind: str) -> tuple[Any, ...]:
        """All Structs of a kind."""
        return tuple(v for sheet in self.sheets if sheet.kind == kind for v in sheet.values)


def read_file(name: str, content: bytes, *, setting: Setting, kind: str | None = None) -> Imported:
    """Read a CSV file or an XLSX workbook.

    The kind of a sheet is the one named, else that of its headings, else of its name.

    Raises:
        BadInput: it is no file of this sort, or no kind fits any of its sheets.
        TooMuch: a named limit was met.
    """
    if is_workbook(content):
        sheets = [
            _sheet(f"{name}[{title}]", table, setting, _kind_of(kind, title, table))
            for title, table in read_workbook(content, name=name)
        ]
    else:
        decoded = decode(content, name=name)
        table = read_csv(decoded.text, name=name)
        found = _kind_of(kind, PurePath(name).stem, table)
        sheets = [replace(_sheet(name, table, setting, found), encoding=decoded.encoding)]
    if all(sheet.kind == "" for sheet in sheets):
        raise BadInput(
            "no kind of sheet has these headings",
            subject=name,
            remedy=f"Name the kind: {', '.join(KINDS)}; or begin from a sample file",
        )
    return Imported(sheets=tuple(sheets))


def _kind_of(named: str | None, title: str, table: Table) -> Kind | None:
    if named is not None:
        if named not in KINDS:
            raise BadInput("no such kind of sheet", subject=named, remedy=f"Use {', '.join(KINDS)}")
        return KINDS[named]
    fitting = [kind for kind in KINDS.values() if not _missing(kind, table)]
    by_name = [k for k in KINDS.values() if _names(k, title)]
    both = [k for k in by_name if k in fitting]
    if both or (by_name and not fitting):
        return (both or by_name)[0]
    return max(fitting, key=lambda k: len(place(k.columns, table.heading)[0]), default=None)


def _names(kind: Kind, title: str) -> bool:
    words = (kind.name, kind.title.en, kind.title.zh, *kind.also)
    return any(fold(word) in fold(title) for word in words)


def _missing(kind: Kind, table: Table) -> list[str]:
    placed, _ = place(kind.columns, table.heading)
    there = {p.column.name for p in placed}
    return [c.title.en for c in kind.required if c.name not in there]


def _sheet(file: str, table: Table, setting: Setting, kind: Kind | None) -> Sheet:
    if kind is None:
        return Sheet(file=file, kind="", values=(), problems=(_unknown(file),))
    missing = _missing(kind, table)
    if missing:
        return Sheet(file=file, kind=kind.name, values=(), problems=(_lacks(file, missing),))
    placed, strange = place(kind.columns, table.heading)
    setting = replace(setting, comma_decimal=table.comma_decimal)
    problems: list[Problem] = []
    good = _good_rows(file, table.rows, placed, setting=setting, problems=problems)
    values = _structs(file, kind, _unique(file, kind, good, problems), problems)
    return Sheet(
        file=file,
        kind=kind.name,
        values=tuple(values),
        problems=tuple(sorted(problems, key=lambda p: p.row)[:PROBLEMS_MAX]),
        rows=len(table.rows),
        ignored=tuple(strange),
    )


def _unknown(file: str) -> Problem:
    return Problem(
        file=file,
        row=0,
        column="",
        what=Text("no kind of sheet has these headings", "没有与这些表头相符的表"),
        remedy=Text("Name the kind, or remove the sheet", "请指明类型或删除该表"),
    )


def _lacks(file: str, missing: list[str]) -> Problem:
    names = ", ".join(missing)
    return Problem(
        file=file,
        row=1,
        column=missing[0],
        what=Text(f"the heading lacks {names}", f"表头缺少 {names}"),
        remedy=Text("Add the column, or rename yours", "请添加该列或修改列名"),
    )


Numbered = tuple[int, dict[str, Any]]


def _good_rows(
    file: str,
    rows: Sequence[Row],
    placed: Sequence[Placed],
    *,
    setting: Setting,
    problems: list[Problem],
) -> list[Numbered]:
    good: list[Numbered] = []
    for row in rows:
        try:
            good.append((row.number, values_of(row, placed, setting)))
        except WrongCell as error:
            problems.append(
                Problem(
                    file=file,
                    row=row.number,
                    column=error.column,
                    what=error.what,
                    remedy=error.remedy,
                )
            )
    return good


def _unique(file: str, kind: Kind, rows: list[Numbered], problems: list[Problem]) -> list[Numbered]:
    """The rows without those whose code has come before."""
    if not kind.unique:
        return rows
    first: dict[tuple[Any, ...], int] = {}
    kept: list[Numbered] = []
    for number, values in rows:
        code = tuple(values.get(name, "") for name in kind.unique)
        before = first.setdefault(code, number)
        if before == number:
            kept.append((number, values))
            continue
        words = " / ".join(str(c) for c in code if c != "")
        what = Text(f"{words} stands in row {before} already", f"{words} 已在第 {before} 行出现")
        remedy = Text("Keep one of the two rows", "请只保留一行")
        problems.append(
            Problem(file=file, row=number, column=kind.unique[0], what=what, remedy=remedy)
        )
    return kept


def _structs(file: str, kind: Kind, rows: list[Numbered], problems: list[Problem]) -> list[Any]:
    groups: dict[Any, list[Numbered]] = {}
    for number, values in rows:
        name = tuple(values[c] for c in kind.group_by) if kind.group_by else number
        groups.setdefault(name, []).append((number, values))
    made: list[Any] = []
    for group in groups.values():
        try:
            fields = kind.shape([values for _, values in group])
            made.append(msgspec.convert(fields, kind.struct, strict=False))
        except WrongCell as error:
            problems.append(_cell_problem(file, group[0][0], kind, error))
        except (msgspec.ValidationError, KeyError) as error:
            problems.append(_out_of_range(file, group[0][0], kind, error))
    return made


def _cell_problem(file: str, row: int, kind: Kind, error: WrongCell) -> Problem:
    column = _titled(kind, error.column)
    return Problem(file=file, row=row, column=column, what=error.what, remedy=error.remedy)


def _titled(kind: Kind, name: str) -> str:
    return next((c.title.en for c in kind.columns if c.name == name), name)


def _out_of_range(file: str, row: int, kind: Kind, error: Exception) -> Problem:
    if isinstance(error, KeyError):
        name, said = str(error.args[0]), "the cell is empty"
    else:
        found = _AT.search(str(error))
        name, said = (found.group(1) if found else ""), _AT.sub("", str(error))
    return Problem(
        file=file,
        row=row,
        column=_titled(kind, name),
        what=Text(said[:1].lower() + said[1:], f"数值不合要求（{said}）"),
        remedy=Text("Correct this cell", "请更正该单元格"),
    )
