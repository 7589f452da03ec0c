"""What the pages need of groups that clear together."""

from __future__ import annotations

from typing import Protocol

from hanse.web.views.clearing import ClearingsView, ConveneForm, TogetherView
from hanse.web.views.common import Done


class Clearings(Protocol):
    """Groups that clear together: convened here or by partners."""

    async def view(self) -> ClearingsView:
        """All clearings, the trial on our own requests, and partners that could be convened."""
        ...

    async def trial(self) -> TogetherView:
        """Our open requests and valid offers cleared at once, beside what was chosen."""
        ...

    async def convene(self, form: ConveneForm, *, by: str) -> Done:
        """Call partners to clear together."""
        ...
