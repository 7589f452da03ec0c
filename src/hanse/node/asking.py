"""Asking the roles of a running node from outside: for the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nats.aio.client import Client

from hanse.model.errors import Unreachable
from hanse.node.broker import USER, read_note
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.settings import read_settings
from hanse.node.world import RealClock
from hanse.transmit.nats.connect import connect

R = TypeVar("R")


async def with_broker(folder: Folder, do: Callable[[Client], Awaitable[R]]) -> R:
    """Do something over the broker of a running node.

    Raises:
        Unreachable: the node does not run.
    """
    note = read_note(folder)
    url = read_settings(folder.path).broker.url or (note.url if note else "")
    if not url:
        raise Unreachable("the node does not run", subject=str(folder.path), remedy="hanse up")
    identity = load_identity(folder, clock=RealClock())
    client = await connect(
        url.split(","), user=USER, password=identity.broker_password, name="hanse"
    )
    try:
        return await do(client)
    finally:
        await client.close()
