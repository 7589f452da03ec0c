"""Laws of dealing: three firms do anything in any order, and every pair ends up seeing one thing.

Letters keep their order within a pair and no other; they come twice, wait while a firm is offline,
and firms restart. What does not fit is refused and changes nothing.
"""

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import given, settings
from tests.unit.match.market import DAY, HOUR, House, Market, quotation, quotation_line, rfq

from hanse.match import enquiry as asking
from hanse.match import offer as selling
from hanse.match.contract import Cancelled
from hanse.match.ledger.audit import audit
from hanse.match.messages import decode_letter, encode_letter
from hanse.model import trade
from hanse.model.errors import BadInput, Conflict, NotAllowed, NotFound

WRONG = (BadInput, Conflict, NotAllowed, NotFound)
COUNT = Decimal(120)
BUSY = trade.Reason(code="CAPACITY")


class Post:
    """A line for each ordered pair of firms; the first of any line may be next."""

    def __init__(self):
        self.lines = defaultdict(list)
        self.before = {}

    def append(self, item):
        _, source, out = item
        self.lines[source, out.to].append(item)

    def ways(self, offline=()):
        return sorted(k for k, line in self.lines.items() if line and k[1] not in offline)


class Dealing:
    """A buyer and two sellers, from the question to the payment."""

    def __init__(self):
        self.buyer = House("Pump Works", b"p" * 32)
        self.sellers = [House("Shaft Shop", b"s" * 32), House("Far Shop", b"f" * 32)]
        self.houses = [self.buyer, *self.sellers]
        self.market = Market(*self.houses)
        self.offline, self.number = set(), 0
        for seller in self.sellers:
            self.market.introduce(self.buyer, seller)
        self.market.post = Post()

    # ------------------------------------------------------------ acting

    def act(self, house, command):
        """A command; one that does not fit leaves no trace, as a transaction rolled back."""
        kept = self.copy(house)
        try:
            return self.market.act(house, command)
        except WRONG:
            self.put_back(house, kept)
            return None

    def copy(self, house):
        return dict(house.shelf.records), {k: list(v) for k, v in house.shelf.chains.items()}

    def put_back(self, house, kept):
        house.shelf.records, house.shelf.chains = kept

    def deliver(self, item):
        message, source, out = item
        house = self.market.houses[out.to]
        kept = self.copy(house)
        try:
            self.market.deliver(message, source, out)
        except WRONG:
            self.put_back(house, kept)

    def next_id(self, prefix):
        self.number += 1
        return f"{prefix}-{self.number}"

    @property
    def ctx(self):
        return self.market.ctx()

    def reference(self, number):
        return trade.DocumentReference(id=number)

    # ------------------------------------------------------------ asking, quoting, awarding

    def go_on(self, which, at_once):
        """The next sensible step with a seller, each firm by what it sees."""
        seller = self.sellers[which]
        if any(isinstance(o.state, selling.Wanted) for o in offers_of(seller)):
            self.quote(which, 20)
        if self.talks(asking.Quoted, seller) and not at_once:
            self.award(which)
        elif self.talks(asking.Quoted | asking.Held, seller):
            self.order(which, some=False)
        for pick, order in enumerate(self.orders(seller)):
            self.carry_on(which, pick, seller.desk().contract(self.buyer.did, order))

    def carry_on(self, which, pick, contract):
        line = contract.terms.lines["1"] if contract is not None else None
        if line is None:
            return
        if line.despatched < line.quantity:
            self.despatch(which, pick, "60")
        if line.received < line.despatched:
            self.receive_goods(which, pick, "60", 0)
        elif line.invoiced < line.despatched:
            self.invoice(which, pick, credit=False)
        elif contract.terms.paid < contract.terms.invoiced:
            self.pay(which, pick)

    def ask(self):
        number = self.next_id("RFQ")
        request = rfq(self.buyer, number, due=self.market.at + DAY)
        dids = tuple(s.did for s in self.sellers)
        self.act(self.buyer, lambda d: d.ask(request, dids, self.ctx))

    def talks(self, kind, seller):
        desk = self.buyer.desk()
        found = [desk.books.enquiry(k) for k in self.buyer.shelf.keys("enquiry")]
        return [e.rfq.id for e in found if isinstance(e.talks.get(seller.did), kind)]

    def quote(self, which, hours, price="12.40"):
        seller = self.sellers[which]
        wanted = [o.rfq.id for o in offers_of(seller) if isinstance(o.state, selling.Wanted)]
        for request in wanted[-1:]:
            until = self.market.at + (hours + 1) * HOUR
            line = quotation_line(count=str(COUNT), price=price, place=f"place-{request}")
            paper = quotation(
                seller, self.next_id("Q"), request=request, until=until, lines=(line,)
            )
            self.act(seller, lambda d, p=paper: d.quote(self.buyer.did, p, self.ctx))

    def decline(self, which):
        seller = self.sellers[which]
        for offer in offers_of(seller)[-1:]:
            self.act(seller, lambda d, n=offer.rfq.id: d.decline(self.buyer.did, n, BUSY, self.ctx))

    def award(self, which):
        seller, closing = self.sellers[which], self.market.at + HOUR
        for request in self.talks(asking.Quoted, seller)[:1]:
            self.act(
                self.buyer,
                lambda d, r=request: d.award(
                    r, seller.did, {"1": COUNT}, closing=closing, ctx=self.ctx
                ),
            )

    def displace(self, which, mine):
        seller, why = self.sellers[which], trade.Reason(code="BETTER_OFFER")
        house, partner = (self.buyer, seller) if mine else (seller, self.buyer)
        requests = self.talks(asking.Awarded | asking.Held, seller)
        for request in requests[:1]:
            self.act(house, lambda d, r=request: d.displace(partner.did, r, why, self.ctx))

    def order(self, which, some):
        count = Decimal(80) if some else COUNT
        seller = self.sellers[which]
        for request in self.talks(asking.Quoted | asking.Held, seller)[:1]:
            self.act(
                self.buyer,
                lambda d, r=request: d.order(r, seller.did, {"1": count}, ctx=self.ctx),
            )

    def settle_a_request(self):
        for request in self.buyer.shelf.keys("enquiry")[:1]:
            self.act(self.buyer, lambda d, r=request: d.close(r, BUSY, self.ctx))

    # ------------------------------------------------------------ carrying out

    def orders(self, seller):
        pairs = ((self.buyer, seller), (seller, self.buyer))
        return sorted({n for house, partner in pairs for n in contracts_of(house, partner)})

    def state(self, house, partner, document):
        self.act(house, lambda d: d.state(partner.did, document, self.ctx))

    def despatch(self, which, pick, pieces):
        seller = self.sellers[which]
        for order in self.orders(seller)[pick : pick + 1]:
            measure = trade.Measure(value=pieces)
            line = trade.DespatchLine(id="1", order_line_id="1", delivered_quantity=measure)
            paper = trade.DespatchAdvice(
                id=self.next_id("DN"),
                issue_date_time=self.market.at,
                order_reference=self.reference(order),
                despatch_line=(line,),
            )
            self.state(seller, self.buyer, paper)

    def receive_goods(self, which, pick, pieces, bad):
        seller = self.sellers[which]
        for order in self.orders(seller)[pick : pick + 1]:
            line = trade.ReceiptLine(
                id="1",
                order_line_id="1",
                received_quantity=trade.Measure(value=pieces),
                rejected_quantity=str(bad),
            )
            paper = trade.ReceiptAdvice(
                id=self.next_id("RA"),
                issue_date_time=self.market.at,
                order_reference=self.reference(order),
                receipt_line=(line,),
            )
            self.state(self.buyer, seller, paper)

    def report_quality(self, which, pick, mine):
        seller = self.sellers[which]
        house, partner = (self.buyer, seller) if mine else (seller, self.buyer)
        for order in self.orders(seller)[pick : pick + 1]:
            paper = trade.QualityReport(
                id=self.next_id("QR"),
                issue_date_time=self.market.at,
                order_reference=self.reference(order),
                order_line_id="1",
                inspected_quantity="10",
                defective_quantity="1",
            )
            self.state(house, partner, paper)

    def invoice(self, which, pick, credit):
        seller = self.sellers[which]
        for order in self.orders(seller)[pick : pick + 1]:
            contract = seller.desk().contract(self.buyer.did, order)
            if contract is None:
                continue
            line = contract.terms.lines["1"]
            amount = str((line.despatched * Decimal(line.price.price_amount)).quantize(CENT))
            self.state(seller, self.buyer, self.bill(order, line, amount, credit=credit))

    def credit(self, which, pick):
        self.invoice(which, pick, credit=True)

    def bill(self, order, line, amount, *, credit):
        total = trade.MonetaryTotal(
            line_extension_amount=amount,
            tax_exclusive_amount=amount,
            tax_inclusive_amount=amount,
            payable_amount=amount,
        )
        row = trade.InvoiceLine(
            id="1",
            order_line_id="1",
            invoiced_quantity=trade.Measure(value=str(line.despatched)),
            price=line.price,
            line_extension_amount=amount,
            item_name="Shaft",
        )
        return trade.Invoice(
            id=self.next_id("I"),
            issue_date_time=self.market.at,
            due_date_time=self.market.at + 30 * DAY,
            order_reference=self.reference(order),
            document_currency_code="EUR",
            invoice_line=(row,),
            legal_monetary_total=total,
            invoice_type_code="381" if credit else "380",
        )

    def pay(self, which, pick):
        seller = self.sellers[which]
        for order in self.orders(seller)[pick : pick + 1]:
            contract = self.buyer.desk().contract(seller.did, order)
            bills = [n for n in (contract.terms.documents if contract else ()) if n[:2] == "I-"]
            for bill in bills[-1:]:
                paper = trade.RemittanceAdvice(
                    id=self.next_id("P"),
                    issue_date_time=self.market.at,
                    order_reference=self.reference(order),
                    invoice_reference=self.reference(bill),
                    paid_amount=str(contract.terms.invoiced - contract.terms.paid),
                )
                self.state(self.buyer, seller, paper)

    def dispute(self, which, pick, mine, settled):
        seller = self.sellers[which]
        house, partner = (self.buyer, seller) if mine else (seller, self.buyer)
        for order in self.orders(seller)[pick : pick + 1]:
            paper = trade.Dispute(
                id=self.next_id("DI"),
                issue_date_time=self.market.at,
                order_reference=self.reference(order),
                reason=trade.Reason(code="QUALITY"),
                settled=bool(settled),
            )
            self.state(house, partner, paper)

    def change(self, which, pick, mine, more):
        count = "150" if more else "60"
        seller = self.sellers[which]
        house, partner = (self.buyer, seller) if mine else (seller, self.buyer)
        for order in self.orders(seller)[pick : pick + 1]:
            line = trade.ChangedLine(
                id="1",
                quantity=trade.Measure(value=count),
                price=trade.Price(price_amount="12.40"),
                requested_delivery=(
                    trade.Delivery(quantity=count, date_time=self.market.at + 9 * DAY),
                ),
            )
            paper = trade.OrderChange(
                id=self.next_id("C"),
                issue_date_time=self.market.at,
                order_reference=self.reference(order),
                order_line=(line,),
                reason=trade.Reason(code="CHANGE"),
            )
            self.act(house, lambda d, p=paper: d.change(partner.did, p, self.ctx))

    def cancel(self, which, pick, mine):
        seller = self.sellers[which]
        house, partner = (self.buyer, seller) if mine else (seller, self.buyer)
        for order in self.orders(seller)[pick : pick + 1]:
            paper = trade.OrderCancellation(
                id=self.next_id("X"),
                issue_date_time=self.market.at,
                order_reference=self.reference(order),
                cancellation_note="no longer needed",
                fee_amount="100.00",
            )
            self.act(house, lambda d, p=paper: d.cancel(partner.did, p, self.ctx))

    def decide(self, which, mine, yes):
        seller = self.sellers[which]
        house, partner = (self.buyer, seller) if mine else (seller, self.buyer)
        if house.desk().waiting(partner.did) is None:
            return
        if yes:
            self.act(house, lambda d: d.accept(partner.did, self.ctx))
        else:
            self.act(house, lambda d: d.refuse(partner.did, "no", self.ctx))

    # ------------------------------------------------------------ the world

    def letters_arrive(self, pick, count):
        for _ in range(count + 1):
            ways = self.market.post.ways(self.offline)
            if ways:
                self.arrive(ways[pick % len(ways)])

    def everything_arrives(self):
        while ways := self.market.post.ways(self.offline):
            self.arrive(ways[0])

    def arrive(self, way):
        item = self.market.post.lines[way].pop(0)
        self.market.post.before[way] = item
        self.deliver(item)

    def a_letter_comes_again(self, pick):
        ways = sorted(w for w in self.market.post.before if w[1] not in self.offline)
        if ways:
            self.deliver(self.market.post.before[ways[pick % len(ways)]])

    def offline_or_back(self, pick):
        self.offline ^= {self.houses[pick].did}

    def restart(self, pick):
        self.act(self.houses[pick], lambda d: d.start(self.ctx))

    def time_passes(self, which):
        self.market.at += dt.timedelta(hours=(1, 5, 30)[which])
        for house in self.houses:
            self.act(house, lambda d: d.tick(self.ctx))

    # ------------------------------------------------------------ what always holds

    def a_quotation_becomes_one_order_at_most(self):
        for seller in self.sellers:
            used = [
                contract.terms.order.quotation_document_reference.id
                for contract in contracts_of(seller, self.buyer).values()
            ]
            assert len(used) == len(set(used))

    def no_more_goes_out_or_is_paid_than_was_agreed(self):
        for seller in self.sellers:
            for contract in contracts_of(seller, self.buyer).values():
                terms, line = contract.terms, contract.terms.lines["1"]
                assert line.received <= line.despatched <= line.quantity
                assert terms.paid <= max(terms.invoiced, terms.paid)
                assert len(terms.documents) == len(set(terms.documents))
                assert not (isinstance(contract, Cancelled) and line.despatched)

    def end(self):
        self.offline = set()
        self.quiet()
        for house in self.houses:
            self.act(house, lambda d: d.start(self.ctx))
        self.quiet()
        for seller in self.sellers:
            self.both_see_the_same(seller)

    def quiet(self):
        while ways := self.market.post.ways():
            self.arrive(ways[0])

    def both_see_the_same(self, seller):
        chain = self.buyer.desk().books.ledger(seller.did).chain.id
        one, two = (h.shelf.chains[chain] for h in (self.buyer, seller))
        assert one == two
        assert audit(one).ok
        ours, theirs = contracts_of(self.buyer, seller), contracts_of(seller, self.buyer)
        assert ours == theirs
        placed = set(self.talks(asking.Placed, seller))
        assert placed == {o.rfq.id for o in offers_of(seller) if isinstance(o.state, selling.Sold)}


