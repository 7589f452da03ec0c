"""Setting one value of an OPC UA server. Only the write guard calls this."""

from __future__ import annotations

from asyncua import ua

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.session import namespaces_of, session
from hanse.collect.connectors.opcua.values import node_of
from hanse.collect.ports import Point, World
from hanse.collect.whole import whole
from hanse.model.errors import BadInput, Refused, Unreachable
from hanse.model.setting import Value

MAYBE = frozenset(
    {"BadTimeout", "BadCommunicationError", "BadNoCommunication", "BadRequestTimeout"}
)
"""Statuses of a server that asked a controller and does not know what came of it."""


async def write(config: OpcUaConfig, world: World, point: Point, value: Value) -> None:
    """Write a value in the node's own data type.

    Raises:
        Refused: the server does not take it, or the point is part of a structure.
        BadInput: it does not fit the node's type.
        Unreachable: the server does not know whether its controller took it.
    """
    if point.path:
        raise Refused(
            "a part of a structure cannot be written alone",
            subject=point.address,
            remedy="Choose a node of its own",
        )
    async with session(config, world) as client:
        node = client.get_node(node_of(point.address, await namespaces_of(client)))
        kind = await node.read_data_type_as_variant_type()
        try:
            data = ua.DataValue(ua.Variant(fitting(kind, value), kind))
        except ValueError as error:
            raise BadInput(str(error)[:200], subject=point.address) from error
        (status,) = await client.uaclient.session.write_attributes([node.nodeid], [data])
    if status.name in MAYBE:
        raise Unreachable(
            f"the server has lost its controller: {status.name}",
            subject=point.address,
            remedy="Look at the machine: it may have taken the value",
        )
    if not status.is_good():
        raise Refused(
            f"the server does not take the value: {status.name}",
            subject=point.address,
            remedy="Look at the node's access level and range in the server",
        )


def fitting(kind: ua.VariantType, value: Value) -> object:
    """A value in the Python type that a built-in type of OPC UA is encoded from."""
    if kind in {ua.VariantType.Float, ua.VariantType.Double}:
        return float(value)
    if kind is ua.VariantType.Boolean:
        return bool(float(value))
    if kind is ua.VariantType.String:
        return str(value)
    return whole(value)
