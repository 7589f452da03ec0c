"""Messages in: durable consumers that acknowledge after the effect."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Generic, NamedTuple, TypeVar

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from hanse.model.errors import BadInput, Unreachable
from hanse.model.event import Event
from hanse.model.sample import Frame
from hanse.model.time import Instant, to_ns
from hanse.transmit import codec
from hanse.transmit.nats import streams
from hanse.transmit.nats.pull import Pull
from hanse.transmit.partition import PARTITIONS, TELEMETRY_SUBJECT, subject

FETCH_MAX = 256
ACK_WAIT_S = 60.0
ACKS_PENDING_MAX = 20_000
QUIET_S = 1.0
RETRY_S = 0.2

T = TypeVar("T")
OnBad = Callable[[BadInput], None]
Opening = Callable[[], Awaitable[Pull]]


class Delivery(Generic[T]):
    """Something that arrived, to be acknowledged with `done` once its effect is on disk.

    ``received_ns`` is when the broker had it; ``left`` how many waited behind it when it went out;
    ``number`` counts what this consumer was sent.
    """

    __slots__ = ("_message", "left", "number", "received_ns", "tries", "what")

    def __init__(self, what: T, message: Msg) -> None:
        self.what = what
        self._message = message
        about = message.metadata
        self.tries = about.num_delivered or 1
        self.left = about.num_pending or 0
        self.number = about.sequence.consumer
        self.received_ns = to_ns(about.timestamp)

    async def done(self) -> None:
        """Its effect is certain: do not deliver it again.

        Lost on the way, it is delivered again; the effect's own key then shows it is a duplicate.
        """
        with contextlib.suppress(NatsError, OSError):
            await self._message.ack()

    async def again(self, *, delay_s: float) -> None:
        """Its effect failed: deliver it again after some seconds."""
        with contextlib.suppress(NatsError, OSError):
            await self._message.nak(delay=delay_s)

    async def working(self) -> None:
        """It takes longer: do not deliver it to anyone else yet."""
        with contextlib.suppress(NatsError, OSError):
            await self._message.in_progress()


class Standing(NamedTuple):
    """Messages waiting or not yet done, and the number that the last one there has or will have."""

    waiting: int
    last: int


class Feed(Generic[T]):
    """A durable consumer: goes on where it was, whoever opens it under the same name.

    ``async for delivery in feed`` never ends by itself and comes back by itself after the broker
    was away, also when the broker no longer has the consumer; `take` gives batches. A message that
    cannot be read is counted, reported and not delivered again.
    """

    def __init__(
        self,
        pull: Pull,
        decode: Callable[[bytes], T],
        *,
        reopen: Opening,
        on_bad: OnBad | None = None,
    ) -> None:
        self._pull = pull
        self._decode = decode
        self._reopen = reopen
        self._on_bad = on_bad
        self.bad = 0

    async def take(self, limit: int = FETCH_MAX, *, wait_s: float = QUIET_S) -> list[Delivery[T]]:
        """What there is, at most ``limit``; an empty list after ``wait_s`` without anything."""
        try:
            messages = await self._pull.take(limit, wait_s=wait_s)
        except TimeoutError:
            return []
        except (NatsError, OSError):
            await asyncio.sleep(RETRY_S)
            await self._heal()
            return []
        return [d for m in messages if (d := await self._deliver(m)) is not None]

    async def __aiter__(self) -> AsyncIterator[Delivery[T]]:
        """Deliveries one by one, for ever."""
        while True:
            for delivery in await self.take():
                yield delivery

    async def backlog(self) -> int:
        """Messages waiting or delivered and not acknowledged.

        Raises:
            Unreachable: the broker does not answer.
        """
        return (await self.standing()).waiting

    async def standing(self) -> Standing:
        """How far the consumer is at the broker, now.

        Raises:
            Unreachable: the broker does not answer.
        """
        try:
            info = await self._pull.info()
        except (NatsError, TimeoutError) as error:
            raise Unreachable("the broker does not answer", subject="consumer") from error
        pending, sent = info.num_pending or 0, info.delivered
        last = pending + (sent.consumer_seq if sent else 0)
        return Standing(waiting=pending + (info.num_ack_pending or 0), last=last)

    async def close(self) -> None:
        """Stop taking. The durable consumer stays where it is."""
        with contextlib.suppress(NatsError, OSError):
            await self._pull.close()

    async def _heal(self) -> None:
        """Make the consumer again if the broker refuses it: it may have lost it."""
        with contextlib.suppress(Unreachable):
            fresh = await self._reopen()
            await self.close()
            self._pull = fresh

    async def _deliver(self, message: Msg) -> Delivery[T] | None:
        try:
            return Delivery(self._decode(message.data), message)
        except BadInput as error:
            self.bad += 1
            if self._on_bad is not None:
                self._on_bad(error)
            with contextlib.suppress(NatsError, OSError):
                await message.term()
            return None


async def frames(
    js: JetStreamContext,
    *,
    name: str,
    partitions: Sequence[int] | None = None,
    since: Instant | None = None,
    ack_wait_s: float = ACK_WAIT_S,
    alone: bool = False,
    on_bad: OnBad | None = None,
) -> Feed[Frame]:
    """The frames of some partitions (all by default), for a role.

    Frames of one source come in order. One may come twice; `coverage.Coverage` knows it.

    Args:
        js: the broker.
        name: of the durable consumer; one for each group of partitions.
        partitions: 0..31, those this role takes.
        since: start at this time the first time (replay); default: from the oldest kept.
        ack_wait_s: seconds after which a frame not yet done comes again.
        alone: nobody else takes under this name: what its last holder had taken and not done
            comes at once.
        on_bad: is told of messages that are no frames.

    Raises:
        Unreachable: the broker does not answer.
    """
    subjects = [subject(p) for p in partitions] if partitions is not None else []
    if not subjects or len(subjects) == PARTITIONS:
        subjects = [f"{TELEMETRY_SUBJECT}.*"]
    config = _config(name, subjects, since=since, ack_wait_s=ack_wait_s)
    opening = partial(_open, js, streams.TELEMETRY, config)
    pull = await _open(js, streams.TELEMETRY, config, alone=alone)
    return Feed(pull, codec.unpack, reopen=opening, on_bad=on_bad)


async def events(
    js: JetStreamContext,
    *,
    name: str,
    kinds: Iterable[str] = (">",),
    since: Instant | None = None,
    on_bad: OnBad | None = None,
) -> Feed[Event]:
    """The events of some kinds (``plan.adopted``, ``alarm.*``, ``>``: all), for a role.

    In the order the record had them; one may come twice, with the same id.

    Raises:
        Unreachable: the broker does not answer.
    """
    subjects = [streams.event_subject(kind) for kind in kinds]
    config = _config(name, subjects, since=since, ack_wait_s=ACK_WAIT_S)
    opening = partial(_open, js, streams.EVENTS, config)
    return Feed(await opening(), decode_event, reopen=opening, on_bad=on_bad)


async def patiently(opening: Callable[[], Awaitable[Feed[T]]]) -> Feed[T]:
    """Open a feed, and try again while the broker does not answer or chooses its leader."""
    while True:
        try:
            return await opening()
        except Unreachable:
            await asyncio.sleep(RETRY_S)


def decode_event(data: bytes) -> Event:
    """The event of a message.

    Raises:
        BadInput: it is not one.
    """
    try:
        return msgspec.json.decode(data, type=Event)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadInput(f"not an event ({error})", subject="event message") from error


def _config(
    name: str, subjects: list[str], *, since: Instant | None, ack_wait_s: float
) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=name,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait_s,
        max_ack_pending=ACKS_PENDING_MAX,
        deliver_policy=DeliverPolicy.BY_START_TIME if since else DeliverPolicy.ALL,
        opt_start_time=since,
        filter_subject=subjects[0] if len(subjects) == 1 else None,
        filter_subjects=subjects if len(subjects) > 1 else None,
    )


async def _open(
    js: JetStreamContext, stream: str, config: ConsumerConfig, *, alone: bool = False
) -> Pull:
    name = str(config.durable_name)
    try:
        config = await _where_it_was(js, stream, config, alone=alone)
        await js.add_consumer(stream, config)
        return await Pull.bind(js, stream, name)
    except (JetStreamError, NatsError, TimeoutError) as error:
        raise Unreachable(
            f"the broker gives no consumer ({error})",
            subject=f"{stream}/{name}",
            remedy="See that the broker runs and that its streams were made",
        ) from error


async def _where_it_was(
    js: JetStreamContext, stream: str, config: ConsumerConfig, *, alone: bool
) -> ConsumerConfig:
    """The config with the start its consumer has already, which cannot be changed.

    ``alone``: a consumer with messages on their way to nobody is made anew behind the last one
    that was done without a hole. One lost between the two steps starts from the oldest message;
    whoever has had an effect knows it by the frame's identity.
    """
    try:
        found = await js.consumer_info(stream, str(config.durable_name))
    except NotFoundError:
        return config
    start = {
        "deliver_policy": found.config.deliver_policy,
        "opt_start_seq": found.config.opt_start_seq,
        "opt_start_time": found.config.opt_start_time,
    }
    if alone and found.num_ack_pending:
        await js.delete_consumer(stream, str(config.durable_name))
        done = found.ack_floor.stream_seq if found.ack_floor else 0
        start = {
            "deliver_policy": DeliverPolicy.BY_START_SEQUENCE,
            "opt_start_seq": done + 1,
            "opt_start_time": None,
        }
    return config.evolve(**start)
