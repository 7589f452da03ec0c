"""The columns of a file, with their first value."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from hanse.collect.connectors.files.config import FilesConfig
from hanse.collect.connectors.files.source import files_of
from hanse.collect.connectors.files.table import Cell, rows_in
from hanse.collect.packing import number_in
from hanse.collect.ports import Found, World
from hanse.model.plant import SignalKind

ROWS_LOOKED_AT_MAX = 200


async def browse(config: FilesConfig, _world: World) -> Sequence[Found]:
    """One entry a column but for the time, or a name where a row is one value."""
    return await asyncio.to_thread(_look, config)


def _look(config: FilesConfig) -> list[Found]:
    files = files_of(config)
    if not files:
        return []
    rows = rows_in(files[-1], delimiter=config.delimiter, sheet=config.sheet)
    table = list(itertools.islice(rows, ROWS_LOOKED_AT_MAX))
    if len(table) < 2:
        return []
    names = [str(c).strip() for c in table[0]]
    if config.name_column in names:
        name, value = names.index(config.name_column), names.index(config.value_column)
        last = {str(row[name]): row[value] for row in table[1:]}
        return [_found(key, cell) for key, cell in last.items()]
    return [
        _found(name, table[1][n])
        for n, name in enumerate(names)
        if name and name != config.time_column and n < len(table[1])
    ]


def _found(name: str, cell: Cell) -> Found:
    number = cell if isinstance(cell, bool | int | float) else None
    if isinstance(cell, str):
        number = number_in(cell, SignalKind.ANALOG)
    shown = str(cell)[:120] if number is None else number
    return Found(
        address=name,
        trail=(name,),
        value=shown,
        data_type="String" if number is None else "Double",
    )
