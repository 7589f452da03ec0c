"""The plan role: keeps the live plan in memory and answers for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hanse.allocate.live import LivePlan
from hanse.model.plan import WhatIf
from hanse.node.context import Context
from hanse.node.planning import wire
from hanse.node.planning.asking import Asking
from hanse.node.planning.by_hand import ByHand
from hanse.node.planning.desk import PlanDesk
from hanse.node.planning.improving import Improver
from hanse.transmit.nats.events import wake
from hanse.transmit.nats.requests import answer

Answers = tuple[tuple[str, type[Any], Callable[[Any], Awaitable[Any]]], ...]


async def run(context: Context) -> None:
    """Open the plan from the record, then answer commands until cancelled."""
    live = LivePlan(context.clock, context.ids)
    desk = PlanDesk(live, context.store, context.clock)
    _wake_on_commit(context)
    await desk.open()
    improver = Improver(live, context.clock, desk.improved)
    asking = Asking(live)
    by_hand = ByHand(live, context.store, context.clock)
    for command, question, handle in _changing(desk, by_hand):
        stirring = improver.stirring(handle)
        await answer(context.nats, command, question=question, handle=stirring)
    for command, question, handle in (*_looking(desk, asking, improver), *_trying(by_hand)):
        await answer(context.nats, command, question=question, handle=handle)
    await improver.run()


def _looking(desk: PlanDesk, asking: Asking, improver: Improver) -> Answers:
    """Questions, and reports of machines, which a search can go on beside."""
    return (
        (wire.REPORT, wire.Report, desk.report),
        (wire.PROMISE, wire.PromiseAsk, desk.promise),
        (wire.QUOTE_OVER, wire.OverAsk, desk.quote_over),
        (wire.ALIVE, str, desk.alive),
        (wire.SEARCH, str, improver.shown),
        (wire.STOP_SEARCH, str, improver.stop),
        (wire.WHY, wire.WhyAsk, asking.why),
        (wire.RELIEF, wire.ReliefAsk, asking.relief),
        (wire.LOADS, str, asking.loads),
        (wire.OFFERS, str, asking.offers),
    )


def _trying(by_hand: ByHand) -> Answers:
    """What a planner looks at before doing it."""
    return (
        (wire.WHAT_IF, WhatIf, by_hand.what_if),
        (wire.TRY_MOVE, wire.MoveOperation, by_hand.try_move),
    )


def _changing(desk: PlanDesk, by_hand: ByHand) -> Answers:
    """Commands that change what there is to plan: they end a search that runs."""
    return (
        (wire.MACHINE_DOWN, wire.MachineDown, desk.machine_down),
        (wire.MACHINE_UP, wire.MachineUp, desk.machine_up),
        (wire.QUOTE, wire.QuoteAsk, desk.quote),
        (wire.KEEP_PLACE, wire.PlaceAsk, desk.keep_place),
        (wire.RELEASE, wire.Release, desk.release),
        (wire.ADD, wire.AddOrder, desk.add),
        (wire.CHANGE, wire.ChangeOrder, desk.change),
        (wire.RELOAD, wire.Reload, desk.reload),
        (wire.MATERIAL, wire.Material, desk.material),
        (wire.MOVE, wire.MoveOperation, by_hand.move),
        (wire.FREE, wire.MoveOperation, by_hand.free),
        (wire.ADOPT, wire.Adopt, by_hand.adopt),
        (wire.CONFIRM, wire.Confirm, by_hand.confirm),
    )


def _wake_on_commit(context: Context) -> None:
    """Tell the relay, which runs in another process, that there is something to announce."""
    loop = asyncio.get_running_loop()

    def tell(_lanes: object) -> None:
        asyncio.run_coroutine_threadsafe(wake(context.nats), loop)

    context.store.on_commit(tell)
