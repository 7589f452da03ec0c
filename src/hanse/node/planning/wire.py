"""Commands to the plan role and its answers, as they travel over the broker."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.order import Progress, WorkOrder
from hanse.model.plan import WhatIf
from hanse.model.product import Stock
from hanse.model.time import Instant

MACHINE_DOWN = "plan.machine_down"
MACHINE_UP = "plan.machine_up"
QUOTE = "plan.quote"
QUOTE_OVER = "plan.quote_over"
KEEP_PLACE = "plan.keep_place"
RELEASE = "plan.release"
ADD = "plan.add"
CHANGE = "plan.change"
REPORT = "plan.report"
PROMISE = "plan.promise"
RELOAD = "plan.reload"
MATERIAL = "plan.material"
MOVE = "plan.move"
ALIVE = "plan.alive"
SEARCH = "plan.search"
WHY = "plan.why"
WHAT_IF = "plan.what_if"
RELIEF = "plan.relief"
LOADS = "plan.loads"
OFFERS = "plan.offers"
TRY_MOVE = "plan.try_move"
FREE = "plan.free"
ADOPT = "plan.adopt"
CONFIRM = "plan.confirm"
STOP_SEARCH = "plan.stop_search"


class MachineDown(Struct, frozen=True, kw_only=True):
    """A machine cannot work; ``until`` as far as known. ``cause`` is the event behind it.

    ``planned``: maintenance that a planner agreed to.
    """

    machine: Key
    since: Instant
    until: Instant | None
    cause: str
    loop: str | None = None
    planned: bool = False
    reason: Annotated[str, Meta(max_length=400)] = ""


class MachineUp(Struct, frozen=True, kw_only=True):
    """A machine works again."""

    machine: Key
    at: Instant
    cause: str
    loop: str | None = None


class QuoteAsk(Struct, frozen=True, kw_only=True):
    """When can so many be ready with nobody touched (``harmless``: nobody harmed)? Held so long.

    Under a ``key`` of the asker's own it is held once.
    """

    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    expires: Instant
    harmless: bool = False
    key: Annotated[str, Meta(max_length=120)] = ""


class QuoteAnswer(Struct, frozen=True, kw_only=True):
    """What is held: so many pieces, ready then; nothing where ``quantity`` is 0."""

    quantity: int
    ready: Instant | None = None
    hold: str = ""
    version: int = 0


class OverAsk(Struct, frozen=True, kw_only=True):
    """When could so many be ready if those holds were not? Nothing live changes.

    Without ``curve``: the untouched date alone.
    """

    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    holds: tuple[str, ...]
    curve: bool = False


class PlaceAsk(Struct, frozen=True, kw_only=True):
    """From now on the place of that hold is for so many of an item, until the hold expires."""

    hold: str
    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    expires: Instant


class Release(Struct, frozen=True, kw_only=True):
    """Give held capacity back."""

    hold: str
    cause: str = ""


class AddOrder(Struct, frozen=True, kw_only=True):
    """Take a work order into the plan, on what was held for it where that still stands."""

    order: WorkOrder
    hold: str = ""
    cause: str
    loop: str | None = None


class ChangeOrder(Struct, frozen=True, kw_only=True):
    """A work order has another quantity or date; quantity 0 cancels it."""

    order: Key
    quantity: Decimal
    due: Instant
    cause: str
    loop: str | None = None


class PlanChanged(Struct, frozen=True, kw_only=True):
    """What became of the plan."""

    version: int
    ready: Instant | None = None


class PromiseAsk(Struct, frozen=True, kw_only=True):
    """When can so many be ready? Reserves nothing. Without ``curve``: the untouched date alone."""

    item: Key
    quantity: Annotated[int, Meta(gt=0)]
    curve: bool = True


class Report(Struct, frozen=True, kw_only=True):
    """How far an operation is, as its machine says."""

    progress: Progress
    cause: str = ""


class Reload(Struct, frozen=True, kw_only=True):
    """The records changed (an import): lay the plan out again from them."""

    cause: str = ""


class Material(Struct, frozen=True, kw_only=True):
    """What of an item will arrive when from orders of ours; receipts of other sources stay."""

    item: Key
    arrivals: tuple[Stock, ...]
    order: str = ""
    cause: str
    loop: str | None = None


class MoveOperation(Struct, frozen=True, kw_only=True):
    """A planner's word: this operation on that machine from that instant on."""

    order: Key
    step: Key
    lot: Annotated[int, Meta(ge=0)] = 0
    machine: Key
    start: Instant
    by: str


class Adopt(Struct, frozen=True, kw_only=True):
    """What was tried is to be done, as long as it costs no more than was shown; once for a key."""

    what: WhatIf
    cost_minor: int
    by: str
    key: Annotated[str, Meta(max_length=120)] = ""


class Confirm(Struct, frozen=True, kw_only=True):
    """What is held becomes a work order of that key."""

    hold: str
    order: Key
    by: str


class WhyAsk(Struct, frozen=True, kw_only=True):
    """Why does an order end when it ends?"""

    order: Key


class ReliefAsk(Struct, frozen=True, kw_only=True):
    """What would relieve a machine most?"""

    machine: Key
