"""Things of any kind by key, for kinds that are found by their key alone."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
import sqlalchemy as sa

from hanse.model.errors import Broken, NotFound
from hanse.store.spec import METADATA, TEXT
from hanse.store.table import ROWS_MAX, checksum, upsert_of

T = TypeVar("T")

SHELF = sa.Table(
    "shelf",
    METADATA,
    sa.Column("kind", TEXT, primary_key=True),
    sa.Column("key", TEXT, primary_key=True),
    sa.Column("body", sa.LargeBinary(), nullable=False),
    sa.Column("sum", TEXT, nullable=False),
)


class Shelf(Generic[T]):
    """The things of one kind inside one transaction, as JSON under their keys.

    A kind that is looked for by anything but its key has a `Spec` and a table of its own.
    """

    def __init__(self, connection: sa.Connection, kind: str, of: type[T]) -> None:
        self._raw = RawShelf(connection)
        self._kind = kind
        self._type = of

    def put(self, key: str, thing: T) -> None:
        """Keep a thing; one of the same key is replaced whole."""
        self._raw.save(self._kind, key, msgspec.json.encode(thing))

    def get(self, key: str) -> T | None:
        """The thing of that key, or None.

        Raises:
            Broken: what is kept is damaged, or not of the type.
        """
        body = self._raw.load(self._kind, key)
        return None if body is None else self._thing(key, body)

    def need(self, key: str) -> T:
        """The thing of that key.

        Raises:
            NotFound: there is none.
            Broken: what is kept is damaged, or not of the type.
        """
        found = self.get(key)
        if found is None:
            raise NotFound(f"there is no such {self._kind}", subject=key)
        return found

    def all(self) -> list[T]:
        """All of them by key, up to ROWS_MAX."""
        return [self._thing(key, body) for key, body in self._raw.bodies(self._kind)]

    def keys(self) -> list[str]:
        """Every key, sorted."""
        return self._raw.keys(self._kind)

    def delete(self, key: str) -> bool:
        """Forget a thing; whether it was there."""
        return self._raw.forget(self._kind, key)

    def _thing(self, key: str, body: bytes) -> T:
        try:
            return msgspec.json.decode(body, type=self._type)
        except msgspec.MsgspecError as error:
            raise Broken(f"it cannot be read: {error}", subject=f"{self._kind} {key}") from error


class RawShelf:
    """Exact bytes by kind and key inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def save(self, kind: str, key: str, body: bytes) -> None:
        """Write or replace."""
        row = {"kind": kind, "key": key, "body": body, "sum": checksum(kind, (key,), body)}
        statement = upsert_of(self._connection.dialect.name, SHELF, ("kind", "key"))
        self._connection.execute(statement, row)

    def load(self, kind: str, key: str) -> bytes | None:
        """The bytes, or None.

        Raises:
            Broken: they do not match their checksum.
        """
        tests = (SHELF.c.kind == kind, SHELF.c.key == key)
        row = self._connection.execute(sa.select(SHELF).where(*tests)).first()
        return None if row is None else whole(row)

    def bodies(self, kind: str) -> list[tuple[str, bytes]]:
        """Every key and its bytes, sorted by key, up to ROWS_MAX."""
        query = sa.select(SHELF).where(SHELF.c.kind == kind).order_by(SHELF.c.key).limit(ROWS_MAX)
        return [(row.key, whole(row)) for row in self._connection.execute(query)]

    def keys(self, kind: str) -> list[str]:
        """Every key of a kind, sorted."""
        query = sa.select(SHELF.c.key).where(SHELF.c.kind == kind).order_by(SHELF.c.key)
        return list(self._connection.execute(query).scalars())

    def forget(self, kind: str, key: str) -> bool:
        """Forget one; whether it was there."""
        tests = (SHELF.c.kind == kind, SHELF.c.key == key)
        return self._connection.execute(SHELF.delete().where(*tests)).rowcount > 0


def whole(row: sa.Row[tuple[str, str, bytes, str]]) -> bytes:
    """The bytes of a row.

    Raises:
        Broken: they do not match their checksum.
    """
    body = bytes(row.body)
    if checksum(row.kind, (row.key,), body) != row.sum:
        raise Broken("a row was changed on disk", subject=f"{row.kind} {row.key}")
    return body
