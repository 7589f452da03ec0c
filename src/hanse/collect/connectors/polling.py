"""A steady beat for connectors that ask: no drift, no pile-up after a slow answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine

from hanse.collect.ports import Intake
from hanse.model.time import Clock


async def beats(period_s: float, intake: Intake, clock: Clock) -> AsyncIterator[int]:
    """The number of each beat; one that is late is left out, not made up for.

    Waits before a beat while what was read cannot be handed on.
    """
    begun_s = clock.monotonic_s()
    beat = 0
    while True:
        await intake.room()
        yield beat
        passed_s = clock.monotonic_s() - begun_s
        beat = max(beat + 1, int(passed_s / period_s) + 1)
        await asyncio.sleep(max(0.0, begun_s + beat * period_s - clock.monotonic_s()))


async def first_of(*ways: Coroutine[object, object, None]) -> None:
    """Run several until one ends; the others are cancelled, and its error is raised."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
