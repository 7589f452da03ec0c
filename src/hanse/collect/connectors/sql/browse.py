"""The columns of a table, with the values of its newest row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa

from hanse.collect.connectors.sql.config import SqlConfig
from hanse.collect.connectors.sql.source import opened, table_of
from hanse.collect.ports import Found, World

NAMES_MAX = 1_000


async def browse(config: SqlConfig, world: World) -> Sequence[Found]:
    """One entry a column but for key and time, or a name where a row is one value."""
    async with opened(config, world) as engine:
        return await asyncio.to_thread(_look, engine, config)


def _look(engine: sa.Engine, config: SqlConfig) -> list[Found]:
    table = table_of(engine, config)
    newest = sa.select(table).order_by(table.c[config.key].desc()).limit(NAMES_MAX)
    with engine.connect() as line:
        rows = line.execute(newest).mappings().all()
    if not rows:
        return []
    if config.name_column:
        last = {str(r[config.name_column]): r[config.value_column] for r in reversed(rows)}
        return [_found(name, value, "") for name, value in last.items()]
    passed = {config.key, config.time_column}
    return [
        _found(c.name, rows[0][c.name], str(c.type)) for c in table.columns if c.name not in passed
    ]


def _found(name: str, value: object, type_: str) -> Found:
    is_plain = value is None or isinstance(value, bool | int | float)
    return Found(
        address=name,
        trail=(name,),
        value=value if is_plain else str(value)[:120],  # type: ignore[arg-type]
        data_type=type_,
    )
