"""A book of trusted certificates: asks once, keeps the answer, shows what waits for one."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hanse.collect.ports import Certificate, Memory
from hanse.model.errors import NotFound

WAITING_MAX = 1_000
_KEY = "trust/pins"


class Pin(Struct, frozen=True, kw_only=True):
    """The certificate a connection trusts, and who said so."""

    fingerprint: str
    subject: str
    by: str


class TrustBook:
    """A `Trust` whose answers a person gives on a page.

    Args:
        memory: where answers are kept.
        first_use: trust the first certificate of a connection without asking, as a person who sets
            it up beside the machine would; another one later is asked about all the same.
    """

    def __init__(self, memory: Memory, *, first_use: bool = False) -> None:
        self._memory = memory
        self._first_use = first_use
        kept = memory.get(_KEY)
        self._pins = msgspec.json.decode(kept, type=dict[str, Pin]) if kept else {}
        self._waiting: dict[str, Certificate] = {}

    def pinned(self, connection: str) -> str:
        """The fingerprint a connection trusts, or empty."""
        pin = self._pins.get(connection)
        return "" if pin is None else pin.fingerprint

    def waiting(self) -> tuple[Certificate, ...]:
        """Certificates that a person has yet to compare with the device."""
        return tuple(self._waiting.values())

    async def decide(self, shown: Certificate) -> bool:
        """Whether this certificate is the trusted one; if not, it waits for a person."""
        if self.pinned(shown.connection) == shown.fingerprint:
            return True
        if self._first_use and not self.pinned(shown.connection):
            self._pin(shown, by="first use")
            return True
        if len(self._waiting) < WAITING_MAX or shown.connection in self._waiting:
            self._waiting[shown.connection] = shown
        return False

    def trust(self, connection: str, fingerprint: str, *, by: str) -> None:
        """A person compared the fingerprint and trusts it.

        Raises:
            NotFound: no certificate with this fingerprint waits.
        """
        shown = self._waiting.get(connection)
        if shown is None or shown.fingerprint != fingerprint:
            raise NotFound(
                "no such certificate waits",
                subject=connection,
                remedy="Look again: the device may show another one by now",
            )
        self._pin(shown, by=by)
        del self._waiting[connection]

    def forget(self, connection: str) -> None:
        """Trust nothing of a connection any more."""
        self._pins.pop(connection, None)
        self._keep()

    def _pin(self, shown: Certificate, *, by: str) -> None:
        pin = Pin(fingerprint=shown.fingerprint, subject=shown.subject, by=by)
        self._pins[shown.connection] = pin
        self._keep()

    def _keep(self) -> None:
        self._memory.put(_KEY, msgspec.json.encode(self._pins).decode())
