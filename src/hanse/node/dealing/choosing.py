"""Which partners are asked for something: those who can, by their own signed word."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from hanse.match.capability.fit import Need, fits
from hanse.match.capability.search import folded
from hanse.model.product import Item
from hanse.model.text import Text
from hanse.model.trade import Requirement
from hanse.node.dealing import partners
from hanse.node.dealing.partners import Partner
from hanse.node.dealing.profiles import profile_of
from hanse.node.shelves import Demand
from hanse.store import Tx

SYNONYMS_MAX = 5_000


class Synonym(Struct, frozen=True, kw_only=True):
    """Words a person used for what they then picked from the capability list."""

    words: str
    code: str


class Asked(Struct, frozen=True, kw_only=True):
    """Who is asked, and who is not and why: partner -> reason."""

    firms: tuple[str, ...]
    not_asked: dict[str, Text] = {}


def picks(tx: Tx) -> tuple[tuple[str, str], ...]:
    """What this firm's people picked before: words and code."""
    return tuple((s.words, s.code) for s in tx.shelf("synonym", Synonym).all())


def learn(tx: Tx, words: str, code: str) -> None:
    """What a person picked for their words: next time it is found by them."""
    shelf, key = tx.shelf("synonym", Synonym), folded(words)
    if key and (shelf.get(key) is not None or len(shelf.keys()) < SYNONYMS_MAX):
        shelf.put(key, Synonym(words=key, code=code))


def who_can(tx: Tx, item: Item, demand: Demand, *, without: Sequence[str] = ()) -> Asked:
    """Partners that say they can do it and whose envelope holds it; hard limits come first.

    A firm that a person named is asked even where its profile says no such work, but not beyond
    an envelope it has signed.
    """
    named = set(demand.firms)
    found = partners.able(tx, "" if named else item.capability, without=tuple(without))
    asked, not_asked = [], {}
    for partner in found:
        if named and partner.did not in named:
            continue
        reason = _beyond(tx, partner, item, demand)
        if reason is None:
            asked.append(partner.did)
        else:
            not_asked[partner.did] = reason
    return Asked(firms=tuple(asked), not_asked=not_asked)


def _beyond(tx: Tx, partner: Partner, item: Item, demand: Demand) -> Text | None:
    """Why a part lies outside what a firm says of its work; None where nothing says so."""
    profile = profile_of(tx, partner.did)
    if profile is None:
        return None
    same = [offered for offered in profile.capability if offered.code == item.capability]
    wanted = demand.requirement or Requirement()
    need = Need(
        code=item.capability,
        size_mm=tuple(Decimal(s) for s in wanted.size_mm),
        tolerance_um=Decimal(wanted.tolerance_um) if wanted.tolerance_um else None,
        material=item.material,
        quantity=demand.wanted,
    )
    reasons = [fits(offered, need) for offered in same]
    if not reasons or None in reasons:
        return None
    return reasons[0]
