"""One firm's side of a pair ledger: proposing, countersigning, queueing, catching up.

The rules that keep a chain from forking (decision 0061):

1. a firm countersigns at most one entry at a place;
2. the leader (smaller DID) never countersigns at a place where it proposed itself;
3. a follower whose proposal met the leader's at the same place countersigns the leader's and
   proposes its own again one place on;
4. after a start, and so after any restore, a firm signs nothing before it has seen its partner's
   head and any proposal of its own that the partner still holds.

A second signature made after an entry's ``exp`` leaves the entry on the chain, void.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs

from hanse.match.ledger.chain import (
    Chain,
    Head,
    KeyCard,
    check_proposal,
    extend,
    head_of,
    new_chain,
)
from hanse.match.ledger.entry import (
    CoSigned,
    Countersignature,
    Entry,
    Proposal,
    canonical,
    countersigned_bytes,
    entry_text,
    parse_entry,
    proposal_digest,
    text_of,
)
from hanse.model.did import public_key_of
from hanse.model.errors import BadMessage, Conflict, TooMuch
from hanse.model.keys import Ed25519Signer
from hanse.model.signing import Signer
from hanse.model.time import Instant, format_instant, parse_instant

QUEUE_MAX = 1_000
SKEW_MAX = dt.timedelta(minutes=5)
OFFER_LASTS_MAX = dt.timedelta(days=400)
SYNC_MAX = 200


class Origin(Struct, frozen=True, kw_only=True):
    """The loop and the event for which something is proposed; empty where there is none."""

    correlation: str = ""
    causation: str = ""


class Intent(Struct, frozen=True, kw_only=True):
    """Something a firm wants on the ledger, before it has a place."""

    kind: Annotated[str, Meta(max_length=40, pattern=r"^[a-z_]+$")]
    body: dict[str, Any]
    exp: Instant
    origin: Origin = Origin()


class PairLedger(Struct, frozen=True, kw_only=True):
    """A firm's own view of one chain.

    ``mine`` is proposed and open, for its ``origin``; ``theirs`` waits for us.
    ``led_to`` is the highest place at which we proposed; ``synced`` is False after a start until
    the partner's head was seen; ``theirs`` that came before then is ``undecided``.
    """

    me: str
    chain: Chain
    mine: Proposal | None = None
    origin: Origin = Origin()
    theirs: Proposal | None = None
    queue: tuple[Intent, ...] = ()
    led_to: int = -1
    synced: bool = True
    undecided: bool = False

    @property
    def partner(self) -> str:
        """The other firm."""
        return self.chain.other(self.me)


class Fresh(Struct, frozen=True, kw_only=True):
    """A proposal that fits and waits for our decision."""

    ledger: PairLedger
    entry: Entry


class Old(Struct, frozen=True, kw_only=True):
    """A proposal for a place that is taken: the desk compares it with what stands there."""

    seq: int


class Behind(Struct, frozen=True, kw_only=True):
    """We miss entries from ``seq`` on: ask for them first."""

    seq: int


class MineFirst(Struct, frozen=True, kw_only=True):
    """Both proposed at one place and ours goes first."""

    proposal: Proposal


class PassFirst(Struct, frozen=True):
    """We lead, proposed here before and were refused: an empty entry of ours must close the place.

    After it the partner proposes again one place on.
    """


Received = Fresh | Old | Behind | MineFirst | PassFirst


def new_pair(me: KeyCard, partner: KeyCard) -> PairLedger:
    """The empty ledger of this firm with a partner."""
    return PairLedger(me=me.did, chain=new_chain(me, partner))


def restarted(ledger: PairLedger) -> PairLedger:
    """The same ledger after a start, perhaps out of an old backup.

    It signs nothing new until the partner's head was seen; intents wait in the queue.
    """
    return structs.replace(ledger, synced=False)


def propose(
    ledger: PairLedger, intent: Intent, *, signer: Signer, at: Instant
) -> tuple[PairLedger, Proposal | None]:
    """Sign an entry at the next place, or queue it while another waits (then None).

    Raises:
        Conflict: restored and not yet synced, or it would lapse at once or too late.
        TooMuch: QUEUE_MAX intents wait.
    """
    if not at < intent.exp <= at + OFFER_LASTS_MAX:
        raise Conflict("an offer must lapse later, and within 400 days", subject=intent.kind)
    canonical(intent.body)
    if len(ledger.queue) >= QUEUE_MAX:
        raise TooMuch(f"{QUEUE_MAX} proposals wait for {ledger.partner}", subject=intent.kind)
    queued = structs.replace(ledger, queue=(*ledger.queue, intent))
    return next_proposal(queued, signer=signer, at=at)


def next_proposal(
    ledger: PairLedger, *, signer: Signer, at: Instant
) -> tuple[PairLedger, Proposal | None]:
    """Propose the first intent of the queue if nothing of ours is open; drop lapsed ones."""
    queue = tuple(i for i in ledger.queue if i.exp > at)
    ledger = structs.replace(ledger, queue=queue)
    if ledger.mine is not None or not queue or not ledger.synced:
        return ledger, None
    intent = queue[0]
    proposal = _signed(ledger, intent, signer=signer, at=at)
    after = structs.replace(
        ledger,
        mine=proposal,
        origin=intent.origin,
        queue=queue[1:],
        led_to=max(ledger.led_to, ledger.chain.length),
    )
    return after, proposal


def _signed(ledger: PairLedger, intent: Intent, *, signer: Signer, at: Instant) -> Proposal:
    entry = Entry(
        chain=ledger.chain.id,
        seq=ledger.chain.length,
        prev=ledger.chain.head,
        kind=intent.kind,
        body=intent.body,
        by=ledger.me,
        at=at,
        exp=intent.exp,
    )
    text = entry_text(entry)
    proposal = Proposal(entry=text, sig1=text_of(signer.sign(text.encode())))
    check_proposal(ledger.chain, proposal, verify=not _is_key_of(signer, ledger))
    return proposal


def _is_key_of(signer: Signer, ledger: PairLedger) -> bool:
    """Whether it is plain that this signer holds our key on this chain: no need to check it."""
    key = public_key_of(ledger.chain.keys[ledger.me].key)
    return isinstance(signer, Ed25519Signer) and signer.public_key == key


def receive_proposal(ledger: PairLedger, proposal: Proposal, *, at: Instant) -> Received:
    """What a partner's proposal means to us; ``at`` is when it was received.

    Raises:
        BadMessage: wrong chain, signature, shape or time; our own proposal sent back.
    """
    entry = parse_entry(proposal.entry)
    _timely(entry, at)
    if entry.chain != ledger.chain.id or entry.by != ledger.partner:
        raise BadMessage("a proposal for another chain or by another firm", subject=entry.chain)
    if entry.seq < ledger.chain.length:
        return Old(seq=entry.seq)
    if entry.seq > ledger.chain.length:
        return Behind(seq=ledger.chain.length)
    check_proposal(ledger.chain, proposal)
    if ledger.chain.leader == ledger.me and ledger.led_to >= entry.seq:
        return PassFirst() if ledger.mine is None else MineFirst(proposal=ledger.mine)
    return Fresh(ledger=structs.replace(ledger, theirs=proposal), entry=entry)


def _timely(entry: Entry, at: Instant) -> None:
    if entry.at > at + SKEW_MAX:
        raise BadMessage(
            "dated in the future", subject=f"{entry.kind} {entry.at}", remedy="Check both clocks"
        )
    if entry.exp <= entry.at or entry.exp > entry.at + OFFER_LASTS_MAX:
        raise BadMessage("lapses too early or too late", subject=f"{entry.kind} {entry.exp}")


def countersign(
    ledger: PairLedger, *, signer: Signer, at: Instant
) -> tuple[PairLedger, CoSigned, Countersignature]:
    """Sign the partner's open proposal; our own at the same place goes back into the queue.

    Raises:
        Conflict: nothing waits, it has lapsed, we are not synced, or rule 2 forbids it.
    """
    proposal = ledger.theirs
    if proposal is None:
        raise Conflict("no proposal of the partner is open", subject=ledger.partner)
    entry = parse_entry(proposal.entry)
    _may_countersign(ledger, entry, at)
    digest = proposal_digest(proposal)
    at2 = format_instant(at)
    sig2 = text_of(signer.sign(countersigned_bytes(digest, at2)))
    signed = CoSigned(entry=proposal.entry, sig1=proposal.sig1, at2=at2, sig2=sig2)
    after = _appended(ledger, signed, first=False, second=False)
    counter = counter_of(signed)
    return after, signed, counter


def counter_of(signed: CoSigned) -> Countersignature:
    """The second signature of a complete entry, as it is sent."""
    entry = parse_entry(signed.entry)
    return Countersignature(
        chain=entry.chain,
        seq=entry.seq,
        proposal=proposal_digest(Proposal(entry=signed.entry, sig1=signed.sig1)),
        at2=signed.at2,
        sig2=signed.sig2,
    )


def _may_countersign(ledger: PairLedger, entry: Entry, at: Instant) -> None:
    if not ledger.synced:
        raise Conflict(
            "restored from a backup: heads must be exchanged first", subject=ledger.partner
        )
    if at >= entry.exp:
        raise Conflict("the proposal has lapsed", subject=f"{entry.kind} {entry.exp}")
    if ledger.chain.leader == ledger.me and ledger.led_to >= entry.seq:
        raise Conflict("we proposed at this place ourselves", subject=f"{entry.chain} #{entry.seq}")


def _appended(
    ledger: PairLedger, signed: CoSigned, *, first: bool = True, second: bool = True
) -> PairLedger:
    chain, _ = extend(ledger.chain, signed, first=first, second=second)
    queue = (*_again(ledger, signed), *ledger.queue)
    return structs.replace(
        ledger, chain=chain, mine=None, origin=Origin(), theirs=None, queue=queue
    )


def _again(ledger: PairLedger, signed: CoSigned) -> tuple[Intent, ...]:
    """Our own proposal, back in the queue, where another entry took its place."""
    mine = ledger.mine
    if mine is None or mine.entry == signed.entry:
        return ()
    entry = parse_entry(mine.entry)
    if entry.kind in {"open", "pass", "rotate", "recover"}:
        return ()
    return (Intent(kind=entry.kind, body=entry.body, exp=entry.exp, origin=ledger.origin),)


def receive_countersignature(
    ledger: PairLedger, counter: Countersignature, *, at: Instant
) -> tuple[PairLedger, CoSigned]:
    """Complete our open proposal with the partner's signature.

    Raises:
        Conflict: nothing of ours is open, or it answers another proposal.
        BadMessage: the signature is wrong, or dated in our future.
    """
    if parse_instant(counter.at2) > at + SKEW_MAX:
        raise BadMessage("signed in the future", subject=counter.at2, remedy="Check both clocks")
    if ledger.mine is None:
        raise Conflict("nothing of ours is open", subject=f"{counter.chain} #{counter.seq}")
    if counter.chain != ledger.chain.id or counter.proposal != proposal_digest(ledger.mine):
        raise Conflict("it answers another proposal", subject=f"{counter.chain} #{counter.seq}")
    mine = ledger.mine
    signed = CoSigned(entry=mine.entry, sig1=mine.sig1, at2=counter.at2, sig2=counter.sig2)
    return _appended(ledger, signed, first=False), signed


def withdraw(ledger: PairLedger) -> PairLedger:
    """Our open proposal was refused or has lapsed; the next one takes its place."""
    return structs.replace(ledger, mine=None, origin=Origin())


def decline(ledger: PairLedger) -> PairLedger:
    """We will not sign the partner's open proposal."""
    return structs.replace(ledger, theirs=None)


