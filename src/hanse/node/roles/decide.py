"""The decide role: a share of the plant's partitions, watched; people's wishes about all of it."""

from __future__ import annotations

import asyncio

from hanse.node.context import Context
from hanse.node.deciding.hall import Hall
from hanse.node.living.studio import Studio
from hanse.transmit.nats.requests import answer

RELOAD = "decide.reload"


async def run(context: Context) -> None:
    """Watch until cancelled; begin anew when the plant or its rules change."""
    hall = Hall(context)

    async def reload(_question: str) -> bool:
        await hall.changed()
        return True

    heard = await answer(context.nats, RELOAD, question=str, handle=reload)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hall.run())
            tasks.create_task(Studio(context, held=lambda: hall.held).run())
    finally:
        await heard.unsubscribe()
