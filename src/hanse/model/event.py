"""Events: what happened, why, and as part of which loop. The spine of every explanation."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from hanse.model.ids import KEY_MAX
from hanse.model.text import Text
from hanse.model.time import Instant

EventKind = Annotated[
    str,
    Meta(max_length=64, pattern=r"^[a-z]+(\.[a-z_]+)+$", description="factor.what_happened"),
]


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened in a node, never changed afterwards.

    ``cause`` is the id of the event that made it happen; ``loop`` is the same for all that one
    disturbance set off, across nodes. ``by`` is a person's key, ``node`` when no one was asked, or
    a firm's DID. ``about`` holds the numbers that made it, for people and for the next step.
    """

    id: Annotated[str, Meta(max_length=KEY_MAX)]
    at: Instant
    kind: EventKind
    subject: Annotated[str, Meta(max_length=300)]
    text: Text
    cause: str | None = None
    loop: str | None = None
    by: str = "node"
    about: dict[str, Any] = field(default_factory=dict)


class Draft(Struct, frozen=True, kw_only=True):
    """An event before the record gives it an id and an instant."""

    kind: EventKind
    subject: str
    text: Text
    cause: str | None = None
    loop: str | None = None
    by: str = "node"
    about: dict[str, Any] = field(default_factory=dict)
