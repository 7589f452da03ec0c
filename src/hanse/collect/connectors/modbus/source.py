"""Values of a Modbus device by coalesced reads, until it is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from pymodbus.client import AsyncModbusTcpClient

from hanse.collect.connectors.modbus.blocks import (
    Block,
    Table,
    Want,
    decode,
    gather,
    halves,
    want_of,
)
from hanse.collect.connectors.modbus.config import ModbusConfig
from hanse.collect.connectors.polling import beats
from hanse.collect.ports import Intake, Point, World
from hanse.model.errors import BadConfig, Unreachable
from hanse.model.sample import Quality

ILLEGAL_ADDRESS, ILLEGAL_VALUE = 2, 3
_EXCEPTIONS = {
    1: "the device does not know this kind of read",
    2: "the device has no such register",
    3: "the device refuses the length",
    4: "the device failed",
    6: "the device is busy",
    10: "the gateway has no path to the unit",
    11: "the unit behind the gateway does not answer",
}
RETRY_REFUSED_BEATS = 30
"""Beats after which registers that were refused are asked for again."""


async def collect(
    config: ModbusConfig, points: Sequence[Point], intake: Intake, world: World
) -> None:
    """One session: read all blocks every ``poll_s``.

    Raises:
        Unreachable: the device does not answer; always in the end.
    """
    wants = wants_of(config, points, intake)
    async with clients(config) as lines:
        reader = Reader(config, lines, intake)
        plan = gather(wants, width=config.width, hole=config.hole)
        async for beat in beats(config.poll_s, intake, world.clock):
            if beat % RETRY_REFUSED_BEATS == 0 and reader.refused:
                plan += gather(reader.take_refused(), width=1, hole=0)
            began_s = world.clock.monotonic_s()
            plan = await reader.read(plan)
            intake.note(round_trip_s=(world.clock.monotonic_s() - began_s) / max(1, len(plan)))
            intake.up()


def wants_of(config: ModbusConfig, points: Sequence[Point], intake: Intake) -> list[Want]:
    """What the points want; those that cannot be are told."""
    wants: list[Want] = []
    for point in points:
        try:
            wants.append(want_of(point.address, point.type, slot=point.slot, unit=config.unit))
        except BadConfig as error:
            intake.reject(error.what, subject=point.address, remedy=error.remedy)
    return wants


@contextlib.asynccontextmanager
async def clients(config: ModbusConfig) -> AsyncIterator[list[AsyncModbusTcpClient]]:
    """Connected lines to the device, closed at the end.

    Raises:
        Unreachable: nothing answers.
    """
    lines = [
        AsyncModbusTcpClient(
            config.host,
            port=config.port,
            timeout=config.timeout_s,
            retries=0,
            reconnect_delay=0,
            name="hanse",
        )
        for _ in range(config.connections)
    ]
    try:
        if not all(await asyncio.gather(*(line.connect() for line in lines))):
            raise Unreachable(
                "nothing listens there",
                subject=f"{config.host}:{config.port}",
                remedy="Check that the device runs, its port, and the firewall",
            )
        yield lines
    finally:
        for line in lines:
            line.close()


class Reader:
    """Reads blocks over one or more lines; learns which reads the device takes."""

    def __init__(
        self, config: ModbusConfig, lines: Sequence[AsyncModbusTcpClient], intake: Intake
    ) -> None:
        self._config = config
        self._lines = lines
        self._intake = intake
        self._low_first = config.words == "low_first"
        self.refused: list[Want] = []

    def take_refused(self) -> list[Want]:
        """What was refused since, to be asked for once more."""
        refused, self.refused = self.refused, []
        return refused

    async def read(self, plan: Sequence[Block]) -> list[Block]:
        """Read every block; returns the plan for the next time, refused blocks halved."""
        share = [plan[n :: len(self._lines)] for n in range(len(self._lines))]
        done = await asyncio.gather(
            *(self._read_on(line, part) for line, part in zip(self._lines, share, strict=True))
        )
        return [block for part in done for block in part]

    async def _read_on(self, line: AsyncModbusTcpClient, blocks: Sequence[Block]) -> list[Block]:
        kept: list[Block] = []
        todo = list(blocks)[::-1]
        while todo:
            block = todo.pop()
            answer = await ask(line, block)
            if not answer.isError():
                self._give(block, answer)
                kept.append(block)
            elif answer.exception_code in {ILLEGAL_ADDRESS, ILLEGAL_VALUE}:
                smaller = halves(block)
                todo += smaller[::-1]
                self._refuse(block, answer.exception_code, for_good=not smaller)
            else:
                self._refuse(block, answer.exception_code, for_good=False)
                kept.append(block)
        return kept

    def _give(self, block: Block, answer: Any) -> None:
        cells = answer.bits if block.table.is_bits else answer.registers
        if len(cells) < block.count:
            self._intake.reject("the answer is too short", subject=f"{block.table}:{block.address}")
            return
        slots, values = [], []
        for want in block.wants:
            at = want.address - block.address
            slots.append(want.slot)
            if want.format == "uint16" or want.table.is_bits:
                values.append(cells[at])
            else:
                words = cells[at : at + want.count]
                values.append(decode(words, want.format, low_first=self._low_first))
        self._intake.take_all(slots, values)

    def _refuse(self, block: Block, code: int, *, for_good: bool) -> None:
        if for_good:
            self.refused += block.wants
        elif code in {ILLEGAL_ADDRESS, ILLEGAL_VALUE}:
            return
        what = _EXCEPTIONS.get(code, f"the device answers with exception {code}")
        for want in block.wants:
            self._intake.take(want.slot, None, quality=Quality.BAD)
        self._intake.reject(
            what,
            subject=f"{block.table}:{block.address}@{block.unit}",
            remedy="Look the register up in the device's manual",
        )


async def ask(line: AsyncModbusTcpClient, block: Block) -> Any:
    """One read.

    Raises:
        pymodbus errors: the line is lost.
    """
    read = {
        Table.COIL: line.read_coils,
        Table.DISCRETE: line.read_discrete_inputs,
        Table.HOLDING: line.read_holding_registers,
        Table.INPUT: line.read_input_registers,
    }[block.table]
    return await read(block.address, count=block.count, device_id=block.unit)
