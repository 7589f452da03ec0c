"""The firm's dealings as records on a shelf: enquiries, offers, contracts, ledgers, and who is who.

Numbers of documents are their writer's own, so every key that names a partner's document carries
the partner's identity too.
"""

from __future__ import annotations

import msgspec

from hanse.match.contract import Contract
from hanse.match.enquiry import Awarded, Enquiry, Held, Ordering, Placed
from hanse.match.grants import Grants, Meter
from hanse.match.ledger.chain import KeyCard
from hanse.match.ledger.pair import PairLedger, packed, unpacked
from hanse.match.offer import Holding, Offer, Offered, Outbid, Sold
from hanse.match.places import place_of
from hanse.match.profile import Directory, Known
from hanse.match.shelf import Shelf
from hanse.model.errors import NotFound


class Books:
    """Typed reading and writing of one firm's dealings."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def ledger(self, partner: str) -> PairLedger | None:
        """Our view of the ledger with a partner."""
        body = self.shelf.load("ledger", partner)
        return None if body is None else unpacked(body)

    def put_ledger(self, ledger: PairLedger) -> None:
        """Keep our view of a ledger."""
        self.shelf.save("ledger", ledger.partner, packed(ledger))

    def partners(self) -> list[str]:
        """Every firm we keep a ledger with."""
        return self.shelf.keys("ledger")

    def card(self, partner: str) -> KeyCard | None:
        """The key we pinned of a partner when we began."""
        body = self.shelf.load("peer", partner)
        return None if body is None else msgspec.json.decode(body, type=KeyCard)

    def put_card(self, card: KeyCard) -> None:
        """Pin a partner's key."""
        self.shelf.save("peer", card.did, msgspec.json.encode(card))

    def enquiry(self, rfq: str) -> Enquiry | None:
        """Our enquiry of a number."""
        body = self.shelf.load("enquiry", rfq)
        return None if body is None else msgspec.json.decode(body, type=Enquiry)

    def put_enquiry(self, enquiry: Enquiry) -> None:
        """Keep an enquiry and find it again by award and order."""
        self.shelf.save("enquiry", enquiry.rfq.id, msgspec.json.encode(enquiry))
        for partner, talk in enquiry.talks.items():
            match talk:
                case Awarded(award=award) | Held(award=award):
                    self._index(f"award|{partner}|{award.id}", enquiry.rfq.id)
                case Ordering(order=order) | Placed(order=order):
                    self._index(f"order|{partner}|{order}", enquiry.rfq.id)
                case _:
                    pass

    def enquiry_of_award(self, partner: str, award: str) -> Enquiry:
        """The enquiry in which we gave an award.

        Raises:
            NotFound: we gave none of that number to this partner.
        """
        found = self._by_index(f"award|{partner}|{award}")
        if found is None:
            raise NotFound("we gave no such award", subject=award)
        return found

    def enquiry_of_order(self, partner: str, order: str) -> Enquiry | None:
        """The enquiry an order of ours came from, if it came from one."""
        return self._by_index(f"order|{partner}|{order}")

    def _by_index(self, key: str) -> Enquiry | None:
        body = self.shelf.load("index", key)
        return None if body is None else self.enquiry(body.decode())

    def offer(self, buyer: str, rfq: str) -> Offer | None:
        """A buyer's request and our answer."""
        body = self.shelf.load("offer", f"{buyer}|{rfq}")
        return None if body is None else msgspec.json.decode(body, type=Offer)

    def put_offer(self, offer: Offer) -> None:
        """Keep an offer and find it again by quotation and award."""
        key = f"{offer.buyer}|{offer.rfq.id}"
        self.shelf.save("offer", key, msgspec.json.encode(offer))
        if isinstance(offer.state, Offered | Holding | Outbid | Sold):
            self._index(f"quotation|{offer.buyer}|{offer.state.quotation.id}", offer.rfq.id)
        if isinstance(offer.state, Holding):
            self._index(f"held|{offer.buyer}|{offer.state.award.id}", offer.rfq.id)
        place = place_of(offer)
        if place:
            self._index(f"place|{place}", f"{offer.buyer}|{offer.rfq.id}")

    def holder(self, place: str) -> Offer | None:
        """The offer that holds a place of our plan or sold it; None where it is free."""
        body = self.shelf.load("index", f"place|{place}") if place else None
        if body is None:
            return None
        found = self.offer(*body.decode().split("|", 1))
        return found if found is not None and place_of(found) == place else None

    def offers(self) -> list[Offer]:
        """Every request that came in, with our answer."""
        found = (self.offer(*key.split("|", 1)) for key in self.shelf.keys("offer"))
        return [offer for offer in found if offer is not None]

    def offer_of_quotation(self, buyer: str, quotation: str) -> Offer | None:
        """The offer in which we made a quotation."""
        body = self.shelf.load("index", f"quotation|{buyer}|{quotation}")
        return None if body is None else self.offer(buyer, body.decode())

    def offer_of_award(self, buyer: str, award: str) -> Offer | None:
        """The offer in which we hold an award."""
        body = self.shelf.load("index", f"held|{buyer}|{award}")
        return None if body is None else self.offer(buyer, body.decode())

    def contract(self, partner: str, order: str) -> Contract | None:
        """An order as both signed it, and how far it is."""
        body = self.shelf.load("contract", f"{partner}|{order}")
        if body is None:
            return None
        contract: Contract = msgspec.json.decode(body, type=Contract)
        return contract

    def put_contract(self, partner: str, contract: Contract) -> None:
        """Keep a contract."""
        key = f"{partner}|{contract.terms.order.id}"
        self.shelf.save("contract", key, msgspec.json.encode(contract))

    def contracts(self) -> list[tuple[str, Contract]]:
        """Every contract with its partner."""
        found = []
        for key in self.shelf.keys("contract"):
            partner, order = key.split("|", 1)
            contract = self.contract(partner, order)
            if contract is not None:
                found.append((partner, contract))
        return found

    def grants(self, partner: str) -> Grants:
        """What a partner may do; the usual where nothing else was set."""
        body = self.shelf.load("grants", partner)
        return Grants() if body is None else msgspec.json.decode(body, type=Grants)

    def put_grants(self, partner: str, grants: Grants) -> None:
        """Set what a partner may do."""
        self.shelf.save("grants", partner, msgspec.json.encode(grants))

    def meter(self, partner: str) -> Meter:
        """How much a partner sent in the running minute."""
        body = self.shelf.load("meter", partner)
        return Meter() if body is None else msgspec.json.decode(body, type=Meter)

    def put_meter(self, partner: str, meter: Meter) -> None:
        """Keep how much a partner sent."""
        self.shelf.save("meter", partner, msgspec.json.encode(meter))

    def known(self, did: str) -> Known | None:
        """The profile we keep of a firm."""
        body = self.shelf.load("profile", did)
        return None if body is None else msgspec.json.decode(body, type=Known)

    def directory(self) -> Directory:
        """Every profile we keep."""
        found = {did: self.known(did) for did in self.shelf.keys("profile")}
        return Directory(known={did: known for did, known in found.items() if known is not None})

    def put_known(self, did: str, known: Known) -> None:
        """Keep a profile."""
        self.shelf.save("profile", did, msgspec.json.encode(known))

    def seen(self, source: str, message: str) -> bool:
        """Whether a message was taken in before; from now on it was."""
        key = f"{source}|{message}"
        if self.shelf.load("seen", key) is not None:
            return True
        self.shelf.save("seen", key, b"1")
        return False

    def _index(self, key: str, rfq: str) -> None:
        self.shelf.save("index", key, rfq.encode())
