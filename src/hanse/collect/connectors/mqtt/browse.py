"""The topics a broker carries, found by listening for a while."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

import aiomqtt

from hanse.collect.connectors.broker import line
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.connectors.mqtt.payload import LEAVES_MAX, leaves, read
from hanse.collect.ports import Found, World
from hanse.model.errors import BadInput

TOPICS_MAX = 20_000


async def browse(config: MqttConfig, world: World) -> Sequence[Found]:
    """Every topic heard within ``browse_s`` (retained ones at once), JSON taken apart."""
    last: dict[str, bytes] = {}
    async with line(config, world) as client:
        await client.subscribe(config.browse_filter, qos=0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(config.browse_s):
                await _listen(client, last)
    return [found for topic, payload in last.items() for found in _found(topic, payload)]


async def _listen(client: aiomqtt.Client, last: dict[str, bytes]) -> None:
    async for message in client.messages:
        topic = str(message.topic)
        if isinstance(message.payload, bytes) and (len(last) < TOPICS_MAX or topic in last):
            last[topic] = message.payload


def _found(topic: str, payload: bytes) -> Iterator[Found]:
    try:
        value = read(payload, "", has_path=False)
    except BadInput:
        yield Found(address=topic, trail=tuple(topic.split("/")), data_type="binary")
        return
    for n, (path, leaf) in enumerate(leaves(value)):
        if n >= LEAVES_MAX:
            return
        shown = leaf if isinstance(leaf, bool | int | float) else str(leaf)[:120]
        trail = (*topic.split("/"), *([path] if path else []))
        yield Found(
            address=topic,
            trail=trail,
            value=shown,
            path=path,
            data_type=type(leaf).__name__,
            type="json" if path else "",
        )
