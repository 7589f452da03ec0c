"""Setting a value by publishing to a topic. Only the write guard calls this."""

from __future__ import annotations

import msgspec

from hanse.collect.connectors.broker import line
from hanse.collect.connectors.mqtt.config import MqttConfig
from hanse.collect.ports import Point, World
from hanse.model.errors import Refused
from hanse.model.setting import Value


async def write(config: MqttConfig, world: World, point: Point, value: Value) -> None:
    """Publish the value with QoS 1 and not retained: as JSON, or in the point's own payload.

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
        await client.publish(point.address, payload_of(point.payload, value), qos=1)


def payload_of(pattern: str, value: Value) -> bytes:
    """What is sent: ``{value}`` in a pattern stands for the value as JSON has it, unquoted."""
    said = msgspec.json.encode(_plain(value))
    if not pattern:
        return said
    bare = said[1:-1] if isinstance(value, str) else said
    return pattern.replace("{value}", bare.decode()).encode()


def _plain(value: Value) -> Value:
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole and not isinstance(value, bool) else value
