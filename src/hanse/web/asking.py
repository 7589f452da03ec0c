"""A request of several lines as a person types it: kept between two looks at the form.

The form works without script: every button (another line, without this one, what is meant, rows
of a table) sends it whole, and it comes back with all that was typed. Values in, values out.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from hanse.model.errors import BadInput, TooMuch
from hanse.web.drawing.moments import typed_instant
from hanse.web.reading import convert
from hanse.web.views.common import Option
from hanse.web.views.trading import LINES_ASKED_MAX, AskForm, AskLine

TYPED_MAX = 400
TABLE_CHARS_MAX = 200_000
END_OF_DAY = "T23:59"
LINE_FIELDS = (
    "item", "words", "code", "quantity", "due", "material", "size_mm", "tolerance_um",
    "drawing", "drawing_name", "order",
)  # fmt: skip


_NAMED = re.compile(r"`\$\.(\w+)")
"""The field that a sentence about a Struct names."""


class TypedLine(Struct, frozen=True, kw_only=True):
    """One line as it is typed; ``candidates`` are what its words may mean."""

    item: str = ""
    words: str = ""
    code: str = ""
    quantity: str = ""
    due: str = ""
    material: str = ""
    size_mm: str = ""
    tolerance_um: str = ""
    drawing: str = ""
    drawing_name: str = ""
    order: str = ""
    candidates: tuple[Option, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing says what is wanted."""
        return not (self.item or self.words or self.quantity)

    @property
    def is_unclear(self) -> bool:
        """Whether words stand there of which nobody has said what they mean."""
        return bool(self.words) and not self.item and not self.code


class Typed(Struct, frozen=True, kw_only=True):
    """A request as it is typed so far."""

    lines: tuple[TypedLine, ...] = (TypedLine(),)
    firms: tuple[str, ...] = ()
    note: str = ""


def at(field: str, n: int) -> str:
    """The name of a field of the n-th line in the form: ``item``, then ``item_2``."""
    return field if n == 1 else f"{field}_{n}"


def typed_from(values: Mapping[str, Sequence[str]]) -> Typed:
    """What a posted form holds.

    Raises:
        TooMuch: more lines than LINES_ASKED_MAX.
    """

    def one(name: str) -> str:
        return (values.get(name) or [""])[0].strip()[:TYPED_MAX]

    told = one("lines")
    count = int(told) if told.isdecimal() else 1
    _bounded(count)

    def line(n: int) -> TypedLine:
        fields = {field: one(at(field, n)) for field in LINE_FIELDS}
        picked = one(at("other", n)) or fields["code"]  # the list beside the candidates wins
        return msgspec.convert({**fields, "code": picked}, TypedLine)

    lines = tuple(line(n) for n in range(1, max(1, count) + 1))
    note = (values.get("note") or [""])[0].strip()
    return Typed(lines=lines, firms=tuple(values.get("firms") or ()), note=note)


def with_line(typed: Typed) -> Typed:
    """One more line, wanted when the last one is.

    Raises:
        TooMuch: there are LINES_ASKED_MAX already.
    """
    _bounded(len(typed.lines) + 1)
    return structs.replace(typed, lines=(*typed.lines, TypedLine(due=typed.lines[-1].due)))


def without_line(typed: Typed, n: int) -> Typed:
    """Without the n-th line; the last one that is left is emptied."""
    lines = tuple(line for place, line in enumerate(typed.lines, 1) if place != n)
    return structs.replace(typed, lines=lines or (TypedLine(),))


def with_rows(typed: Typed, rows: Iterable[TypedLine]) -> Typed:
    """The lines that say something, and then the rows of a table.

    Raises:
        TooMuch: more than LINES_ASKED_MAX.
    """
    lines = (*(line for line in typed.lines if not line.is_empty), *rows)
    _bounded(len(lines))
    return structs.replace(typed, lines=lines or (TypedLine(),))


def _bounded(count: int) -> None:
    if count > LINES_ASKED_MAX:
        raise TooMuch(
            f"a request has at most {LINES_ASKED_MAX} lines",
            subject=str(count),
            remedy="Send the rest in another request",
        )


