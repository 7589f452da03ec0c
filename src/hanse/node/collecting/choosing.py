"""Putting a connection and what it collects on record: the same from a page and a command."""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from hanse.collect.mapping import Line
from hanse.collect.propose import asset_types
from hanse.collect.secrets import MARK
from hanse.model.plant import Machine
from hanse.model.running import Asset
from hanse.model.text import Text
from hanse.node.collecting.recognising import type_choices
from hanse.node.connections import Setup, mapping_of, setups
from hanse.packs.load import SHIPPED, load_shipped
from hanse.packs.pack import Pack
from hanse.store import Tx

NETWORK_PREFIX = 24
PACK = "machining"
_MACHINE = "machine"


def keep_lines(
    tx: Tx, setup: Setup, lines: Sequence[Line], *, types: Mapping[str, str] | None = None
) -> Setup:
    """Collect these signals from now on; assets nobody knew are made, of the types given."""
    known = {key for key, _ in known_types()}
    fresh = msgspec.structs.replace(setup, lines=tuple(lines))
    setups(tx).put(fresh.key, fresh)
    mapping_of(tx, fresh)
    for asset in sorted({line.asset for line in lines}):
        if tx.machines.get(asset) is None and tx.assets.get(asset) is None:
            kind = (types or {}).get(asset, _MACHINE)
            put_asset(tx, asset, kind if kind in known else _MACHINE)
    return fresh


def put_asset(tx: Tx, key: str, kind: str) -> None:
    """A new machine, or an asset of a type that does no operations of a plan."""
    if any(not pack.types[kind].works for pack in packs() if kind in pack.types):
        tx.assets.put(Asset(key=key, title=key, type=kind))
    else:
        tx.machines.put(Machine(key=key, title=key, asset_type=kind, work_centre=key))


def packs() -> tuple[Pack, ...]:
    """All packs that ship, the trade's own first."""
    return tuple(load_shipped(name) for name in SHIPPED)


@functools.cache
def every_type() -> Pack:
    """The trade's pack with the types of the others beside its own."""
    types = {key: kind for pack in reversed(packs()) for key, kind in pack.types.items()}
    own = load_shipped(PACK)
    return msgspec.structs.replace(own, types={**own.types, **types})


def known_types() -> tuple[tuple[str, Text], ...]:
    """The types that can be chosen: those of the trade and of the other packs, then plain words."""
    return type_choices(every_type(), asset_types())


def free_name(tx: Tx, protocol: str, address: str) -> str:
    """A name for a connection that nobody has, from its address."""
    host = urlsplit(address).hostname or ""
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", f"{protocol}-{host}" if host else protocol).strip("-.")
    taken = set(setups(tx).keys())
    names = (plain, *(f"{plain}-{n}" for n in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def own_networks() -> tuple[str, ...]:
    """The private networks this machine is in, as far as it can tell without asking anyone."""
    found = set()
    for ip in _own_addresses():
        address = ipaddress.ip_address(ip)
        if address.is_private and not address.is_loopback:
            found.add(str(ipaddress.ip_network(f"{ip}/{NETWORK_PREFIX}", strict=False)))
    return tuple(sorted(found))


def shown(settings: Mapping[str, object]) -> str:
    """Where a connection goes, as a page shows it."""
    url = str(settings.get("url") or settings.get("path") or "")
    if not url and settings.get("host"):
        url = f"{settings['host']}:{settings.get('port', '')}".rstrip(":")
    return re.sub(rf"{MARK}[\w.-]+", "***", url)


def _own_addresses() -> list[str]:
    addresses = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 9))  # nothing is sent: only the way is chosen
            addresses.append(probe.getsockname()[0])
        except OSError:
            return []
    try:
        addresses += socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return addresses
    return addresses
