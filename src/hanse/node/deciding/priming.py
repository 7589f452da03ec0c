"""What is known already: the values a fresh engine begins with, so that a new rule sees now.

A signal that does not change sends nothing. Without this, a rule armed on a value that stands
beyond its limit would wait for the next change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import structlog

from hanse.model.errors import HanseError
from hanse.model.ids import Happening
from hanse.model.plant import Signal
from hanse.model.sample import FRAME_SAMPLES_MAX, Frame, frame
from hanse.model.time import Clock, from_ns

PRIMING_S = 3.0
log = structlog.get_logger("decide")


async def known_values(
    signals: Iterable[Signal], folder: Path, *, at_ns: int, clock: Clock
) -> Frame | None:
    """The value each signal had at an instant, dated to it; None where history knows none.

    It gives up after PRIMING_S: deciding does not wait for history.
    """
    ids = [s.id for s in signals][:FRAME_SAMPLES_MAX]
    if not ids:
        return None
    try:
        async with asyncio.timeout(PRIMING_S):
            return await asyncio.to_thread(_read, ids, folder, at_ns, clock)
    except (TimeoutError, HanseError, OSError) as error:
        log.info("begins without values", why=str(error) or "history is slow")
        return None


def _read(ids: list[int], folder: Path, at_ns: int, clock: Clock) -> Frame | None:
    from hanse.transmit.history.query import History

    last = History(folder, clock=clock).as_of(ids, from_ns(at_ns))
    numbers = ~np.isnan(last.value)
    if not numbers.any():
        return None
    count = int(np.count_nonzero(numbers))
    return frame(
        Happening("history", 0, 0),
        signal=last.signal[numbers],
        at_ns=np.full(count, at_ns, np.int64),
        value=last.value[numbers],
        quality=last.quality[numbers],
        received_ns=at_ns,
    )
