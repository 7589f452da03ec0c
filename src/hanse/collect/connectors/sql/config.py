"""Settings of a database table that is polled."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta, Struct

from hanse.collect.secrets import SECRET
from hanse.model.errors import BadConfig


class SqlConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table or view of any database that SQLAlchemy speaks, read by a growing key."""

    url: Annotated[
        str,
        Meta(
            min_length=3,
            max_length=1_000,
            description="SQLAlchemy address: postgresql+psycopg://user@host/db, sqlite:///file",
        ),
    ]
    password: Annotated[
        str, Meta(max_length=400, description="Password, as secret:NAME or as it is", extra=SECRET)
    ] = ""
    table: Annotated[
        str, Meta(min_length=1, max_length=200, description="Table or view, as schema.name or name")
    ]
    key: Annotated[
        str, Meta(min_length=1, max_length=200, description="Column that grows: a number or a time")
    ]
    time_column: Annotated[
        str, Meta(max_length=200, description="Column of the source time; empty stamps on arrival")
    ] = ""
    name_column: Annotated[
        str,
        Meta(max_length=200, description="Column with the signal's name, where a row is one value"),
    ] = ""
    value_column: Annotated[
        str, Meta(max_length=200, description="Column with the value, where a row is one value")
    ] = "value"
    poll_s: Annotated[float, Meta(gt=0, le=86_400, description="Seconds between looks")] = 2.0
    rows: Annotated[
        int, Meta(ge=1, le=10_000, description="Rows taken with one question at most")
    ] = 1_000
    from_start: Annotated[
        bool, Meta(description="Begin with the oldest row instead of the newest")
    ] = False


def from_url(url: str) -> SqlConfig:
    """Settings from ``sql+sqlite:///file?table=t&key=id`` (``sql+`` before SQLAlchemy's address).

    Raises:
        BadConfig: not such a URL.
    """
    address, _, query = url.removeprefix("sql+").partition("?")
    fields: dict[str, object] = {k: v[-1] for k, v in parse_qs(query).items()}
    try:
        return msgspec.convert(fields | {"url": address}, SqlConfig, strict=False)
    except msgspec.ValidationError as error:
        raise BadConfig(
            str(error),
            subject=address.rpartition("@")[2][:200],
            remedy="Add ?table=T&key=K",
        ) from error
