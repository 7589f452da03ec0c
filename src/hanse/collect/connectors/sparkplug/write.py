"""Setting a metric by NCMD or DCMD. Only the write guard calls this."""

from __future__ import annotations

from hanse.collect.connectors.broker import line
from hanse.collect.connectors.sparkplug.codec import DataType, Said, encode
from hanse.collect.connectors.sparkplug.config import SparkplugConfig
from hanse.collect.connectors.sparkplug.host import NAMESPACE
from hanse.collect.connectors.sparkplug.source import split
from hanse.collect.ports import Point, World
from hanse.model.setting import Value


async def write(config: SparkplugConfig, world: World, point: Point, value: Value) -> None:
    """Publish the command; the point's ``type`` names the datatype (``Int32``), else by value.

    Raises:
        BadInput: the value does not fit the datatype.
    """
    owner, name = split(point.address)
    group, node, *device = owner.split("/")
    at_ms = world.clock.ns() // 1_000_000
    said = Said(name, None, at_ms, _datatype(point, value), value, False, None)  # noqa: FBT003
    topic = "/".join([NAMESPACE, group, "DCMD" if device else "NCMD", node, *device])
    async with line(config, world) as client:
        await client.publish(topic, encode([said], at_ms=at_ms), qos=0, retain=False)


def _datatype(point: Point, value: Value) -> int:
    if point.type.upper() in DataType.__members__:
        return DataType[point.type.upper()]
    if isinstance(value, bool):
        return DataType.BOOLEAN
    return DataType.STRING if isinstance(value, str) else DataType.DOUBLE
