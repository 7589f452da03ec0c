"""The plan role: keeps the live plan in memory and answers for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hanse.allocate.live import LivePlan
from hanse.node.context import Context
from hanse.node.planning import wire
from hanse.node.planning.desk import PlanDesk
from hanse.transmit.nats.events import wake
from hanse.transmit.nats.requests import answer

Answers = tuple[tuple[str, type[Any], Callable[[Any], Awaitable[Any]]], ...]


async def run(context: Context) -> None:
    """Open the plan from the record, then answer commands until cancelled."""
    desk = PlanDesk(LivePlan(context.clock, context.ids), context.store, context.clock)
    _wake_on_commit(context)
    await desk.open()
    for command, question, handle in _answers(desk):
        await answer(context.nats, command, question=question, handle=handle)
    await asyncio.Event().wait()


def _answers(desk: PlanDesk) -> Answers:
    return (
        (wire.MACHINE_DOWN, wire.MachineDown, desk.machine_down),
        (wire.MACHINE_UP, wire.MachineUp, desk.machine_up),
        (wire.QUOTE, wire.QuoteAsk, desk.quote),
        (wire.RELEASE, wire.Release, desk.release),
        (wire.ADD, wire.AddOrder, desk.add),
        (wire.CHANGE, wire.ChangeOrder, desk.change),
        (wire.REPORT, wire.Report, desk.report),
        (wire.PROMISE, wire.PromiseAsk, desk.promise),
        (wire.RELOAD, wire.Reload, desk.reload),
        (wire.MATERIAL, wire.Material, desk.material),
        (wire.MOVE, wire.MoveOperation, desk.move),
        (wire.ALIVE, str, desk.alive),
    )


def _wake_on_commit(context: Context) -> None:
    """Tell the relay, which runs in another process, that there is something to announce."""
    loop = asyncio.get_running_loop()

    def tell(_lanes: object) -> None:
        asyncio.run_coroutine_threadsafe(wake(context.nats), loop)

    context.store.on_commit(tell)
