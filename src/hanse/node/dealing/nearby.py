"""Nodes on the local network that show themselves (DNS-SD over multicast DNS, RFC 6762 and 6763).

Off as shipped. Switched on, this node shows its name, identity and port, and looks for others. What
is found is only a claim of somebody on the network: adding it fetches the signed card, and nothing
is dealt before two people have compared the short code.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct

from hanse.node.context import Context
from hanse.store import Tx

if TYPE_CHECKING:
    from zeroconf import Zeroconf
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE = "_hanse._tcp.local."
SWITCH = "nearby"
FOUND_MAX = 100
NAME_MAX = 80
DID_MAX = 120
RESOLVE_MS = 3_000
AGAIN_S = 30.0
log = structlog.get_logger("nearby")


class Found(Struct, frozen=True, kw_only=True):
    """A node that shows itself: who it says it is, and where it answers."""

    did: str
    name: str
    address: str


def is_on(tx: Tx, context: Context) -> bool:
    """Whether this node shows itself and looks round: as switched on the page, else as set."""
    switched = tx.settings.get(SWITCH, bool)
    return context.settings.web.nearby if switched is None else switched


class Nearby:
    """Shows this node and keeps what is found, while it is switched on.

    Args:
        context: the node; ``web.host`` decides on which interface it is shown.
        port: where the gate listens.
    """

    def __init__(self, context: Context, port: int) -> None:
        self._context = context
        self._port = port
        self._changed = asyncio.Event()
        self._found: dict[str, Found] = {}
        self._asking: set[asyncio.Task[None]] = set()

    def found(self) -> tuple[Found, ...]:
        """Other nodes that show themselves now, by name."""
        return tuple(sorted(self._found.values(), key=lambda f: (f.name, f.did)))

    def switched(self) -> None:
        """The switch was turned: look at it again."""
        self._changed.set()

    async def run(self) -> None:
        """Follow the switch until cancelled; a network that is not there is tried again."""
        while True:
            self._changed.clear()
            on = await self._context.store.read(lambda tx: is_on(tx, self._context))
            try:
                await (self._shown() if on else self._changed.wait())
            except OSError as error:
                log.warning("not shown", error=str(error))
                await asyncio.sleep(AGAIN_S)

    async def _shown(self) -> None:
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        host = self._context.settings.web.host
        wanted = [host] if _is_one_address(host) else _addresses()
        network = AsyncZeroconf(interfaces=wanted, ip_version=IPVersion.V4Only)
        try:
            await (await network.async_register_service(_own(self._context, self._port, wanted)))
            browser = AsyncServiceBrowser(network.zeroconf, SERVICE, handlers=[self._noticed])
            await self._changed.wait()
            await browser.async_cancel()
        finally:
            await self._ended(network)

    async def _ended(self, network: AsyncZeroconf) -> None:
        for task in self._asking:
            task.cancel()
        self._found.clear()
        await network.async_unregister_all_services()
        await network.async_close()

    def _noticed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: object
    ) -> None:
        from zeroconf import ServiceStateChange

        del service_type
        if state_change is ServiceStateChange.Removed:
            self._found.pop(name, None)
        elif len(self._found) + len(self._asking) < FOUND_MAX:
            task = asyncio.get_running_loop().create_task(self._ask(zeroconf, name))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, zeroconf: Zeroconf, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(SERVICE, name)
        if not await info.async_request(zeroconf, RESOLVE_MS):
            return
        found = _read(info)
        if found is not None and found.did != self._context.identity.did:
            self._found[name] = found


def _own(context: Context, port: int, addresses: list[str]) -> AsyncServiceInfo:
    """What this node shows: its name, identity, addresses and port; nothing else."""
    from zeroconf.asyncio import AsyncServiceInfo

    did = context.identity.did
    label = hashlib.sha256(did.encode()).hexdigest()[:16]
    return AsyncServiceInfo(
        SERVICE,
        f"{label}.{SERVICE}",
        addresses=[socket.inet_aton(a) for a in addresses],
        port=port,
        properties={"did": did, "name": context.settings.firm.name[:NAME_MAX]},
        server=f"{label}.local.",
    )


def _read(info: AsyncServiceInfo) -> Found | None:
    """A claim as far as it can be used: an identity of our kind and an IPv4 address."""
    told = info.decoded_properties
    did, name = told.get("did") or "", told.get("name") or ""
    where = info.parsed_addresses()
    if not did.startswith("did:") or len(did) > DID_MAX or not where or not info.port:
        return None
    return Found(
        did=did, name=name[:NAME_MAX] or did[-8:], address=f"https://{where[0]}:{info.port}"
    )


def _is_one_address(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and not address.is_unspecified


def _addresses() -> list[str]:
    """Every IPv4 address of this machine that others may reach; loopback where it has no other."""
    import ifaddr

    every = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [a for a in every if not a.startswith("127.")] or ["127.0.0.1"]
