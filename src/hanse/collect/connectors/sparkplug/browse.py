"""The metrics of every edge node that answers a rebirth command."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import aiomqtt

from hanse.collect.connectors.broker import line
from hanse.collect.connectors.sparkplug.codec import BD_SEQ, DataType, Said, decode, rebirth
from hanse.collect.connectors.sparkplug.config import SparkplugConfig
from hanse.collect.connectors.sparkplug.host import NAMESPACE, Heard, Kind, topic_of
from hanse.collect.ports import Found, World
from hanse.model.errors import BadInput

METRICS_SHOWN_MAX = 50_000


async def browse(config: SparkplugConfig, world: World) -> Sequence[Found]:
    """Every metric that is born while it listens; nodes that speak are asked to be born again."""
    found: dict[str, Found] = {}
    groups = config.groups or ("+",)
    async with line(config, world) as client:
        await client.subscribe([(f"{NAMESPACE}/{group}/#", 0) for group in groups])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(config.browse_s):
                await _listen(client, world, found)
    return list(found.values())


async def _listen(client: aiomqtt.Client, world: World, found: dict[str, Found]) -> None:
    asked: set[str] = set()
    async for message in client.messages:
        heard = topic_of(str(message.topic))
        if heard is None or not isinstance(message.payload, bytes):
            continue
        if heard.edge not in asked:
            asked.add(heard.edge)
            topic = f"{NAMESPACE}/{heard.group}/NCMD/{heard.node}"
            await client.publish(topic, rebirth(world.clock.ns() // 1_000_000))
        if heard.kind in {Kind.NBIRTH, Kind.DBIRTH} and len(found) < METRICS_SHOWN_MAX:
            _add(heard, message.payload, found)


def _add(heard: Heard, payload: bytes, found: dict[str, Found]) -> None:
    try:
        metrics = decode(payload).metrics
    except BadInput:
        return
    for metric in metrics:
        if metric.name not in {"", BD_SEQ} and not metric.name.startswith("Node Control/"):
            found[f"{heard.owner}:{metric.name}"] = _found(heard, metric)


def _found(heard: Heard, metric: Said) -> Found:
    value = metric.value
    return Found(
        address=f"{heard.owner}:{metric.name}",
        trail=(*heard.owner.split("/"), *metric.name.split("/")),
        value=value if isinstance(value, bool | int | float) else str(value)[:120],
        data_type=_type_name(metric.datatype),
    )


def _type_name(number: int) -> str:
    return DataType(number).name.title() if number in list(DataType) else str(number)
