"""Builders: firms with a desk each, and a postman that carries their letters."""

import datetime as dt
from dataclasses import dataclass, field

from hanse.match import (
    Context,
    Desk,
    Incoming,
    KeyCard,
    Policy,
    ShelfInMemory,
    decode_letter,
    encode_letter,
)
from hanse.model import trade
from hanse.model.firm import Party
from hanse.model.ids import Counter
from hanse.model.keys import Ed25519Signer

START = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@dataclass
class House:
    """One sample firm."""

    name: str
    seed: bytes
    policy: Policy = field(default_factory=Policy)
    shelf: ShelfInMemory = field(default_factory=ShelfInMemory)
    events: list = field(default_factory=list)

    def __post_init__(self):
        self.signer = Ed25519Signer(self.seed)
        self.did = self.signer.did
        self.party = Party(did=self.did, name=self.name)
        self.ids = Counter(self.name.replace(" ", ""))
        self.card = KeyCard(did=self.did, key=self.did)

    def desk(self):
        return Desk(self.party, self.signer, self.shelf, ids=self.ids, policy=self.policy)

    @property
    def paper(self):
        return trade.trade_party(self.party)

    def kinds(self):
        return [e.kind for e in self.events]


class Market:
    """Firms and the post between them; letters travel as bytes, in order, when `run` is called."""

    def __init__(self, *houses, at=START):
        self.at = at
        self.houses = {h.did: h for h in houses}
        self.post = []
        self.sent = []
        self.number = 0

    def ctx(self, loop="loop-1"):
        return Context(at=self.at, correlation=loop)

    def act(self, house, command):
        """Run a command at a firm's desk and put its letters into the post."""
        desk = house.desk()
        result = command(desk)
        self.collect(house, desk)
        return result

    def collect(self, house, desk):
        house.events += desk.events
        for letter in desk.send:
            self.number += 1
            self.post.append((f"m{self.number}", house.did, letter))

    def incoming(self, message, source, out):
        return Incoming(
            id=message,
            source=source,
            kind=out.kind,
            letter=decode_letter(encode_letter(out.letter)),
            at=self.at,
            correlation=out.correlation,
            causation=out.causation,
        )

    def deliver(self, message, source, out):
        house = self.houses[out.to]
        desk = house.desk()
        desk.receive(self.incoming(message, source, out))
        self.collect(house, desk)

    def run(self):
        """Deliver until nobody has anything to say."""
        rounds = 0
        while self.post:
            item = self.post.pop(0)
            self.sent.append(item)
            self.deliver(*item)
            rounds += 1
            assert rounds < 10_000
        return self

    def introduce(self, a, b):
        self.act(a, lambda d: d.add_peer(b.card, mine=a.card, ctx=self.ctx()))
        self.act(b, lambda d: d.add_peer(a.card, mine=b.card, ctx=self.ctx()))
        return self.run()


def buyer_and_seller():
    return House("Pump Works", b"p" * 32), House("Shaft Shop", b"s" * 32)


def item(key="SHAFT-40"):
    return trade.TradeItem(buyers_item_identification=key, material="42CrMo4")


def rfq_line(number="1", count="120", *, due=None, late="2.00"):
    return trade.RfqLine(
        id=number,
        quantity=trade.Measure(value=count),
        item=item(),
        requested_delivery_period=trade.Period(latest=due or START + 5 * DAY),
        late_cost_per_day=late,
    )


def rfq(buyer, number="RFQ-1", *, lines=None, due=None):
    return trade.RequestForQuotation(
        id=number,
        issue_date_time=START,
        submission_due_date_time=due or START + HOUR,
        buyer_customer_party=buyer.paper,
        pricing_currency_code="EUR",
        request_for_quotation_line=lines or (rfq_line(),),
    )


def quotation_line(number="1", count="120", price="12.40", *, parts=None, place="hold-9", **more):
    parts = parts or ((count, START + 4 * DAY),)
    return trade.QuotationLine(
        id=number,
        rfq_line_id=more.pop("rfq_line", number),
        quantity=trade.Measure(value=count),
        price=trade.Price(price_amount=price),
        promised_delivery=tuple(trade.Delivery(quantity=q, date_time=t) for q, t in parts),
        promise_basis=trade.PromiseBasis(
            kind="CTP", schedule_version="plan-7", reservation_id=place
        ),
        **more,
    )


def quotation(seller, number="Q-1", *, request="RFQ-1", lines=None, until=None, **more):
    return trade.Quotation(
        id=number,
        issue_date_time=START,
        request_for_quotation_document_reference=trade.DocumentReference(id=request),
        validity_period=trade.Validity(end_date_time=until or START + 2 * HOUR),
        seller_supplier_party=seller.paper,
        pricing_currency_code="EUR",
        quotation_line=lines or (quotation_line(),),
        **more,
    )


def ordered(market, buyer, seller, count="120"):
    """Ask, quote, order and sign: the number of the order both signed."""
    from decimal import Decimal

    market.introduce(buyer, seller)
    market.act(buyer, lambda d: d.ask(rfq(buyer), (seller.did,), market.ctx()))
    market.run()
    market.act(seller, lambda d: d.quote(buyer.did, quotation(seller), market.ctx()))
    market.run()
    order = market.act(
        buyer, lambda d: d.order("RFQ-1", seller.did, {"1": Decimal(count)}, ctx=market.ctx())
    )
    market.run()
    return order.id
