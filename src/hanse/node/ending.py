"""Ending tasks for certain.

On Python 3.11 `asyncio.wait_for`, which the broker's client uses, swallows a cancellation that
comes in the same turn of the loop as what it waits for: a task told once to end may go on.
"""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_S = 1.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended, whatever they end with."""
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
