"""The columns of a recording, with their first values and the range of the first rows."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from hanse.collect.connectors.replay.config import ReplayConfig
from hanse.collect.connectors.replay.recording import Row
from hanse.collect.connectors.replay.source import rows
from hanse.collect.packing import number_in
from hanse.collect.ports import Found, World
from hanse.model.plant import SignalKind

ROWS_LOOKED_AT_MAX = 500


async def browse(config: ReplayConfig, _world: World) -> Sequence[Found]:
    """One entry a column but for the time."""
    return await asyncio.to_thread(_look, config)


def _look(config: ReplayConfig) -> list[Found]:
    first = [r for r in itertools.islice(rows(config), ROWS_LOOKED_AT_MAX) if isinstance(r, Row)]
    if not first:
        return []
    names = list(first[0].cells)
    clock = config.time_column or names[0]
    return [_found(name, [row.cells[name] for row in first]) for name in names if name != clock]


def _found(name: str, cells: list[str]) -> Found:
    numbers = [n for n in (number_in(c, SignalKind.ANALOG) for c in cells) if n is not None]
    if not numbers:
        return Found(address=name, trail=(name,), value=cells[0][:120], data_type="String")
    return Found(
        address=name,
        trail=(name,),
        value=numbers[0],
        data_type="Double",
        low=min(numbers),
        high=max(numbers),
    )