CENT = Decimal("0.01")
PAPERS = {"DN", "RA", "QR", "I", "P", "DI", "C", "X"}
WALKED = PAPERS | {"match.kept", "match.displaced", "match.declined", "match.lapsed"}


def contracts_of(house, partner):
    """Every order a firm has with a partner, by number."""
    found = house.desk().books.contracts()
    return {c.terms.order.id: c for who, c in found if who == partner.did}


def offers_of(seller):
    """Every request a seller has heard, with its answer."""
    books = seller.desk().books
    return [books.offer(*key.split("|", 1)) for key in seller.shelf.keys("offer")]


def test_a_letter_reads_as_it_was_written():
    house = House("Pump Works", b"p" * 32)
    market = Market(house, House("Shaft Shop", b"s" * 32))
    market.introduce(*market.houses.values())
    for _, _, out in market.sent:
        assert decode_letter(encode_letter(out.letter)) == out.letter


STEPS = {
    "go_on": (14, {"which": 2, "at_once": 2}),
    "letters_arrive": (14, {"pick": 4, "count": 5}),
    "everything_arrives": (5, {}),
    "decide": (6, {"which": 2, "mine": 2, "yes": 3}),
    "a_letter_comes_again": (4, {"pick": 4}),
    "ask": (2, {}),
    "quote": (1, {"which": 2, "hours": 60}),
    "decline": (1, {"which": 2}),
    "award": (1, {"which": 2}),
    "displace": (1, {"which": 2, "mine": 2}),
    "order": (1, {"which": 2, "some": 2}),
    "settle_a_request": (1, {}),
    "report_quality": (1, {"which": 2, "pick": 4, "mine": 2}),
    "credit": (1, {"which": 2, "pick": 4}),
    "dispute": (2, {"which": 2, "pick": 4, "mine": 2, "settled": 2}),
    "change": (2, {"which": 2, "pick": 4, "mine": 2, "more": 2}),
    "cancel": (2, {"which": 2, "pick": 4, "mine": 2}),
    "offline_or_back": (2, {"pick": 3}),
    "restart": (2, {"pick": 3}),
    "time_passes": (2, {"which": 3}),
}
"""Each step: how often, and how many values each of its choices has."""


def run(seed, steps=120):
    dice, world = random.Random(seed), Dealing()
    names, often = list(STEPS), [weight for weight, _ in STEPS.values()]
    for name in dice.choices(names, often, k=steps):
        choices = {key: dice.randrange(most) for key, most in STEPS[name][1].items()}
        getattr(world, name)(**choices)
        world.a_quotation_becomes_one_order_at_most()
        world.no_more_goes_out_or_is_paid_than_was_agreed()
    world.end()
    return world


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_happens_both_firms_of_a_pair_see_the_same_in_the_end(seed):
    run(seed)


def test_the_law_walks_through_every_state_of_a_trade():
    states, documents = set(), set()
    for seed in range(60):
        world = run(seed)
        for seller in world.sellers:
            for contract in contracts_of(world.buyer, seller).values():
                states.add(type(contract).__name__)
                documents |= {number.split("-")[0] for number in contract.terms.documents}
        documents |= {event.kind for event in world.buyer.events}
        if len(states) == 4 and documents >= WALKED:
            return
    assert (states, WALKED - documents) == ({}, set())
