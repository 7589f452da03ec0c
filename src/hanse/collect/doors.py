"""Doors: where what is pushed or entered comes in, mounted by whoever owns the web server."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator

from msgspec import Struct

from hanse.model.errors import Conflict, NotFound


class Delivery(Struct, frozen=True, kw_only=True):
    """What came to a door: a body, what it is, who brought it.

    ``token`` is what the sender showed; ``by`` a person the web server knows, or empty.
    """

    body: bytes
    content_type: str = "application/json"
    token: str = ""
    by: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """What became of a delivery: values taken, and what was wrong with the others."""

    taken: int
    rejected: tuple[str, ...] = ()


Handler = Callable[[Delivery], Awaitable[Receipt]]


class Doors:
    """The open doors of a node by connection key."""

    def __init__(self) -> None:
        self._open: dict[str, Handler] = {}

    @contextlib.contextmanager
    def opened(self, connection: str, handler: Handler) -> Iterator[None]:
        """Keep a door open for a while.

        Raises:
            Conflict: it is open already.
        """
        if connection in self._open:
            raise Conflict("this door is open already", subject=connection)
        self._open[connection] = handler
        try:
            yield
        finally:
            del self._open[connection]

    async def deliver(self, connection: str, delivery: Delivery) -> Receipt:
        """Hand a delivery to whoever listens.

        Raises:
            NotFound: nobody does.
            NotAllowed: the token is wrong.
            BadInput: the body cannot be read.
        """
        handler = self._open.get(connection)
        if handler is None:
            raise NotFound(
                "nobody listens there", subject=connection[:80], remedy="Switch the connection on"
            )
        return await handler(delivery)
