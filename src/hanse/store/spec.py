"""What a kept thing looks like: its Struct, its key, and the columns it can be found by.

One `Spec` a kind of thing makes one SQL table: the key columns, the indexed columns, the whole
thing as JSON in ``body``, and a checksum. Nothing else says how a thing is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
import sqlalchemy as sa

from hanse.model.time import Instant, to_ns

T = TypeVar("T")
METADATA = sa.MetaData()
SPECS: list[Spec[Any]] = []
"""Every spec there is, in the order they were declared."""

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that sorts by its bytes on every database."""

Value = str | int | None
"""What a key or an indexed column holds."""


class Column(msgspec.Struct, frozen=True):
    """A key or indexed column: its name, whether it counts, and how it is read off the thing."""

    name: str
    of: Callable[[Any], Value]
    counts: bool = False

    def sql(self, *, key: bool) -> sa.Column[Any]:
        """The SQL column; whole numbers are 64 bits wide on every database."""
        kind = sa.BigInteger() if self.counts else TEXT
        return sa.Column(self.name, kind, primary_key=key, nullable=not key, autoincrement=False)


def text(name: str) -> Column:
    """A column of text: the field of that name (an enum by its value; None stays None)."""

    def of(thing: Any) -> Value:
        value = getattr(thing, name)
        return None if value is None else str(value)

    return Column(name, of)


def number(name: str) -> Column:
    """A column of whole numbers: the field of that name; a flag counts as 0 or 1."""

    def of(thing: Any) -> Value:
        value = getattr(thing, name)
        return None if value is None else int(value)

    return Column(name, of, counts=True)


def instant(name: str) -> Column:
    """A column of instants in nanoseconds since 1970, named ``<field>_ns``."""

    def of(thing: Any) -> Value:
        value: Instant | None = getattr(thing, name)
        return None if value is None else to_ns(value)

    return Column(f"{name}_ns", of, counts=True)


class Spec(Generic[T]):
    """How things of one type are kept.

    Args:
        name: the SQL table's name, plural.
        of: the msgspec Struct; what cannot be decoded as it is refused when read.
        key: fields that identify a thing, in order.
        index: further fields it can be found by.
    """

    def __init__(
        self,
        name: str,
        of: type[T],
        *,
        key: tuple[str | Column, ...] = ("key",),
        index: tuple[str | Column, ...] = (),
    ) -> None:
        self.name = name
        self.type = of
        self.key = tuple(_column(c) for c in key)
        self.index = tuple(_column(c) for c in index)
        self.encode = msgspec.json.Encoder().encode
        self.decode: Callable[[bytes | str], T] = msgspec.json.Decoder(of).decode
        self.sql = sa.Table(name, METADATA, *self._sql_columns())
        SPECS.append(self)

    def _sql_columns(self) -> list[sa.schema.SchemaItem]:
        keys = {c.name for c in self.key}
        return [
            *(c.sql(key=True) for c in self.key),
            *(c.sql(key=False) for c in self.index if c.name not in keys),
            sa.Column("body", TEXT, nullable=False),
            sa.Column("sum", TEXT, nullable=False),
            *(sa.Index(f"ix_{self.name}_{c.name}", c.name) for c in self.index),
        ]


def _column(column: str | Column) -> Column:
    return text(column) if isinstance(column, str) else column
