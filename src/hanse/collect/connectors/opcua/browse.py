"""The address space of an OPC UA server: every variable with its value, unit and range."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import asyncua
from asyncua import ua
from msgspec.structs import replace

from hanse.collect.connectors.opcua.config import OpcUaConfig
from hanse.collect.connectors.opcua.session import Limits, chunks, limits_of, namespaces_of, session
from hanse.collect.connectors.opcua.values import address_of, node_of, plain
from hanse.collect.ports import Found, World

NODES_MAX = 50_000
DEPTH_MAX = 24
ELEMENTS_MAX = 64
"""Elements of an array and fields of a structure shown one by one."""
TEXT_SHOWN_MAX = 120
_ATTRIBUTES = (
    ua.AttributeIds.Value,
    ua.AttributeIds.DataType,
    ua.AttributeIds.UserAccessLevel,
    ua.AttributeIds.Description,
)
_SERVER = ua.NodeId(ua.ObjectIds.Server)


@dataclasses.dataclass
class _Seen:
    """A variable on the way to a `Found`."""

    node: ua.NodeId
    trail: tuple[str, ...]
    unit: ua.NodeId | None = None
    range: ua.NodeId | None = None


async def browse(config: OpcUaConfig, world: World) -> Sequence[Found]:
    """Every variable below the root, also variables under variables; at most NODES_MAX nodes."""
    async with session(config, world) as client:
        limits = await limits_of(client)
        namespaces = await namespaces_of(client)
        await client.load_data_type_definitions()
        root = ua.NodeId(ua.ObjectIds.ObjectsFolder)
        if config.root:
            root = node_of(config.root, namespaces)
        seen = await _Walk(client, limits).down(root)
        return await _read(client, seen, limits, namespaces)


class _Walk:
    """Breadth first, each node once, so that a cyclic address space ends."""

    def __init__(self, client: asyncua.Client, limits: Limits) -> None:
        self._session = client.uaclient.session
        self._limits = limits
        self._variables: dict[ua.NodeId, _Seen] = {}
        self._known: set[ua.NodeId] = {_SERVER}

    async def down(self, root: ua.NodeId) -> list[_Seen]:
        level: list[tuple[ua.NodeId, tuple[str, ...]]] = [(root, ())]
        self._known.add(root)
        for _ in range(DEPTH_MAX):
            if not level or len(self._known) >= NODES_MAX:
                break
            below: list[tuple[ua.NodeId, tuple[str, ...]]] = []
            for part in chunks(level, self._limits.browse):
                for (parent, trail), found in zip(part, await self._children(part), strict=True):
                    below += [
                        (node, (*trail, name))
                        for node, name in (self._look(r, parent, trail) for r in found)
                        if name
                    ]
            level = below
        return list(self._variables.values())

    def _look(
        self, reference: Any, parent: ua.NodeId, trail: tuple[str, ...]
    ) -> tuple[ua.NodeId, str]:
        """The node to go on with; an empty name where there is nothing to go on with."""
        node, name = _local(reference.NodeId), str(reference.BrowseName.Name or "")
        is_property = reference.ReferenceTypeId == ua.NodeId(ua.ObjectIds.HasProperty)
        owner = self._variables.get(parent)
        if is_property and owner is not None:
            owner.unit = node if name == "EngineeringUnits" else owner.unit
            owner.range = node if name == "EURange" else owner.range
            return node, ""
        if node in self._known or len(self._known) >= NODES_MAX:
            return node, ""
        self._known.add(node)
        if reference.NodeClass == ua.NodeClass.Variable:
            self._variables[node] = _Seen(node, (*trail, name))
        return node, name

    async def _children(self, part: Sequence[tuple[ua.NodeId, tuple[str, ...]]]) -> list[list[Any]]:
        parameters = ua.BrowseParameters()
        parameters.NodesToBrowse = [_description(node) for node, _ in part]
        parameters.RequestedMaxReferencesPerNode = 0
        results = await self._session.browse(parameters)
        return [await self._rest(result) for result in results]

    async def _rest(self, result: ua.BrowseResult) -> list[Any]:
        found = list(result.References or [])
        point = result.ContinuationPoint
        while point and len(found) < NODES_MAX:
            parameters = ua.BrowseNextParameters(ContinuationPoints=[point])
            (more,) = await self._session.browse_next(parameters)
            found += more.References or []
            point = more.ContinuationPoint
        return found


def _description(node: ua.NodeId) -> ua.BrowseDescription:
    wanted = ua.BrowseDescription()
    wanted.NodeId = node
    wanted.BrowseDirection = ua.BrowseDirection.Forward
    wanted.ReferenceTypeId = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
    wanted.IncludeSubtypes = True
    wanted.NodeClassMask = ua.NodeClass.Object | ua.NodeClass.Variable
    wanted.ResultMask = ua.BrowseResultMask.All
    return wanted


def _local(node: ua.NodeId) -> ua.NodeId:
    """An expanded node id of this server as a node id."""
    return ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)


async def _read(
    client: asyncua.Client, seen: list[_Seen], limits: Limits, namespaces: list[str]
) -> list[Found]:
    asked = [(s.node, a) for s in seen for a in _ATTRIBUTES]
    asked += [(n, ua.AttributeIds.Value) for s in seen for n in (s.unit, s.range) if n is not None]
    answers = await _attributes(client, asked, limits)
    found: list[Found] = []
    for one in seen:
        found += _found(one, answers, namespaces)
    return found


async def _attributes(
    client: asyncua.Client, asked: list[tuple[ua.NodeId, Any]], limits: Limits
) -> dict[tuple[ua.NodeId, Any], Any]:
    """Attribute values in calls that the server takes, counted in attributes, not in nodes."""
    answers: dict[tuple[ua.NodeId, Any], Any] = {}
    for part in chunks(asked, limits.read):
        for key, result in zip(part, await _read_all(client, part), strict=False):
            answers[key] = result.Value.Value if result.Value is not None else None
    return answers


async def _read_all(client: asyncua.Client, part: Sequence[tuple[ua.NodeId, Any]]) -> list[Any]:
    """One call; in halves where the server fails as a whole because of one attribute."""
    parameters = ua.ReadParameters()
    parameters.NodesToRead = [ua.ReadValueId(NodeId=n, AttributeId=a) for n, a in part]
    try:
        return list(await client.uaclient.session.read(parameters))
    except ua.UaStatusCodeError:
        if len(part) <= 1:
            return [ua.DataValue()] * len(part)
        middle = len(part) // 2
        first = await _read_all(client, part[:middle])
        return first + await _read_all(client, part[middle:])


def _found(
    one: _Seen, answers: dict[tuple[ua.NodeId, Any], Any], namespaces: list[str]
) -> list[Found]:
    value_id, type_id, access_id, text_id = ((one.node, a) for a in _ATTRIBUTES)
    raw = answers.get(value_id)
    unit = answers.get((one.unit, _ATTRIBUTES[0])) if one.unit else None
    span = answers.get((one.range, _ATTRIBUTES[0])) if one.range else None
    description = answers.get(text_id)
    whole = Found(
        address=address_of(one.node, namespaces),
        trail=one.trail,
        data_type=_type_name(answers.get(type_id)),
        unit=str(getattr(getattr(unit, "DisplayName", None), "Text", "") or ""),
        low=getattr(span, "Low", None),
        high=getattr(span, "High", None),
        description=str(getattr(description, "Text", "") or "")[:TEXT_SHOWN_MAX],
        writable=bool(int(answers.get(access_id) or 0) & 2),
    )
    return [
        replace(whole, value=_shown(member), path=path, trail=(*one.trail, *trail))
        for path, trail, member in members(raw)
    ]


def members(value: Any) -> list[tuple[str, tuple[str, ...], object]]:
    """A value's parts as ``(path, words to add to the trail, value)``; itself when it has none."""
    value = plain(value)
    if isinstance(value, list):
        return [(f"[{i}]", (str(i),), v) for i, v in enumerate(value[:ELEMENTS_MAX])]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if not f.name.startswith("_")]
        return [
            (f + (f".{path}" if path[:1] not in {"", "["} else path), (f, *trail), member)
            for f in fields[:ELEMENTS_MAX]
            for path, trail, member in members(getattr(value, f))
        ]
    return [("", (), value)]


def _shown(value: object) -> float | str | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:TEXT_SHOWN_MAX]


def _type_name(node: Any) -> str:
    if isinstance(node, ua.NodeId) and node.NamespaceIndex == 0:
        return str(ua.ObjectIdNames.get(node.Identifier, ""))
    return "" if node is None else "structure"
