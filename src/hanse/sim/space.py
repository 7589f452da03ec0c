"""The standard OPC UA address space, built once a process and shared by its servers.

Building the 6,174 standard nodes takes asyncua 1-3 s and 40 MB for each server. A copy that shares
what never changes (every attribute but the value) takes a fraction of both.
"""

from __future__ import annotations

import copy
import hmac
from typing import Any

from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer


class StandardNodes:
    """The standard nodes as they were before any server changed them."""

    def __init__(self) -> None:
        self._nodes: dict[Any, Any] = {}

    async def server(self) -> Server:
        """A new server, not yet started, on a copy of the standard nodes."""
        inner = InternalServer()
        build = inner.load_standard_address_space

        async def load(_shelf: Any = None) -> None:
            if not self._nodes:
                await build()
                self._nodes = {key: _copied(inner.aspace[key]) for key in inner.aspace.keys()}  # noqa: SIM118
                return
            for key, node in self._nodes.items():
                inner.aspace[key] = _copied(node)

        inner.load_standard_address_space = load
        server = Server(iserver=inner)
        await server.init()
        return server


class OneUser:
    """Lets one name in, with its password (a user manager of asyncua)."""

    def __init__(self, name: str, password: str) -> None:
        self._known = f"{name}\0{password}".encode()

    def get_user(
        self,
        iserver: Any,  # noqa: ARG002 (asyncua's shape)
        username: str | None = None,
        password: str | None = None,
        certificate: Any = None,  # noqa: ARG002 (asyncua's shape)
    ) -> User | None:
        """Who it is, None where they are not let in."""
        shown = f"{username}\0{password}".encode()
        return User(role=UserRole.User) if hmac.compare_digest(shown, self._known) else None


def _copied(node: Any) -> Any:
    """A node that shares with the first what no server writes."""
    twin = copy.copy(node)
    twin.references = list(node.references)
    twin.attributes = dict(node.attributes)
    value = twin.attributes.get(ua.AttributeIds.Value)
    if value is not None:
        own = copy.copy(value)
        own.datachange_callbacks = {}
        twin.attributes[ua.AttributeIds.Value] = own
    return twin
