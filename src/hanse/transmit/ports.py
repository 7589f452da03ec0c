"""What transmitting needs from the record. `hanse.store` fits these; the node joins them.

``fn(tx)`` runs in one transaction in the record's own thread; an effect and the note that a
message had it are written in the same one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from hanse.model.sample import Gap

GapSink = Callable[[Gap], Awaitable[None]]
"""Records a gap; the same ``(connection, start_ns)`` again replaces it."""

BUS_LANE = "bus"
PEER_LANE = "peer:"
"""Lanes of the outbox: the node's own events, and ``peer:<did>`` for each other firm."""


class Waiting(Protocol):
    """A message in the outbox: ``number`` counts within its lane, ``payload`` are exact bytes."""

    @property
    def number(self) -> int:
        """Its place in its lane."""
        ...

    @property
    def id(self) -> str:
        """Its identity."""
        ...

    @property
    def kind(self) -> str:
        """The kind of event or letter."""
        ...

    @property
    def payload(self) -> bytes:
        """Its exact bytes."""
        ...

    @property
    def attempts(self) -> int:
        """Tries that failed."""
        ...


class OutboxTx(Protocol):
    """The outbox within a transaction."""

    def lanes(self) -> Sequence[str]:
        """Lanes in which a message waits."""
        ...

    def due(self, lane: str, *, limit: int) -> Sequence[Waiting]:
        """Messages to send now, in order; nothing behind one that waits for its next try."""
        ...

    def sent(self, lane: str, *numbers: int) -> None:
        """The broker has these: take them off."""
        ...

    def answered(self, lane: str, id: str, answer: bytes) -> None:  # noqa: A002
        """A peer took it; the answer is kept."""
        ...

    def failed(self, lane: str, id: str, *, error: str, next_ns: int) -> None:  # noqa: A002
        """A try failed; the next one is due at ``next_ns``."""
        ...

    def dead(self, lane: str, id: str, *, error: str, answer: bytes | None = None) -> None:  # noqa: A002
        """Given up: it stays to be seen and no longer holds its lane up."""
        ...

    def all_waiting(self, lane: str) -> Sequence[Waiting]:
        """Every message of a lane that waits, in order, due or not."""
        ...

    def renumber(self, lane: str, id: str, *, number: int, payload: bytes) -> None:  # noqa: A002
        """Give a waiting message another number, and the lane goes on behind it."""
        ...

    def again(self, lane: str, first: int, before: int) -> Sequence[int]:
        """Answered messages of a lane from ``first`` on and before ``before`` wait again."""
        ...


class Arrived(Protocol):
    """A message in the inbox, as the record keeps it."""

    @property
    def payload(self) -> bytes:
        """Its exact bytes."""
        ...

    @property
    def answer(self) -> bytes | None:
        """What was answered, None while nothing was."""
        ...


class InboxTx(Protocol):
    """The inbox within a transaction."""

    def offer(
        self,
        peer: str,
        *,
        id: str,  # noqa: A002
        number: int,
        payload: bytes,
    ) -> tuple[str, Arrived]:
        """Keep it, and say ``next`` (write its effect now), ``parked`` or ``repeated``."""
        ...

    def taken(self, peer: str, id: str, *, answer: bytes) -> Arrived | None:  # noqa: A002
        """It had its effect; the next one, if it waits here."""
        ...

    def refused(self, peer: str, id: str, *, error: str, answer: bytes) -> Arrived | None:  # noqa: A002
        """It can have no effect; its number is used up all the same."""
        ...

    def expected(self, peer: str) -> int:
        """The number of the next message of a peer."""
        ...


class RecordTx(Protocol):
    """One transaction of the record."""

    @property
    def outbox(self) -> OutboxTx:
        """Messages that go out."""
        ...

    @property
    def inbox(self) -> InboxTx:
        """Messages that came in."""
        ...


T_co = TypeVar("T_co", bound=RecordTx, covariant=True)
R = TypeVar("R")


class Record(Protocol[T_co]):
    """The record, as seen from transmitting."""

    async def write(self, fn: Callable[[T_co], R]) -> R:
        """Run in a transaction; returns when it is on disk. What ``fn`` raises undoes it."""
        ...

    async def read(self, fn: Callable[[T_co], R]) -> R:
        """Run in a transaction that cannot write."""
        ...
