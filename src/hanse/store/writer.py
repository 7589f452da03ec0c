"""The one writing thread: takes waiting writes together, commits them once, then answers them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
import sqlalchemy.exc as sx
import structlog

from hanse.model.errors import Conflict
from hanse.store.failures import told
from hanse.store.tx import Tx

R = TypeVar("R")
log = structlog.get_logger(__name__)

TOGETHER_MAX = 64
"""Writes that share one commit when they wait at the same time."""

OnCommit = Callable[[frozenset[str]], None]


class Job(Generic[R]):
    """One write: its function, and where its answer goes."""

    def __init__(self, fn: Callable[[Tx], R]) -> None:
        self.fn = fn
        self.answer: Future[R] = Future()
        self.result: R | None = None
        self.error: BaseException | None = None

    def run(self, tx: Tx) -> None:
        """Run inside the transaction; an error of its own is kept for its own caller."""
        self.result = self.fn(tx)

    def settle(self) -> None:
        """Answer, after the commit."""
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)  # type: ignore[arg-type]


class Writer:
    """Runs writes one after another in a thread of its own.

    Writes that wait together share one commit (each behind its own savepoint), so that a slow disk
    costs one flush and not many; a write is answered only after its commit.
    """

    def __init__(
        self, engine: sa.Engine, *, make: Callable[[sa.Connection], Tx], subject: str
    ) -> None:
        self._engine = engine
        self._make = make
        self._subject = subject
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._told: list[OnCommit] = []
        self._closed = False
        self._gate = threading.Lock()
        self.unheard = 0
        """Commits of which somebody who wanted to be told could not be."""
        self._thread = threading.Thread(target=self._work, name="record-writer", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[[Tx], R]) -> Future[R]:
        """Queue a write; its future is set after the commit.

        Raises:
            Conflict: the record is closed, or this is called from inside a write.
        """
        if threading.current_thread() is self._thread:
            raise Conflict("a write inside a write", remedy="Use the transaction you have")
        job = Job(fn)
        with self._gate:
            if self._closed:
                raise Conflict("the record is closed", subject=self._subject)
            self._jobs.put(job)
        return job.answer

    def on_commit(self, tell: OnCommit) -> None:
        """Call ``tell`` in the writing thread with who has something to be told."""
        self._told.append(tell)

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._gate:
            if not self._closed:
                self._jobs.put(None)
            self._closed = True
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs, last = self._waiting(job)
            live = [j for j in jobs if j.answer.set_running_or_notify_cancel()]
            if live:
                self._commit(live)
            if last:
                return

    def _waiting(self, first: Job[Any]) -> tuple[list[Job[Any]], bool]:
        jobs = [first]
        while len(jobs) < TOGETHER_MAX and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _commit(self, jobs: list[Job[Any]]) -> None:
        try:
            touched = self._one_transaction(jobs)
        except BaseException as error:  # noqa: BLE001 (whatever it was, its caller is told)
            if len(jobs) > 1:
                for job in jobs:
                    job.error = None
                    self._commit([job])
                return
            jobs[0].error, touched = told(error, self._subject), frozenset()
        for job in jobs:
            job.settle()
        if touched:
            self._tell(touched)

    def _tell(self, touched: frozenset[str]) -> None:
        """Nobody who is told (a loop that has ended, say) may stop the writing."""
        for tell in self._told:
            try:
                tell(touched)
            except Exception as error:  # noqa: BLE001 (counted and logged; the relay looks anyway)
                self.unheard += 1
                log.warning("nobody heard of a commit", why=repr(error))

    def _one_transaction(self, jobs: list[Job[Any]]) -> frozenset[str]:
        with self._engine.begin() as connection:
            tx = self._make(connection)
            if len(jobs) == 1:
                jobs[0].run(tx)
            else:
                for job in jobs:
                    _behind_savepoint(connection, job, tx)
            return frozenset(tx.touched)


def _behind_savepoint(connection: sa.Connection, job: Job[Any], tx: Tx) -> None:
    """Run one of several writes; the database's own errors undo all, so that each runs alone."""
    savepoint = connection.begin_nested()
    try:
        job.run(tx)
    except sx.DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001 (kept for the caller of this write alone)
        savepoint.rollback()
        job.error = error
    else:
        savepoint.commit()
