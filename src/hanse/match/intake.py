"""Letters in: each kind moved into the talk, the offer or the ledger it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hanse.match import contract as contracts
from hanse.match import enquiry as asking
from hanse.match import offer as selling
from hanse.match import places
from hanse.match.agree import Agreements, kind_of
from hanse.match.counter import Context
from hanse.match.grants import count
from hanse.match.ledger.entry import Entry
from hanse.match.messages import KINDS, Incoming, body_of, document_of
from hanse.match.profile import Directory, read_profile, take_introduction, take_profile
from hanse.match.words import told
from hanse.model import tidings, trade
from hanse.model.errors import BadMessage, Conflict, NotFound
from hanse.model.ids import Ids

T = TypeVar("T", bound=trade.Aggregate)


class Intake:
    """Takes verified messages in, for one firm within one transaction."""

    def __init__(self, agreements: Agreements, ids: Ids) -> None:
        self.agreements = agreements
        self.counter = agreements.counter
        self.books = agreements.books
        self.ids = ids

    def receive(self, incoming: Incoming) -> None:
        """Take in one message; see `hanse.match.desk.Desk.receive`."""
        if not self.counter.knows(incoming.source):
            raise NotFound("a message of a firm we do not know", subject=incoming.source)
        if incoming.kind not in KINDS:
            raise BadMessage("an unknown kind of message", subject=incoming.kind[:40])
        grants, meter = self.books.grants(incoming.source), self.books.meter(incoming.source)
        after = count(meter, grants, kind=incoming.kind, at=incoming.at)
        if self.counter.seen(incoming):
            return
        self.books.put_meter(incoming.source, after)
        ctx = Context(at=incoming.at, correlation=incoming.correlation, causation=incoming.id)
        self._handlers().get(incoming.kind, self._ledger_letter)(incoming, ctx)
        waiting = self.counter.after(incoming, ctx)
        if waiting is not None:
            self._decide(waiting, incoming.source, ctx)
            self.counter.go_on(incoming.source, ctx)
        self.agreements.settle_all(incoming.source, ctx)

    def _handlers(self) -> dict[str, Callable[[Incoming, Context], None]]:
        return {
            "request_for_quotation": self._on_rfq,
            "quotation": self._on_quotation,
            "decline": self._on_decline,
            "award": self._on_award,
            "hold": self._on_hold,
            "displaced": self._on_displaced,
            "request_closed": self._on_closed,
            "disturbance": self._on_disturbance,
            "ripple_answer": self._on_told,
            "forecast": self._on_told,
            "clearing_call": self._on_told,
            "clearing_statement": self._on_told,
            "clearing_result": self._on_told,
            "profile": self._on_profile,
            "introduction": self._on_introduction,
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
        try:
            bid = places.bid_of(selling.open_quotation(offer, at=incoming.at), award)
            least = self.agreements.policy.raise_least
            claim = places.claim(self.books, offer, bid, least=least, at=incoming.at)
            if isinstance(claim, places.TooLow):
                self._cannot_hold(incoming.source, award, claim, ctx)
                return
            self._hold(offer, award, claim, ctx)
        except Conflict as error:
            self._cannot_hold(incoming.source, award, error.what, ctx)

    def _hold(
        self, offer: selling.Offer, award: trade.Award, claim: places.Claim, ctx: Context
    ) -> None:
        """Keep the place for the award; who had it is told."""
        number, own = self.ids.new("hold"), selling.own_places(offer)
        after, hold = selling.hold(offer, award, number=number, place=claim.place, at=ctx.at)
        self.books.put_offer(after)
        self.agreements.give_way(claim, after, ctx)
        self.counter.post(offer.buyer, "hold", hold, ctx)
        about = {"buyer": offer.buyer, "rfq": offer.rfq.id, "place": claim.place}
        moved = claim.loser is not None or bool(claim.place and claim.place not in own)
        self.counter.tell("match.held", award.id, told.held(hold), ctx, **about, moved=moved)

    def _cannot_hold(
        self, buyer: str, award: trade.Award, why: str | places.TooLow, ctx: Context
    ) -> None:
        code, premium = "NOT_HELD", None
        if isinstance(why, places.TooLow):
            code = "OUTBID"
            premium = None if why.needed is None else str(why.needed)
        note = "another pays more for this place" if isinstance(why, places.TooLow) else why
        off = trade.Displaced(
            id=self.ids.new("displaced"),
            award_reference=trade.DocumentReference(id=award.id),
            reason=trade.Reason(code=code, note=note),
            premium_amount=premium,
        )
        self.counter.post(buyer, "displaced", off, ctx)

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
            free = places.free_of(self.books, offer)
            self.books.put_offer(selling.passed(offer, off.reason))
            rfq = offer.rfq.id
        else:
            free = []
            enquiry = self.books.enquiry_of_award(incoming.source, off.award_reference.id)
            self.books.put_enquiry(asking.displaced(enquiry, incoming.source, off))
            rfq = enquiry.rfq.id
        self.counter.tell(
            "match.displaced",
            rfq,
            told.displaced(off),
            ctx,
            partner=incoming.source,
            rfq=rfq,
            award=off.award_reference.id,
            premium=off.premium_amount,
            fee=off.fee_amount,
            bought=offer is None,
            reservations=free,
        )

    def _on_closed(self, incoming: Incoming, ctx: Context) -> None:
        """A buyer settled a request without us: what was held for it is free."""
        closed = _document(incoming, trade.RequestClosed)
        rfq = closed.request_for_quotation_document_reference.id
        offer = self.books.offer(incoming.source, rfq)
        if offer is None:
            raise NotFound("no such request came from this firm", subject=rfq)
        held = places.free_of(self.books, offer)
        self.books.put_offer(selling.passed(offer, closed.reason))
        self.counter.tell(
            "match.closed",
            rfq,
            told.closed(rfq, closed.reason),
            ctx,
            buyer=incoming.source,
            reservations=held,
        )

    def _on_profile(self, incoming: Incoming, ctx: Context) -> None:
        signed = incoming.letter.profile
        if signed is None:
            raise BadMessage("a letter of this kind carries a profile", subject=incoming.source)
        profile = read_profile(signed, at=incoming.at)
        if profile.party.endpoint_id != incoming.source:
            raise BadMessage("a profile of another firm", subject=incoming.source)
        directory = take_profile(self.books.directory(), signed, by=incoming.source, at=incoming.at)
        self._keep_known(directory, incoming.source, "match.profiled", ctx)

    def _on_introduction(self, incoming: Incoming, ctx: Context) -> None:
        word, card = incoming.letter.introduction, self.books.card(incoming.source)
        if word is None or card is None:
            raise BadMessage("a letter of this kind carries an introduction")
        directory = take_introduction(
            self.books.directory(), word, me=self.counter.me, introducer=card, at=incoming.at
        )
        did = read_profile(word.profile, at=incoming.at).party.endpoint_id
        self._keep_known(directory, did, "match.introduced", ctx)

    def _keep_known(self, directory: Directory, did: str, kind: str, ctx: Context) -> None:
        known = directory.known[did]
        self.books.put_known(did, known)
        party = known.profile.party
        text = told.profiled(party.name, introduced=known.hops > 0)
        self.counter.tell(kind, did, text, ctx, partner=known.by, hops=known.hops)

    def _on_told(self, incoming: Incoming, ctx: Context) -> None:
        document = _document(incoming, trade.Aggregate)
        kind = _TOLD.get(incoming.kind, "match.clearing")
        number = str(getattr(document, "id", ""))
        text, about = told.heard(document), {"partner": incoming.source}
        self.counter.tell(kind, number, text, ctx, **about, document=body_of(document))

    def _on_disturbance(self, incoming: Incoming, ctx: Context) -> None:
        notice = _document(incoming, tidings.Disturbance)
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
        self.agreements.settle_all(incoming.source, ctx)
        if incoming.letter.refusal is not None:
            self.agreements.gone(incoming.source, incoming.letter.refusal.reason, ctx)
        if fresh is not None:
            self._decide(fresh, incoming.source, ctx)

    def _decide(self, fresh: Entry, partner: str, ctx: Context) -> None:
        """Refuse what does not fit, sign what may be signed alone, ask a person for the rest."""
        try:
            document = document_of(fresh.kind, fresh.body)
            self.agreements.check(partner, document, by=partner, at=ctx.at)
            if self.agreements.may_sign_alone(partner, document):
                self.agreements.countersign(partner, ctx)
                return
        except (Conflict, BadMessage) as error:
            self._refuse(fresh, partner, error.what, ctx)
            return
        self._tell_waiting(partner, document, ctx)

    def _refuse(self, fresh: Entry, partner: str, why: str, ctx: Context) -> None:
        self.counter.refuse(partner, why, ctx)
        text = told.not_signed(fresh.kind, why)
        subject = str(fresh.body.get("id", fresh.kind))[:200]
        about = {"partner": partner, "document_kind": fresh.kind, "why": why}
        self.counter.tell("match.refused", subject, text, ctx, **about)

    def _tell_waiting(self, partner: str, document: trade.Aggregate, ctx: Context) -> None:
        kind = kind_of(document)
        self.counter.tell(
            "match.proposed",
            contracts.order_number(document),
            told.proposed(kind, document),
            ctx,
            partner=partner,
            document_kind=kind,
            document=body_of(document),
        )

    def _enquiry(self, rfq: str) -> asking.Enquiry:
        found = self.books.enquiry(rfq)
        if found is None:
            raise NotFound("we never sent such a request", subject=rfq)
        return found


_TOLD = {"ripple_answer": "match.rippled", "forecast": "match.forecast"}
"""Word that binds nobody, by the event it makes; word about a clearing makes another."""


def _document(incoming: Incoming, kind: type[T]) -> T:
    document = document_of(incoming.kind, incoming.letter.document)
    if not isinstance(document, kind):
        raise BadMessage("another document than its kind says", subject=incoming.kind)
    return document
