"""What the pages on remaining life need of a node."""

from __future__ import annotations

from typing import Protocol

from hanse.model.time import Instant
from hanse.web.views.common import Done
from hanse.web.views.life import LifeRow, LifeView, WindowRow


class Lives(Protocol):
    """How long machines will last, and time proposed to look after them before they fail."""

    async def rows(self) -> tuple[LifeRow, ...]:
        """Every watched machine, the shortest life first."""
        ...

    async def machine(self, key: str) -> LifeView:
        """One watched machine."""
        ...

    async def train(self, asset_type: str, *, by: str) -> Done:
        """Ask for a new version now; it is compared before it replaces the one in use."""
        ...

    async def windows(self) -> tuple[WindowRow, ...]:
        """Proposed windows that wait for the planner's word, the most urgent first."""
        ...

    async def answer(
        self, approval: str, *, since: Instant | None, reason: str, accepted: bool, by: str
    ) -> Done:
        """Accept a window, from another instant if one is given; or decline it, with a reason."""
        ...
