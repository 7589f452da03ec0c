"""What registers and bits of a Modbus device are just now, asked for apart from collection."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.collect.connectors.modbus.blocks import decode, gather, want_of
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.modbus.source import ask, clients
from hanse.collect.ports import Point, World


async def read(config: ModbusConfig, _world: World, points: Sequence[Point]) -> list[object]:
    """The values of points, each by a read of its own; None where the device refuses."""
    found: list[object] = []
    async with clients(config) as (line, *_):
        for point in points:
            want = want_of(point.address, point.type, slot=0, unit=config.unit)
            (block,) = gather([want], width=config.width, hole=0)
            answer = await ask(line, block)
            if answer.isError():
                found.append(None)
            elif want.table.is_bits:
                found.append(bool(answer.bits[0]))
            else:
                low_first = config.words == "low_first"
                found.append(decode(answer.registers, want.format, low_first=low_first))
    return found
