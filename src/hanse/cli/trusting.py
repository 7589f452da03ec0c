"""Trusting a device's certificate at the command line: named beforehand, or asked there."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
import msgspec

from hanse.collect.ports import Certificate
from hanse.model.errors import Refused
from hanse.node.connections import RecordTrust, trust_now
from hanse.store import Store, Tx

PREFIX_MIN = 16
"""Characters of a fingerprint that are enough to name it."""
BY = "command line"

Ask = Callable[[Certificate], bool]


class AskedTrust:
    """A `hanse.collect.ports.Trust` that a person at the command line answers.

    Args:
        store: what is trusted already.
        named: the fingerprint, or its beginning, that they compared with the device before.
        ask: puts the question; None where nobody can be asked.
    """

    def __init__(self, store: Store, *, named: str = "", ask: Ask | None = None) -> None:
        self._record = RecordTrust(store)
        self._named = named.lower().replace(":", "")
        self._ask = ask
        self.trusted: Certificate | None = None

    def pinned(self, connection: str) -> str:
        """The fingerprint a connection trusts, or empty."""
        return self._record.pinned(connection)

    async def decide(self, shown: Certificate) -> bool:
        """Whether to go on: trusted before, named, or said so now.

        Raises:
            Refused: neither; it says how to trust it.
        """
        if shown.fingerprint == self.pinned(shown.connection):
            return True
        if not (self._is_named(shown) or (self._ask is not None and self._ask(shown))):
            raise Refused(
                f"the device shows a certificate that is not trusted yet: {shown.subject}",
                subject=shown.fingerprint,
                remedy=f"Compare it with the device, then add --trust {shown.fingerprint}",
                code="certificate",
            )
        self.trusted = shown
        return True

    def keep(self, tx: Tx, connection: str) -> None:
        """Put the decision on record, for the connection that was made."""
        if self.trusted is not None:
            trust_now(tx, msgspec.structs.replace(self.trusted, connection=connection), by=BY)

    def _is_named(self, shown: Certificate) -> bool:
        return len(self._named) >= PREFIX_MIN and shown.fingerprint.startswith(self._named)


def asking() -> Ask | None:
    """The question at a terminal; None where there is none."""
    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else None


def _ask(shown: Certificate) -> bool:
    click.echo(
        f"The device shows {shown.subject}, valid until {shown.not_after:%Y-%m-%d}", err=True
    )
    click.echo(f"SHA-256 {shown.fingerprint}", err=True)
    if shown.before:
        click.echo(f"Until now it showed {shown.before}", err=True)
    return click.confirm("Is this the device's certificate?", default=False, err=True)
