"""Setting one value of an S7 controller. Only the write guard calls this."""

from __future__ import annotations

import asyncio

from hanse.collect.connectors.s7.blocks import block_of, encode, want_of
from hanse.collect.connectors.s7.config import S7Config
from hanse.collect.connectors.s7.source import AREAS, client, read
from hanse.collect.ports import Point, World
from hanse.model.errors import Refused
from hanse.model.setting import Value


async def write(config: S7Config, _world: World, point: Point, value: Value) -> None:
    """Write a number or bit.

    Raises:
        Refused: texts and inputs are not written.
        BadConfig: the value does not fit the type.
    """
    want = want_of(point.address, point.type, slot=point.slot)
    if want.area == "I" or want.format.startswith("string"):
        raise Refused(
            "inputs and texts are not written",
            subject=point.address,
            remedy="Choose a number or bit of a data block",
        )
    async with client(config) as line:
        if want.format == "bool":
            (byte,) = await asyncio.to_thread(read, line, block_of([want]))
            mask = 1 << want.bit
            raw = bytes([byte | mask if value else byte & ~mask])
        else:
            raw = encode(value, want)
        area = AREAS[want.area]
        await asyncio.to_thread(line.write_area, area, want.db, want.start, bytearray(raw))
