"""Events out of the record's outbox to the other roles, and in with retries and a dead end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from hanse.model.dice import Dice
from hanse.model.errors import HanseError, Unreachable
from hanse.model.event import Event
from hanse.transmit.backoff import delay_s
from hanse.transmit.nats import streams
from hanse.transmit.nats.feed import Delivery, Feed
from hanse.transmit.ports import BUS_LANE, Record, RecordTx, Waiting

BATCH_MAX = 256
SWEEP_S = 1.0
ACK_WAIT_S = 5.0
TRIES_MAX = 5
WAKE_SUBJECT = "wake.outbox"

OnPoison = Callable[[Event, BaseException], Awaitable[None]]


class EventRelay:
    """Publishes the outbox's bus lane in order. `poke` after a commit makes it prompt.

    SWEEP_S finds what nobody poked for; roles in other processes poke it with `wake`. A full or
    absent broker leaves events in the outbox: nothing is dropped, and ``stuck`` says why.
    """

    def __init__(self, client: Client, record: Record[RecordTx]) -> None:
        self._client = client
        self._js = client.jetstream(timeout=ACK_WAIT_S)
        self._record = record
        self._poked = asyncio.Event()
        self.published = 0
        self.stuck = ""

    def poke(self) -> None:
        """There is something new in the outbox. Call it in the relay's own loop."""
        self._poked.set()

    async def run(self) -> None:
        """Relay until cancelled."""
        subscription = await self._client.subscribe(WAKE_SUBJECT, cb=self._woken)
        try:
            while True:
                self._poked.clear()
                if not await self.relay_once():
                    await _wait(self._poked, SWEEP_S)
        finally:
            if self._client.is_connected:
                await subscription.unsubscribe()

    async def relay_once(self) -> int:
        """Publish what waits, at most BATCH_MAX; how many were."""
        sent: list[int] = []
        try:
            for waiting in await self._record.read(_due):
                if not await self._publish(waiting):
                    break
                sent.append(waiting.number)
            if sent:
                await self._record.write(lambda tx: tx.outbox.sent(BUS_LANE, *sent))
        except HanseError as error:
            self.stuck = str(error)
            return 0
        self.published += len(sent)
        return len(sent)

    async def _publish(self, waiting: Waiting) -> bool:
        if not self._client.is_connected:
            self.stuck = "the broker is away"
            return False
        try:
            await self._js.publish(
                streams.event_subject(waiting.kind),
                waiting.payload,
                headers={"Nats-Msg-Id": waiting.id},
            )
        except (NatsError, TimeoutError, OSError) as error:
            self.stuck = f"the broker does not take events ({error})"
            return False
        self.stuck = ""
        return True

    async def _woken(self, _: Msg) -> None:
        self._poked.set()


def _due(tx: RecordTx) -> Sequence[Waiting]:
    return tx.outbox.due(BUS_LANE, limit=BATCH_MAX)


async def wake(client: Client) -> None:
    """Tell the node's relay, from any process, that the outbox has something new."""
    if client.is_connected:
        await client.publish(WAKE_SUBJECT)


async def serve(
    feed: Feed[Event],
    handle: Callable[[Event], Awaitable[None]],
    *,
    dice: Dice,
    on_poison: OnPoison,
) -> None:
    """Hand every event to ``handle``, in order, for ever.

    ``handle`` keeps its effect under the event's id: it may be called twice with one event. While
    it raises `Unreachable` the event is tried for ever (its database is away: nothing is lost).
    Any other error is tried TRIES_MAX times; then ``on_poison`` keeps it for a person, and the
    next event has its turn.
    """
    async for delivery in feed:
        await _with_retries(delivery, handle, dice=dice, on_poison=on_poison)


async def _with_retries(
    delivery: Delivery[Event],
    handle: Callable[[Event], Awaitable[None]],
    *,
    dice: Dice,
    on_poison: OnPoison,
) -> None:
    tries = 0
    while True:
        tries += 1
        try:
            await handle(delivery.what)
        except Unreachable:
            await delivery.working()
        except Exception as error:  # noqa: BLE001 (a handler's bug must not stop the events of others)
            if tries >= TRIES_MAX:
                await on_poison(delivery.what, error)
                break
        else:
            break
        await asyncio.sleep(delay_s(tries, dice))
    await delivery.done()


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
