"""Setting a value by publishing to a topic. Only the write guard calls this."""

from __future__ import annotations

import msgspec

from hanse.collect.connectors.broker import line
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.ports import Point, Value, World
from hanse.model.errors import Refused


async def write(config: MqttConfig, world: World, point: Point, value: Value) -> None:
    """Publish the value as JSON with QoS 1.

    Raises:
        Refused: the point is a part of a payload.
    """
    if point.path or point.type not in {"", "json"}:
        raise Refused(
            "a part of a payload cannot be written alone",
            subject=point.address,
            remedy="Choose a topic of its own",
        )
    async with line(config, world) as client:
        await client.publish(point.address, msgspec.json.encode(value), qos=1)
