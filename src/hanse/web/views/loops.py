"""Loops, events and what a person is asked."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.money import Money
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.web.views.common import Count, Fact, Id, Line, State


class LoopRow(Struct, frozen=True, kw_only=True):
    """One disturbance and all it set off. ``ended_at`` is None while it runs."""

    id: Id
    title: Text
    state: State
    started_at: Instant
    ended_at: Instant | None = None
    steps: Count = 0
    machine: Line = ""


class Choice(Struct, frozen=True, kw_only=True):
    """One way to go on that a person may choose."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    title: Text
    facts: tuple[Fact, ...] = ()
    recommended: bool = False


class Approval(Struct, frozen=True, kw_only=True):
    """A question to a person, with everything prepared.

    ``event`` is the event that asked; ``loop`` the loop that waits. ``choices`` holds at least
    one way to agree; declining is always possible. ``why`` says why a person is asked at all.
    """

    id: Id
    title: Text
    why: Text
    state: State
    asked_at: Instant
    choices: tuple[Choice, ...]
    expires_at: Instant | None = None
    amount: Money | None = None
    facts: tuple[Fact, ...] = ()
    event: str = ""
    loop: str = ""
    open: bool = True
    decided_by: Line = ""


class NodeCard(Struct, frozen=True, kw_only=True):
    """One firm of a chain as the overview shows it."""

    name: Line
    did: Line
    url: Line
    role: Text
    state: State
    facts: tuple[Fact, ...] = ()
    last: Text = Text("", "")
    last_at: Instant | None = None


class ChainStep(Struct, frozen=True, kw_only=True):
    """One event of a chain's story: which firm, when, and what made it happen there."""

    node: Line
    event: Id
    at: Instant
    text: Text
    kind: Line
    cause: str | None = None
    href: Line = ""


class ChainView(Struct, frozen=True, kw_only=True):
    """The firms of a demonstration chain, the links between them, and the story so far."""

    title: Text
    nodes: tuple[NodeCard, ...]
    links: tuple[tuple[str, str], ...] = ()
    steps: tuple[ChainStep, ...] = ()
    deeds_note: Text = Text("", "")
