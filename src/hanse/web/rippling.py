"""What the pages need of disturbances that go through the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hanse.web.views.common import Deed, Done
from hanse.web.views.rippling import ForecastRow, RippleRow, RippleView


class Ripples(Protocol):
    """Disturbances told from partner to partner, and what was answered."""

    async def rows(self, *, limit: int) -> tuple[RippleRow, ...]:
        """Disturbances, newest first."""
        ...

    async def one(self, ripple: str) -> RippleView:
        """One disturbance."""
        ...

    async def forecasts(self) -> tuple[ForecastRow, ...]:
        """Demand that customers told us, and that suppliers were told by us."""
        ...

    async def deeds(self) -> tuple[Deed, ...]:
        """What a person may tell here: each kind of disturbance with its fields."""
        ...

    async def begin(self, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Tell partners of a disturbance; ``href`` leads to it."""
        ...
