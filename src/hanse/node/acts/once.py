"""The mark that makes a command's effect happen once for its event."""

from __future__ import annotations

from collections.abc import Callable

from hanse.flows.commands import Command
from hanse.model.event import Event
from hanse.store import Store, Tx


async def once(store: Store, event: Event, command: Command, effect: Callable[[Tx], None]) -> bool:
    """Run the effect in one transaction with its mark; False where it happened before."""
    mark = f"done/{event.id}/{type(command).__name__}"

    def write(tx: Tx) -> bool:
        if tx.settings.get(mark, bool):
            return False
        effect(tx)
        tx.settings.put(mark, True)  # noqa: FBT003 (the value kept)
        return True

    return await store.write(write)
