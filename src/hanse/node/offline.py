"""A node's record opened from outside its processes: for the command line and for laying out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from hanse.node.context import Context
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.settings import read_settings
from hanse.node.world import RandomIds, RealClock, real_dice
from hanse.store import Store


@contextmanager
def offline(folder: Folder) -> Iterator[Context]:
    """The context of a node without its broker; what is written is announced by its relay.

    Raises:
        Unreachable: the record cannot be opened.
    """
    settings = read_settings(folder.path)
    clock, ids = RealClock(), RandomIds()
    identity = load_identity(folder, clock=clock, hosts=(settings.web.host,))
    store = Store.open(settings.record.url or folder.record_url, clock=clock, ids=ids)
    try:
        yield Context(
            folder=folder,
            settings=settings,
            identity=identity,
            clock=clock,
            ids=ids,
            dice=real_dice(),
            store=store,
            nats=cast("Any", None),
            stopping=asyncio.Event(),
        )
    finally:
        store.close()
