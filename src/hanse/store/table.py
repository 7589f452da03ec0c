"""One way to keep any thing: put, get, find, delete, over a `Spec`, with a checksum on each row."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hanse.model.errors import BadInput, Broken, Conflict, NotFound, TooMuch
from hanse.store.spec import Spec, Value

T = TypeVar("T")

ROWS_MAX = 100_000
"""Rows one query gives at most; without a limit of its own a query that has more is refused."""
PUT_MANY_MAX = 500
"""Rows written by one statement; more are split."""


def checksum(name: str, key: Iterable[Value], body: str | bytes) -> str:
    """Sixteen hexadecimal digits over a row's table, key and body: bit rot, not tampering."""
    digest = hashlib.blake2b(repr((name, *key)).encode(), digest_size=8)
    digest.update(body.encode() if isinstance(body, str) else body)
    return digest.hexdigest()


class Table(Generic[T]):
    """The things of one `Spec` inside one transaction."""

    def __init__(self, connection: sa.Connection, spec: Spec[T]) -> None:
        self._connection = connection
        self._spec = spec

    def put(self, thing: T) -> None:
        """Keep a thing; one of the same key is replaced whole."""
        self.put_many((thing,))

    def put_many(self, things: Iterable[T]) -> None:
        """Keep things; those of the same keys are replaced whole."""
        rows = [row_of(self._spec, thing) for thing in things]
        keys = tuple(c.name for c in self._spec.key)
        statement = upsert_of(self._connection.dialect.name, self._spec.sql, keys)
        for start in range(0, len(rows), PUT_MANY_MAX):
            self._connection.execute(statement, rows[start : start + PUT_MANY_MAX])

    def add(self, thing: T) -> None:
        """Keep a new thing.

        Raises:
            Conflict: one of the same key is there.
        """
        key = key_of(self._spec, thing)
        if self.get(*key) is not None:
            raise Conflict("it is there already", subject=self._named(key))
        self._connection.execute(self._spec.sql.insert(), row_of(self._spec, thing))

    def get(self, *key: Value) -> T | None:
        """The thing of that key, or None.

        Raises:
            Broken: the row does not match its checksum.
        """
        sought = self._named_key(key)
        row = self._connection.execute(_by_key(self._spec.sql), sought).mappings().first()
        return None if row is None else thing_of(self._spec, row)

    def need(self, *key: Value) -> T:
        """The thing of that key.

        Raises:
            NotFound: there is none.
            Broken: the row does not match its checksum.
        """
        thing = self.get(*key)
        if thing is None:
            raise NotFound("there is no such thing", subject=self._named(key))
        return thing

    def change(self, *key: Value, by: Callable[[T], T]) -> T:
        """Replace a thing by what ``by`` makes of it, and give that.

        Raises:
            NotFound: there is none.
        """
        thing = by(self.need(*key))
        self.put(thing)
        return thing

    def where(
        self,
        *,
        order: str = "",
        limit: int | None = None,
        at_least: Mapping[str, Value] | None = None,
        below: Mapping[str, Value] | None = None,
        **equal: Value | tuple[Value, ...],
    ) -> list[T]:
        """Things by their key and indexed columns.

        Args:
            order: a column, ``-column`` for falling; by default the key.
            limit: give at most so many; by default all, up to ROWS_MAX.
            at_least: column -> lowest value.
            below: column -> value it must stay under.
            **equal: column = value, or one of a tuple of values; None finds what is not set.

        Raises:
            TooMuch: no limit was given and there are more than ROWS_MAX.
            BadInput: there is no such column.
        """
        tests = self._tests(equal, at_least or {}, below or {})
        query = self._select().where(*tests).order_by(*self._order(order))
        rows = self._connection.execute(query.limit(ROWS_MAX + 1 if limit is None else limit))
        things = [thing_of(self._spec, row) for row in rows.mappings()]
        if limit is None and len(things) > ROWS_MAX:
            raise TooMuch(f"more than {ROWS_MAX} rows", subject=self._spec.name, remedy="Page it")
        return things

    def all(self) -> list[T]:
        """All of them by key, up to ROWS_MAX."""
        return self.where()

    def first(self, *, order: str = "", **equal: Value | tuple[Value, ...]) -> T | None:
        """The first of `where`, or None."""
        query = self._select().where(*self._tests(equal, {}, {})).order_by(*self._order(order))
        row = self._connection.execute(query.limit(1)).mappings().first()
        return None if row is None else thing_of(self._spec, row)

    def count(self, **equal: Value | tuple[Value, ...]) -> int:
        """How many there are."""
        query = sa.select(sa.func.count()).select_from(self._spec.sql)
        return int(self._connection.execute(query.where(*self._tests(equal, {}, {}))).scalar_one())

    def delete(self, *key: Value) -> bool:
        """Forget a thing; whether it was there."""
        tests = [self._spec.sql.c[name] == value for name, value in self._named_key(key).items()]
        return self._connection.execute(self._spec.sql.delete().where(*tests)).rowcount > 0

    def delete_where(
        self,
        *,
        below: Mapping[str, Value] | None = None,
        **equal: Value | tuple[Value, ...],
    ) -> int:
        """Forget all that fit, at least one condition given; how many there were.

        Raises:
            BadInput: no condition: clearing a table is never an accident.
        """
        tests = self._tests(equal, {}, below or {})
        if not tests:
            raise BadInput("deleting needs a condition", subject=self._spec.name)
        return self._connection.execute(self._spec.sql.delete().where(*tests)).rowcount

    def _select(self) -> sa.Select[Any]:
        return sa.select(self._spec.sql)

    def _named_key(self, key: tuple[Value, ...]) -> dict[str, Value]:
        names = [c.name for c in self._spec.key]
        if len(key) != len(names):
            raise BadInput(f"the key is ({', '.join(names)})", subject=self._spec.name)
        return dict(zip(names, key, strict=True))

    def _tests(
        self,
        equal: Mapping[str, Value | tuple[Value, ...]],
        at_least: Mapping[str, Value],
        below: Mapping[str, Value],
    ) -> list[sa.ColumnElement[bool]]:
        return [
            *(_is_or_in(self._found(name), value) for name, value in equal.items()),
            *(self._found(name) >= value for name, value in at_least.items()),
            *(self._found(name) < value for name, value in below.items()),
        ]

    def _found(self, name: str) -> sa.Column[Any]:
        if name not in self._spec.sql.c or name in {"body", "sum"}:
            raise BadInput(f"{self._spec.name} cannot be found by {name}")
        return self._spec.sql.c[name]

    def _order(self, order: str) -> list[sa.ColumnElement[Any]]:
        key: list[sa.ColumnElement[Any]] = [self._spec.sql.c[c.name] for c in self._spec.key]
        if not order:
            return key
        column = self._found(order.lstrip("-"))
        return [column.desc() if order.startswith("-") else column, *key]

    def _named(self, key: Iterable[Value]) -> str:
        return f"{self._spec.name} {' '.join(str(part) for part in key)}"


