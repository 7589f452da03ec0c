"""What both firms sign: does it fit, may we sign alone, and what follows once it is signed."""

from __future__ import annotations

from hanse.match import contract as contracts
from hanse.match import enquiry as asking
from hanse.match import offer as selling
from hanse.match import places
from hanse.match.amounts import order_amount
from hanse.match.counter import Context, Counter
from hanse.match.ledger.pair import Intent
from hanse.match.messages import DOCUMENTS, body_of, document_of
from hanse.match.papers import plain
from hanse.match.policy import Policy
from hanse.match.words import told
from hanse.model import trade
from hanse.model.errors import BadMessage, Conflict
from hanse.model.time import Instant


class Agreements:
    """Documents on their way onto the ledger, for one firm within one transaction."""

    def __init__(self, counter: Counter, policy: Policy) -> None:
        self.counter = counter
        self.books = counter.books
        self.policy = policy
        self.me = counter.me

    def propose(
        self, partner: str, document: trade.Aggregate, *, until: Instant, ctx: Context
    ) -> None:
        """Sign a document that fits and send it for the second signature.

        Raises:
            Conflict: it does not fit what stands.
        """
        self.check(partner, document, by=self.me, at=ctx.at)
        self.counter.go_on(partner, ctx)
        self.gone(partner, told.no_answer.en, ctx)
        intent = Intent(kind=kind_of(document), body=body_of(document), exp=until)
        self.counter.propose(partner, intent, ctx)

    def check(
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
            self.claimed(offer, order, at=at)
        return opened

    def claimed(self, offer: selling.Offer, order: trade.Order, *, at: Instant) -> places.Claim:
        """The place for an order on our quotation.

        Raises:
            Conflict: none at this premium, or less is paid than was awarded.
        """
        quotation = selling.open_quotation(offer, at=at)
        bid = places.bid_of_order(quotation, order)
        if isinstance(offer.state, selling.Holding):
            awarded = places.bid_of(quotation, offer.state.award)
            if awarded.lines.keys() == bid.lines.keys() and bid.premium < awarded.premium:
                raise Conflict("the premium of the award is missing", subject=order.id)
        found = places.claim(self.books, offer, bid, least=self.policy.raise_least, at=at)
        if isinstance(found, places.TooLow):
            raise Conflict("another pays more for this place", subject=offer.rfq.id)
        return found

    def give_way(self, claim: places.Claim, winner: selling.Offer, ctx: Context) -> None:
        """Tell the one who lost a place, with the premium that would have kept it."""
        loser = claim.loser
        if loser is None or not isinstance(loser.state, selling.Holding):
            return
        reason = trade.Reason(code="OUTBID", note="another pays more for this place")
        off = trade.Displaced(
            id=f"{loser.state.hold.id}-off",
            award_reference=trade.DocumentReference(id=loser.state.award.id),
            reason=reason,
            premium_amount=places.kept_by(loser, winner, least=self.policy.raise_least),
            fee_amount=plain(places.fee(loser)),
        )
        self.books.put_offer(selling.outbid(loser, reason))
        self.counter.post(loser.buyer, "displaced", off, ctx)
        about = {"buyer": loser.buyer, "rfq": loser.rfq.id, "place": claim.place}
        sold = isinstance(winner.state, selling.Sold)
        free = (claim.place,) if sold else ()
        self.counter.tell(
            "match.gave_way", loser.rfq.id, told.displaced(off), ctx, **about, reservations=free
        )

    def settled(
        self, partner: str, kind: str, document: trade.Aggregate, *, by: str, ctx: Context
    ) -> None:
        """Both signed: move contract, talk and offer on, and tell it."""
        number = contracts.order_number(document)
        standing = self.books.contract(partner, number)
        if isinstance(document, trade.Order):
            after: contracts.Contract = contracts.opened(document)
            self._order_signed(partner, document, ctx)
        elif standing is None:
            return
        else:
            after = contracts.apply(standing, document, by=by)
        self.books.put_contract(partner, after)
        self.counter.tell(
            f"match.{EVENTS.get(kind, 'recorded')}",
            number,
            told.signed(kind, document),
            ctx,
            partner=partner,
            document_kind=kind,
            by=by,
            document=body_of(document),
        )

    def _order_signed(self, partner: str, order: trade.Order, ctx: Context) -> None:
        reference = order.quotation_document_reference
        if reference is None:
            return
        if order.seller_supplier_party.endpoint_id == self.me:
            offer = self.books.offer_of_quotation(partner, reference.id)
            if offer is not None:
                self._sold(offer, order, ctx)
            return
        enquiry = self.books.enquiry_of_order(partner, order.id)
        if enquiry is not None:
            self.books.put_enquiry(asking.settled(enquiry, partner, order.id))

    def _sold(self, offer: selling.Offer, order: trade.Order, ctx: Context) -> None:
        """Our quotation is taken: its place is sold, and what it does not need is free."""
        if isinstance(offer.state, selling.Wanted | selling.Passed | selling.Sold):
            return
        bid = places.bid_of_order(offer.state.quotation, order)
        least = self.policy.raise_least
        found = places.claim(self.books, offer, bid, least=least, at=ctx.at)
        claim = found if isinstance(found, places.Claim) else places.Claim(place="")
        kept = places.needs(offer, bid, claim.place)
        spare = [p for p in places.free_of(self.books, offer) if p not in kept]
        after = selling.sold(offer, order.id, place=claim.place)
        self.books.put_offer(after)
        self.give_way(claim, after, ctx)
        if spare:
            self.counter.tell(
                "match.spared", offer.rfq.id, told.spared(offer.rfq.id), ctx, reservations=spare
            )

    def gone(self, partner: str, reason: str, ctx: Context) -> None:
        """Our proposal was refused or has lapsed: tell it, and free what waited on it."""
        gone = self.counter.take_refused()
        if gone is None:
            return
        number = contracts.order_number(document_of(gone.kind, gone.body))
        enquiry = self.books.enquiry_of_order(partner, number)
        if enquiry is not None and gone.kind == "order":
            self.books.put_enquiry(asking.refused(enquiry, partner, number, reason))
        text = told.turned_down(gone.kind, number, reason)
        about = {"partner": partner, "document_kind": gone.kind, "why": reason}
        self.counter.tell("match.turned_down", number, text, ctx, **about)

    def countersign(self, partner: str, ctx: Context) -> None:
        """Sign the partner's open proposal, and act on it."""
        self.counter.countersign(partner, ctx)
        self.settle_all(partner, ctx)

    def settle_all(self, partner: str, ctx: Context) -> None:
        """Act on every entry that has just been completed."""
        for done in self.counter.take_completed():
            self.settled(partner, done.kind, done.document, by=done.by, ctx=ctx)

    def may_sign_alone(self, partner: str, document: trade.Aggregate) -> bool:
        """Whether policy and the partner's grants let the node sign without a person."""
        if isinstance(document, trade.Order):
            most = min(self.policy.accept_order_max, self.books.grants(partner).order_value_max)
            within = order_amount(document) <= most
            return within and document.quotation_document_reference is not None
        terms_change = trade.OrderChange | trade.OrderCancellation
        settles = isinstance(document, trade.Dispute) and document.settled
        if isinstance(document, terms_change) or settles:
            return False
        return self.policy.acknowledge


EVENTS = {
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
"""Ledger entry kind -> the last word of the event that tells it."""


def kind_of(document: trade.Aggregate) -> str:
    """The message kind of a document."""
    return next(kind for kind, struct in DOCUMENTS.items() if struct is type(document))
