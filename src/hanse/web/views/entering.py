"""What people enter at a machine by phone, and what senders push."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.web.views.common import Id, Line, Option


class Asked(Struct, frozen=True, kw_only=True):
    """One value a person may enter: a counter to press, a state or reason to choose, a number."""

    name: Line
    machine: Line
    title: Line
    kind: Line
    unit: Line = ""
    value: Line = ""
    options: tuple[Option, ...] = ()


class EntrySheet(Struct, frozen=True, kw_only=True):
    """The page behind a code on a machine. ``entry`` makes sending one form twice harmless."""

    connection: Id
    machines: tuple[str, ...]
    asked: tuple[Asked, ...]
    entry: Id


class Entered(Struct, frozen=True, kw_only=True):
    """One entry: a value, or so many more."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    id: Annotated[str, Meta(max_length=80)] = ""
    value: Annotated[str, Meta(max_length=1_000)] = ""
    add: Annotated[float, Meta(ge=-1e9, le=1e9)] | None = None


class Taken(Struct, frozen=True, kw_only=True):
    """Values that were kept, and what was wrong with the others."""

    taken: int
    rejected: tuple[str, ...] = ()
