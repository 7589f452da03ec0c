"""What a Modbus device answers to: the protocol has no names, so registers are tried."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.collect.connectors.modbus.blocks import Block, Table, Want
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.modbus.source import ask, clients
from hanse.collect.ports import Found, World

TRIED_PER_TABLE = 256
BLOCK = 32


async def browse(config: ModbusConfig, _world: World) -> Sequence[Found]:
    """The registers and bits among the first TRIED_PER_TABLE that are there and not zero."""
    found: list[Found] = []
    async with clients(config) as (line, *_):
        for table in Table:
            for start in range(0, TRIED_PER_TABLE, BLOCK):
                answer = await ask(line, _block(config, table, start))
                if answer.isError():
                    break
                cells = answer.bits if table.is_bits else answer.registers
                found += [_found(table, start + i, c) for i, c in enumerate(cells[:BLOCK]) if c]
    return found


def _block(config: ModbusConfig, table: Table, start: int) -> Block:
    want = Want(config.unit, table, start, BLOCK, 0, "uint16")
    return Block(config.unit, table, start, BLOCK, (want,))


def _found(table: Table, address: int, cell: int | bool) -> Found:  # noqa: FBT001
    return Found(
        address=f"{table}:{address}",
        trail=(str(table), str(address)),
        value=cell,
        data_type="Boolean" if table.is_bits else "UInt16",
        writable=table in {Table.COIL, Table.HOLDING},
    )
