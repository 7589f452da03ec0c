"""The ledger counter of the desk: proposals out and in, second signatures, heads, catching up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from hanse.match.books import Books
from hanse.match.ledger import pair
from hanse.match.ledger.chain import (
    KEY_KINDS,
    OPEN,
    REVOKE,
    Head,
    KeyCard,
    check_proposal,
    head_of,
    opening_body,
)
from hanse.match.ledger.entry import (
    CoSigned,
    Countersignature,
    Entry,
    Proposal,
    is_void,
    parse_entry,
    proposal_digest,
)
from hanse.match.ledger.pair import Intent, Origin, PairLedger
from hanse.match.messages import AGREED, Incoming, Letter, Outgoing, Refusal, body_of, document_of
from hanse.match.shelf import Shelf
from hanse.match.words import told
from hanse.model import trade
from hanse.model.errors import BadMessage, Conflict, NotFound
from hanse.model.event import Draft
from hanse.model.signing import Signer
from hanse.model.text import Text
from hanse.model.time import Instant

KEY_LASTS = dt.timedelta(days=90)
ALONE = frozenset({"open", "pass", "rotate", "recover", "revoke"})
"""Entries that grant nothing and are countersigned without asking anyone."""


class Context(Struct, frozen=True, kw_only=True):
    """When a step is taken, for which loop, and because of which message or event."""

    at: Instant
    correlation: str = ""
    causation: str = ""


class Completed(Struct, frozen=True, kw_only=True):
    """An entry that both have signed now."""

    kind: str
    by: str
    document: trade.Aggregate


class Counter:
    """Ledger steps of one firm within one transaction; gathers letters and events."""

    def __init__(
        self, me: str, signer: Signer, shelf: Shelf, *, ring: Mapping[str, Signer] | None = None
    ) -> None:
        self.me = me
        self.signer = signer
        self._ring = ring or {}
        self.books = Books(shelf)
        self.send: list[Outgoing] = []
        self.events: list[Draft] = []
        self._completed: list[Completed] = []
        self._void: list[Entry] = []
        self._refused: Entry | None = None

    def _signer(self, ledger: PairLedger) -> Signer:
        """Who signs on this chain now: its key of ours may be an older or a newer one."""
        return self._ring.get(ledger.chain.keys[self.me].key, self.signer)

    # ------------------------------------------------------------ telling and posting

    def tell(self, kind: str, subject: str, text: Text, ctx: Context, **about: Any) -> None:
        """Record an event of this step."""
        self.events.append(
            Draft(
                kind=kind,
                subject=subject,
                text=text,
                cause=ctx.causation or None,
                loop=ctx.correlation or None,
                about=about,
            )
        )

    def post(self, to: str, kind: str, document: trade.Aggregate, ctx: Context) -> None:
        """Send a document that is not a ledger entry."""
        letter = Letter(document=body_of(document))
        self._send(to, kind, letter, ctx, subject=getattr(document, "id", ""))

    def hand(self, to: str, kind: str, letter: Letter, ctx: Context) -> None:
        """Send a letter that carries neither a document nor a ledger entry."""
        self._send(to, kind, letter, ctx, subject=kind)

    def _send(self, to: str, kind: str, letter: Letter, ctx: Context, *, subject: str) -> None:
        head = head_of(self._ledger(to).chain)
        self.send.append(
            Outgoing(
                to=to,
                kind=kind,
                subject=subject,
                letter=structs.replace(letter, head=head),
                correlation=ctx.correlation,
                causation=ctx.causation,
            )
        )

    def _ledger(self, partner: str) -> PairLedger:
        found = self.books.ledger(partner)
        if found is None:
            raise NotFound("we do not deal with this firm", subject=partner, remedy="Add it first")
        return found

    def knows(self, did: str) -> bool:
        """Whether we deal with a firm."""
        return self.books.ledger(did) is not None

    # ------------------------------------------------------------ proposing

    def open_ledger(self, mine: KeyCard, theirs: KeyCard, ctx: Context) -> None:
        """Pin a partner's key and propose the first entry; nothing if it was done before."""
        if self.knows(theirs.did):
            return
        self.books.put_card(theirs)
        ledger = pair.new_pair(mine, theirs)
        self.books.put_ledger(ledger)
        body = opening_body(ledger.chain)
        self.propose(theirs.did, Intent(kind=OPEN, body=body, exp=ctx.at + KEY_LASTS), ctx)

    def propose(self, partner: str, intent: Intent, ctx: Context) -> None:
        """Put an intent on the ledger: sent now, or when those before it are settled."""
        ledger = self._ledger(partner)
        origin = Origin(correlation=ctx.correlation, causation=ctx.causation)
        intent = structs.replace(intent, origin=origin)
        ledger, proposal = pair.propose(ledger, intent, signer=self._signer(ledger), at=ctx.at)
        self._keep_and_send(ledger, proposal, ctx)

    def recover(self, partner: str, body: dict[str, Any], new: Signer, ctx: Context) -> None:
        """Propose a recovery, signed with the new key; what was open or queued before is void."""
        ledger = structs.replace(pair.withdraw(self._ledger(partner)), queue=())
        intent = Intent(kind="recover", body=body, exp=ctx.at + KEY_LASTS)
        ledger, proposal = pair.propose(ledger, intent, signer=new, at=ctx.at)
        self._keep_and_send(ledger, proposal, ctx)

    def go_on(self, partner: str, ctx: Context) -> None:
        """Propose what waits in the queue, if it may go now; drop an own proposal that lapsed."""
        ledger = self._ledger(partner)
        if pair.lapsed(ledger, at=ctx.at):
            ledger = self._lapse(ledger, ctx)
        ledger, proposal = pair.next_proposal(ledger, signer=self._signer(ledger), at=ctx.at)
        self._keep_and_send(ledger, proposal, ctx)

    def _lapse(self, ledger: PairLedger, ctx: Context) -> PairLedger:
        if ledger.mine is not None:
            entry = parse_entry(ledger.mine.entry)
            subject = str(entry.body.get("id", entry.kind))
            text = told.lapsed(entry.kind, subject)
            about = {"partner": ledger.partner, "document_kind": entry.kind}
            self.tell("match.lapsed", subject, text, ctx, **about)
            self._refused = entry if entry.kind in AGREED else None
        return pair.withdraw(ledger)

    def _keep_and_send(self, ledger: PairLedger, proposal: Proposal | None, ctx: Context) -> None:
        self.books.put_ledger(ledger)
        if proposal is not None:
            self._send_proposal(ledger, proposal, ctx)

    def _send_proposal(self, ledger: PairLedger, mine: Proposal, ctx: Context) -> None:
        """Our open proposal, for the loop it was made for, whatever step brought it now."""
        entry = parse_entry(mine.entry)
        subject = str(entry.body.get("id", entry.kind))
        origin = ledger.origin
        ctx = Context(at=ctx.at, correlation=origin.correlation, causation=origin.causation)
        self._send(ledger.partner, entry.kind, Letter(proposal=mine), ctx, subject=subject)

    # ------------------------------------------------------------ deciding on theirs

    def waiting_or_none(self, partner: str) -> Entry | None:
        """The partner's proposal that waits for us."""
        proposal = self._ledger(partner).theirs
        return None if proposal is None else parse_entry(proposal.entry)

    def waiting(self, partner: str) -> Entry:
        """The partner's proposal that waits for us.

        Raises:
            Conflict: none does.
        """
        entry = self.waiting_or_none(partner)
        if entry is None:
            raise Conflict("nothing of this partner waits for a decision", subject=partner)
        return entry

    def countersign(self, partner: str, ctx: Context) -> None:
        """Sign the partner's open proposal and send the signature."""
        ledger = self._ledger(partner)
        ledger, signed, counter = pair.countersign(ledger, signer=self._signer(ledger), at=ctx.at)
        self._append(ledger, signed)
        self._send_counter(partner, signed, counter, ctx)
        self.go_on(partner, ctx)

    def _send_counter(
        self, partner: str, signed: CoSigned, counter: Countersignature, ctx: Context
    ) -> None:
        entry = parse_entry(signed.entry)
        letter = Letter(countersignature=counter)
        kind = "countersigned"
        if entry.kind == "order":
            kind = "order_response"
            letter = structs.replace(letter, document=_yes(entry))
        self._send(partner, kind, letter, ctx, subject=str(entry.body.get("id", entry.kind)))

    def refuse(self, partner: str, reason: str, ctx: Context) -> None:
        """Say that the partner's open proposal will not be signed, and drop it.

        Ours at the same place, which the partner put aside for its own, is shown again.
        """
        ledger = self._ledger(partner)
        if ledger.theirs is None:
            raise Conflict("nothing of this partner waits for a decision", subject=partner)
        entry = parse_entry(ledger.theirs.entry)
        no = Refusal(
            chain=entry.chain,
            seq=entry.seq,
            proposal=proposal_digest(ledger.theirs),
            reason=reason[:400],
        )
        self.books.put_ledger(pair.decline(ledger))
        subject = str(entry.body.get("id", entry.kind))
        self._send(partner, "refused", Letter(refusal=no), ctx, subject=subject)
        if ledger.mine is not None and ledger.chain.leader == partner:
            self._send_proposal(ledger, ledger.mine, ctx)

    # ------------------------------------------------------------ letters in

    def ledger_letter(self, incoming: Incoming, ctx: Context) -> Entry | None:
        """Take in the ledger part of a letter; an entry that needs a decision is handed back."""
        letter, partner = incoming.letter, incoming.source
        if letter.countersignature is not None:
            self._on_countersignature(partner, letter.countersignature, ctx)
        if letter.refusal is not None:
            self._on_refusal(partner, letter.refusal, ctx)
        if incoming.kind == "sync_request":
            self.send_entries(partner, ctx, start=_from(letter))
        if letter.entries or letter.open_proposal is not None:
            self._on_entries(partner, letter, ctx)
        if letter.proposal is None:
            return None
        return self._on_proposal(incoming, letter.proposal, ctx)

    def _on_proposal(self, incoming: Incoming, proposal: Proposal, ctx: Context) -> Entry | None:
        partner = incoming.source
        match pair.receive_proposal(self._ledger(partner), proposal, at=ctx.at):
            case pair.Fresh(ledger=ledger, entry=entry):
                return self._on_fresh(ledger, entry, incoming, ctx)
            case pair.Old(seq=seq):
                self._on_old(partner, seq, proposal, ctx)
            case pair.Behind(seq=seq):
                self._ask_entries(partner, seq, ctx)
            case pair.MineFirst(proposal=mine):
                self._send_proposal(self._ledger(partner), mine, ctx)
            case pair.PassFirst():
                self.propose(partner, Intent(kind="pass", body={}, exp=ctx.at + KEY_LASTS), ctx)
        return None

    def _on_fresh(
        self, ledger: PairLedger, entry: Entry, incoming: Incoming, ctx: Context
    ) -> Entry | None:
        if entry.kind != incoming.kind:
            raise BadMessage("the entry is of another kind than its message", subject=entry.kind)
        if entry.kind not in AGREED | ALONE:
            raise BadMessage("nothing of this kind belongs on a ledger", subject=entry.kind)
        before = self._ledger(ledger.partner)
        waits = before.theirs == ledger.theirs and not before.undecided
        self.books.put_ledger(structs.replace(ledger, undecided=not ledger.synced))
        if waits or not ledger.synced:
            return None
        return self._to_decide(entry, ledger.partner, ctx)

    def _to_decide(self, entry: Entry, partner: str, ctx: Context) -> Entry | None:
        """Sign what grants nothing; hand back what somebody must decide."""
        if entry.kind in ALONE:
            self.countersign(partner, ctx)
            return None
        return entry

    def _on_old(self, partner: str, seq: int, proposal: Proposal, ctx: Context) -> None:
        ledger = self._ledger(partner)
        (standing,) = self.books.shelf.entries(ledger.chain.id, seq, 1)
        if standing.entry == proposal.entry and standing.sig1 == proposal.sig1:
            self._send_counter(partner, standing, pair.counter_of(standing), ctx)
            return
        self.send_entries(partner, ctx, start=seq)
        text = told.old_place(partner, seq)
        self.tell("match.old_place", ledger.chain.id, text, ctx, partner=partner, seq=seq)

    def _on_countersignature(self, partner: str, counter: Countersignature, ctx: Context) -> None:
        ledger = self._ledger(partner)
        if counter.chain == ledger.chain.id and counter.seq < ledger.chain.length:
            return
        mine = ledger.mine
        if mine is None or counter.proposal != proposal_digest(mine):
            self._ask_entries(partner, ledger.chain.length, ctx)
            return
        late = pair.lapsed(ledger, at=ctx.at - pair.SKEW_MAX)
        ledger, signed = pair.receive_countersignature(ledger, counter, at=ctx.at)
        self._append(ledger, signed)
        if late:
            subject = ledger.chain.id
            text = told.late_signature(partner, counter.seq)
            self.tell("match.late_signature", subject, text, ctx, partner=partner, at2=counter.at2)
        self.go_on(partner, ctx)

    def _append(self, ledger: PairLedger, signed: CoSigned) -> None:
        entry = parse_entry(signed.entry)
        self.books.shelf.append(entry.chain, entry.seq, signed)
        self.books.put_ledger(ledger)
        if is_void(entry, signed):
            self._void.append(entry)
        elif entry.kind in KEY_KINDS:
            self._key_changed(entry)
        elif entry.kind in AGREED:
            document = document_of(entry.kind, entry.body)
            self._completed.append(Completed(kind=entry.kind, by=entry.by, document=document))

    def _key_changed(self, entry: Entry) -> None:
        if entry.kind == OPEN:
            return
        revoked = entry.kind == REVOKE
        text = told.key_changed(entry.by, revoked=revoked)
        about = {"did": entry.by, "key": entry.body.get("key", ""), "revoked": revoked}
        self.tell("match.key_changed", entry.by, text, Context(at=entry.at), **about)

    def _on_refusal(self, partner: str, refusal: Refusal, ctx: Context) -> None:
        ledger = self._ledger(partner)
        if ledger.mine is None or refusal.proposal != proposal_digest(ledger.mine):
            return
        entry = parse_entry(ledger.mine.entry)
        self._refused = entry if entry.kind in AGREED else None
        self.books.put_ledger(pair.withdraw(ledger))
        self.go_on(partner, ctx)

    def take_completed(self) -> list[Completed]:
        """Entries completed since the last call."""
        done, self._completed = self._completed, []
        return done

    def take_refused(self) -> Entry | None:
        """Our entry that the partner refused in this letter."""
        gone, self._refused = self._refused, None
        return gone

    # ------------------------------------------------------------ heads and catching up

    def start(self, partner: str, ctx: Context) -> None:
        """After a start, perhaps out of a backup: sign nothing new before heads are exchanged."""
        self.books.put_ledger(pair.restarted(self._ledger(partner)))
        self.greet(partner, ctx)

    def greet(self, partner: str, ctx: Context) -> None:
        """Tell a partner our head, and the proposal of its own that we hold."""
        letter = Letter(open_proposal=self._ledger(partner).theirs)
        self._send(partner, "head", letter, ctx, subject="head")

    def send_entries(self, partner: str, ctx: Context, *, start: int) -> None:
        """Send entries from a number on, and the partner's own open proposal if we have it."""
        ledger = self._ledger(partner)
        entries = self.books.shelf.entries(ledger.chain.id, start, pair.SYNC_MAX)
        letter = Letter(entries=tuple(entries), open_proposal=ledger.theirs)
        self._send(partner, "sync", letter, ctx, subject="sync")
        if ledger.mine is not None:
            self._send_proposal(ledger, ledger.mine, ctx)

    def _ask_entries(self, partner: str, seq: int, ctx: Context) -> None:
        del seq
        self._send(partner, "sync_request", Letter(), ctx, subject="sync")

    def _on_entries(self, partner: str, letter: Letter, ctx: Context) -> None:
        ledger = self._ledger(partner)
        for signed in letter.entries:
            entry = parse_entry(signed.entry)
            if entry.seq < ledger.chain.length:
                self._compare_old(ledger, entry, signed, ctx)
                continue
            ledger, _ = pair.absorb(ledger, (signed,))
            self._append(ledger, signed)
        if letter.open_proposal is not None:
            ledger = _resumed(ledger, letter.open_proposal)
        self.books.put_ledger(ledger)

    def _compare_old(
        self, ledger: PairLedger, entry: Entry, signed: CoSigned, ctx: Context
    ) -> None:
        (standing,) = self.books.shelf.entries(ledger.chain.id, entry.seq, 1)
        if standing != signed:
            text = told.forked(ledger.partner, entry.seq)
            self.tell(
                "match.forked",
                ledger.chain.id,
                text,
                ctx,
                partner=ledger.partner,
                seq=entry.seq,
                ours=standing.entry,
                theirs=signed.entry,
            )

    def after(self, incoming: Incoming, ctx: Context) -> Entry | None:
        """Compare the head that rode on the letter with ours, and act on the difference.

        A proposal that came before heads were exchanged is handed back once it can be decided.
        """
        head, partner = incoming.letter.head, incoming.source
        if head is None:
            return None
        greeting = incoming.kind == "head"
        standing = pair.compare(self._ledger(partner), head)
        match standing:
            case pair.Behind(seq=seq):
                self._ask_entries(partner, seq, ctx)
            case pair.TheyLag(seq=seq) if greeting:
                self.send_entries(partner, ctx, start=seq)
            case pair.Forked(seq=seq):
                text = told.forked(partner, seq)
                self.tell("match.forked", head.chain, text, ctx, partner=partner, seq=seq)
            case pair.Level() if greeting:
                self.send_entries(partner, ctx, start=head.length)
            case _:
                pass
        if greeting or incoming.kind == "sync":
            return self._may_sign_again(partner, head, ctx)
        return None

    def _may_sign_again(self, partner: str, head: Head, ctx: Context) -> Entry | None:
        ledger = self._ledger(partner)
        if ledger.synced:
            return None
        ledger = pair.synced(ledger, head)
        self.books.put_ledger(structs.replace(ledger, undecided=False) if ledger.synced else ledger)
        if not ledger.synced:
            return None
        if ledger.mine is not None:
            self._send_proposal(ledger, ledger.mine, ctx)
        entry = parse_entry(ledger.theirs.entry) if ledger.theirs and ledger.undecided else None
        if entry is None or entry.exp <= ctx.at:
            self.go_on(partner, ctx)
            return None
        return self._to_decide(entry, partner, ctx)

    def seen(self, incoming: Incoming) -> bool:
        """Whether this very message was taken in before."""
        return self.books.seen(incoming.source, incoming.id)


def _from(letter: Letter) -> int:
    return 0 if letter.head is None else letter.head.length


def _resumed(ledger: PairLedger, proposal: Proposal) -> PairLedger:
    """Our own open proposal that we had forgotten: it counts again."""
    entry = parse_entry(proposal.entry)
    if entry.by != ledger.me or entry.seq != ledger.chain.length or ledger.mine is not None:
        return ledger
    check_proposal(ledger.chain, proposal)
    led_to = max(ledger.led_to, entry.seq)
    return structs.replace(ledger, mine=proposal, origin=Origin(), led_to=led_to)


def _yes(entry: Entry) -> dict[str, Any]:
    number = str(entry.body.get("id", ""))
    response = trade.OrderResponse(
        id=f"{number}-r",
        order_reference=trade.DocumentReference(id=number),
        order_response_code="AP",
    )
    return body_of(response)
