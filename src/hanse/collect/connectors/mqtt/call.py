"""A question by a message, answered by another. Only the job guard calls this."""

from __future__ import annotations

import asyncio

import aiomqtt
import msgspec

from hanse.collect.connectors.broker import line
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.ports import Calling, World
from hanse.model.errors import Refused, Unreachable

PLAIN_ARGUMENTS = 3


class _Answer(msgspec.Struct):
    """What a machine says of a job: taken, or why not."""

    job: str = ""
    taken: bool = False
    why: str = ""


async def call(config: MqttConfig, world: World, calling: Calling) -> None:
    """Publish ``arguments[0]`` on topic ``object`` (QoS 1) and wait for the answer on ``method``.

    The answer is JSON: ``{"job": NAME, "taken": true}`` or ``{"job": NAME, "why": "..."}``, NAME
    being ``arguments[1]``; waited for at most ``arguments[2]`` seconds.

    Raises:
        Refused: the machine says why it does not take it.
        Unreachable: no answer in time.
    """
    body, job, wait_s = calling.arguments[:PLAIN_ARGUMENTS]
    async with line(config, world) as client:
        await client.subscribe(calling.method, qos=1)
        await client.publish(calling.object, str(body).encode(), qos=1)
        try:
            async with asyncio.timeout(float(wait_s)):
                answer = await _answered(client, str(job))
        except TimeoutError as error:
            raise Unreachable(
                "the machine does not answer",
                subject=calling.method,
                remedy="Look whether it listens; it may be sent again under the same name",
            ) from error
    if not answer.taken:
        raise Refused(
            f"the machine does not take it: {answer.why}"[:400],
            subject=calling.object,
            remedy="Look at the machine",
        )


async def _answered(client: aiomqtt.Client, job: str) -> _Answer:
    async for message in client.messages:
        raw = message.payload if isinstance(message.payload, bytes) else b""
        try:
            answer = msgspec.json.decode(raw, type=_Answer)
        except msgspec.MsgspecError:
            continue
        if answer.job == job:
            return answer
    raise Unreachable("the broker is lost", subject=job)
