"""Connections to equipment on record: settings, mapping, trust; and how they become collectors."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from hanse.collect.collector import Connection
from hanse.collect.mapping import Bind, Line, Mapping
from hanse.collect.ports import Certificate
from hanse.collect.registry import settings_of
from hanse.model.errors import NotFound
from hanse.model.ids import Key
from hanse.model.plant import Signal
from hanse.node.folder import Folder, read_secret
from hanse.store import Store, Tx
from hanse.store.shelf import Shelf


class Setup(Struct, frozen=True, kw_only=True):
    """A connection as its owner set it up; ``lines`` name what is collected."""

    key: Key
    protocol: str
    settings: dict[str, Any]
    lines: tuple[Line, ...] = ()
    enabled: bool = True
    pack_s: float = 0.05


class Pinned(Struct, frozen=True, kw_only=True):
    """The certificate a connection trusts, and one that waits for a person's word."""

    connection: Key
    fingerprint: str = ""
    asked: str = ""
    subject: str = ""


def setups(tx: Tx) -> Shelf[Setup]:
    """All connections, by key."""
    return tx.shelf("connection", Setup)


def pins(tx: Tx) -> Shelf[Pinned]:
    """What each connection trusts."""
    return tx.shelf("trust", Pinned)


def signal_of(tx: Tx, line: Line) -> Signal:
    """The signal of a mapping line; a new one gets the node's next number."""
    return tx.signals.named(
        Signal(
            id=0,
            asset=line.asset,
            name=line.name,
            kind=line.kind,
            unit=line.unit,
            low=line.low,
            high=line.high,
        )
    )


def mapping_of(tx: Tx, setup: Setup) -> Mapping:
    """The mapping of a connection, with the node's numbers."""
    binds = (
        Bind(
            signal=signal_of(tx, line),
            address=line.address,
            path=line.path,
            type=line.type,
            scale=line.scale,
            offset=line.offset,
        )
        for line in setup.lines
    )
    return Mapping(binds=tuple(binds))


def connection_of(setup: Setup, mapping: Mapping) -> Connection:
    """What a collector runs.

    Raises:
        NotFound: nobody speaks the protocol.
        BadConfig: a setting is wrong.
    """
    checked = settings_of(setup.protocol, setup.settings)
    return Connection(key=setup.key, settings=checked, mapping=mapping, pack_s=setup.pack_s)


class RecordTrust:
    """Trust kept in the record: the pinned certificate, and what a person is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pinned(self, connection: str) -> str:
        """The fingerprint a connection trusts, or empty."""
        found = self._store.read_sync(lambda tx: pins(tx).get(connection))
        return found.fingerprint if found else ""

    async def decide(self, shown: Certificate) -> bool:
        """Whether to go on; a certificate never seen is kept for a person to decide."""

        def ask(tx: Tx) -> bool:
            before = pins(tx).get(shown.connection) or Pinned(connection=shown.connection)
            if before.fingerprint == shown.fingerprint:
                return True
            asked = Pinned(
                connection=shown.connection,
                fingerprint=before.fingerprint,
                asked=shown.fingerprint,
                subject=shown.subject,
            )
            pins(tx).put(shown.connection, asked)
            return False

        return await self._store.write(ask)


def trust(tx: Tx, connection: str) -> Pinned:
    """A person trusts the certificate that a connection showed last.

    Raises:
        NotFound: it showed none.
    """
    found = pins(tx).get(connection)
    if found is None or not (found.asked or found.fingerprint):
        raise NotFound("this connection has shown no certificate", subject=connection)
    pinned = Pinned(connection=connection, fingerprint=found.asked or found.fingerprint)
    pins(tx).put(connection, pinned)
    return pinned


def secret_in(folder: Folder, name: str) -> str:
    """A secret kept in ``keys/secret-NAME``.

    Raises:
        NotFound: there is none of that name.
        NotAllowed: others may read it.
    """
    path = folder / "keys" / f"secret-{name}"
    if "/" in name or not path.exists():
        raise NotFound("there is no such secret", subject=name[:80], remedy=f"Write {path.name}")
    return read_secret(path).decode().strip()
