"""One partition at work: its engine fed and ticked, its alarms on the record, its image kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from hanse.decide import Alarm, AlarmEvent
from hanse.model.errors import Conflict, HanseError
from hanse.model.sample import Frame
from hanse.model.text import Text
from hanse.model.time import from_ns
from hanse.node.context import Context
from hanse.node.deciding.acts import perform
from hanse.node.deciding.priming import known_values
from hanse.node.ending import end
from hanse.node.setting.proposing import propose
from hanse.node.shopfloor.seeing import SEEN, Eyes, packed
from hanse.node.watching import AlarmAct, Floor, act_of, alarms_on_record, event_of
from hanse.store import Tx
from hanse.store.deciding import ALARMS
from hanse.transmit.nats.feed import Delivery, Feed, frames
from hanse.transmit.nats.images import Image, Images
from hanse.transmit.nats.requests import answer
from hanse.transmit.nats.streams import TELEMETRY

FULL_S = 0.025
SHOW_S = 0.1
SHOW_ALL_S = 5.0
CLOSE_S = 0.5
CATCH_UP_S = 0.05
SLEPT_S = 1.0
"""A process that has not looked for so long hears first what came meanwhile."""
FIRST_NS = 600_000_000_000
"""A partition that nobody ever watched is watched from ten minutes back."""
FRESH_NS = 120_000_000_000
"""An engine without an image is fed at least so much: longer than history takes to commit."""
log = structlog.get_logger("decide")


class Desk:
    """Watches one partition from when it is opened until it is closed.

    While frames from before it opened are being fed, time is the broker's instant of each frame,
    so that the desk decides as the one before it did or would have; from then on it is the clock.
    """

    def __init__(self, context: Context, number: int, *, images: Images) -> None:
        self.number = number
        self.live = False
        self._context = context
        self._images = images
        self._name = f"decide-{number:02d}"
        self._fed_ns = 0
        self._kept_ns = -1
        self._term = 0
        self._looked_s = 0.0
        self._number = 0
        self._untold: list[AlarmEvent] = []
        self._turn = asyncio.Lock()
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._feed: Feed[Frame] | None = None
        self._acts: Subscription | None = None

    async def open(self, floor: Floor) -> None:
        """Take the partition: its alarms, its image, and the frames since.

        Raises:
            Unreachable: the broker or the record does not answer.
        """
        alarms = await self._context.store.write(self._take_term)
        self.watch = floor.watch(self.number, alarms)
        self._eyes = Eyes(self.watch.signals)
        self._feed = await self._frames()
        await self._tell(self.watch.book.end_without_rule(self._context.clock.ns()))
        command = act_of(self.number)
        self._acts = await answer(self._context.nats, command, question=AlarmAct, handle=self._act)

    def _take_term(self, tx: Tx) -> list[Alarm]:
        """A higher term than anyone's before: what they still write is refused."""
        self._term = (tx.settings.get(self._name, int) or 0) + 1
        tx.settings.put(self._name, self._term)
        return alarms_on_record(tx)

    async def _frames(self) -> Feed[Frame]:
        """Those since the last image, whether or not it could be restored."""
        image = await self._images.get(self._name)
        now_ns = self._context.clock.ns()
        since_ns = image.fed_ns if image else now_ns - FIRST_NS
        if image is None or not self._restore(image):
            since_ns = min(since_ns, now_ns - FRESH_NS)
            await self._begin_fresh(since_ns)
        self._fed_ns = since_ns
        js = self._context.nats.jetstream()
        with contextlib.suppress(NotFoundError):
            await js.delete_consumer(TELEMETRY, self._consumer(self._term - 1))
        name = self._consumer(self._term)
        return await frames(js, name=name, partitions=[self.number], since=from_ns(since_ns))

    async def _begin_fresh(self, since_ns: int) -> None:
        """An engine without an image: the alarms of the book, and the values of history."""
        standing = [a.id for a in self.watch.book.alarms() if a.active]
        self.watch.engine.assume(standing)
        known = await known_values(
            self.watch.signals, self._context.history, at_ns=since_ns, clock=self._context.clock
        )
        if known is not None:
            self.watch.engine.feed(known)

    def _consumer(self, term: int) -> str:
        """Each term reads by itself: one that was only asleep takes nothing from the next."""
        return f"{self._name}-{term}"

    def _restore(self, image: Image) -> bool:
        engine = self.watch.engine
        if image.mark != engine.fingerprint():
            return False
        try:
            engine.restore(image.state)
        except (HanseError, ValueError, KeyError, OSError) as error:
            log.warning("an image cannot be read", partition=self.number, why=str(error))
            return False
        self._kept_ns = image.fed_ns
        return True

    async def follow(self, fed: asyncio.Event) -> None:
        """Feed the engine until cancelled or broken; ``fed`` is set where there is work for it."""
        feeding = asyncio.create_task(self._follow(fed))
        showing = asyncio.create_task(self._show_machines())
        catching_up = asyncio.create_task(self._catch_up())
        try:
            done, _ = await asyncio.wait(
                {feeding, self._broken}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            await end(feeding, showing, catching_up)
        for ended in done:
            ended.result()

    async def _follow(self, fed: asyncio.Event) -> None:
        while self._feed is not None:
            for delivery in await self._feed.take():
                await self._feed_one(delivery)
                fed.set()

    async def _feed_one(self, delivery: Delivery[Frame]) -> None:
        if self._kept_ns < 0:  # from here on a death loses nothing
            self._fed_ns = delivery.received_ns
            await self._keep()
        while not self.watch.engine.feed(delivery.what):
            await (asyncio.sleep(FULL_S) if self.live else self._look_back(delivery.received_ns))
        self._eyes.feed(delivery.what)
        self._fed_ns = delivery.received_ns
        if not self.live:
            await self._look_back(delivery.received_ns)
        self._number = delivery.number
        await delivery.done()

    async def _catch_up(self) -> None:
        """Live once all has been fed that the broker had when it was asked."""
        mark: int | None = None
        while self._feed is not None:
            await asyncio.sleep(CATCH_UP_S)
            if self.live:
                continue
            mark = None if self._slept() else mark
            try:
                standing = await self._feed.standing()
            except HanseError:
                continue
            if not self._slept():  # the answer is of now
                mark = min(mark or standing.last, standing.last)
                if standing.waiting == 0 or self._number >= mark:
                    await self._go_live()
                    mark = None

    async def _show_machines(self) -> None:
        """What machines are doing to the flow role: what changed at once, all now and then."""
        client, since_s = self._context.nats, 0.0
        while True:
            await asyncio.sleep(SHOW_S)
            since_s += SHOW_S
            seen = self._eyes.all() if since_s >= SHOW_ALL_S else self._eyes.fresh()
            since_s = 0.0 if since_s >= SHOW_ALL_S else since_s
            if seen and self.live and client.is_connected:
                with contextlib.suppress(NatsError):
                    await client.publish(SEEN, packed(seen))

    def look(self) -> bool:
        """Evaluate what was fed, and what is due by the clock; whether there is something to tell.

        All desks of a process look before any of them tells: what they tell shares one commit.
        """
        if self._is_awake():
            self._evaluate(self._context.clock.ns())
        return bool(self._untold)

    async def tell(self) -> None:
        """Record what was seen."""
        async with self._turn:
            await self._tell(())

    def _evaluate(self, now_ns: int) -> None:
        transitions = self.watch.engine.tick(now_ns)
        if transitions:
            self._untold += self.watch.book.take(transitions)

    async def _look_back(self, then_ns: int) -> None:
        """Evaluate what was fed, and what was due by an instant of the broker's."""
        async with self._turn:
            self._evaluate(then_ns)
            await self._tell(())

    async def _go_live(self) -> None:
        """From here on by the clock; what the book has and nothing holds any more has ended."""
        engine = self.watch.engine
        async with self._turn:
            told = self.watch.book.agree(engine.standing(), at_ns=self._context.clock.ns())
            await self._tell(told)
            self.live = True

    def _is_awake(self) -> bool:
        """Whether it is live, and has looked a moment ago.

        A process that stood still must not take its own silence for that of the machine: it is
        fed what came meanwhile first, at the instants at which the broker had it.
        """
        if self._slept() and self.live:
            log.info("stood still, catches up", partition=self.number)
            self.live = False
        return self.live

    def _slept(self) -> bool:
        """Whether nothing ran here for a while until now."""
        now_s = self._context.clock.monotonic_s()
        slept, self._looked_s = now_s - self._looked_s > SLEPT_S, now_s
        return slept

    async def look_after(self, now_ns: int) -> None:
        """What the clock does to alarms: shelves end, the unheard call again."""
        async with self._turn:
            await self._tell(self.watch.book.tick(now_ns))

    async def keep(self) -> None:
        """Keep an image, where frames came since the last."""
        if self._fed_ns != self._kept_ns and self.live and not self._broken.done():
            await self._keep()

    async def _keep(self) -> None:
        engine = self.watch.engine
        async with self._turn:  # what an image knows has been told
            fed_ns = self._fed_ns
            if self.live:
                if not self._is_awake():
                    return
                self._evaluate(self._context.clock.ns())
            while self._untold:
                await self._tell(())
            image = Image(fed_ns, engine.fingerprint(), engine.snapshot())
        await self._images.put(self._name, image)
        self._kept_ns = fed_ns

    async def close(self) -> None:
        """Stop taking; keep a last image if that is quickly done."""
        if self._acts is not None:
            with contextlib.suppress(NatsError):
                await self._acts.unsubscribe()
        if self._feed is not None:
            with contextlib.suppress(HanseError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self.keep()
            await self._feed.close()

    def break_off(self, error: BaseException) -> None:
        """Something was not recorded: what the engine knows now must not be kept."""
        if not self._broken.done():
            self._broken.set_exception(error)
            self._broken.exception()

    async def _act(self, wish: AlarmAct) -> Text:
        """A person's act on an alarm, recorded as any step of it."""
        async with self._turn:
            told = perform(self.watch.book, wish, at_ns=self._context.clock.ns())
            await self._tell(told)
        return told[0].text if told else Text("nothing changed", "没有变化")

    async def _tell(self, told: Sequence[AlarmEvent]) -> None:
        """Steps, after those not yet told, and the alarms they lead to, in one transaction.

        Raises:
            Conflict: another has the partition now.
        """
        told, self._untold = [*self._untold, *told], []
        if not told:
            return
        rows = [self.watch.book.get(alarm) for alarm in dict.fromkeys(e.alarm for e in told)]
        effects, ids = self.watch.effects, self._context.ids

        def write(tx: Tx) -> None:
            if tx.settings.get(self._name, int) != self._term:
                raise Conflict("another decides here now", subject=self._name)
            for step in told:
                event = tx.events.append(event_of(step, effects, ids), once=step.id)
                if step.what == "active":
                    propose(tx, event)
            tx.table(ALARMS).put_many(rows)

        try:
            await self._context.store.write(write)
        except BaseException as error:
            self.break_off(error)
            raise
