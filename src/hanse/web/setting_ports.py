"""What the pages on setting signals need of a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hanse.web.views.common import Done
from hanse.web.views.setting import SetRow, SettingView, WritingView


class Setting(Protocol):
    """Signals set by people: only what the owner allowed, once, beside the connector."""

    async def at(self, machine: str) -> SettingView:
        """What may be set at a machine, and what waits."""
        ...

    async def set(
        self, machine: str, name: str, value: str, *, reason: str, by: str, id_: str
    ) -> SetRow:
        """Set a signal and tell what came of it; the same id again is not done again.

        ``value`` is as somebody typed it: it becomes what the signal holds.
        """
        ...

    async def decide(self, attempt: str, *, agree: bool, by: str) -> SetRow:
        """Agree to an attempt that waits, which carries it out, or decline it."""
        ...

    async def writing(self, connection: str) -> WritingView:
        """What may be set over a connection, and the forms to change that."""
        ...

    async def allow(
        self, connection: str, deed: str, values: Mapping[str, str], *, by: str
    ) -> Done:
        """Allow or forbid setting a signal, or giving a machine jobs."""
        ...
