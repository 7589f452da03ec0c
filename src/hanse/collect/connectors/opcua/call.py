"""Calling a method of an OPC UA server. Only the job guard calls this."""

from __future__ import annotations

import contextlib

from asyncua import Node, ua

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.session import namespaces_of, session
from hanse.collect.connectors.opcua.values import node_of
from hanse.collect.connectors.opcua.write import fitting
from hanse.collect.ports import Calling, World
from hanse.model.errors import Refused
from hanse.model.setting import Value

_PLAIN = {
    str: ua.VariantType.String,
    bool: ua.VariantType.Boolean,
    int: ua.VariantType.Int64,
    float: ua.VariantType.Double,
}
_BUILT_IN = {kind.value for kind in ua.VariantType}


async def call(config: OpcUaConfig, world: World, calling: Calling) -> None:
    """Call a method with each argument in the type that the server declares for it.

    Raises:
        Refused: the server has no such method, or does not take the arguments.
    """
    async with session(config, world) as client:
        known = await namespaces_of(client)
        method = client.get_node(node_of(calling.method, known))
        variants = await _variants(method, calling.arguments)
        try:
            await client.get_node(node_of(calling.object, known)).call_method(method, *variants)
        except ua.UaStatusCodeError as error:
            raise Refused(
                f"the machine does not take it: {error}"[:400],
                subject=calling.method,
                remedy="Look at the arguments, and at the method's rights in the server",
            ) from error


async def _variants(method: Node, values: tuple[Value, ...]) -> list[ua.Variant]:
    declared: list[ua.Argument] = []
    with contextlib.suppress(ua.UaError):
        declared = await (await method.get_child("0:InputArguments")).read_value() or []
    kinds = [_kind(argument) for argument in declared[: len(values)]]
    kinds += [None] * (len(values) - len(kinds))
    return [_variant(kind, value) for kind, value in zip(kinds, values, strict=True)]


def _kind(argument: ua.Argument) -> ua.VariantType | None:
    """The built-in type of an argument, None for a type of the server's own."""
    number = argument.DataType.Identifier
    own = argument.DataType.NamespaceIndex != 0 or not isinstance(number, int)
    return None if own or number not in _BUILT_IN else ua.VariantType(number)


def _variant(kind: ua.VariantType | None, value: Value) -> ua.Variant:
    if kind is None:
        return ua.Variant(value, _PLAIN[type(value)])
    return ua.Variant(fitting(kind, value), kind)
