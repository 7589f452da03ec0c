"""Who a firm is and what it can do, signed by itself; and how firms come to know one another.

A profile is the firm's own word: exact text and signature. The highest number wins; two texts with
one number prove that the firm says different things to different partners. A firm is dealt with
only after its key was pinned: two people compare a short code, or a common partner introduces it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, structs

from hanse.match.ledger.chain import KeyCard
from hanse.match.ledger.entry import SignatureText, bytes_of, canonical, text_of
from hanse.model.did import public_key_of
from hanse.model.errors import BadMessage, Conflict, TooMuch
from hanse.model.ids import Did
from hanse.model.keys import verify_with
from hanse.model.signing import Signer
from hanse.model.time import Instant
from hanse.model.trade import Aggregate, Identification, Positive, TradeParty

CAPABILITIES_MAX = 200
ENDPOINTS_MAX = 8
PROFILE_BYTES_MAX = 100_000
HOPS_MAX = 2
INTRODUCED_MAX = 50
PROFILES_MAX = 5_000
LASTS = dt.timedelta(days=30)
_SIGNED_PROFILE = b"hanse profile v1\n"
_SIGNED_INTRODUCTION = b"hanse introduction v1\n"


class Offered(Aggregate, frozen=True, kw_only=True):
    """One thing a firm can do, and within which envelope.

    ``code`` is of our own bilingual list (`hanse.match.capability`); ``size_mm`` the largest part,
    longest side first; ``tolerance_um`` the finest tolerance; empty means not limited or not said.
    """

    code: Annotated[str, Meta(max_length=80)]
    material: Annotated[tuple[Annotated[str, Meta(max_length=80)], ...], Meta(max_length=50)] = ()
    size_mm: Annotated[tuple[Positive, ...], Meta(max_length=3)] = ()
    tolerance_um: Positive | None = None
    minimum_quantity: Positive = "0"
    maximum_quantity: Positive | None = None
    classification: Annotated[tuple[Identification, ...], Meta(max_length=20)] = ()


class Profile(Aggregate, frozen=True, kw_only=True):
    """A firm's description of itself. ``seq`` grows with every edition.

    ``may_be_mirrored``: anybody may pass it on to anybody (`hanse.match.mirror`).
    """

    party: TradeParty
    card: KeyCard
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    issue_date_time: Annotated[Instant, Meta(tz=True)]
    end_date_time: Annotated[Instant, Meta(tz=True)]
    endpoint: Annotated[
        tuple[Annotated[str, Meta(max_length=400, pattern=r"^https://")], ...],
        Meta(max_length=ENDPOINTS_MAX),
    ] = ()
    capability: Annotated[tuple[Offered, ...], Meta(max_length=CAPABILITIES_MAX)] = ()
    certificate: Annotated[
        tuple[Annotated[str, Meta(max_length=120)], ...], Meta(max_length=50)
    ] = ()
    region: Annotated[str, Meta(max_length=120)] = ""
    language: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z]{2}$")], ...], Meta(max_length=10)
    ] = ("en",)
    small: bool = False
    may_be_mirrored: bool = False


class SignedProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The exact text of a profile and its firm's signature."""

    text: Annotated[str, Meta(max_length=PROFILE_BYTES_MAX)]
    signature: SignatureText


class Introduction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner vouches for a firm: its signed profile, how far away it is, and a signature."""

    profile: SignedProfile
    by: Did
    to: Did
    hops: Annotated[int, Meta(ge=1, le=HOPS_MAX)]
    at: Annotated[Instant, Meta(tz=True)]
    signature: SignatureText = "A" * 86


def sign_profile(profile: Profile, signer: Signer) -> SignedProfile:
    """The profile in the firm's own hand."""
    text = canonical(msgspec.to_builtins(profile))
    return SignedProfile(text=text.decode(), signature=text_of(signer.sign(_SIGNED_PROFILE + text)))


def read_profile(signed: SignedProfile, *, at: Instant) -> Profile:
    """The profile in a signed text.

    Raises:
        BadMessage: shape, signature, another firm's party, or out of date.
    """
    try:
        profile = msgspec.json.decode(signed.text, type=Profile)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadMessage("a profile has the wrong shape", subject=str(error)[:200]) from error
    did = profile.party.endpoint_id
    if profile.card.did != did or not _own_key(profile.card):
        raise BadMessage("a profile names a key that is not its firm's", subject=did)
    words = _SIGNED_PROFILE + signed.text.encode()
    if not verify_with(public_key_of(profile.card.key), words, bytes_of(signed.signature)):
        raise BadMessage("a profile is not signed by its firm", subject=did)
    if profile.end_date_time <= at:
        raise BadMessage("a profile is out of date", subject=did)
    return profile


