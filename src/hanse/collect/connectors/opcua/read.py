"""What nodes of an OPC UA server are just now, asked for apart from collection."""

from __future__ import annotations

from collections.abc import Sequence

from asyncua import ua

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.session import namespaces_of, session
from hanse.collect.connectors.opcua.values import node_of, plain, quality_of
from hanse.collect.ports import Point, World
from hanse.model.sample import Quality


async def read(config: OpcUaConfig, world: World, points: Sequence[Point]) -> list[object]:
    """The values of points in one call; None where the server has no good one."""
    async with session(config, world) as client:
        known = await namespaces_of(client)
        nodes = [node_of(point.address, known) for point in points]
        answers = await client.uaclient.session.read_attributes(nodes, ua.AttributeIds.Value)
    return [_value(answer) for answer in answers]


def _value(answer: ua.DataValue) -> object:
    if answer.Value is None or quality_of(answer.StatusCode) != Quality.GOOD:
        return None
    return plain(answer.Value.Value)
