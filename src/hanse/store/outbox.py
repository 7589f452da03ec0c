"""What must be told to others: rows put in the transaction that made them true, sent afterwards.

A lane is an order of messages: ``bus`` for the node's own event stream, ``peer:<did>`` for one
other firm. Within a lane numbers count up from 1 without holes; a message's exact bytes are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hanse.model.errors import Conflict, NotFound, TooMuch
from hanse.model.event import Event
from hanse.model.time import Clock
from hanse.store.schema import LANES, OUTBOX

BUS = "bus"
DUE_MAX = 500
"""Rows a relay takes at a time unless it asks for fewer."""
LANE_WAITING_MAX = 100_000
"""Messages that may wait for one peer; then new ones are refused, never dropped."""
ERROR_MAX = 400


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that goes out: its lane, its number there, its identity and exact bytes."""

    lane: str
    number: int
    id: str
    kind: str
    payload: bytes
    at_ns: int
    state: str = "waiting"
    attempts: int = 0
    next_ns: int = 0
    error: str = ""


class Outbox:
    """The outbox inside one transaction. ``touched`` names the lanes that got new rows."""

    def __init__(self, connection: sa.Connection, *, clock: Clock, touched: set[str]) -> None:
        self._connection = connection
        self._clock = clock
        self._touched = touched

    def announce(self, event: Event, *, number: int) -> None:
        """Put an event on the node's own bus; its number is its place in the record."""
        self._insert(BUS, number, id=event.id, kind=event.kind, payload=msgspec.json.encode(event))

    def next_number(self, lane: str) -> int:
        """The number the next message of a lane will have."""
        return last_number(self._connection, lane, "given") + 1

    def continue_after(self, lane: str, number: int) -> None:
        """Number on behind what the other side has seen: after this record was restored."""
        if number > last_number(self._connection, lane, "given"):
            set_last_number(self._connection, lane, "given", number)

    def put(self, lane: str, *, id: str, kind: str, payload: bytes) -> Letter:  # noqa: A002
        """Put a message; it gets the lane's next number.

        Raises:
            TooMuch: LANE_WAITING_MAX messages wait already.
            Conflict: a message of that id is in the lane.
        """
        if self.waiting(lane) >= LANE_WAITING_MAX:
            raise TooMuch("too many messages wait", subject=lane, remedy="See why it is away")
        if self.get(lane, id) is not None:
            raise Conflict("a message of that id is there already", subject=f"{lane} {id}")
        number = self.next_number(lane)
        set_last_number(self._connection, lane, "given", number)
        return self._insert(lane, number, id=id, kind=kind, payload=payload)

    def get(self, lane: str, id: str) -> Letter | None:  # noqa: A002
        """The message of that id in a lane, or None."""
        query = sa.select(OUTBOX).where(OUTBOX.c.lane == lane, OUTBOX.c.id == id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else letter_of(row)

    def due(self, lane: str, *, limit: int = DUE_MAX, now_ns: int | None = None) -> list[Letter]:
        """The messages of a lane to send now, in order.

        Nothing behind a message that waits for its next try is given: order is kept.
        """
        query = (
            sa.select(OUTBOX)
            .where(OUTBOX.c.lane == lane, OUTBOX.c.state == "waiting")
            .order_by(OUTBOX.c.number)
            .limit(limit)
        )
        now = self._clock.ns() if now_ns is None else now_ns
        found = []
        for row in self._connection.execute(query).mappings():
            if row["next_ns"] > now:
                break
            found.append(letter_of(row))
        return found

    def lanes(self) -> list[str]:
        """Lanes in which a message waits."""
        query = sa.select(OUTBOX.c.lane).where(OUTBOX.c.state == "waiting").distinct()
        return sorted(self._connection.execute(query).scalars())

    def waiting(self, lane: str) -> int:
        """How many messages of a lane wait."""
        tests = (OUTBOX.c.lane == lane, OUTBOX.c.state == "waiting")
        query = sa.select(sa.func.count()).select_from(OUTBOX).where(*tests)
        return int(self._connection.execute(query).scalar_one())

    def oldest_ns(self, lane: str) -> int | None:
        """When the oldest waiting message of a lane was put, or None."""
        tests = (OUTBOX.c.lane == lane, OUTBOX.c.state == "waiting")
        query = sa.select(sa.func.min(OUTBOX.c.at_ns)).where(*tests)
        oldest: int | None = self._connection.execute(query).scalar_one()
        return oldest

    def sent(self, lane: str, *numbers: int) -> None:
        """Take messages off that need no answer kept: the bus has acknowledged them."""
        for start in range(0, len(numbers), DUE_MAX):
            part = numbers[start : start + DUE_MAX]
            tests = (OUTBOX.c.lane == lane, OUTBOX.c.number.in_(part))
            self._connection.execute(OUTBOX.delete().where(*tests))

    def answered(self, lane: str, id: str, answer: bytes) -> None:  # noqa: A002
        """A peer has acknowledged a message: kept with the exact answer."""
        fresh = {"state": "done", "answer": answer, "done_ns": self._clock.ns(), "error": ""}
        self._change(lane, id, fresh)

    def failed(self, lane: str, id: str, *, error: str, next_ns: int) -> None:  # noqa: A002
        """A try failed: say why, and when to try again."""
        fresh = {"attempts": OUTBOX.c.attempts + 1, "error": error[:ERROR_MAX], "next_ns": next_ns}
        self._change(lane, id, fresh)

    def dead(self, lane: str, id: str, *, error: str, answer: bytes | None = None) -> None:  # noqa: A002
        """Give a message up: it stays to be seen, and no longer holds the lane up."""
        fresh = {"state": "dead", "error": error[:ERROR_MAX], "done_ns": self._clock.ns()}
        self._change(lane, id, fresh | {"answer": answer})

    def revive(self, lane: str, id: str) -> None:  # noqa: A002
        """Try a dead message again."""
        self._change(lane, id, {"state": "waiting", "attempts": 0, "next_ns": 0, "done_ns": None})
        self._touched.add(lane)

    def all_waiting(self, lane: str) -> list[Letter]:
        """Every message of a lane that waits, in order, due or not."""
        query = sa.select(OUTBOX).where(OUTBOX.c.lane == lane, OUTBOX.c.state == "waiting")
        rows = self._connection.execute(query.order_by(OUTBOX.c.number)).mappings()
        return [letter_of(row) for row in rows]

    def renumber(self, lane: str, id: str, *, number: int, payload: bytes) -> None:  # noqa: A002
        """Give a waiting message another number, and the lane goes on behind it."""
        digest = hashlib.sha256(payload).hexdigest()
        fresh = {"number": number, "payload": payload, "sum": digest, "attempts": 0, "next_ns": 0}
        self._change(lane, id, fresh)
        self.continue_after(lane, number)

    def again(self, lane: str, first: int, before: int) -> list[int]:
        """Answered messages of a lane from ``first`` on and before ``before`` wait again.

        The numbers of those that are still kept, in order.
        """
        tests = (
            OUTBOX.c.lane == lane,
            OUTBOX.c.number >= first,
            OUTBOX.c.number < before,
            OUTBOX.c.state.in_(("done", "waiting")),
        )
        fresh = {"state": "waiting", "attempts": 0, "next_ns": 0, "done_ns": None, "answer": None}
        self._connection.execute(OUTBOX.update().where(*tests).values(**fresh))
        query = sa.select(OUTBOX.c.number).where(*tests).order_by(OUTBOX.c.number)
        return list(self._connection.execute(query).scalars())

    def dead_letters(self, *, limit: int = DUE_MAX) -> list[Letter]:
        """Messages that were given up."""
        query = sa.select(OUTBOX).where(OUTBOX.c.state == "dead")
        query = query.order_by(OUTBOX.c.lane, OUTBOX.c.number).limit(limit)
        return [letter_of(row) for row in self._connection.execute(query).mappings()]

    def prune(self, *, before_ns: int) -> int:
        """Forget answered messages older than an instant; how many."""
        tests = (OUTBOX.c.state == "done", OUTBOX.c.done_ns < before_ns)
        return self._connection.execute(OUTBOX.delete().where(*tests)).rowcount

    def _insert(self, lane: str, number: int, *, id: str, kind: str, payload: bytes) -> Letter:  # noqa: A002
        letter = Letter(
            lane=lane, number=number, id=id, kind=kind, payload=payload, at_ns=self._clock.ns()
        )
        digest = hashlib.sha256(payload).hexdigest()
        self._connection.execute(OUTBOX.insert(), msgspec.structs.asdict(letter) | {"sum": digest})
        self._touched.add(lane)
        return letter

    def _change(self, lane: str, id: str, fresh: Mapping[str, Any]) -> None:  # noqa: A002
        tests = (OUTBOX.c.lane == lane, OUTBOX.c.id == id)
        done = self._connection.execute(OUTBOX.update().where(*tests).values(**fresh))
        if done.rowcount == 0:
            raise NotFound("there is no such message", subject=f"{lane} {id}")


def letter_of(row: Mapping[Any, Any]) -> Letter:
    """The message of a SQL row."""
    return Letter(**{name: row[name] for name in Letter.__struct_fields__})


def peer_lane(did: str) -> str:
    """The lane of messages to one other firm."""
    return f"peer:{did}"


def last_number(connection: sa.Connection, lane: str, which: str) -> int:
    """The last number given or taken in a lane, 0 before the first."""
    query = sa.select(LANES.c[which]).where(LANES.c.lane == lane)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def set_last_number(connection: sa.Connection, lane: str, which: str, value: int) -> None:
    """Keep the last number given or taken in a lane."""
    tests = LANES.c.lane == lane
    if connection.execute(LANES.update().where(tests).values({which: value})).rowcount == 0:
        fresh = {"lane": lane, "given": 0, "taken": 0} | {which: value}
        connection.execute(LANES.insert(), fresh)