def form_from(typed: Typed, *, timezone: str) -> AskForm:
    """The request that is sent; lines that say nothing are left out.

    Raises:
        BadInput: a line cannot be used; the sentence says which and why.
    """
    said = [(n, line) for n, line in enumerate(typed.lines, 1) if not line.is_empty]
    if not said:
        raise BadInput("nothing is asked for", remedy="Fill in a line")
    first, *others = [_line(n, line, timezone) for n, line in said]
    whole = {"firms": list(typed.firms), "note": typed.note, "lines": others}
    return convert(first | whole, AskForm)


def _line(n: int, line: TypedLine, timezone: str) -> dict[str, Any]:
    told: dict[str, Any] = {f: getattr(line, f) for f in LINE_FIELDS if getattr(line, f)}
    told.pop("drawing_name", None)
    if line.item:
        told = {name: value for name, value in told.items() if name not in ("words", "code")}
    try:
        told["due"] = typed_instant(line.due, timezone=timezone)
        convert(told, AskLine)
    except BadInput as error:
        named = _NAMED.search(str(error))
        field = named[1] if named else "due"
        what = f"line {n}: this cannot be used as {field}"
        raise BadInput(what, subject=str(getattr(line, field, ""))) from error
    return told


# ---------------------------------------------------------------- rows of a table

_HEADERS = {
    "item": ("item", "code", "part", "物料", "编码", "料号"),
    "words": ("words", "description", "what", "名称", "说明", "描述"),
    "quantity": ("quantity", "qty", "pieces", "数量"),
    "due": ("due", "needed by", "date", "交期", "需求日期", "日期"),
    "material": ("material", "材料"),
    "size_mm": ("size", "size_mm", "尺寸"),
    "tolerance_um": ("tolerance", "tolerance_um", "公差"),
    "order": ("order", "customer order", "客户订单"),
}
_USUAL = ("item", "quantity", "due", "words", "material", "size_mm", "tolerance_um", "order")


def rows_of(text: str) -> tuple[TypedLine, ...]:
    """Lines out of rows pasted from a spreadsheet or read from a CSV file.

    Columns are told by a first row of names (English or Chinese); without one they are item,
    quantity, date, words, material, size, tolerance, customer's order.

    Raises:
        TooMuch: over TABLE_CHARS_MAX, or more rows than LINES_ASKED_MAX.
        BadInput: it cannot be read as a table.
    """
    if len(text) > TABLE_CHARS_MAX:
        raise TooMuch("the table is too long", subject=f"{len(text)} characters")
    rows = [row for row in _cells(text) if any(row)]
    names = _named(rows[0]) if rows else ()
    body = rows[1:] if names else rows
    _bounded(len(body))
    return tuple(_row(names or _USUAL, row) for row in body)


def _cells(text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((s for s in ("\t", ";", ",") if s in first), ",")
    try:
        read = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=separator, strict=True)
        return [[cell.strip()[:TYPED_MAX] for cell in row] for row in read]
    except csv.Error as error:
        raise BadInput("not a table", subject=str(error), remedy="Copy whole rows") from error


def _named(row: list[str]) -> tuple[str, ...]:
    """The columns that a first row names; nothing where it is no row of names."""
    by_word = {word: field for field, words in _HEADERS.items() for word in words}
    found = tuple(by_word.get(cell.lower(), "") for cell in row)
    return found if "quantity" in found else ()


def _row(names: Sequence[str], row: list[str]) -> TypedLine:
    told = {name: cell for name, cell in zip(names, row, strict=False) if name}
    if "due" in told:
        told["due"] = _typed_date(told["due"])
    return msgspec.convert(told, TypedLine)


def _typed_date(cell: str) -> str:
    """A date as the form's own field takes it; one without an hour means the end of that day."""
    text = cell.replace("/", "-").replace(".", "-") if len(cell) <= len("2026-12-01") else cell
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return cell.replace(" ", "T", 1)
    return text + END_OF_DAY
