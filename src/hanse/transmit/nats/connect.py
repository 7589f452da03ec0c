"""A connection to the broker that never gives up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from nats.aio.client import Client
from nats.errors import Error as NatsError

from hanse.model.errors import Unreachable

PING_S = 5
PINGS_UNANSWERED_MAX = 2
CONNECT_WAIT_S = 2
REQUEST_WAIT_S = 5.0
CLOSE_WAIT_S = 0.5
CLOSE_TRIES_MAX = 20


async def connect(
    urls: str | Sequence[str],
    *,
    user: str,
    password: str,
    name: str,
    on_lost: Callable[[], Awaitable[None]] | None = None,
    on_back: Callable[[], Awaitable[None]] | None = None,
) -> Client:
    """Connect, and stay connected: a lost broker is noticed within 15 s and tried for ever.

    Args:
        urls: one broker, or all of a cluster.
        user: of the broker's configuration.
        password: of the broker's configuration.
        name: shown in the broker's own lists (role and machine).
        on_lost: called when the connection is lost.
        on_back: called when it is back.

    Raises:
        Unreachable: no broker answers at the first try, or it refuses the password.
    """

    async def lost() -> None:
        if on_lost is not None:
            await on_lost()

    async def back() -> None:
        if on_back is not None:
            await on_back()

    async def quiet(_: Exception) -> None:
        """Errors reach whoever asked; the library's own log line helps no one."""

    client = Client()
    try:
        await client.connect(
            urls if isinstance(urls, str) else list(urls),
            user=user,
            password=password,
            name=name,
            ping_interval=PING_S,
            max_outstanding_pings=PINGS_UNANSWERED_MAX,
            connect_timeout=CONNECT_WAIT_S,
            allow_reconnect=False,
            max_reconnect_attempts=3,
            reconnect_time_wait=0,
            error_cb=quiet,
            disconnected_cb=lost,
            reconnected_cb=back,
        )
    except (NatsError, OSError) as error:
        await _let_go(client)
        raise Unreachable(
            f"no broker answers ({error})",
            subject=str(urls),
            remedy="Start the node (hanse up), or check its address and password",
        ) from error
    client.options["allow_reconnect"] = True
    client.options["max_reconnect_attempts"] = -1
    client.options["reconnect_time_wait"] = 0.2
    return client


async def close(client: Client) -> None:
    """Close a connection, also one whose broker is gone."""
    client.options["allow_reconnect"] = False
    with contextlib.suppress(NatsError, OSError, RuntimeError, TimeoutError):
        await client.close()  # RuntimeError: uvloop, when the broker's end of the socket is gone
    # Its search for a server can outlive it: a cancellation within a timeout may be lost.
    search = getattr(client, "_reconnection_task", None)
    for _ in range(CLOSE_TRIES_MAX):
        if search is None or search.done():
            return
        search.cancel()
        await asyncio.wait({search}, timeout=CLOSE_WAIT_S)


async def _let_go(client: Client) -> None:
    """Close the socket of a refused client, which the library leaves to the garbage collector."""
    transport = getattr(client, "_transport", None)
    if transport is not None:
        transport.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await transport.wait_closed()
