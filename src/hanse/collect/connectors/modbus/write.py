"""Setting one register or coil of a Modbus device. Only the write guard calls this."""

from __future__ import annotations

from hanse.collect.connectors.modbus.blocks import Table, encode, want_of
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.modbus.source import clients
from hanse.collect.ports import Point, World
from hanse.model.errors import Refused, Unreachable
from hanse.model.setting import Value

MAYBE = frozenset({5, 11})
"""Taken and not yet done (5), a gateway that heard no answer (11): Modbus 1.1b3, section 7."""


async def write(config: ModbusConfig, _world: World, point: Point, value: Value) -> None:
    """Write a coil or the registers of a number.

    Raises:
        Refused: the table cannot be written, or the device answers no.
        Unreachable: the device does not say whether it took it.
        BadConfig: the value does not fit the type.
    """
    want = want_of(point.address, point.type, slot=point.slot, unit=config.unit)
    async with clients(config) as (line, *_):
        if want.table is Table.COIL:
            answer = await line.write_coil(want.address, bool(float(value)), device_id=want.unit)
        elif want.table is Table.HOLDING:
            words = encode(value, want.format, low_first=config.words == "low_first")
            answer = await line.write_registers(want.address, words, device_id=want.unit)
        else:
            raise Refused(
                "inputs cannot be written",
                subject=point.address,
                remedy="Choose a holding register",
            )
    if answer.isError() and answer.exception_code in MAYBE:
        raise Unreachable(
            f"the device answers with exception {answer.exception_code}",
            subject=point.address,
            remedy="Look at the machine: it may have taken the value",
        )
    if answer.isError():
        raise Refused(
            f"the device answers with exception {answer.exception_code}",
            subject=point.address,
            remedy="Look up in its manual whether the register may be written",
        )
