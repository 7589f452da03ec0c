"""Names of things: what identifies them, and where new names come from."""

from __future__ import annotations

from typing import Annotated, Protocol

from msgspec import Meta, Struct

NAME_MAX = 80
KEY_MAX = 120
TITLE_MAX = 200
NOTE_MAX = 4_000

Key = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=KEY_MAX,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/#+-]*$",
        description="A short code of the owner's own: letters, digits and . _ : / # + -",
    ),
]
"""A code given by the owner (machine, item, order): stable, unique in its kind, safe in a URL."""

Did = Annotated[
    str,
    Meta(
        max_length=300,
        pattern=r"^did:(key:z[1-9A-HJ-NP-Za-km-z]{10,200}|web:[A-Za-z0-9.:%/-]{1,250})$",
        description="A firm: did:key, or did:web where it has a domain",
    ),
]
"""A firm's identity between firms (W3C DID 1.0)."""

Title = Annotated[str, Meta(min_length=1, max_length=TITLE_MAX)]
"""A name for people to read."""

Note = Annotated[str, Meta(max_length=NOTE_MAX)]
"""Free words of a person."""


class Ids(Protocol):
    """Where new identities come from; a test hands in one that counts."""

    def new(self, kind: str) -> str:
        """A fresh identity ``kind-...``, never given before, sorting by the time it was given."""
        ...


class Counter:
    """Identities that count up: for tests and for a simulated world."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._n = 0

    def new(self, kind: str) -> str:
        """``kind-prefix000001`` and so on."""
        self._n += 1
        return f"{kind}-{self._prefix}{self._n:06d}"


class Happening(Struct, frozen=True, order=True):
    """The identity of a thing that happened: who saw it, since which start, and its number.

    ``seq`` counts without holes within ``(source, epoch)``; no broker's or table's own number is
    ever an identity.
    """

    source: str
    epoch: int
    seq: int
