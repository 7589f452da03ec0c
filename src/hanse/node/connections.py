"""Connections to equipment on record: settings, mapping, trust; and how they become collectors."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from hanse.collect.collector import Connection
from hanse.collect.job_doors import JobDoor
from hanse.collect.mapping import Bind, Line, Mapping
from hanse.collect.ports import Certificate
from hanse.collect.registry import settings_of
from hanse.collect.secrets import hide
from hanse.model.errors import HanseError, NotFound
from hanse.model.event import Draft, Event
from hanse.model.ids import Key
from hanse.model.plant import Signal
from hanse.model.setting import Settable
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.collecting.secrets import keep_secrets
from hanse.node.context import Context
from hanse.store import Store, Tx
from hanse.store.shelf import Shelf

TRUSTED, ASKED = "collect.certificate_trusted", "collect.certificate_shown"


class Setup(Struct, frozen=True, kw_only=True):
    """A connection as its owner set it up; ``lines`` name what is collected.

    ``jobs`` are the machines that may be given work, ``sets`` the signals that may be set; empty,
    as shipped, means none.
    """

    key: Key
    protocol: str
    settings: dict[str, Any]
    lines: tuple[Line, ...] = ()
    enabled: bool = True
    pack_s: float = 0.05
    jobs: tuple[JobDoor, ...] = ()
    sets: tuple[Settable, ...] = ()


class Pinned(Struct, frozen=True, kw_only=True):
    """The certificate a connection trusts, and one that waits for a person's word.

    ``subject`` is whose the asked one is, ``holder`` whose the trusted one; ``by`` and ``at`` say
    who trusted it, and when.
    """

    connection: Key
    fingerprint: str = ""
    asked: str = ""
    subject: str = ""
    holder: str = ""
    by: str = ""
    at: Instant | None = None


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
        """Whether to go on; a certificate never seen is kept for a person to decide.

        What is not a connection of the node's has nobody to ask.
        """
        if not shown.connection:
            return False

        def ask(tx: Tx) -> bool:
            before = pins(tx).get(shown.connection) or Pinned(connection=shown.connection)
            if before.fingerprint == shown.fingerprint:
                return True
            if before.asked != shown.fingerprint:
                fresh = {"asked": shown.fingerprint, "subject": shown.subject}
                pins(tx).put(shown.connection, msgspec.structs.replace(before, **fresh))
                tx.events.append(_asked(shown))
            return False

        return await self._store.write(ask)


async def sheltered(context: Context, setup: Setup) -> Setup:
    """A set-up whose secrets are with the keys; one from before that was so is put right."""
    try:
        hidden = hide(setup.key, settings_of(setup.protocol, setup.settings))
    except HanseError:
        return setup  # whoever starts it will say what is wrong
    if not hidden.secrets:
        return setup
    keep_secrets(context.folder, hidden.secrets)
    fresh = msgspec.structs.replace(setup, settings=msgspec.to_builtins(hidden.settings))
    await context.store.write(lambda tx: setups(tx).put(setup.key, fresh))
    return fresh


def trust(tx: Tx, connection: str, *, by: str) -> Event:
    """A person trusts the certificate that a connection showed last; the decision on record.

    Raises:
        NotFound: it showed none.
    """
    found = pins(tx).get(connection)
    if found is None or not (found.asked or found.fingerprint):
        raise NotFound("this connection has shown no certificate", subject=connection)
    return _decided(tx, connection, found.asked or found.fingerprint, found.subject, by=by)


def trust_now(tx: Tx, shown: Certificate, *, by: str) -> Event:
    """Trust a certificate that was compared before the device ever showed it."""
    return _decided(tx, shown.connection, shown.fingerprint, shown.subject, by=by)


def _decided(tx: Tx, connection: str, fingerprint: str, holder: str, *, by: str) -> Event:
    event = tx.events.append(
        Draft(
            kind=TRUSTED,
            subject=connection,
            text=Text(
                f"{by} trusts the certificate of {connection}: {holder} {fingerprint[:16]}",
                f"{by} 信任 {connection} 的证书:{holder} {fingerprint[:16]}",
            ),
            by=by,
            about={"fingerprint": fingerprint, "holder": holder},
        )
    )
    pinned = Pinned(
        connection=connection, fingerprint=fingerprint, holder=holder, by=by, at=event.at
    )
    pins(tx).put(connection, pinned)
    return event


def _asked(shown: Certificate) -> Draft:
    again = "another certificate" if shown.before else "a certificate nobody has seen"
    changed = "更换了证书" if shown.before else "出示了新证书"
    whose = f"{shown.subject} {shown.fingerprint[:16]}"
    return Draft(
        kind=ASKED,
        subject=shown.connection,
        text=Text(
            f"{shown.connection} shows {again}: {whose}. Is it trusted?",
            f"{shown.connection} {changed}:{whose}。是否信任?",
        ),
        about={"fingerprint": shown.fingerprint, "before": shown.before},
    )
