"""What other firms told us: each message kept with its exact bytes, taken once, in their order."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hanse.model.errors import BadMessage, NotFound, TooMuch
from hanse.model.time import Clock, Instant, from_ns
from hanse.store.outbox import ERROR_MAX, last_number, set_last_number
from hanse.store.schema import INBOX

PARKED_MAX = 1_000
"""Messages of one peer that may wait for one that is missing before them."""


class Arrival(enum.StrEnum):
    """What a message that came in is to us."""

    NEXT = "next"
    PARKED = "parked"
    REPEATED = "repeated"


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A message that came in: from whom, its number there, and its exact bytes.

    ``state`` is ``next`` (its effect is not yet written), ``parked`` (one before it is missing),
    ``taken`` or ``refused``. ``answer`` holds the exact bytes that were answered.
    """

    peer: str
    id: str
    number: int
    payload: bytes
    at_ns: int
    state: str
    answer: bytes | None = None
    error: str = ""


class Inbox:
    """The inbox inside one transaction: write a message's effect in the one that takes it."""

    def __init__(self, connection: sa.Connection, *, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def offer(self, peer: str, *, id: str, number: int, payload: bytes) -> tuple[Arrival, Received]:  # noqa: A002
        """Keep a message that came in, and say what it is to us.

        NEXT: write its effect now, then `taken`. PARKED: it waits for one before it.
        REPEATED: it is here already; answer what was answered.

        Raises:
            BadMessage: the id or the number came before with other bytes.
            TooMuch: PARKED_MAX messages of this peer wait already.
        """
        known = self._seen(peer, id, number)
        if known is not None:
            return self._again(known, id, payload)
        expected = self.expected(peer)
        if number < expected:
            raise BadMessage(f"number {number} was taken before", subject=f"{peer} {id}")
        arrival = Arrival.NEXT if number == expected else Arrival.PARKED
        if arrival is Arrival.PARKED and len(self.parked(peer)) >= PARKED_MAX:
            raise TooMuch(f"{PARKED_MAX} messages wait for number {expected}", subject=peer)
        return arrival, self._keep(
            Received(
                peer=peer,
                id=id,
                number=number,
                payload=payload,
                at_ns=self._clock.ns(),
                state=arrival.value,
            )
        )

    def taken(self, peer: str, id: str, *, answer: bytes) -> Received | None:  # noqa: A002
        """A message had its effect: keep the answer, and give the next one if it is parked here."""
        return self._settle(peer, id, {"state": "taken", "answer": answer})

    def refused(self, peer: str, id: str, *, error: str, answer: bytes) -> Received | None:  # noqa: A002
        """A message can have no effect: its number is used up, the reason and answer are kept."""
        fresh = {"state": "refused", "answer": answer, "error": error[:ERROR_MAX]}
        return self._settle(peer, id, fresh)

    def expected(self, peer: str) -> int:
        """The number of the next message of a peer that may have its effect."""
        return last_number(self._connection, f"from:{peer}", "taken") + 1

    def last_at(self, peer: str) -> Instant | None:
        """When the newest letter of a peer came; None before the first."""
        query = sa.select(INBOX.c.at_ns).where(INBOX.c.peer == peer)
        found = self._connection.execute(query.order_by(INBOX.c.number.desc()).limit(1)).scalar()
        return None if found is None else from_ns(found)

    def parked(self, peer: str) -> list[Received]:
        """Messages of a peer that wait for one before them, in order."""
        tests = (INBOX.c.peer == peer, INBOX.c.state == "parked")
        query = sa.select(INBOX).where(*tests).order_by(INBOX.c.number)
        return [received_of(row) for row in self._connection.execute(query).mappings()]

    def get(self, peer: str, id: str) -> Received | None:  # noqa: A002
        """The message of that id, or None."""
        return self._one(INBOX.c.peer == peer, INBOX.c.id == id)

    def _seen(self, peer: str, id: str, number: int) -> Received | None:  # noqa: A002
        either = sa.or_(INBOX.c.id == id, INBOX.c.number == number)
        return self._one(INBOX.c.peer == peer, either)

    def _again(self, known: Received, id: str, payload: bytes) -> tuple[Arrival, Received]:  # noqa: A002
        if known.id != id or known.payload != payload:
            raise BadMessage(
                f"number {known.number} came before with other words",
                subject=f"{known.peer} {id}",
                remedy="Ask the partner whether their node was restored from a backup",
            )
        state = Arrival.REPEATED if known.state in {"taken", "refused"} else Arrival(known.state)
        return state, known

    def _keep(self, received: Received) -> Received:
        digest = hashlib.sha256(received.payload).hexdigest()
        row = msgspec.structs.asdict(received) | {"sum": digest}
        self._connection.execute(INBOX.insert(), row)
        return received

    def _settle(self, peer: str, id: str, fresh: Mapping[str, Any]) -> Received | None:  # noqa: A002
        known = self.get(peer, id)
        if known is None or known.number != self.expected(peer):
            raise NotFound("it is not the next message", subject=f"{peer} {id}")
        tests = (INBOX.c.peer == peer, INBOX.c.id == id)
        self._connection.execute(INBOX.update().where(*tests).values(**fresh))
        set_last_number(self._connection, f"from:{peer}", "taken", known.number)
        return self._next(peer, known.number + 1)

    def _next(self, peer: str, number: int) -> Received | None:
        tests = (INBOX.c.peer == peer, INBOX.c.number == number)
        self._connection.execute(INBOX.update().where(*tests).values(state="next"))
        return self._one(*tests)

    def _one(self, *tests: sa.ColumnElement[bool]) -> Received | None:
        row = self._connection.execute(sa.select(INBOX).where(*tests)).mappings().first()
        return None if row is None else received_of(row)


def received_of(row: Mapping[Any, Any]) -> Received:
    """The message of a SQL row."""
    return Received(**{name: row[name] for name in Received.__struct_fields__})