def key_of(spec: Spec[Any], thing: Any) -> tuple[Value, ...]:
    """A thing's key, in the order of its spec."""
    return tuple(column.of(thing) for column in spec.key)


def row_of(spec: Spec[Any], thing: Any) -> dict[str, Value]:
    """A thing as its SQL row."""
    body = spec.encode(thing).decode()
    row: dict[str, Value] = {c.name: c.of(thing) for c in (*spec.key, *spec.index)}
    return row | {"body": body, "sum": checksum(spec.name, key_of(spec, thing), body)}


def thing_of(spec: Spec[T], row: Mapping[Any, Any]) -> T:
    """The thing of a SQL row.

    Raises:
        Broken: the row does not match its checksum, or is not of the type any more.
    """
    key = tuple(row[c.name] for c in spec.key)
    subject = f"{spec.name} {' '.join(str(part) for part in key)}"
    if checksum(spec.name, key, row["body"]) != row["sum"]:
        raise Broken("a row was changed on disk", subject=subject, remedy="Run hanse verify")
    try:
        return spec.decode(row["body"])
    except msgspec.MsgspecError as error:
        raise Broken(f"a row cannot be read: {error}", subject=subject) from error


def _is_or_in(column: sa.Column[Any], value: Value | tuple[Value, ...]) -> sa.ColumnElement[bool]:
    return column.in_(value) if isinstance(value, tuple) else column == value


@functools.cache
def _by_key(table: sa.Table) -> sa.Select[Any]:
    """The row whose key columns are given by their names."""
    return sa.select(table).where(*(c == sa.bindparam(c.name) for c in table.primary_key.columns))


@functools.cache
def upsert_of(dialect: str, table: sa.Table, keys: tuple[str, ...]) -> sa.Insert:
    """INSERT ... ON CONFLICT (key) DO UPDATE, which SQLite and PostgreSQL write alike."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    fresh = {c.name: insert.excluded[c.name] for c in table.c if c.name not in keys}
    return cast("sa.Insert", insert.on_conflict_do_update(index_elements=list(keys), set_=fresh))
