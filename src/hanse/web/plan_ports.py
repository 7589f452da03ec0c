"""What the plan's pages and API need of a node."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from hanse.model.event import Event
from hanse.model.plan import Compared, Relief, Search, WhatIf, WhyLink
from hanse.web.views.planning import MoveWish, OrderRow, PlanView, PromiseView, VersionRow


class Plans(Protocol):
    """The plan and its orders."""

    async def current(self, number: int | None = None) -> PlanView:
        """The plan in force, or an earlier version by its number."""
        ...

    async def versions(self, *, limit: int) -> tuple[VersionRow, ...]:
        """Versions, newest first."""
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

    async def relief(self, machine: str) -> tuple[Relief, ...]:
        """What would relieve a machine, each tried, the most saved first."""
        ...

    async def search(self) -> Search | None:
        """How far the search for a better plan is; None where the plan role does not answer."""
        ...
