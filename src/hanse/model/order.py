"""Orders: what must be made for whom by when (ISA-95 job orders), and how far it is."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.time import Instant


class WorkOrderState(enum.StrEnum):
    """Where a work order stands."""

    PLANNED = "planned"
    RELEASED = "released"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


class WorkOrder(Struct, frozen=True, kw_only=True):
    """So many pieces of an item by a due instant; ``demand`` names what it is made for.

    ``weight_minor_per_h`` is what an hour of lateness costs, in minor units of the firm's money.
    ``lots``: the pieces of each lot by its number where they stand, because work on some has
    begun; 0 for a lot that is not made any more; empty where they are cut anew.
    """

    key: Key
    item: Key
    quantity: Decimal
    due: Instant
    release: Instant | None = None
    weight_minor_per_h: Annotated[int, Meta(ge=0, le=10**9)] = 100
    state: WorkOrderState = WorkOrderState.PLANNED
    demand: str = ""
    done: Decimal = Decimal(0)
    promised: Instant | None = None
    lots: tuple[Annotated[int, Meta(ge=0)], ...] = ()

    def __post_init__(self) -> None:
        if not self.quantity.is_finite() or self.quantity <= 0:
            raise ValueError("an order is for more than nothing")


class Progress(Struct, frozen=True, kw_only=True):
    """How far one operation is, as its machine or a person reports it.

    ``good`` pieces are done, counted from the operation's beginning on all machines; ``scrap``
    pieces must be made again; ``finished_at`` ends it. ``paused``: nobody works on it now, and
    the rest is free to go elsewhere.
    """

    order: Key
    step: Key
    lot: Annotated[int, Meta(ge=0)] = 0
    machine: str = ""
    started_at: Instant | None = None
    finished_at: Instant | None = None
    good: Annotated[int, Meta(ge=0)] = 0
    scrap: Annotated[int, Meta(ge=0)] = 0
    paused: bool = False

    def joined(self, later: Progress) -> Progress:
        """What two reports say together: no count falls, what is finished stays finished.

        Where they disagree on who works, the one that counted more pieces is believed.
        """
        newer = (later.good, later.scrap) >= (self.good, self.scrap)
        told = later if newer else self
        return msgspec.structs.replace(
            told,
            started_at=_first(self.started_at, later.started_at),
            finished_at=_first(self.finished_at, later.finished_at),
            good=max(self.good, later.good),
            scrap=max(self.scrap, later.scrap),
        )


def _first(one: Instant | None, other: Instant | None) -> Instant | None:
    return min((at for at in (one, other) if at is not None), default=None)
