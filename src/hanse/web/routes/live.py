"""What moves while one looks: events by SSE, signals as binary frames by WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated, Any

import msgspec
from litestar import WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from hanse.model.errors import BadInput
from hanse.model.event import Event
from hanse.web.desk import Desk, desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.drawing.frames import pack
from hanse.web.reading import Asked

SIGNALS_MAX = 32
BACK_S_MAX = 86_400
BACK_POINTS = 1_200
HEARTBEAT_S = 15.0
Sock = WebSocket[Any, Any, Any]


async def beating(events: AsyncIterator[Event]) -> AsyncIterator[ServerSentEventMessage]:
    """Events as messages; a comment every HEARTBEAT_S keeps what lies between from closing it."""
    waiting = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_S)
            if not done:
                yield ServerSentEventMessage(comment="alive")
                continue
            yield message_of(waiting.result())
            waiting = asyncio.ensure_future(anext(events))
    except StopAsyncIteration:
        return
    finally:
        waiting.cancel()


def message_of(event: Event) -> ServerSentEventMessage:
    """An event as a page needs it in order to know what to fetch again."""
    body = {"id": event.id, "kind": event.kind, "subject": event.subject, "loop": event.loop}
    return ServerSentEventMessage(event="happening", data=msgspec.json.encode(body).decode())


@get("/live/events", opt=needs(Permission.LOOPS_READ), include_in_schema=False)
async def live_events(request: Asked) -> ServerSentEvent:
    """Events as they are recorded: ids and kinds; the page fetches what it may see."""
    desk = desk_of(request)

    async def stream() -> AsyncIterator[ServerSentEventMessage]:
        with desk.streams.one():
            async for message in beating(desk.ports.happenings.follow()):
                yield message

    return ServerSentEvent(stream())


def signals_of(text: str) -> tuple[int, ...]:
    """Signal ids as written in an address: ``1,2,3``.

    Raises:
        BadInput: not numbers, none, or more than SIGNALS_MAX.
    """
    try:
        signals = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError as error:
        raise BadInput("not a list of signal numbers", subject=text[:60]) from error
    if len(signals) > SIGNALS_MAX or min(signals) < 0:
        raise BadInput(f"one to {SIGNALS_MAX} signals", subject=text[:60])
    return signals


@websocket("/live/signals", opt=needs(Permission.MACHINES_READ))
async def live_signals(
    socket: Sock,
    ids: Annotated[str, QueryParameter(max_length=400)],
    back_s: Annotated[int, QueryParameter(ge=0, le=BACK_S_MAX)] = 120,
) -> None:
    """Frames of signals (`hanse.web.drawing.frames`): the last ``back_s``, then what comes."""
    desk = desk_of(socket)
    signals = signals_of(ids)
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect), desk.streams.one():
        now = desk.ports.clock.now()
        start = now - dt.timedelta(seconds=back_s)
        history = desk.ports.machines.history(signals, start=start, end=now, points=BACK_POINTS)
        await socket.send_bytes(pack(await history))
        await _until_closed(socket, _send_all(socket, desk, signals))


async def _send_all(socket: Sock, desk: Desk, signals: tuple[int, ...]) -> None:
    live = desk.ports.machines.live(signals)
    async for series in live:
        await socket.send_bytes(pack(series))


async def _until_closed(socket: Sock, sending: Coroutine[Any, Any, None]) -> None:
    """Send until the browser goes away; it says so by closing, which only a read sees."""
    task = asyncio.ensure_future(sending)
    try:
        while not task.done():
            await socket.receive_data(mode="binary")
    finally:
        task.cancel()


HANDLERS = (live_events, live_signals)
