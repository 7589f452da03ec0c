"""Profiles on record: our own signed word about ourselves, and those of firms we know of."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from hanse.match.books import Books
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.ledger.chain import KeyCard
from hanse.match.profile import LASTS, Known, Offered, Profile, SignedProfile, sign_profile
from hanse.model import trade
from hanse.node.context import Context
from hanse.node.dealing import partners
from hanse.node.gate_url import base_url
from hanse.store import Tx
from hanse.store.shelf import Shelf

OWN = "own"
BY_HAND = "profile/by_hand"
RENEW_LEFT = LASTS / 3


def _own(tx: Tx) -> Shelf[Profile]:
    return tx.shelf("own_profile", Profile)


def own_profile(tx: Tx, context: Context) -> Profile:
    """What this firm says of itself: as a person wrote it, else by the items it makes."""
    kept, codes = _own(tx).get(OWN), _made(tx)
    if kept is not None and (tx.settings.get(BY_HAND, bool) or codes == _codes(kept)):
        return kept
    now, firm = context.clock.now().replace(microsecond=0), context.settings.firm
    return Profile(
        party=trade.trade_party(context.party),
        card=KeyCard(did=context.identity.did, key=context.identity.did),
        seq=0 if kept is None else kept.seq,
        issue_date_time=now,
        end_date_time=now,
        capability=tuple(Offered(code=code) for code in codes),
        language=(firm.language,),
    )


def _made(tx: Tx) -> tuple[str, ...]:
    return tuple(sorted({i.capability for i in tx.items.all() if i.make and i.capability}))


def _codes(profile: Profile) -> tuple[str, ...]:
    return tuple(sorted({offered.code for offered in profile.capability}))


def change_own(tx: Tx, context: Context, change: Callable[[Profile], Profile]) -> None:
    """Another edition of our profile in a person's words; from now on items do not change it."""
    tx.settings.put(BY_HAND, True)  # noqa: FBT003 (the value kept)
    _publish(tx, context, change(own_profile(tx, context)))


def _publish(tx: Tx, context: Context, profile: Profile) -> Profile:
    """Keep an edition under the next number."""
    now, settings = context.clock.now().replace(microsecond=0), context.settings
    where = base_url(settings, settings.web.port)
    fresh = msgspec.structs.replace(
        profile,
        party=trade.trade_party(context.party),
        seq=profile.seq + 1,
        issue_date_time=now,
        end_date_time=now + LASTS,
        endpoint=(where,) if where.startswith("https://") else (),
    )
    _own(tx).put(OWN, fresh)
    return fresh


def signed_own(tx: Tx, context: Context) -> SignedProfile:
    """Our profile in our own hand; a new edition where it changed or is about to end."""
    profile, now = own_profile(tx, context), context.clock.now()
    if profile.end_date_time - now < RENEW_LEFT:
        profile = _publish(tx, context, profile)
    return sign_profile(profile, context.identity.signer)


def profile_of(tx: Tx, did: str) -> Profile | None:
    """What a firm says of itself, as we last heard."""
    known = Books(tx.desk).known(did)
    return None if known is None else known.profile


def introduced(tx: Tx) -> list[Known]:
    """Firms that partners vouch for and that we do not deal with yet."""
    books, ours = Books(tx.desk), set(partners.partners(tx).keys())
    return [k for k in books.directory().known.values() if k.profile.party.endpoint_id not in ours]


def tell_profile(tx: Tx, context: Context, desk: Desk, step: Step) -> None:
    """Send our profile to every partner we deal with."""
    signed = signed_own(tx, context)
    for partner in partners.partners(tx).all():
        if partner.active and desk.books.ledger(partner.did) is not None:
            desk.show_profile(partner.did, signed, step)