def _own_key(card: KeyCard) -> bool:
    return card.key == card.did or not card.did.startswith("did:key:")


def compare_code(a: str, b: str) -> str:
    """Twelve digits that both people see and read to one another before they pin a key.

    The same on both sides; 40 bits of a hash over both identities.
    """
    both = "\n".join(sorted((a, b))).encode()
    number = int.from_bytes(hashlib.sha256(b"hanse compare v1\n" + both).digest()[:8], "big")
    digits = f"{number % 10**12:012d}"
    return "-".join((digits[:4], digits[4:8], digits[8:]))


# ---------------------------------------------------------------- introductions


def introduce(
    profile: SignedProfile, *, to: str, hops: int, signer: Signer, at: Instant
) -> Introduction:
    """Vouch for a firm to a partner; ``hops`` 1 where we deal with it ourselves."""
    draft = Introduction(profile=profile, by=signer.did, to=to, hops=hops, at=at)
    return structs.replace(draft, signature=text_of(signer.sign(_words(draft))))


def _words(introduction: Introduction) -> bytes:
    value = msgspec.to_builtins(introduction)
    del value["signature"]
    return _SIGNED_INTRODUCTION + canonical(value)


class Known(Struct, frozen=True, kw_only=True):
    """A profile we keep: where it came from, and how far away the firm is."""

    profile: Profile
    signed: SignedProfile
    by: str
    hops: int


class Directory(Struct, frozen=True, kw_only=True):
    """Profiles by firm; bounded in all and for each introducer."""

    known: dict[str, Known] = {}


def take_profile(
    directory: Directory, signed: SignedProfile, *, by: str, hops: int = 0, at: Instant
) -> Directory:
    """Keep a profile if it is newer than what we have.

    Args:
        directory: what we know.
        signed: the firm's own word.
        by: who brought it (the firm itself, or the introducer).
        hops: 0 from the firm itself, 1 from a partner of it, 2 from a partner's partner.
        at: now; what is out of date makes room.

    Raises:
        BadMessage: signature or shape, or two different texts with one number (equivocation).
        TooMuch: the introducer or the directory is full.
    """
    profile = read_profile(signed, at=at)
    did = profile.party.endpoint_id
    fresh = {d: k for d, k in directory.known.items() if k.profile.end_date_time > at}
    old = fresh.get(did)
    if old is not None and old.profile.seq == profile.seq and old.signed.text != signed.text:
        raise BadMessage("one firm, one number, two profiles", subject=did, code="equivocation")
    if old is not None and old.profile.seq >= profile.seq:
        return Directory(known=fresh)
    _room(fresh, did, by=by, hops=hops)
    keep = Known(profile=profile, signed=signed, by=by, hops=hops)
    return Directory(known={**fresh, did: keep})


def _room(known: dict[str, Known], did: str, *, by: str, hops: int) -> None:
    if did in known:
        return
    brought = sum(1 for k in known.values() if k.by == by and k.hops > 0)
    if hops > 0 and brought >= INTRODUCED_MAX:
        raise TooMuch(f"a partner introduces at most {INTRODUCED_MAX} firms", subject=by)
    if len(known) >= PROFILES_MAX:
        raise TooMuch(f"at most {PROFILES_MAX} profiles are kept", subject=did)


def take_introduction(
    directory: Directory, introduction: Introduction, *, me: str, introducer: KeyCard, at: Instant
) -> Directory:
    """Keep a firm that a partner vouches for.

    Raises:
        BadMessage: not signed by the partner, for another firm, too old.
        Conflict: a firm that introduces itself.
        TooMuch: the introducer's share is used up.
    """
    if introduction.by != introducer.did or introduction.to != me:
        raise BadMessage("an introduction by or for another firm", subject=introduction.by)
    key = public_key_of(introducer.key)
    if not verify_with(key, _words(introduction), bytes_of(introduction.signature)):
        raise BadMessage("an introduction is not signed by the partner", subject=introduction.by)
    if introduction.at + LASTS <= at:
        raise BadMessage("an introduction is out of date", subject=introduction.by)
    profile = read_profile(introduction.profile, at=at)
    if profile.party.endpoint_id in (introduction.by, me):
        raise Conflict("nobody introduces itself", subject=introduction.by)
    return take_profile(
        directory, introduction.profile, by=introduction.by, hops=introduction.hops, at=at
    )
