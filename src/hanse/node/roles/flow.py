"""The flow role: announces events, reacts to them, sends letters, watches windows."""

from __future__ import annotations

import asyncio

import structlog

from hanse.flows import kinds
from hanse.flows.commands import Command
from hanse.flows.react import react, reacts_to
from hanse.match.books import Books
from hanse.match.counter import Context as Step
from hanse.model.event import Draft, Event
from hanse.model.keys import DidKeyVerifier
from hanse.model.text import Text
from hanse.node.acts import bidding
from hanse.node.acts.carry import carry_out
from hanse.node.acts.once import forget_marks
from hanse.node.context import Context
from hanse.node.dealing import fetching, mirroring, partners
from hanse.node.dealing.desk import desk_in, keep
from hanse.node.dealing.view import TxView
from hanse.node.grouping import running as clearings
from hanse.node.keeping import forget_letters, has_caught_up
from hanse.node.losses.keeping import keep_spans
from hanse.node.notices import desk as notices
from hanse.node.rippling.forecasts import pass_on
from hanse.node.ruling.folder import keep_watch
from hanse.node.shopfloor.dispatch import Dispatcher
from hanse.store import Tx
from hanse.store.store import COPIED
from hanse.transmit.nats.events import EventRelay, serve
from hanse.transmit.nats.feed import events, patiently
from hanse.transmit.peerlink.client import Route
from hanse.transmit.peerlink.relay import LetterRelay

SWEEP_S = 0.5
LEDGERS_S = 60.0
FORECASTS_S = 3_600.0
ERROR_MAX = 400
WINDOWS_MAX = 50
log = structlog.get_logger("flow")


async def run(context: Context) -> None:
    """Run the relay, the reactions, the letters and the clockwork until cancelled."""
    relay = EventRelay(context.nats, context.store)
    letters = _letters(context)
    loop = asyncio.get_running_loop()

    def poke(lanes: frozenset[str]) -> None:
        loop.call_soon_threadsafe(relay.poke)
        for lane in lanes:
            loop.call_soon_threadsafe(letters.poke, lane)

    context.store.on_commit(poke)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        tasks.create_task(letters.run())
        tasks.create_task(_react(context))
        tasks.create_task(_close_windows(context))
        tasks.create_task(_look_after_ledgers(context))
        tasks.create_task(_pass_forecasts(context))
        tasks.create_task(Dispatcher(context).run())
        tasks.create_task(fetching.run(context))
        tasks.create_task(mirroring.run(context))
        tasks.create_task(clearings.run(context))
        tasks.create_task(keep_watch(context))
        tasks.create_task(notices.run(context))
        tasks.create_task(keep_spans(context))


async def _look_after_ledgers(context: Context) -> None:
    """Let offers that lapsed go, and propose what waits behind them."""
    while True:
        await asyncio.sleep(LEDGERS_S)
        await context.store.write(lambda tx: _tick_the_desk(tx, context))
        await context.store.write(lambda tx: forget_letters(tx, context))
        await context.store.write(lambda tx: forget_marks(tx, context.clock))
        if await context.store.read(lambda tx: tx.settings.get(COPIED, int) and has_caught_up(tx)):
            await context.store.write(lambda tx: tx.settings.forget(COPIED))
            log.info("caught up", why="the record was a backup; all partners' heads were seen")


async def _pass_forecasts(context: Context) -> None:
    """Tell suppliers what our customers will want, where it has changed and they may know."""
    while True:
        await asyncio.sleep(FORECASTS_S)
        await context.store.write(lambda tx: pass_on(tx, context))


def _tick_the_desk(tx: Tx, context: Context) -> None:
    desk = desk_in(tx, context)
    desk.tick(Step(at=context.clock.now()))
    keep(tx, context, desk, causes={})


def _letters(context: Context) -> LetterRelay[Tx]:
    def route(did: str) -> Route:
        partner = context.store.read_sync(lambda tx: partners.need(tx, did))
        return Route(url=partner.url, pin=partner.pin)

    return LetterRelay(
        record=context.store,
        route=route,
        signer=context.identity.signer,
        verifier=DidKeyVerifier(),
        clock=context.clock,
        dice=context.dice,
    )


async def _react(context: Context) -> None:
    wanted = sorted(reacts_to())
    js = context.nats.jetstream()
    feed = await patiently(lambda: events(js, name="flow", kinds=wanted))

    async def handle(event: Event) -> None:
        await _handle(context, event)

    async def give_up(event: Event, error: BaseException) -> None:
        log.warning("not done", event_id=event.id, kind=event.kind, error=str(error))
        await context.store.write(lambda tx: tx.events.append(_not_done(event, error)))

    await serve(feed, handle, dice=context.dice, on_poison=give_up)


async def _handle(context: Context, event: Event) -> None:
    def decide(tx: Tx) -> tuple[Command, ...]:
        return react(event, TxView(tx, context.identity.did), context.policy_in(tx))

    for command in await context.store.read(decide):
        await carry_out(context, event, command)


async def _close_windows(context: Context) -> None:
    """Say when the time for answers, or for bidding, is over: by the clock, not by messages."""
    while True:
        await asyncio.sleep(SWEEP_S)
        if await context.store.read(lambda tx: _overdue(tx, context) or _closings(tx, context)):
            await context.store.write(lambda tx: _close(tx, context))


def _closings(tx: Tx, context: Context) -> list[tuple[str, str]]:
    return bidding.closings(tx, context.clock.now())


def _close(tx: Tx, context: Context) -> None:
    for request, cause in _closings(tx, context):
        tx.events.append(bidding.over(request, cause), once=f"bidding_over:{request}")
    for request, cause in _overdue(tx, context):
        tx.events.append(_closed(request, cause), once=f"closed:{request}")


def _overdue(tx: Tx, context: Context) -> list[tuple[str, str]]:
    books, now, found = Books(tx.desk), context.clock.now(), []
    for asked in tx.events.find(kind=kinds.ASKED, newest_first=True, limit=WINDOWS_MAX):
        enquiry = books.enquiry(asked.subject)
        if enquiry is not None and enquiry.rfq.submission_due_date_time <= now:
            found.append((asked.subject, asked.id))
    return [pair for pair in found if not _is_settled(tx, pair[0])]


def _is_settled(tx: Tx, request: str) -> bool:
    marks = (f"chosen:{request}", f"closed:{request}")
    return any(tx.events.by_once(mark) is not None for mark in marks)


def _closed(request: str, cause: str) -> Draft:
    return Draft(
        kind=kinds.WINDOW_CLOSED,
        subject=request,
        text=Text(
            f"The time to answer request {request} is over", f"询价 {request} 的答复时间已到"
        ),
        cause=cause,
        about={"request": request},
    )


def _not_done(event: Event, error: BaseException) -> Draft:
    said = f"{type(error).__name__}: {error}"[:ERROR_MAX]
    return Draft(
        kind=kinds.NOT_DONE,
        subject=event.subject,
        text=Text(f"Could not go on: {said}", f"无法继续:{said}"),
        cause=event.id,
        about={"kind": event.kind, "error": said},
    )
