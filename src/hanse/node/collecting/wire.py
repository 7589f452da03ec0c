"""Asking the process that collects from a connection, wherever it runs."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable

from nats.aio.client import Client

from hanse.collect.diagnostics import Diagnostics
from hanse.collect.doors import Delivery, Receipt
from hanse.model.errors import NotFound, Unreachable
from hanse.transmit.nats.requests import ask

RELOAD = "collect.reload"
CHANGED = "note.collect.changed"
"""Told to every process that collects; `RELOAD` is answered by one."""
STATUS = "collect.status"
ASK_WAIT_S = 2.0
DELIVER_WAIT_S = 10.0


def look_at(connection: str) -> str:
    """The command that asks for a connection's diagnostics."""
    return f"collect.look.{_word(connection)}"


def door_of(connection: str) -> str:
    """The command that hands a delivery to a connection."""
    return f"collect.deliver.{_word(connection)}"


def set_at(connection: str) -> str:
    """The command that sets a signal: answered by whoever collects from the connection."""
    return f"collect.set.{_word(connection)}"


async def diagnostics(client: Client, connections: Iterable[str]) -> dict[str, Diagnostics]:
    """How connections are now; those that run nowhere are left out."""
    keys = list(connections)
    found = await asyncio.gather(*(_diagnostics(client, key) for key in keys))
    return {key: one for key, one in zip(keys, found, strict=True) if one is not None}


async def deliver(client: Client, connection: str, delivery: Delivery) -> Receipt:
    """Hand a delivery to a connection's door; it is answered when its values are kept.

    Raises:
        NotFound: nobody listens there.
        NotAllowed, BadInput: as the door says.
        Unreachable: not kept in time; sending it again is right.
    """
    try:
        return await ask(
            client, door_of(connection), delivery, answer=Receipt, wait_s=DELIVER_WAIT_S
        )
    except Unreachable as error:
        if error.what != "no role answers this":
            raise
        raise NotFound(
            "nobody listens there", subject=connection[:80], remedy="Switch the connection on"
        ) from error


async def _diagnostics(client: Client, connection: str) -> Diagnostics | None:
    try:
        return await ask(client, look_at(connection), "", answer=Diagnostics, wait_s=ASK_WAIT_S)
    except Unreachable:
        return None


def _word(connection: str) -> str:
    """A connection's key as one word of a subject."""
    return base64.urlsafe_b64encode(connection.encode()).decode().rstrip("=")
