"""Connections: SQLite opened so that a commit survives a power cut, and PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from hanse.model.errors import BadConfig

BUSY_MS_MAX = 15_000
"""How long one process waits for another that writes to the same file."""
READERS_MAX = 4
"""Reading threads of one store."""
CACHE_KB = 8_000
JOURNAL_BYTES_MAX = 64 * 1024 * 1024
_PG_OPTIONS = f"-c synchronous_commit=on -c lock_timeout={BUSY_MS_MAX}"
WRITER_LOCK = 7_214_001
"""The advisory lock that makes writing transactions on PostgreSQL one after another."""

_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    f"PRAGMA cache_size=-{CACHE_KB}",
    f"PRAGMA journal_size_limit={JOURNAL_BYTES_MAX}",
)


def url_of(place: str | Path) -> sa.URL:
    """A database URL from a URL or a path of a SQLite file.

    Raises:
        BadConfig: neither SQLite nor PostgreSQL.
    """
    if isinstance(place, Path) or "://" not in place:
        return sa.URL.create("sqlite", database=str(Path(place).absolute()))
    url = sa.make_url(place)
    kind = url.get_backend_name()
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite" or not url.database:
        raise BadConfig(
            "the record lives in a SQLite file or in PostgreSQL",
            subject=url.render_as_string(hide_password=True),
            remedy="Write a path, or postgresql://user@host/name",
        )
    return url


def engine_of(url: sa.URL, *, writes: bool) -> sa.Engine:
    """An engine for the one writer, or for the readers, which cannot write by accident."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, writes=writes)
    return _postgresql(url, writes=writes)


def _sqlite(url: sa.URL, *, writes: bool) -> sa.Engine:
    engine = sa.create_engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=1 if writes else READERS_MAX,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS_MAX / 1_000},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for line in (*_SQLITE, *(() if writes else ("PRAGMA query_only=ON",))):
            connection.execute(line).close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: sa.URL, *, writes: bool) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=1 if writes else READERS_MAX,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        connect_args={"connect_timeout": 5, "options": _PG_OPTIONS},
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if writes:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
        else:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    return engine
