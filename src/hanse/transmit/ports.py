"""What transmitting needs from the record. `hanse.store` implements these; the node joins them."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct

from hanse.model.event import Event
from hanse.model.sample import Gap

GapSink = Callable[[Gap], Awaitable[None]]
"""Records a gap; the same ``(connection, start_ns)`` again replaces it."""


class Outbox(Protocol):
    """Events of this node that the other roles have not been told yet, in the order they happened.

    Rows are written in the transaction that writes the event.
    """

    async def untold(self, limit: int) -> Sequence[Event]:
        """The oldest events not yet told, at most ``limit``, oldest first."""
        ...

    async def told(self, ids: Sequence[str]) -> None:
        """The broker has these for certain: do not give them out again."""
        ...


class Letter(Struct, frozen=True, kw_only=True):
    """A sealed message waiting for another firm, as the record keeps it.

    ``epoch`` and ``sequence`` are its place among all letters to this firm, without holes from 1.
    ``sealed`` are the exact signed bytes.
    """

    id: str
    to: str
    epoch: int
    sequence: int
    sealed: bytes


class Fate(enum.StrEnum):
    """What became of a letter."""

    TAKEN = "taken"
    REFUSED = "refused"
    DEAD = "dead"


class LetterOutbox(Protocol):
    """Letters to other firms, written in the transaction that decided them."""

    async def peers(self) -> Sequence[str]:
        """The firms for whom letters wait."""
        ...

    async def waiting(self, to: str, limit: int) -> Sequence[Letter]:
        """The oldest letters waiting for one firm, at most ``limit``, in order."""
        ...

    async def from_number(self, to: str, sequence: int, limit: int) -> Sequence[Letter]:
        """Letters to one firm from a number on, sent or not: for one that asks for them again."""
        ...

    async def settle(self, letter: Letter, fate: Fate, *, reason: str, receipt: bytes) -> None:
        """A letter came to its end; ``receipt`` is what the other firm signed, empty if dead.

        Settling the same letter again changes nothing.
        """
        ...
