"""From alarm events to letters, and from letters to the postman: one of it runs in a node."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import msgspec
import structlog

from hanse.decide.alarm import AlarmEvent
from hanse.decide.figures import FloodGuard
from hanse.decide.hours import Hours
from hanse.decide.notify import Channel, Pace, letter, loud, plain_letter, wait_s, wanted
from hanse.model.errors import HanseError, NotFound, Refused, TooMuch
from hanse.model.event import Event
from hanse.model.time import NS_PER_S, from_ns
from hanse.node.context import Context
from hanse.node.gate_url import known_url
from hanse.node.notices import book
from hanse.node.notices.book import Standing, Waiting
from hanse.node.notices.post import RealPostman
from hanse.store import Tx
from hanse.transmit.nats.events import serve
from hanse.transmit.nats.feed import events, patiently

LOOK_S = 0.5
OLD_S = 3_600
"""An alarm that called longer ago (the node was down) is not told any more; it stands on pages."""
KINDS = ("decide.alarm_active", "decide.alarm_re_alarmed", "decide.alarm_escalated")
KINDS_BACK = ("decide.alarm_unshelved", "decide.alarm_unsuppressed", "decide.alarm_in_service")
log = structlog.get_logger("notices")


async def run(context: Context) -> None:
    """Take alarms in and send what waits until cancelled."""
    desk = NoticeDesk(context)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.take_in())
        tasks.create_task(desk.send())


class NoticeDesk:
    """Everything between an alarm that calls and the letters about it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._postman = RealPostman(context.folder, context.clock)
        self._guard = FloodGuard()
        self._pace = Pace()
        self._poked = asyncio.Event()

    async def take_in(self) -> None:
        """Letters from the alarms that call, as they are announced."""
        feed = await patiently(
            lambda: events(
                self._context.nats.jetstream(), name="notices", kinds=(*KINDS, *KINDS_BACK)
            )
        )

        async def give_up(event: Event, error: BaseException) -> None:
            log.warning("not told", event_id=event.id, error=str(error))

        await serve(feed, self.take, dice=self._context.dice, on_poison=give_up)

    async def take(self, event: Event) -> None:
        """One alarm event; the same one twice changes nothing."""
        told = called(event)
        now_ns = self._context.clock.ns()
        if told is None or now_ns - told.at_ns > OLD_S * NS_PER_S:
            return
        if not await self._context.store.read(lambda tx: book.channels(tx).keys()):
            return
        if not self._guard.admit(told):
            return
        await self._context.store.write(lambda tx: self._write(tx, told, event.id))
        self._poked.set()

    def _write(self, tx: Tx, told: AlarmEvent, event: str) -> None:
        for one in meant_for(book.channels(tx).all(), told):
            made = letter(one.channel, told, when=self._when(told.at_ns), link=self._link())
            due_ns = loud_at(one.channel, told, self._context.clock.ns())
            waiting = Waiting(letter=made, event=event, text=told.text, next_ns=due_ns)
            self._queue(tx, one, waiting)

    def _queue(self, tx: Tx, one: Standing, waiting: Waiting) -> None:
        try:
            book.queue(tx, waiting)
        except TooMuch as error:
            log.warning("not told", channel=one.channel.key, error=str(error))

    def _when(self, at_ns: int) -> str:
        zone = ZoneInfo(self._context.settings.firm.timezone)
        return from_ns(at_ns).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    def _link(self) -> str:
        url = known_url(self._context.folder)
        return f"{url}/alarms" if url else ""

    async def send(self) -> None:
        """Send what is due, for ever."""
        while True:
            try:
                await self._end_of_flood()
                await self._send_due()
            except Exception as error:
                log.warning("letters wait", error=str(error), exc_info=error)
            self._poked.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._poked.wait()
            except TimeoutError:
                continue

    async def _end_of_flood(self) -> None:
        now_ns = self._context.clock.ns()
        over = self._guard.tick(now_ns)
        if over is None:
            return

        def write(tx: Tx) -> None:
            for one in book.channels(tx).all():
                made = plain_letter(one.channel, over, mark=f"flood@{now_ns}")
                self._queue(tx, one, Waiting(letter=made, event="", text=over, next_ns=now_ns))

        await self._context.store.write(write)

    async def _send_due(self) -> None:
        found = await self._context.store.read(
            lambda tx: (book.letters(tx).all(), {s.channel.key: s for s in book.channels(tx).all()})
        )
        waiting, channels = found
        due = sorted(waiting, key=lambda w: w.next_ns)
        now_ns = self._context.clock.ns()
        per_channel: dict[str, list[Waiting]] = {}
        for one in due:
            if one.next_ns <= now_ns:
                per_channel.setdefault(one.letter.channel, []).append(one)
        await asyncio.gather(
            *(self._send_to(channels.get(key), rows) for key, rows in per_channel.items())
        )

    async def _send_to(self, standing: Standing | None, rows: list[Waiting]) -> None:
        """One channel's letters in order, at its pace; the first that fails ends the turn."""
        if standing is None or not standing.enabled:
            return
        for one in rows:
            now_ns = self._context.clock.ns()
            if self._pace.free_at(standing.channel.key, now_ns) > now_ns:
                return
            if not await self._send_one(standing.channel, one):
                return

    async def _send_one(self, channel: Channel, one: Waiting) -> bool:
        mail = await self._context.store.read(book.mail_settings)
        self._pace.sent(channel.key, self._context.clock.ns())
        try:
            await self._postman.send(one.letter, channel, mail)
        except HanseError as error:
            tries = one.tries + 1
            pause_s = None if isinstance(error, Refused | NotFound) else wait_s(tries)
            now_ns = self._context.clock.ns()
            next_ns = None if pause_s is None else now_ns + round(pause_s * NS_PER_S)
            said = f"{error.what}"
            await self._context.store.write(lambda tx: book.failed(tx, one, said, next_ns=next_ns))
            return False
        await self._context.store.write(lambda tx: book.went(tx, one))
        return True


def called(event: Event) -> AlarmEvent | None:
    """The alarm's step that an event of the record tells, where it called for someone."""
    about = event.about
    if not about.get("annunciate"):
        return None
    fields = {
        "id": str(about.get("identity", event.id)),
        "alarm": event.subject,
        "what": event.kind.removeprefix("decide.alarm_"),
        "at_ns": about.get("at_ns", 0),
        "text": msgspec.to_builtins(event.text),
        "severity": about.get("severity", 500),
        "by": event.by,
        "annunciate": True,
        "role": about.get("role", ""),
        "about": about,
    }
    try:
        return msgspec.convert(fields, AlarmEvent)
    except msgspec.ValidationError:
        return None


def meant_for(channels: Iterable[Standing], told: AlarmEvent) -> list[Standing]:
    """The channels that take a call; where none is for its role, all do: nobody is left untold."""
    known = list(channels)
    chosen = [one for one in known if wanted(one.channel, told)]
    if any(one.enabled for one in chosen):
        return chosen
    anyone = msgspec.structs.replace(told, role="")
    return [one for one in known if wanted(one.channel, anyone)]


def loud_at(channel: Channel, told: AlarmEvent, now_ns: int) -> int:
    """When a letter may first go: now, or at the end of the channel's quiet hours."""
    if channel.quiet is None or loud(told):
        return now_ns
    hours = Hours(channel.quiet, rule=channel.key)
    return hours.next_change(now_ns) if hours.is_open(now_ns) else now_ns
