"""Addresses, values, times and status codes between OPC UA and samples."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence

from asyncua import ua

from hanse.model.errors import BadConfig
from hanse.model.sample import Quality
from hanse.model.time import NS_PER_S, UTC, to_ns

_NO_TIME = dt.datetime(1601, 1, 2, tzinfo=UTC)
_LETTER = {
    ua.NodeIdType.TwoByte: "i",
    ua.NodeIdType.FourByte: "i",
    ua.NodeIdType.Numeric: "i",
    ua.NodeIdType.String: "s",
    ua.NodeIdType.Guid: "g",
    ua.NodeIdType.ByteString: "b",
}


def node_of(address: str, namespaces: Sequence[str]) -> ua.NodeId:
    """The node of ``nsu=URI;s=...`` (or ``ns=2;s=...``) by the indexes of now (IEC 62541-6, 5.3).

    Raises:
        BadConfig: not an address, or the server has no such namespace.
    """
    uri, rest = "", address
    if address.startswith("nsu="):
        uri, _, rest = address[4:].partition(";")
    try:
        node = ua.NodeId.from_string(rest)
    except (ua.UaStringParsingError, ua.UaError, ValueError) as error:
        raise BadConfig(
            "not a node", subject=address[:120], remedy="Write nsu=URI;s=Name or nsu=URI;i=42"
        ) from error
    if not uri:
        return node
    if uri not in namespaces:
        raise BadConfig(
            "the server has no such namespace",
            subject=uri[:120],
            remedy="Browse the server again and choose the signal anew",
        )
    return ua.NodeId(node.Identifier, namespaces.index(uri), node.NodeIdType)


def address_of(node: ua.NodeId, namespaces: Sequence[str]) -> str:
    """The address of a node by the URI of its namespace, so that indexes may change."""
    letter = _LETTER[node.NodeIdType]
    local = node.to_string().rpartition(f"{letter}=")[2] if letter != "s" else node.Identifier
    index = int(node.NamespaceIndex)
    if index == 0 or index >= len(namespaces):
        return f"{letter}={local}" if index == 0 else f"ns={index};{letter}={local}"
    return f"nsu={namespaces[index]};{letter}={local}"


def quality_of(status: ua.StatusCode | None) -> int:
    """The two top bits of a status code (IEC 62541-4, 7.39)."""
    if status is None:
        return Quality.GOOD
    return min(int(status.value) >> 30, 2)


def has_overflowed(status: ua.StatusCode | None) -> bool:
    """Whether values were lost in the server's queue before this one (bits 10, 11 and 7)."""
    return status is not None and int(status.value) & 0x0C80 == 0x0480


def time_of(value: ua.DataValue) -> int | None:
    """Source time in nanoseconds, server time where there is none, None where there is neither."""
    for at in (value.SourceTimestamp, value.ServerTimestamp):
        if at is not None and at >= _NO_TIME:
            return to_ns(at)
    return None


def plain(value: object) -> object:
    """A value as the intake takes it: numbers, texts, lists and structures."""
    if type(value) in {float, int, bool, str} or value is None:
        return value
    if isinstance(value, enum.IntEnum):
        return int(value)
    if isinstance(value, dt.datetime):
        return to_ns(value if value.tzinfo else value.replace(tzinfo=UTC)) / NS_PER_S
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, ua.LocalizedText | ua.QualifiedName):
        return getattr(value, "Text", None) or getattr(value, "Name", None) or ""
    return value.to_string() if isinstance(value, ua.NodeId) else value
