"""What the plan's pages and API need of a node."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from hanse.model.event import Event
from hanse.model.plan import (
    Compared,
    Hold,
    MachineLoad,
    Overtime,
    Relief,
    Search,
    VersionsCompared,
    WhatIf,
    WhyLink,
)
from hanse.model.time import Instant
from hanse.web.views.planning import MoveWish, OrderRow, PlanView, PromiseView, VersionRow


class Plans(Protocol):
    """The plan and its orders."""

    async def current(self, number: int | None = None) -> PlanView:
        """The plan in force, or an earlier version by its number."""
        ...

    async def versions(self, *, limit: int) -> tuple[VersionRow, ...]:
        """Versions, newest first."""
        ...

    async def changes(self, number: int, *, since: int | None = None) -> VersionsCompared:
        """What a version has otherwise than an earlier one, by itself the one before it."""
        ...

    async def order(self, key: str) -> tuple[OrderRow, tuple[Event, ...]]:
        """A work order and its events."""
        ...

    async def move(self, wish: MoveWish, *, by: str) -> PlanView:
        """Put an operation elsewhere; the plan comes back repaired around it."""
        ...

    async def promise(self, item: str, quantity: Decimal, *, curve: bool = True) -> PromiseView:
        """The earliest date with nobody harmed, without the curve with nobody touched.

        Reserves nothing.
        """
        ...

    async def why(self, order: str) -> tuple[WhyLink, ...]:
        """The chain of causes of an order's date, from its end back to what began it."""
        ...

    async def what_if(self, wish: WhatIf) -> Compared:
        """A scenario beside the live plan; nothing live changes."""
        ...

    async def try_move(self, wish: MoveWish) -> Compared:
        """What putting an operation elsewhere would do; nothing changes."""
        ...

    async def free(self, wish: MoveWish, *, by: str) -> PlanView:
        """A pinned operation may be moved again."""
        ...

    async def adopt(self, wish: WhatIf, *, cost_minor: int, by: str, key: str = "") -> PlanView:
        """What was tried is done, as long as it costs no more than was shown; once for a key."""
        ...

    async def holds(self) -> tuple[Hold, ...]:
        """What is held for quotes, by expiry."""
        ...

    async def hold(
        self, item: str, quantity: int, *, expires: Instant, harmless: bool, key: str = ""
    ) -> tuple[str, Instant | None]:
        """Reserve capacity until then: the hold's key, and when it would be ready.

        Under a ``key`` of the caller's own it is held once.
        """
        ...

    async def release(self, hold: str) -> None:
        """Give held capacity back."""
        ...

    async def confirm(self, hold: str, order: str, *, by: str) -> PlanView:
        """What is held becomes a work order of that key."""
        ...

    async def loads(self) -> tuple[MachineLoad, ...]:
        """How busy every machine is, the busiest first."""
        ...

    async def offers(self) -> tuple[Overtime, ...]:
        """Overtime that calendars offer and nobody has opened."""
        ...

    async def stop_search(self) -> Search | None:
        """End the search for a better plan at once."""
        ...

    async def relief(self, machine: str) -> tuple[Relief, ...]:
        """What would relieve a machine, each tried, the most saved first."""
        ...

    async def search(self) -> Search | None:
        """How far the search for a better plan is; None where the plan role does not answer."""
        ...
