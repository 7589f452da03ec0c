"""The record of one node: open it, write to it, read from it, copy it, check it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import sqlalchemy as sa

from hanse.model.errors import BadConfig, Conflict
from hanse.model.ids import Ids
from hanse.model.time import Clock
from hanse.store import migrate
from hanse.store.engine import READERS_MAX, engine_of, url_of
from hanse.store.failures import told
from hanse.store.tx import Tx
from hanse.store.writer import OnCommit, Writer

R = TypeVar("R")

COPIED = "record/copied_ns"
"""The setting that marks a backup as one."""


class Store:
    """The record. ``fn(tx)`` runs in the store's own threads, inside one transaction.

    A function given to `write` may run more than once (when writes that waited together have to
    be taken apart), so it acts on nothing but its transaction.
    """

    def __init__(self, url: sa.URL, *, clock: Clock, ids: Ids) -> None:
        self.url = url
        self._clock = clock
        self._ids = ids
        self._subject = url.render_as_string(hide_password=True)
        self._write_engine = engine_of(url, writes=True)
        self._read_engine = engine_of(url, writes=False)
        try:
            migrate.to_newest(self._write_engine)
        except Exception as error:
            self._dispose()
            raise told(error, self._subject) from error
        self._writer = Writer(self._write_engine, make=self._tx, subject=self._subject)
        self._readers = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="record-reader")

    @classmethod
    def open(cls, place: str | Path, *, clock: Clock, ids: Ids) -> Store:
        """Open the record at a path (SQLite) or URL; makes it, or brings it to this version.

        Raises:
            BadConfig: neither SQLite nor PostgreSQL.
            Conflict: a newer Hanse wrote it.
            Unreachable: the database does not answer, or another process holds it.
        """
        return cls(url_of(place), clock=clock, ids=ids)

    async def write(self, fn: Callable[[Tx], R]) -> R:
        """Run in one transaction that may write; returns after the commit is on disk.

        Raises:
            TooMuch: the disk is full: nothing of it was taken.
            Unreachable: the database is away or held by another process.
            Whatever ``fn`` raised: nothing of it was taken.
        """
        return await asyncio.wrap_future(self._writer.submit(fn))

    async def read(self, fn: Callable[[Tx], R]) -> R:
        """Run in one transaction that sees one state of the record and cannot write."""
        return await asyncio.wrap_future(self._read_later(fn))

    def write_sync(self, fn: Callable[[Tx], R]) -> R:
        """As `write`, for the command line and for threads."""
        return self._writer.submit(fn).result()

    def read_sync(self, fn: Callable[[Tx], R]) -> R:
        """As `read`, for the command line and for threads."""
        return self._read(fn)

    def on_commit(self, tell: OnCommit) -> None:
        """Call ``tell(lanes)`` after commits of this process that put outbox rows.

        ``lanes`` holds `BUS` where events were recorded, and `peer_lane` of firms with new letters.

        It runs in the writing thread: hand over to your own loop and return. A relay looks from
        time to time as well: other processes may write to the same record.
        """
        self._writer.on_commit(tell)

    def backup(self, to: Path) -> Path:
        """A whole copy of a SQLite record while it is in use (``VACUUM INTO``), flushed to disk.

        The copy knows that it is one: opened, its `copied_ns` says since when it may be behind.

        Raises:
            Conflict: the target is there already.
            BadConfig: the record is in PostgreSQL, which brings its own ``pg_dump``.
        """
        if self.url.get_backend_name() != "sqlite":
            raise BadConfig(
                "PostgreSQL makes its own backups", remedy=f"Run pg_dump --format=custom {to}"
            )
        if to.exists():
            raise Conflict("the target is there already", subject=str(to))
        with self._read_engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA query_only=OFF")
            raw.execute("VACUUM INTO ?", (str(to),))
            raw.execute("PRAGMA query_only=ON")
        with Store(url_of(to), clock=self._clock, ids=self._ids) as copy:
            at_ns = self._clock.ns()
            copy.write_sync(lambda tx: tx.settings.put(COPIED, at_ns))
        _flush(to)
        return to

    @property
    def copied_ns(self) -> int | None:
        """When this record was copied as a backup, or None if it is no copy, or caught up since.

        A copy may be behind what partners have signed: sign nothing before heads were exchanged.
        """
        return self.read_sync(lambda tx: tx.settings.get(COPIED, int))

    def caught_up(self) -> None:
        """The node has caught up with its partners: this is no mere copy any more."""
        self.write_sync(lambda tx: tx.settings.forget(COPIED))

    def close(self) -> None:
        """Finish what waits, then let go of the database."""
        self._writer.close()
        self._readers.shutdown()
        self._dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _dispose(self) -> None:
        self._write_engine.dispose()
        self._read_engine.dispose()

    def _tx(self, connection: sa.Connection) -> Tx:
        return Tx(connection, clock=self._clock, ids=self._ids)

    def _read(self, fn: Callable[[Tx], R]) -> R:
        try:
            with self._read_engine.begin() as connection:
                return fn(self._tx(connection))
        except Exception as error:
            ours = told(error, self._subject)
            if ours is error:
                raise
            raise ours from error

    def _read_later(self, fn: Callable[[Tx], R]) -> Future[R]:
        return self._readers.submit(self._read, fn)


def _flush(path: Path) -> None:
    """Make a file and its name in its folder survive a power cut."""
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
