"""Values of a database table: rows whose key is larger than the last one."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import decimal
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from hanse.collect.connectors.polling import beats
from hanse.collect.connectors.sql.config import SqlConfig
from hanse.collect.ports import Intake, Point, World
from hanse.collect.times import time_in
from hanse.model.errors import BadConfig
from hanse.model.sample import Quality

CONNECT_S = 5
QUESTION_S_MAX = 30.0


async def collect(config: SqlConfig, points: Sequence[Point], intake: Intake, world: World) -> None:
    """Ask for new rows every ``poll_s``; how far it came is remembered once rows are kept.

    Raises:
        SQLAlchemy errors, BadConfig, TimeoutError: the database is lost; always in the end.
    """
    place = _Place(world)
    async with opened(config, world) as engine:
        table = await _in_thread(table_of, engine, config)
        good = _known(table, config, points, intake)
        after = place.get()
        if after is None and not config.from_start:
            after = await _in_thread(_last, engine, table, config)
        async for _ in beats(config.poll_s, intake, world.clock):
            while True:
                rows = await _in_thread(_rows, engine, table, config, after)
                for row in rows:
                    _give(row, config, good, intake)
                if rows:
                    after = rows[-1][config.key]
                    await intake.settled()
                    place.put(after)
                if len(rows) < config.rows:
                    break
            intake.up()


@contextlib.asynccontextmanager
async def opened(config: SqlConfig, world: World) -> AsyncIterator[sa.Engine]:
    """An engine with one connection, closed at the end."""
    url = sa.make_url(config.url)
    if config.password:
        url = url.set(password=world.reveal(config.password))
    engine = sa.create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, **_limits(url))
    try:
        yield engine
    finally:
        await asyncio.to_thread(engine.dispose)


def table_of(engine: sa.Engine, config: SqlConfig) -> sa.Table:
    """The table as the database describes it. Blocks.

    Raises:
        BadConfig: no such table or column.
    """
    schema, _, name = config.table.rpartition(".")
    try:
        table = sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=engine)
    except sa.exc.NoSuchTableError as error:
        raise BadConfig("no such table", subject=config.table, remedy="Check its name") from error
    needed = [config.key, config.time_column, config.name_column]
    needed += [config.value_column] if config.name_column else []
    for column in needed:
        if column and column not in table.columns:
            have = ", ".join(table.columns.keys()[:12])
            raise BadConfig(f"no column {column}", subject=config.table, remedy=f"It has {have}")
    return table


def _limits(url: sa.URL) -> dict[str, Any]:
    if url.get_backend_name() == "postgresql":
        return {"connect_args": {"connect_timeout": CONNECT_S}}
    return {}


def _known(
    table: sa.Table, config: SqlConfig, points: Sequence[Point], intake: Intake
) -> list[Point]:
    if config.name_column:
        return list(points)
    for point in points:
        if point.address not in table.columns:
            intake.reject("no such column", subject=f"{config.table}.{point.address}")
    return [p for p in points if p.address in table.columns]


def _last(engine: sa.Engine, table: sa.Table, config: SqlConfig) -> object:
    with engine.connect() as line:
        return line.execute(sa.select(sa.func.max(table.c[config.key]))).scalar()


def _rows(
    engine: sa.Engine, table: sa.Table, config: SqlConfig, after: object
) -> Sequence[sa.RowMapping]:
    key = table.c[config.key]
    question = sa.select(table).order_by(key).limit(config.rows)
    if after is not None:
        question = question.where(key > after)
    with engine.connect() as line:
        return line.execute(question).mappings().all()


def _give(row: sa.RowMapping, config: SqlConfig, points: Sequence[Point], intake: Intake) -> None:
    at_ns = None
    if config.time_column:
        at_ns = time_in(row[config.time_column])
        if at_ns is None:
            intake.reject("not a time", subject=f"{config.table} {config.key}={row[config.key]}")
            return
    for point in points:
        if config.name_column:
            if str(row[config.name_column]) == point.address:
                _take(point, row[config.value_column], at_ns, intake)
        else:
            _take(point, row[point.address], at_ns, intake)


def _take(point: Point, value: object, at_ns: int | None, intake: Intake) -> None:
    if value is None:
        intake.take(point.slot, None, at_ns, Quality.BAD)
    else:
        plain = float(value) if isinstance(value, decimal.Decimal) else value
        intake.take(point.slot, plain, at_ns)


async def _in_thread(way: Any, *arguments: Any) -> Any:
    async with asyncio.timeout(QUESTION_S_MAX):
        return await asyncio.to_thread(way, *arguments)


class _Place:
    """The last key that was read and kept; survives a restart."""

    def __init__(self, world: World) -> None:
        self._memory = world.remembered
        self._key = f"sql/{world.connection}"

    def get(self) -> object | None:
        """The key, None before the first row."""
        kept = self._memory.get(self._key)
        if not kept:
            return None
        kind, value = msgspec.json.decode(kept)
        return dt.datetime.fromisoformat(value) if kind == "time" else value

    def put(self, key: object) -> None:
        """Remember a key."""
        if isinstance(key, dt.datetime):
            said = ["time", key.isoformat()]
        else:
            plain = int(key) if isinstance(key, decimal.Decimal) else key
            said = ["plain", plain]  # type: ignore[list-item]
        self._memory.put(self._key, msgspec.json.encode(said).decode())
