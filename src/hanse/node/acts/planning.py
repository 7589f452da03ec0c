"""Capacity out and back: asked of the plan role."""

from __future__ import annotations

import datetime as dt

from hanse.flows.commands import BringMachineBack, TakeMachineOut
from hanse.model.event import Event
from hanse.node.context import Context
from hanse.node.planning import wire
from hanse.transmit.nats.requests import ask

ANSWER_S = 20.0


async def take_machine_out(context: Context, event: Event, command: TakeMachineOut) -> None:
    """Have the plan repaired around a machine that is down."""
    repair = dt.timedelta(seconds=command.repair_s)
    down = wire.MachineDown(
        machine=command.machine,
        since=command.since,
        until=command.since + repair if command.repair_s else None,
        cause=event.id,
        loop=event.loop,
        planned=command.planned,
        reason=command.reason,
    )
    await ask(context.nats, wire.MACHINE_DOWN, down, answer=wire.PlanChanged, wait_s=ANSWER_S)


async def bring_machine_back(context: Context, event: Event, command: BringMachineBack) -> None:
    """Have the plan use a machine again."""
    up = wire.MachineUp(machine=command.machine, at=command.at, cause=event.id, loop=event.loop)
    await ask(context.nats, wire.MACHINE_UP, up, answer=wire.PlanChanged, wait_s=ANSWER_S)
