"""Pulling from a durable consumer with one request under way, handing on what comes at once.

nats-py's ``fetch`` of several messages may hold the first one back until its time is over, when it
comes between two requests: up to a second a step of the loop. Here nothing waits for company.
"""

from __future__ import annotations

import asyncio

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, Header
from nats.js.errors import APIError

REQUEST_S = 1.0
"""How long a request stands at the broker; one that was lost with a connection is made again."""
WAIT_S_MIN = 0.001
NEXT_SUBJECT = "$JS.API.CONSUMER.MSG.NEXT"
OVER = frozenset({"404", "408"})
"""Statuses that end a request and are no error: nothing there, its time is over."""


class Pull:
    """One durable consumer of one stream; `take` is called by one task at a time."""

    def __init__(
        self, js: JetStreamContext, *, client: Client, subscription: Subscription, name: str
    ) -> None:
        self._js = js
        self._client = client
        self._subscription = subscription
        self._stream, self._consumer = name.split("/", 1)
        self._asked = 0
        self._until_s = 0.0

    @classmethod
    async def bind(cls, js: JetStreamContext, stream: str, consumer: str) -> Pull:
        """Pull from a consumer that is there."""
        client: Client = js._nc  # noqa: SLF001 (the context has no public way to its client)
        subscription = await client.subscribe(client.new_inbox())
        return cls(js, client=client, subscription=subscription, name=f"{stream}/{consumer}")

    async def take(self, limit: int, *, wait_s: float) -> list[Msg]:
        """What has come, at most ``limit``, as soon as there is something.

        Raises:
            TimeoutError: nothing within ``wait_s``.
            nats.errors.Error: the broker refuses: the consumer is gone, say.
        """
        messages: list[Msg] = []
        until_s = _now_s() + wait_s
        while not messages:
            await self._drain(messages, limit)
            left_s = until_s - _now_s()
            if not messages and left_s <= 0:
                raise TimeoutError
            if not messages:
                await self._ask(limit)
                await self._wait(min(left_s, max(self._until_s - _now_s(), WAIT_S_MIN)), messages)
                await self._drain(messages, limit)
        return messages

    async def info(self) -> ConsumerInfo:
        """How the consumer stands."""
        found: ConsumerInfo = await self._js.consumer_info(self._stream, self._consumer)
        return found

    async def close(self) -> None:
        """Take no more."""
        await self._subscription.unsubscribe()

    async def _drain(self, messages: list[Msg], limit: int) -> None:
        """What lies here already; a refusal behind messages comes again with the next request."""
        while len(messages) < limit and self._subscription.pending_msgs:
            try:
                await self._wait(REQUEST_S, messages)
            except NatsError:
                if not messages:
                    raise
                return

    async def _wait(self, wait_s: float, messages: list[Msg]) -> None:
        """One message or word of the broker; silence is no error."""
        try:
            message = await self._subscription.next_msg(timeout=wait_s)
        except TimeoutError:
            return
        if not self._is_over(message):
            self._asked -= 1
            messages.append(message)

    def _is_over(self, message: Msg) -> bool:
        """Whether this is the broker's word about a request rather than a message."""
        status = (message.headers or {}).get(Header.STATUS)
        if not status:
            return False
        self._asked = 0
        if status not in OVER:
            raise APIError.from_msg(message)
        return True

    async def _ask(self, limit: int) -> None:
        """See that a request is under way."""
        now_s = _now_s()
        if self._asked > 0 and now_s < self._until_s:
            return
        body = {"batch": limit, "expires": int(REQUEST_S * 1e9)}
        await self._client.publish(
            f"{NEXT_SUBJECT}.{self._stream}.{self._consumer}",
            msgspec.json.encode(body),
            self._subscription.subject,
        )
        self._asked, self._until_s = limit, now_s + REQUEST_S


def _now_s() -> float:
    return asyncio.get_running_loop().time()
