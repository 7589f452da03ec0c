"""The desk: every letter in and every command of one firm, joined to its talks and its ledgers.

A `Desk` lives for one transaction: it reads and writes records through a `Shelf`, and gathers the
letters to send and the events to record in `send` and `events`. It never touches a network, and
the same letter a second time has no second effect.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from hanse.match import contract as contracts
from hanse.match import enquiry as asking
from hanse.match import offer as selling
from hanse.match.choose.few import Choice, choose
from hanse.match.counter import Context, Counter
from hanse.match.ledger.chain import KeyCard
from hanse.match.ledger.pair import Intent
from hanse.match.messages import DOCUMENTS, Incoming, Outgoing, body_of, document_of
from hanse.match.policy import Policy
from hanse.match.shelf import Shelf
from hanse.match.words import told
from hanse.model import trade
from hanse.model.errors import BadMessage, Conflict, NotFound
from hanse.model.event import Draft
from hanse.model.firm import Party
from hanse.model.ids import Ids
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
    """

    def __init__(
        self, party: Party, signer: Signer, shelf: Shelf, *, ids: Ids, policy: Policy | None = None
    ) -> None:
        self.party = trade.trade_party(party)
        self.me = party.did
        self.ids = ids
        self.policy = policy or Policy()
        self.counter = Counter(self.me, signer, shelf)
        self.books = self.counter.books

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

    def compare(self, rfq: str, *, at: Instant, names: dict[str, str] | None = None) -> Choice:
        """The best way to cover a request with the offers that are valid now."""
        enquiry = self._enquiry(rfq)
        return choose(enquiry.rfq, asking.open_offers(enquiry, at=at), names=names)

    def award(
        self,
        rfq: str,
        seller: str,
        quantities: dict[str, Decimal],
        *,
        closing: Instant,
        ctx: Context,
    ) -> trade.Award:
        """Choose an offer provisionally: displaceable by either side until closing."""
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
        )
        self.books.put_enquiry(asking.awarded(enquiry, seller, award, at=ctx.at))
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
        self._propose(seller, "order", order, until=until, ctx=ctx)
        return order

    # ------------------------------------------------------------ selling

    def quote(self, buyer: str, quotation: trade.Quotation, ctx: Context) -> None:
        """Answer a request; the quotation binds us until its validity ends."""
        rfq = quotation.request_for_quotation_document_reference.id
        offer = self._offer(buyer, rfq)
        self.books.put_offer(selling.quote(offer, quotation, at=ctx.at))
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
        self._propose(partner, "order_change", change, until=ctx.at + CHANGE_LASTS, ctx=ctx)

    def cancel(self, partner: str, cancellation: trade.OrderCancellation, ctx: Context) -> None:
        """Propose to end an order for a fee; in force when both signed."""
        until = ctx.at + CHANGE_LASTS
        self._propose(partner, "order_cancellation", cancellation, until=until, ctx=ctx)

    def state(self, partner: str, kind: str, document: trade.Aggregate, ctx: Context) -> None:
        """Put a fact on the ledger: despatch, receipt, quality, invoice, payment or dispute."""
        self._propose(partner, kind, document, until=ctx.at + FACT_LASTS, ctx=ctx)

    def _propose(
        self, partner: str, kind: str, document: trade.Aggregate, *, until: Instant, ctx: Context
    ) -> None:
        self._check_agreed(partner, document, by=self.me, at=ctx.at)
        intent = Intent(kind=kind, body=body_of(document), exp=until)
        self.counter.propose(partner, intent, ctx)

    def accept(self, partner: str, ctx: Context) -> None:
        """Sign the partner's open proposal (a person agreed, or a flow within its policy)."""
        entry = self.counter.waiting(partner)
        document = document_of(entry.kind, entry.body)
        self._check_agreed(partner, document, by=partner, at=ctx.at)
        self._countersign(partner, ctx)

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
            BadMessage, Conflict, NotFound: it cannot be taken in; nothing was changed that the
                caller's transaction does not roll back.
        """
        if not self.counter.knows(incoming.source):
            raise NotFound("a message of a firm we do not know", subject=incoming.source)
        ctx = Context(at=incoming.at, correlation=incoming.correlation, causation=incoming.id)
        if self.counter.seen(incoming):
            return
        handler = self._handlers().get(incoming.kind)
        if handler is not None:
            handler(incoming, ctx)
        else:
            self._ledger_letter(incoming, ctx)
        self.counter.after(incoming, ctx)

    def _handlers(self) -> dict[str, Callable[[Incoming, Context], None]]:
        return {
            "request_for_quotation": self._on_rfq,
            "quotation": self._on_quotation,
            "decline": self._on_decline,
            "award": self._on_award,
            "hold": self._on_hold,
            "displaced": self._on_displaced,
            "disturbance": self._on_disturbance,
        }

    def _on_rfq(self, incoming: Incoming, ctx: Context) -> None:
        rfq = _document(incoming, trade.RequestForQuotation)
        if self.books.offer(incoming.source, rfq.id) is not None:
            raise Conflict("a request of this number came before", subject=rfq.id)
        offer = selling.wanted(
            rfq,
            incoming.source,
            event_id=incoming.id,
            correlation=incoming.correlation,
            at=incoming.at,
        )
        self.books.put_offer(offer)
        self.counter.tell("match.wanted", rfq.id, told.wanted(rfq), ctx, buyer=incoming.source)

    def _on_quotation(self, incoming: Incoming, ctx: Context) -> None:
        quotation = _document(incoming, trade.Quotation)
        rfq = quotation.request_for_quotation_document_reference.id
        offer = asking.Quoted(quotation=quotation, event_id=incoming.id, digest=incoming.digest)
        enquiry = asking.quoted(self._enquiry(rfq), incoming.source, offer, at=incoming.at)
        self.books.put_enquiry(enquiry)
        self.counter.tell(
            "match.offered",
            quotation.id,
            told.quoted(quotation),
            ctx,
            seller=incoming.source,
            rfq=rfq,
        )

    def _on_decline(self, incoming: Incoming, ctx: Context) -> None:
        no = _document(incoming, trade.Decline)
        rfq = no.request_for_quotation_document_reference.id
        self.books.put_enquiry(asking.declined(self._enquiry(rfq), incoming.source, no.reason))
        self.counter.tell(
            "match.declined", rfq, told.declined(no), ctx, seller=incoming.source, rfq=rfq
        )

    def _on_award(self, incoming: Incoming, ctx: Context) -> None:
        award = _document(incoming, trade.Award)
        offer = self.books.offer_of_quotation(
            incoming.source, award.quotation_document_reference.id
        )
        if offer is None:
            raise NotFound("an award of a quotation we never made", subject=award.id)
        number = self.ids.new("hold")
        after, hold = selling.hold(offer, award, number=number, at=incoming.at)
        self.books.put_offer(after)
        self.counter.post(incoming.source, "hold", hold, ctx)
        self.counter.tell(
            "match.held", award.id, told.held(hold), ctx, buyer=incoming.source, rfq=offer.rfq.id
        )

    def _on_hold(self, incoming: Incoming, ctx: Context) -> None:
        hold = _document(incoming, trade.Hold)
        enquiry = self.books.enquiry_of_award(incoming.source, hold.award_reference.id)
        self.books.put_enquiry(asking.held(enquiry, incoming.source, hold))
        self.counter.tell(
            "match.kept",
            enquiry.rfq.id,
            told.held(hold),
            ctx,
            seller=incoming.source,
            rfq=enquiry.rfq.id,
        )

    def _on_displaced(self, incoming: Incoming, ctx: Context) -> None:
        off = _document(incoming, trade.Displaced)
        offer = self.books.offer_of_award(incoming.source, off.award_reference.id)
        if offer is not None:
            self.books.put_offer(selling.passed(offer, off.reason))
            rfq = offer.rfq.id
        else:
            enquiry = self.books.enquiry_of_award(incoming.source, off.award_reference.id)
            self.books.put_enquiry(asking.displaced(enquiry, incoming.source, off))
            rfq = enquiry.rfq.id
        self.counter.tell(
            "match.displaced", rfq, told.displaced(off), ctx, partner=incoming.source, rfq=rfq
        )

    def _on_disturbance(self, incoming: Incoming, ctx: Context) -> None:
        notice = _document(incoming, trade.Disturbance)
        self.counter.tell(
            "match.disturbed",
            notice.id,
            told.disturbed(notice),
            ctx,
            partner=incoming.source,
            notice=body_of(notice),
        )

    # ------------------------------------------------------------ ledger letters

    def _ledger_letter(self, incoming: Incoming, ctx: Context) -> None:
        fresh = self.counter.ledger_letter(incoming, ctx)
        for done in self.counter.take_completed():
            self._settled(incoming.source, done.kind, done.document, by=done.by, ctx=ctx)
        if incoming.letter.refusal is not None:
            self._refused(incoming, ctx)
        if fresh is None:
            return
        try:
            document = document_of(fresh.kind, fresh.body)
            self._check_agreed(incoming.source, document, by=incoming.source, at=ctx.at)
        except (Conflict, BadMessage) as error:
            self.counter.refuse(incoming.source, error.what, ctx)
            text = told.not_signed(fresh.kind, error.what)
            subject = str(fresh.body.get("id", fresh.kind))[:200]
            about = {"partner": incoming.source, "document_kind": fresh.kind, "why": error.what}
            self.counter.tell("match.refused", subject, text, ctx, **about)
            return
        if self._may_sign_alone(document):
            self._countersign(incoming.source, ctx)
        else:
            self._tell_waiting(incoming, document, ctx)

    def _tell_waiting(self, incoming: Incoming, document: trade.Aggregate, ctx: Context) -> None:
        kind = _kind_of(document)
        self.counter.tell(
            "match.proposed",
            contracts.order_number(document),
            told.proposed(kind, document),
            ctx,
            partner=incoming.source,
            document_kind=kind,
            document=body_of(document),
        )

    def _may_sign_alone(self, document: trade.Aggregate) -> bool:
        if isinstance(document, trade.Order):
            within = trade.order_amount(document) <= self.policy.accept_order_max
            return within and document.quotation_document_reference is not None
        terms_change = trade.OrderChange | trade.OrderCancellation
        settles = isinstance(document, trade.Dispute) and document.settled
        if isinstance(document, terms_change) or settles:
            return False
        return self.policy.acknowledge

    def _countersign(self, partner: str, ctx: Context) -> None:
        self.counter.countersign(partner, ctx)
        for done in self.counter.take_completed():
            self._settled(partner, done.kind, done.document, by=done.by, ctx=ctx)

    def _check_agreed(
        self, partner: str, document: trade.Aggregate, *, by: str, at: Instant
    ) -> contracts.Contract:
        """The contract as it would stand after both signed; raises where it does not fit."""
        number = contracts.order_number(document)
        standing = self.books.contract(partner, number)
        if isinstance(document, trade.Order):
            if standing is not None:
                raise Conflict("an order of this number was signed before", subject=number)
            return self._check_order(partner, document, by=by, at=at)
        if standing is None:
            raise Conflict("no order of this number was signed", subject=number)
        return contracts.apply(standing, document, by=by)

    def _check_order(
        self, partner: str, order: trade.Order, *, by: str, at: Instant
    ) -> contracts.Contract:
        opened = contracts.opened(order)
        if opened.terms.buyer != by or {opened.terms.buyer, opened.terms.seller} != {
            partner,
            self.me,
        }:
            raise BadMessage("an order in another firm's name", subject=order.id)
        reference = order.quotation_document_reference
        if opened.terms.seller == self.me and reference is not None:
            offer = self.books.offer_of_quotation(partner, reference.id)
            if offer is None:
                raise Conflict("an order on a quotation we never made", subject=order.id)
            selling.check_order(offer, order, at=at)
        return opened

    def _settled(
        self, partner: str, kind: str, document: trade.Aggregate, *, by: str, ctx: Context
    ) -> None:
        """Both signed: move contract, talk and offer on, and tell it."""
        number = contracts.order_number(document)
        standing = self.books.contract(partner, number)
        if isinstance(document, trade.Order):
            after: contracts.Contract = contracts.opened(document)
            self._order_signed(partner, document)
        elif standing is None:
            return
        else:
            after = contracts.apply(standing, document, by=by)
        self.books.put_contract(partner, after)
        self.counter.tell(
            f"match.{_EVENT.get(kind, 'recorded')}",
            number,
            told.signed(kind, document),
            ctx,
            partner=partner,
            document_kind=kind,
            by=by,
            document=body_of(document),
        )

    def _order_signed(self, partner: str, order: trade.Order) -> None:
        reference = order.quotation_document_reference
        if reference is None:
            return
        if order.seller_supplier_party.endpoint_id == self.me:
            offer = self.books.offer_of_quotation(partner, reference.id)
            if offer is not None:
                self.books.put_offer(selling.sold(offer, order.id))
            return
        enquiry = self.books.enquiry_of_order(partner, order.id)
        if enquiry is not None:
            self.books.put_enquiry(asking.settled(enquiry, partner, order.id))

    def _refused(self, incoming: Incoming, ctx: Context) -> None:
        gone = self.counter.take_refused()
        if gone is None or incoming.letter.refusal is None:
            return
        document = document_of(gone.kind, gone.body)
        number = contracts.order_number(document)
        enquiry = self.books.enquiry_of_order(incoming.source, number)
        reason = incoming.letter.refusal.reason
        if enquiry is not None:
            self.books.put_enquiry(asking.refused(enquiry, incoming.source, number, reason))
        self.counter.tell(
            "match.turned_down",
            number,
            told.turned_down(gone.kind, number, reason),
            ctx,
            partner=incoming.source,
            document_kind=gone.kind,
            why=reason,
        )

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


_EVENT = {
    "order": "ordered",
    "order_change": "changed",
    "order_cancellation": "cancelled",
    "despatch_advice": "despatched",
    "receipt_advice": "received",
    "quality_report": "inspected",
    "invoice": "invoiced",
    "remittance_advice": "paid",
    "dispute": "disputed",
}


def _kind_of(document: trade.Aggregate) -> str:
    return next(kind for kind, kind_of in DOCUMENTS.items() if kind_of is type(document))


def _end_of(talk: asking.Talk, at: Instant) -> Instant:
    until = at + ORDER_LASTS
    if isinstance(talk, asking.Ordering):
        return min(until, talk.quoted.quotation.validity_period.end_date_time)
    return until


def _document(incoming: Incoming, kind: type[T]) -> T:
    document = document_of(incoming.kind, incoming.letter.document)
    if not isinstance(document, kind):
        raise BadMessage("another document than its kind says", subject=incoming.kind)
    return document
