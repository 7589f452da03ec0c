"""How a command speaks: tables for people, JSON for programs, errors that say what to do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from hanse.model.errors import (
    BadInput,
    Broken,
    Conflict,
    HanseError,
    NotAllowed,
    NotFound,
    Refused,
    Unreachable,
)

OK, NO, WRONG_USE, MISSING, FORBIDDEN, BROKEN = 0, 1, 2, 3, 4, 70
_EXIT: tuple[tuple[type[HanseError], int], ...] = (
    (BadInput, WRONG_USE),
    (NotAllowed, FORBIDDEN),
    (NotFound, MISSING),
    (Unreachable, MISSING),
    (Refused, NO),
    (Conflict, NO),
    (Broken, BROKEN),
)


def exit_code(error: HanseError) -> int:
    """The documented exit code of an error."""
    return next((code for kind, code in _EXIT if isinstance(error, kind)), NO)


def say_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def say_error(error: HanseError, *, as_json: bool) -> None:
    """Print an error: one line for people on standard error, or a JSON object."""
    if as_json:
        say_json(
            {
                "error": error.name,
                "what": error.what,
                "subject": error.subject,
                "remedy": error.remedy,
            }
        )
    else:
        sys.stderr.write(f"hanse: {error}\n")


def table(rows: Sequence[Sequence[object]], head: Sequence[str]) -> str:
    """Columns padded to their widest cell."""
    cells = [tuple(head), *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