def lapsed(ledger: PairLedger, *, at: Instant) -> bool:
    """Whether our open proposal can no longer be accepted."""
    return ledger.mine is not None and at >= parse_entry(ledger.mine.entry).exp


# ---------------------------------------------------------------- heads and catching up


class Level(Struct, frozen=True):
    """Both stand at the same head."""


class TheyLag(Struct, frozen=True, kw_only=True):
    """They miss entries from ``seq`` on: send them."""

    seq: int


class Forked(Struct, frozen=True, kw_only=True):
    """Equal length, other hash: someone signed twice. Exchange the entries to see who."""

    seq: int


def compare(ledger: PairLedger, head: Head) -> Level | TheyLag | Behind | Forked:
    """What a partner's head says about our own.

    Raises:
        BadMessage: the head of another chain.
    """
    ours = head_of(ledger.chain)
    if head.chain != ours.chain:
        raise BadMessage("the head of another chain", subject=head.chain)
    if head.length > ours.length:
        return Behind(seq=ours.length)
    if head.length < ours.length:
        return TheyLag(seq=head.length)
    return Level() if head.hash == ours.hash else Forked(seq=ours.length - 1)


def absorb(ledger: PairLedger, entries: tuple[CoSigned, ...]) -> tuple[PairLedger, list[Entry]]:
    """Take over entries that both signed and we lost, in order; then we may sign again.

    Raises:
        BadMessage: one does not follow or is not signed by both.
    """
    taken = []
    for signed in entries:
        ledger = _appended(ledger, signed)
        taken.append(parse_entry(signed.entry))
    return ledger, taken


def synced(ledger: PairLedger, head: Head) -> PairLedger:
    """The partner's head was seen: if we stand level with it or ahead of it, we may sign again."""
    standing = compare(ledger, head)
    return structs.replace(ledger, synced=True) if isinstance(standing, Level | TheyLag) else ledger


def packed(ledger: PairLedger) -> bytes:
    """The ledger's state for the record (the entries are kept beside it, one row each)."""
    return msgspec.json.encode(ledger)


def unpacked(data: bytes) -> PairLedger:
    """The state out of the record."""
    return msgspec.json.decode(data, type=PairLedger)
