"""Looking for devices on the local network, only when a person asks: which ports answer."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Sequence

from msgspec import Struct

from hanse.model.errors import BadConfig, TooMuch

HOSTS_MAX = 1_024
AT_ONCE_MAX = 128
ANSWER_S_MAX = 0.6
PORTS: dict[int, str] = {
    4840: "opc.tcp://{host}:{port}",
    48_010: "opc.tcp://{host}:{port}",
    53_530: "opc.tcp://{host}:{port}",
    502: "modbus://{host}:{port}",
    102: "s7://{host}:{port}",
    1883: "mqtt://{host}:{port}",
    8883: "mqtts://{host}:{port}",
}
"""Ports that are tried, and the URL to look at when one answers."""


class Answered(Struct, frozen=True):
    """A port that answered, and the URL to look at."""

    host: str
    port: int
    url: str


async def scan(network: str, ports: dict[int, str] | None = None) -> AsyncIterator[Answered]:
    """Every host of a private network (``192.168.1.0/24``) that answers on a known port.

    One connection a port, closed at once, nothing sent; in order of answer.

    Raises:
        BadConfig: not a network, or not a private one.
        TooMuch: more than HOSTS_MAX hosts.
    """
    hosts = hosts_of(network)
    gate = asyncio.Semaphore(AT_ONCE_MAX)
    tried = [
        asyncio.create_task(_try(gate, host, port, url))
        for host in hosts
        for port, url in (ports or PORTS).items()
    ]
    try:
        for done in asyncio.as_completed(tried):
            if (answered := await done) is not None:
                yield answered
    finally:
        for task in tried:
            task.cancel()
        await asyncio.gather(*tried, return_exceptions=True)


def hosts_of(network: str) -> Sequence[str]:
    """The addresses of a private network.

    Raises:
        BadConfig, TooMuch: as `scan`.
    """
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise BadConfig(
            "not a network", subject=network[:60], remedy="Write 192.168.1.0/24"
        ) from error
    if not (found.is_private or found.is_loopback):
        raise BadConfig(
            "not a private network", subject=network[:60], remedy="Scan your own network only"
        )
    if found.num_addresses > HOSTS_MAX:
        raise TooMuch(
            f"more than {HOSTS_MAX} addresses", subject=network[:60], remedy="Scan a smaller part"
        )
    return [str(host) for host in found.hosts()] or [str(found.network_address)]


async def _try(gate: asyncio.Semaphore, host: str, port: int, url: str) -> Answered | None:
    async with gate:
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return None
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return Answered(host, port, url.format(host=host, port=port))
