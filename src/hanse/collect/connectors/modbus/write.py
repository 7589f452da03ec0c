"""Setting one register or coil of a Modbus device. Only the write guard calls this."""

from __future__ import annotations

from hanse.collect.connectors.modbus.blocks import Table, encode, want_of
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.modbus.source import clients
from hanse.collect.ports import Point, Value, World
from hanse.model.errors import Refused


async def write(config: ModbusConfig, _world: World, point: Point, value: Value) -> None:
    """Write a coil or the registers of a number.

    Raises:
        Refused: the table cannot be written, or the device answers no.
        BadConfig: the value does not fit the type.
    """
    want = want_of(point.address, point.type, slot=point.slot, unit=config.unit)
    async with clients(config) as (line, *_):
        if want.table is Table.COIL:
            answer = await line.write_coil(want.address, bool(value), device_id=want.unit)
        elif want.table is Table.HOLDING:
            words = encode(value, want.format, low_first=config.words == "low_first")
            answer = await line.write_registers(want.address, words, device_id=want.unit)
        else:
            raise Refused(
                "inputs cannot be written",
                subject=point.address,
                remedy="Choose a holding register",
            )
    if answer.isError():
        raise Refused(
            f"the device answers with exception {answer.exception_code}",
            subject=point.address,
            remedy="Look up in its manual whether the register may be written",
        )
