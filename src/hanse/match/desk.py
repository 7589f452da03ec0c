"""The desk: every letter in and every command of one firm, joined to its talks and its ledgers.

A `Desk` lives for one transaction: it reads and writes records through a `Shelf`, and gathers the
letters to send and the events to record in `send` and `events`. It never touches a network, and
the same letter a second time has no second effect.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import structs

from hanse.match import contract as contracts
from hanse.match import enquiry as asking
from hanse.match import offer as selling
from hanse.match.agree import Agreements, kind_of
from hanse.match.choose.few import Choice, choose
from hanse.match.choose.rules import Rules, is_tied
from hanse.match.counter import Context, Counter
from hanse.match.intake import Intake
from hanse.match.ledger import keys
from hanse.match.ledger.chain import Chain, KeyCard
from hanse.match.ledger.pair import Intent
from hanse.match.messages import AGREED, DOCUMENTS, Incoming, Letter, Outgoing, document_of
from hanse.match.policy import Policy
from hanse.match.profile import HOPS_MAX, SignedProfile, introduce
from hanse.match.shelf import Shelf
from hanse.match.words import told
from hanse.model import trade
from hanse.model.errors import Conflict, NotFound
from hanse.model.event import Draft
from hanse.model.firm import Party
from hanse.model.ids import Ids
from hanse.model.keys import Ed25519Signer
from hanse.model.signing import Signer
from hanse.model.time import Instant

T = TypeVar("T", bound=trade.Aggregate)
ORDER_LASTS = dt.timedelta(hours=24)
CHANGE_LASTS = dt.timedelta(hours=24)
FACT_LASTS = dt.timedelta(days=90)


class Desk:
    """One firm's dealings within one transaction.

    Args:
        party: this firm as it is written on documents.
        signer: signs ledger entries for this firm.
        shelf: the records, within the caller's transaction.
        ids: where numbers of documents come from.
        policy: what may be agreed without a person.
        ring: signers by public key (did:key), where the firm's key has changed: chains on which
            the change is not yet signed by the partner still need the older one.
    """

    def __init__(
        self,
        party: Party,
        signer: Signer,
        shelf: Shelf,
        *,
        ids: Ids,
        policy: Policy | None = None,
        ring: Mapping[str, Signer] | None = None,
    ) -> None:
        self.party = trade.trade_party(party)
        self.me = party.did
        self.ids = ids
        self.counter = Counter(self.me, signer, shelf, ring=ring)
        self.books = self.counter.books
        self.agreements = Agreements(self.counter, policy or Policy())
        self.intake = Intake(self.agreements, ids)

    @property
    def send(self) -> list[Outgoing]:
        """Letters to put into the outbox, in order."""
        return self.counter.send

    @property
    def events(self) -> list[Draft]:
        """Events to record."""
        return self.counter.events

    # ------------------------------------------------------------ partners

    def add_peer(self, card: KeyCard, *, mine: KeyCard, ctx: Context) -> None:
        """Pin a partner's key, begin the ledger with it, and greet it."""
        self.counter.open_ledger(mine, card, ctx)

    def show_profile(self, partner: str, profile: SignedProfile, ctx: Context) -> None:
        """Send a partner what we say of ourselves."""
        self.counter.hand(partner, "profile", Letter(profile=profile), ctx)

    def introduce(self, partner: str, did: str, ctx: Context) -> None:
        """Vouch to a partner for a firm whose profile we keep.

        Raises:
            NotFound: we keep no profile of it.
            Conflict: it is the partner itself, or too far away from us to vouch for.
        """
        known = self.books.known(did)
        if known is None:
            raise NotFound("we keep no profile of this firm", subject=did)
        if did == partner or known.hops + 1 > HOPS_MAX:
            raise Conflict("this firm cannot be introduced there", subject=did)
        word = introduce(
            known.signed, to=partner, hops=known.hops + 1, signer=self.counter.signer, at=ctx.at
        )
        self.counter.hand(partner, "introduction", Letter(introduction=word), ctx)

    def start(self, ctx: Context) -> None:
        """Once after every start of the node: greet partners; sign nothing before they answer."""
        for partner in self.books.partners():
            self.counter.start(partner, ctx)

    def tick(self, ctx: Context) -> None:
        """Now and then: let lapsed proposals go, and propose what waits behind them."""
        for partner in self.books.partners():
            self.counter.go_on(partner, ctx)
            self.agreements.gone(partner, told.no_answer.en, ctx)

    def rotate(self, partner: str, new: Ed25519Signer, ctx: Context) -> None:
        """Propose that from now on another key of ours holds on the ledger with a partner."""
        chain = self._chain(partner)
        self._key_step(partner, "rotate", keys.rotation(chain, self.me, new), ctx)

    def revoke(self, partner: str, reason: str, ctx: Context) -> None:
        """Stop our key on the ledger with a partner; only a recovery can follow."""
        self._key_step(partner, "revoke", {"reason": reason[:400]}, ctx)

    def recover(
        self,
        partner: str,
        *,
        new: Ed25519Signer,
        recovery_key: Ed25519Signer,
        next_hash: str,
        ctx: Context,
    ) -> None:
        """Bring a new key in with the recovery key; ``new`` must be in the desk's ring."""
        chain = self._chain(partner)
        body = keys.recovery(
            chain, self.me, new=new, recovery_key=recovery_key, next_hash=next_hash
        )
        self.counter.recover(partner, body, new, ctx)

    def _key_step(self, partner: str, kind: str, body: dict[str, Any], ctx: Context) -> None:
        self.counter.propose(partner, Intent(kind=kind, body=body, exp=ctx.at + FACT_LASTS), ctx)

    def _chain(self, partner: str) -> Chain:
        ledger = self.books.ledger(partner)
        if ledger is None:
            raise NotFound("we do not deal with this firm", subject=partner, remedy="Add it first")
        return ledger.chain

    # ------------------------------------------------------------ buying

    def ask(
        self, rfq: trade.RequestForQuotation, sellers: tuple[str, ...], ctx: Context
    ) -> asking.Enquiry:
        """Send a request for quotation to some partners."""
        if self.books.enquiry(rfq.id) is not None:
            raise Conflict("a request of this number was sent before", subject=rfq.id)
        enquiry = asking.ask(rfq, sellers, correlation=ctx.correlation, causation=ctx.causation)
        for seller in enquiry.talks:
            self.counter.post(seller, "request_for_quotation", rfq, ctx)
        self.books.put_enquiry(enquiry)
        self.counter.tell("match.asked", rfq.id, told.asked(rfq, len(sellers)), ctx)
        return enquiry

    def compare(
        self,
        rfq: str,
        *,
        at: Instant,
        names: dict[str, str] | None = None,
        rules: Rules | None = None,
    ) -> Choice:
        """The best way to cover what is missing of a request with the offers valid now.

        Where offers share a capacity over several lines, or the buyer has rules that tie lines
        together, all lines are decided together.
        """
        enquiry = self._enquiry(rfq)
        offers = asking.open_offers(enquiry, at=at)
        wanted = asking.missing(enquiry)
        if wanted is None:
            return Choice(lines=(), cost=Decimal(0), short=Decimal(0))
        if is_tied(offers, rules):
            from hanse.match.choose.whole import choose_whole

            return choose_whole(wanted, offers, rules=rules, names=names)
        return choose(wanted, offers, names=names)

    def award(
        self,
        rfq: str,
        seller: str,
        quantities: dict[str, Decimal],
        *,
        closing: Instant,
        ctx: Context,
        orders_then: bool = False,
    ) -> trade.Award:
        """Choose an offer provisionally: displaceable by either side until closing.

        Where another had outbid us, at the premium that takes it back. ``orders_then``: what is
        held at closing is to be ordered; the request keeps its first closing.
        """
        enquiry = self._enquiry(rfq)
        quoted = asking.valid_offer(enquiry, seller, at=ctx.at)
        lines = tuple(
            trade.AwardLine(quotation_line_id=k, quantity=str(v)) for k, v in quantities.items()
        )
        award = trade.Award(
            id=self.ids.new("award"),
            quotation_document_reference=trade.DocumentReference(
                id=quoted.quotation.id, event_id=quoted.event_id
            ),
            award_line=lines,
            closing_date_time=closing,
            premium_amount=format(asking.extra_premium(enquiry.talks[seller], quantities), "f"),
        )
        after = asking.awarded(enquiry, seller, award, at=ctx.at)
        if orders_then and after.closing is None:
            after = structs.replace(after, closing=closing)
        self.books.put_enquiry(after)
        self.counter.post(seller, "award", award, ctx)
        self.counter.tell("match.awarded", rfq, told.awarded(rfq, seller), ctx)
        return award

    def order(
        self, rfq: str, seller: str, quantities: dict[str, Decimal], *, ctx: Context
    ) -> trade.Order:
        """Order from a valid offer (held or not): signed by us now, in force when both signed."""
        enquiry, order = asking.order_from(
            self._enquiry(rfq),
            seller,
            quantities=quantities,
            number=self.ids.new("order"),
            buyer=self.party,
            at=ctx.at,
        )
        self.books.put_enquiry(enquiry)
        until = _end_of(enquiry.talks[seller], ctx.at)
        self.agreements.propose(seller, order, until=until, ctx=ctx)
        return order

    def close(self, rfq: str, reason: trade.Reason, ctx: Context) -> None:
        """Tell every firm whose answer was not taken that the request is settled."""
        enquiry = self._enquiry(rfq)
        for seller, talk in enquiry.talks.items():
            if not isinstance(talk, asking.Asked | asking.Quoted | asking.Outbid):
                continue
            enquiry = asking.with_talk(enquiry, seller, asking.dropped(talk, reason))
            document = trade.RequestClosed(
                id=self.ids.new("closed"),
                request_for_quotation_document_reference=trade.DocumentReference(id=rfq),
                reason=reason,
            )
            self.counter.post(seller, "request_closed", document, ctx)
        self.books.put_enquiry(enquiry)

    # ------------------------------------------------------------ selling

    def quote(
        self,
        buyer: str,
        quotation: trade.Quotation,
        ctx: Context,
        *,
        over: selling.Over | None = None,
    ) -> None:
        """Answer a request; the quotation binds us until its validity ends.

        ``over``: line -> places awarded to others, any of which would do for it.
        """
        rfq = quotation.request_for_quotation_document_reference.id
        offer = self._offer(buyer, rfq)
        self.books.put_offer(selling.quote(offer, quotation, at=ctx.at, over=over))
        self.counter.post(buyer, "quotation", quotation, ctx)
        self.counter.tell("match.quoted", quotation.id, told.quoted(quotation), ctx)

    def decline(self, buyer: str, rfq: str, reason: trade.Reason, ctx: Context) -> None:
        """Say that there will be no offer."""
        offer = self._offer(buyer, rfq)
        self.books.put_offer(selling.passed(offer, reason))
        no = trade.Decline(
            id=self.ids.new("decline"),
            request_for_quotation_document_reference=trade.DocumentReference(id=rfq),
            reason=reason,
        )
        self.counter.post(buyer, "decline", no, ctx)

    def displace(self, partner: str, rfq: str, reason: trade.Reason, ctx: Context) -> None:
        """Take back a provisional award before closing, as the buyer or as the seller of it."""
        enquiry = self.books.enquiry(rfq)
        buying = enquiry is not None and isinstance(
            enquiry.talks.get(partner), asking.Awarded | asking.Held
        )
        number = self._displaced_award(partner, rfq, buying=buying)
        off = trade.Displaced(
            id=self.ids.new("displaced"),
            award_reference=trade.DocumentReference(id=number),
            reason=reason,
        )
        if buying and enquiry is not None:
            self.books.put_enquiry(asking.displaced(enquiry, partner, off))
        else:
            self.books.put_offer(selling.passed(self._offer(partner, rfq), reason))
        self.counter.post(partner, "displaced", off, ctx)

    def _displaced_award(self, partner: str, rfq: str, *, buying: bool) -> str:
        if buying:
            talk = self._enquiry(rfq).talks[partner]
            if isinstance(talk, asking.Awarded | asking.Held):
                return talk.award.id
        state = self._offer(partner, rfq).state
        if isinstance(state, selling.Holding):
            return state.award.id
        raise Conflict("nothing was awarded", subject=rfq)

    # ------------------------------------------------------------ agreeing

    def change(self, partner: str, change: trade.OrderChange, ctx: Context) -> None:
        """Propose another quantity, price or date for an order; in force when both signed."""
        self.agreements.propose(partner, change, until=ctx.at + CHANGE_LASTS, ctx=ctx)

    def cancel(self, partner: str, cancellation: trade.OrderCancellation, ctx: Context) -> None:
        """Propose to end an order for a fee; in force when both signed."""
        until = ctx.at + CHANGE_LASTS
        self.agreements.propose(partner, cancellation, until=until, ctx=ctx)

    def state(self, partner: str, document: trade.Aggregate, ctx: Context) -> None:
        """Put a fact on the ledger: despatch, receipt, quality, invoice, payment or dispute."""
        self.agreements.propose(partner, document, until=ctx.at + FACT_LASTS, ctx=ctx)

    def say(self, partner: str, document: trade.Aggregate, ctx: Context) -> None:
        """Send word that binds nobody: a disturbance, an answer to one, a forecast.

        Raises:
            Conflict: documents that both sign go by `change`, `cancel` and `state`.
        """
        kind = kind_of(document)
        if kind in AGREED:
            raise Conflict("this must be signed by both", subject=kind)
        self.counter.post(partner, kind, document, ctx)

    def accept(self, partner: str, ctx: Context) -> None:
        """Sign the partner's open proposal (a person agreed, or a flow within its policy)."""
        entry = self.counter.waiting(partner)
        document = document_of(entry.kind, entry.body)
        self.agreements.check(partner, document, by=partner, at=ctx.at)
        self.agreements.countersign(partner, ctx)

    def refuse(self, partner: str, reason: str, ctx: Context) -> None:
        """Tell the partner that its open proposal will not be signed."""
        self.counter.refuse(partner, reason, ctx)

    def waiting(self, partner: str) -> tuple[str, trade.Aggregate] | None:
        """The partner's proposal that waits for a decision, with its kind."""
        entry = self.counter.waiting_or_none(partner)
        if entry is None or entry.kind not in DOCUMENTS:
            return None
        return entry.kind, document_of(entry.kind, entry.body)

    def contract(self, partner: str, order: str) -> contracts.Contract | None:
        """The state of an order with a partner, as both signed it."""
        return self.books.contract(partner, order)

    # ------------------------------------------------------------ receiving

    def receive(self, incoming: Incoming) -> None:
        """Take in one verified message of a partner.

        Raises:
            BadMessage, Conflict, NotFound, NotAllowed, TooMuch: it cannot be taken in, now (TooMuch
                over a rate) or ever; the caller rolls its transaction back and records why.
        """
        self.intake.receive(incoming)

    # ------------------------------------------------------------ looking up

    def _enquiry(self, rfq: str) -> asking.Enquiry:
        found = self.books.enquiry(rfq)
        if found is None:
            raise NotFound("we never sent such a request", subject=rfq)
        return found

    def _offer(self, buyer: str, rfq: str) -> selling.Offer:
        found = self.books.offer(buyer, rfq)
        if found is None:
            raise NotFound("no such request came from this firm", subject=f"{rfq} {buyer}")
        return found


def _end_of(talk: asking.Talk, at: Instant) -> Instant:
    until = at + ORDER_LASTS
    if isinstance(talk, asking.Ordering):
        return min(until, talk.quoted.quotation.validity_period.end_date_time)
    return until
