"""Plans: which operation runs where and when, and why it was moved."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.text import Text
from hanse.model.time import Instant

ASSIGNMENTS_MAX = 200_000


class Assignment(Struct, frozen=True, kw_only=True):
    """One operation of a work order on one machine, half open ``[start, end)``.

    ``setup_s`` is the part at the start that is setup. ``done`` counts finished pieces.
    """

    order: Key
    step: Key
    machine: Key
    start: Instant
    end: Instant
    pieces: Annotated[int, Meta(ge=0)] = 1
    setup_s: int = 0
    person: str = ""
    started: bool = False
    pinned: bool = False
    done: int = 0


class MoveReason(enum.StrEnum):
    """Why an operation stands elsewhere than in the version before."""

    MACHINE_DOWN = "machine_down"
    ORDER_INSERTED = "order_inserted"
    ORDER_CHANGED = "order_changed"
    MATERIAL_LATE = "material_late"
    PERSON_MISSING = "person_missing"
    IMPROVED = "improved"
    PLANNER = "planner"


class Move(Struct, frozen=True, kw_only=True):
    """One change between two versions, with its sentence."""

    order: Key
    step: Key
    reason: MoveReason
    text: Text


class PlanVersion(Struct, frozen=True, kw_only=True):
    """A numbered plan of a node. ``late`` maps work orders to the seconds they miss their due."""

    number: int
    made_at: Instant
    cause: str | None
    assignments: tuple[Assignment, ...]
    moves: tuple[Move, ...] = ()
    late: dict[str, int] = {}
    cost_minor: int = 0
