"""Lists of signed profiles that anybody may pass on: what a mirror shows, and what is taken of it.

A mirror is not trusted. It can leave firms out and show old news; it cannot write in a firm's name,
because every profile carries its firm's signature, number and end. The highest number wins. Two
texts of one firm under one number are kept as evidence against that firm, whoever brought them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from hanse.match.profile import LASTS, Profile, SignedProfile, read_profile
from hanse.model.errors import BadMessage, HanseError
from hanse.model.time import Instant

LISTED_MAX = 1_000
LIST_BYTES_MAX = 5_000_000
OF_ONE_MIRROR_MAX = 500
MIRRORED_MAX = 2_000
EVIDENCE_MAX = 200
AHEAD_MAX = dt.timedelta(minutes=10)


class Listing(Struct, frozen=True):
    """What a mirror shows: ``{"profiles": [{"text", "signature"}, ...]}``."""

    profiles: tuple[SignedProfile, ...] = ()


class Mirrored(Struct, frozen=True, kw_only=True):
    """A firm that a mirror shows, in the firm's own words; nobody compared a code with it."""

    profile: Profile
    signed: SignedProfile
    mirror: str


class Equivocation(Struct, frozen=True, kw_only=True):
    """Two texts that one firm signed under one number: the proof is the pair itself."""

    did: str
    name: str
    seq: int
    one: SignedProfile
    other: SignedProfile
    mirror: str
    at: Instant

    @property
    def key(self) -> str:
        """The firm and the number."""
        return f"{self.did}|{self.seq}"


class Taken(Struct, frozen=True, kw_only=True):
    """What is known after a look at a mirror.

    ``fresh`` counts profiles that are new or newer; ``refused`` those that do not hold, are not for
    mirrors or have no room; ``stale`` those older than what is known.
    """

    known: dict[str, Mirrored]
    evidence: tuple[Equivocation, ...] = ()
    fresh: int = 0
    refused: int = 0
    stale: int = 0


def listing(profiles: Iterable[SignedProfile], *, at: Instant) -> bytes:
    """What this node shows as a mirror: profiles that hold and whose firms permit it."""
    shown: list[SignedProfile] = []
    size = 0
    for signed in profiles:
        profile = _held(signed, at)
        size += len(signed.text.encode()) + 200
        if len(shown) >= LISTED_MAX or size > LIST_BYTES_MAX:
            break
        if profile is not None and profile.may_be_mirrored:
            shown.append(signed)
    return msgspec.json.encode(Listing(tuple(shown)))


def read_listing(body: bytes) -> tuple[SignedProfile, ...]:
    """The signed profiles in a mirror's answer, LISTED_MAX at most; none is checked yet.

    Raises:
        BadMessage: it is no such list, or longer than LIST_BYTES_MAX.
    """
    if len(body) > LIST_BYTES_MAX:
        raise BadMessage(f"a mirror shows at most {LIST_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(body, type=Listing).profiles[:LISTED_MAX]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadMessage("a mirror's list has the wrong shape", subject=str(error)[:200]) from error


def take(
    known: Mapping[str, Mirrored],
    shown: Iterable[SignedProfile],
    *,
    mirror: str,
    heard: Mapping[str, SignedProfile],
    at: Instant,
) -> Taken:
    """Look through what a mirror shows.

    Args:
        known: what mirrors showed before, by firm.
        shown: what this one shows now.
        mirror: its address.
        heard: what firms said to us themselves or through partners, by firm; our own too. A firm
            in it is not a candidate, but its two tongues are found out.
        at: now; what ended since makes room.
    """
    fresh_enough = {d: m for d, m in known.items() if m.profile.end_date_time > at}
    look = _Look(fresh_enough, mirror=mirror, heard=heard, at=at)
    for signed in shown:
        look.at_one(signed)
    return Taken(
        known=look.known,
        evidence=tuple(look.evidence.values())[:EVIDENCE_MAX],
        fresh=look.fresh,
        refused=look.refused,
        stale=look.stale,
    )


class _Look:
    """One look at one mirror's list."""

    def __init__(
        self,
        known: dict[str, Mirrored],
        *,
        mirror: str,
        heard: Mapping[str, SignedProfile],
        at: Instant,
    ) -> None:
        self.known = known
        self.evidence: dict[str, Equivocation] = {}
        self.fresh = self.refused = self.stale = 0
        self._mirror, self._heard, self._at = mirror, heard, at
        self._brought = sum(1 for m in known.values() if m.mirror == mirror)

    def at_one(self, signed: SignedProfile) -> None:
        """Keep a profile, or count why not."""
        profile = _held(signed, self._at)
        if profile is None:
            self.refused += 1
            return
        did = profile.party.endpoint_id
        for other in self._others(did):
            self._compare(profile, signed, other)
        if did in self._heard:
            return
        if not profile.may_be_mirrored:
            self.refused += 1
            return
        self._keep(did, profile, signed)

    def _keep(self, did: str, profile: Profile, signed: SignedProfile) -> None:
        old = self.known.get(did)
        if old is not None and old.profile.seq >= profile.seq:
            self.stale += old.profile.seq > profile.seq
            return
        if old is None:
            if self._brought >= OF_ONE_MIRROR_MAX or len(self.known) >= MIRRORED_MAX:
                self.refused += 1
                return
            self._brought += 1
        self.known[did] = Mirrored(profile=profile, signed=signed, mirror=self._mirror)
        self.fresh += 1

    def _others(self, did: str) -> list[SignedProfile]:
        found = [m.signed for m in (self.known.get(did),) if m is not None]
        return found + ([self._heard[did]] if did in self._heard else [])

    def _compare(self, profile: Profile, signed: SignedProfile, other: SignedProfile) -> None:
        if signed.text == other.text or seq_of(other) != profile.seq:
            return
        proof = Equivocation(
            did=profile.party.endpoint_id,
            name=profile.party.name,
            seq=profile.seq,
            one=other,
            other=signed,
            mirror=self._mirror,
            at=self._at,
        )
        self.evidence.setdefault(proof.key, proof)


class _Numbered(Struct):
    seq: int


def seq_of(signed: SignedProfile) -> int:
    """The number of a profile that was read before."""
    return msgspec.json.decode(signed.text, type=_Numbered).seq


def _held(signed: SignedProfile, at: Instant) -> Profile | None:
    """The profile of a signed text; None where anything about it does not hold."""
    try:
        profile = read_profile(signed, at=at)
    except HanseError:
        return None
    lasts = profile.end_date_time - profile.issue_date_time
    ahead = profile.issue_date_time > at + AHEAD_MAX
    return None if ahead or lasts > LASTS else profile


def proves(proof: Equivocation) -> bool:
    """Whether the proof stands: two texts the firm signed that differ and share a number."""
    try:
        texts = [_signed_by(s) for s in (proof.one, proof.other)]
    except HanseError:
        return False
    return (
        proof.one.text != proof.other.text
        and {p.party.endpoint_id for p in texts} == {proof.did}
        and {p.seq for p in texts} == {proof.seq}
    )


def _signed_by(signed: SignedProfile) -> Profile:
    """The profile, whether or not it has ended since."""
    return read_profile(signed, at=dt.datetime.min.replace(tzinfo=dt.UTC))
