"""Settings and policies of a node that its people change while it runs: one Struct a name."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct

from hanse.model.errors import Broken
from hanse.store.spec import Spec
from hanse.store.table import Table

T = TypeVar("T")
_AFTER = "\U0010ffff"
"""Sorts behind every name that begins alike."""


class Setting(Struct, frozen=True, kw_only=True):
    """A named value, as JSON."""

    key: Annotated[str, Meta(min_length=1, max_length=200)]
    value: msgspec.Raw


SETTINGS = Spec("settings", Setting)


class Settings:
    """The settings inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._table = Table(connection, SETTINGS)

    def put(self, name: str, value: object) -> None:
        """Keep a value (a Struct, or plain JSON values) under a name."""
        self._table.put(Setting(key=name, value=msgspec.Raw(msgspec.json.encode(value))))

    def get(self, name: str, of: type[T]) -> T | None:
        """The value of a name as a type, or None.

        Raises:
            Broken: what is kept is not of that type.
        """
        found = self._table.get(name)
        if found is None:
            return None
        try:
            return msgspec.json.decode(found.value, type=of)
        except msgspec.MsgspecError as error:
            raise Broken(f"a setting cannot be read: {error}", subject=name) from error

    def names(self, prefix: str = "") -> list[str]:
        """Names that begin so, sorted."""
        key = SETTINGS.sql.c.key
        query = sa.select(key).where(key >= prefix, key < prefix + _AFTER).order_by(key)
        return list(self._connection.execute(query).scalars())

    def forget(self, name: str) -> bool:
        """Forget a name; whether it was there."""
        return self._table.delete(name)

    def forget_between(self, first: str, last: str) -> int:
        """Forget the names from the first up to, not with, the last; how many there were."""
        key = SETTINGS.sql.c.key
        query = SETTINGS.sql.delete().where(key >= first, key < last)
        return self._connection.execute(query).rowcount
