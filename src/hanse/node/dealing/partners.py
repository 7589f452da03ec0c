"""Partners on record: who they are, where their node is, what they can do."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.match.books import Books
from hanse.model.errors import NotFound
from hanse.model.ids import Did, Title
from hanse.store import Tx
from hanse.store.shelf import Shelf

CAPABILITIES_MAX = 200


class Partner(Struct, frozen=True, kw_only=True):
    """A firm we deal with: its node's address, the pin of its certificate, its capabilities."""

    did: Did
    name: Title
    url: Annotated[str, Meta(max_length=300)]
    pin: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
    capabilities: Annotated[tuple[str, ...], Meta(max_length=CAPABILITIES_MAX)] = ()
    active: bool = True


def partners(tx: Tx) -> Shelf[Partner]:
    """All partners, by DID."""
    return tx.shelf("partner", Partner)


def able(tx: Tx, capability: str, *, without: tuple[str, ...] = ()) -> list[Partner]:
    """Partners who say they can do it, all active ones where nothing is asked for."""
    return [
        p
        for p in partners(tx).all()
        if p.active and p.did not in without and (not capability or capability in p.capabilities)
    ]


def name_of(tx: Tx, did: str) -> str:
    """A partner's name for people, the end of its DID where it has none."""
    found = partners(tx).get(did)
    return found.name if found else did[-8:]


def need(tx: Tx, did: str) -> Partner:
    """A partner.

    Raises:
        NotFound: we do not deal with this firm.
    """
    found = partners(tx).get(did)
    if found is None:
        raise NotFound("we do not deal with this firm", subject=did, remedy="hanse peer add")
    return found


def heard_profile(tx: Tx, did: str) -> None:
    """A partner said anew what it can do: from now on it is asked for that."""
    partner, known = partners(tx).get(did), Books(tx.desk).known(did)
    if partner is None or known is None:
        return
    codes = tuple(sorted({offered.code for offered in known.profile.capability}))
    partners(tx).put(did, msgspec.structs.replace(partner, capabilities=codes))
