"""What bytes of an S7 controller are just now, asked for apart from collection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from snap7.error import S7ProtocolError

from hanse.collect.connectors.s7.blocks import block_of, decode, want_of
from hanse.collect.connectors.s7.config import S7Config
from hanse.collect.connectors.s7.source import client
from hanse.collect.connectors.s7.source import read as read_block
from hanse.collect.ports import Point, World


async def read(config: S7Config, _world: World, points: Sequence[Point]) -> list[object]:
    """The values of points, each by a read of its own; None where the controller refuses."""
    found: list[object] = []
    async with client(config) as line:
        for point in points:
            want = want_of(point.address, point.type, slot=0)
            try:
                raw = await asyncio.to_thread(read_block, line, block_of([want]))
            except S7ProtocolError:
                found.append(None)
            else:
                found.append(decode(bytes(raw), want))
    return found
