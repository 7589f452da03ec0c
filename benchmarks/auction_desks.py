"""The same bidding between real desks: every letter is one that firms send, and orders are signed.

A few firms in memory, each with places for whole jobs and jobs to place, all from one seed. A
request goes to the firms its buyer knows; each quotes list price and freight over all its places;
awards are provisional, give way to what pays more until closing, and are ordered then. A letter is
lost with a probability and comes a round later; the order within a pair is kept.
"""

import datetime as dt
from collections import defaultdict, deque
from decimal import Decimal

import numpy as np

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
from hanse.match import enquiry as asking
from hanse.match.choose.clear import Clearing, clear
from hanse.match.offer import Sold
from hanse.model import trade
from hanse.model.firm import Party
from hanse.model.ids import Counter
from hanse.model.keys import Ed25519Signer

START = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
KINDS = 2
SCALE = 100
ROUNDS_MAX = 400
TICKS = 3


class Firm:
    def __init__(self, number, raise_least):
        self.signer = Ed25519Signer(number.to_bytes(32, "big"))
        self.did, self.name = self.signer.did, f"Firm {number}"
        self.party = Party(did=self.did, name=self.name)
        self.shelf, self.ids = ShelfInMemory(), Counter(f"f{number}")
        self.card = KeyCard(did=self.did, key=self.did)
        self.policy = Policy(accept_order_max=Decimal(10**9), raise_least=raise_least)

    def desk(self):
        return Desk(self.party, self.signer, self.shelf, ids=self.ids, policy=self.policy)


class DeskWorld:
    """Firms, what each job is worth and costs where, and the letters between them."""

    def __init__(self, firms, known, seed, *, raise_least, loss=0.0, places=3):
        rng = np.random.default_rng(seed)
        self.loss, self.dice = loss, np.random.default_rng(seed + 1)
        self.firms = [Firm(n + 1, Decimal(raise_least)) for n in range(firms)]
        self.by_did = {f.did: f for f in self.firms}
        self.lanes, self.round, self.letters, self.number = defaultdict(deque), 0, 0, 0
        self.places = places
        makes = rng.integers(0, KINDS, firms)
        base = np.round(rng.uniform(60, 120, firms), 2)
        self.jobs = {}
        for owner in range(firms):
            for n in range(places):
                fits = makes == rng.integers(0, KINDS)
                able = np.flatnonzero(fits & (np.arange(firms) != owner))
                some = rng.choice(able, min(known, len(able)), replace=False) if len(able) else []
                costs = {int(s): (base[s], round(float(rng.uniform(0, 60)), 2)) for s in some}
                value = round(float(rng.uniform(120, 260)), 2)
                self.jobs[f"R{owner}-{n}"] = (owner, value, costs)
        pairs = {(o, s) for o, _, costs in self.jobs.values() for s in costs}
        for a, b in sorted({tuple(sorted(p)) for p in pairs}):
            self.meet(self.firms[a], self.firms[b])
        self.letters = 0

    # ------------------------------------------------------------ the post

    @property
    def at(self):
        return START + dt.timedelta(seconds=self.round)

    def ctx(self):
        return Context(at=self.at, correlation="auction")

    def act(self, firm, command):
        desk = firm.desk()
        command(desk)
        return self.post(firm, desk)

    def post(self, firm, desk):
        for out in desk.send:
            self.number += 1
            self.lanes[firm.did, out.to].append((self.number, out))
        return desk.events

    def meet(self, a, b):
        self.act(a, lambda d: d.add_peer(b.card, mine=a.card, ctx=self.ctx()))
        self.act(b, lambda d: d.add_peer(a.card, mine=b.card, ctx=self.ctx()))
        while any(self.lanes.values()):
            self.deliver(loss=0.0)

    def deliver(self, *, loss):
        """One round: what was sent before it, lane by lane, until a letter of the lane is lost."""
        self.round += 1
        due = [(pair, len(lane)) for pair, lane in sorted(self.lanes.items()) if lane]
        events = []
        for pair, count in [due[i] for i in self.dice.permutation(len(due))]:
            for _ in range(count):
                self.letters += 1
                if self.dice.random() < loss:
                    break
                events += self.take_in(pair, self.lanes[pair].popleft())
        return events

    def take_in(self, pair, letter):
        source, (number, out) = pair[0], letter
        firm = self.by_did[out.to]
        desk = firm.desk()
        data = decode_letter(encode_letter(out.letter))
        desk.receive(
            Incoming(
                id=f"m{number}",
                source=source,
                kind=out.kind,
                letter=data,
                at=self.at,
                correlation=out.correlation,
                causation=out.causation,
            )
        )
        return [(firm, event) for event in self.post(firm, desk)]

    # ------------------------------------------------------------ what each firm's flow does

    def ask(self, name):
        owner, _, costs = self.jobs[name]
        firm = self.firms[owner]
        line = trade.RfqLine(
            id="1",
            quantity=trade.Measure(value="1"),
            item=trade.TradeItem(buyers_item_identification="JOB"),
            partial_accepted=False,
        )
        rfq = trade.RequestForQuotation(
            id=name,
            issue_date_time=self.at,
            submission_due_date_time=self.at + DAY,
            buyer_customer_party=trade.trade_party(firm.party),
            pricing_currency_code="EUR",
            request_for_quotation_line=(line,),
        )
        dids = tuple(self.firms[s].did for s in costs)
        self.act(firm, lambda d: d.ask(rfq, dids, self.ctx()))

    def quote(self, seller, event):
        number = self.firms.index(seller)
        name = event.subject
        price, freight = self.jobs[name][2][number]
        when = (trade.Delivery(quantity="1", date_time=START + 9 * DAY),)
        line = trade.QuotationLine(
            id="1",
            rfq_line_id="1",
            quantity=trade.Measure(value="1"),
            price=trade.Price(price_amount=str(price)),
            promised_delivery=when,
            promise_basis=trade.PromiseBasis(kind="CTP"),
            transport_amount=str(freight),
        )
        paper = trade.Quotation(
            id=f"Q-{name}",
            issue_date_time=self.at,
            request_for_quotation_document_reference=trade.DocumentReference(id=name),
            validity_period=trade.Validity(end_date_time=START + 5 * DAY),
            seller_supplier_party=trade.trade_party(seller.party),
            pricing_currency_code="EUR",
            quotation_line=(line,),
        )
        over = {"1": tuple(f"place-{n}" for n in range(self.places))}
        buyer = event.about["buyer"]
        self.act(seller, lambda d: d.quote(buyer, paper, self.ctx(), over=over))

    def bid(self, name, closing):
        """Award to what is cheapest now, premiums included; nothing where none is worth it."""
        owner, value, _ = self.jobs[name]
        firm = self.firms[owner]
        picks = [p for n in firm.desk().compare(name, at=self.at).lines for p in n.best.picks]
        if not picks or float(picks[0].cost) >= value:
            return
        seller, count = picks[0].seller, {picks[0].quotation_line: picks[0].quantity}
        self.act(
            firm,
            lambda d: d.award(name, seller, count, closing=closing, ctx=self.ctx()),
        )

    def run(self):
        """Ask, bid until nobody wants to change anything, order: the rounds of bidding."""
        for name in self.jobs:
            if self.jobs[name][2]:
                self.ask(name)
        begun, answered, last = self.round, defaultdict(int), 0
        closing = self.at + dt.timedelta(seconds=ROUNDS_MAX)
        while any(self.lanes.values()) and self.at < closing:
            for firm, event in self.deliver(loss=self.loss):
                if event.kind == "match.wanted":
                    self.quote(firm, event)
                elif event.kind == "match.offered":
                    name = event.about["rfq"]
                    answered[name] += 1
                    if answered[name] == len(self.jobs[name][2]):
                        self.bid(name, closing)
                elif event.kind == "match.displaced":
                    self.bid(event.about["rfq"], closing)
            last = self.round - begun
        self.round = max(self.round, begun + ROUNDS_MAX)
        self.order_held()
        return last

    def order_held(self):
        for name, (owner, _, _) in self.jobs.items():
            firm = self.firms[owner]
            enquiry = firm.desk().books.enquiry(name)
            for did, talk in (enquiry.talks if enquiry else {}).items():
                if isinstance(talk, asking.Awarded | asking.Held):
                    self.order(firm, name, did)
        for _ in range(TICKS):
            while any(self.lanes.values()):
                self.deliver(loss=self.loss)
            for firm in self.firms:
                self.act(firm, lambda d: d.tick(self.ctx()))

    def order(self, firm, name, seller):
        count = {"1": Decimal(1)}
        self.act(firm, lambda d: d.order(name, seller, count, ctx=self.ctx()))

    # ------------------------------------------------------------ what came of it

    def placed(self):
        """(job, seller) of every order that both signed, from the sellers' records."""
        found = []
        for number, firm in enumerate(self.firms):
            books = firm.desk().books
            found += [(o.rfq.id, number) for o in books.offers() if isinstance(o.state, Sold)]
        return found

    def value(self):
        total = 0.0
        for name, seller in self.placed():
            _, value, costs = self.jobs[name]
            total += value - sum(costs[seller])
        return total

    def optimum(self):
        demand, supply, cost = [], [], []
        for row, (_, value, costs) in enumerate(self.jobs.values()):
            for seller, (price, freight) in costs.items():
                demand.append(row)
                supply.append(seller)
                cost.append(round(min(price + freight, value) * SCALE))
        worth = [value for _, value, _ in self.jobs.values()]
        found = clear(
            Clearing(
                need=np.ones(len(worth), np.int64),
                penalty=np.round(np.array(worth) * SCALE).astype(np.int64),
                capacity=np.full(len(self.firms), self.places, np.int64),
                demand=np.array(demand),
                supply=np.array(supply),
                cost=np.array(cost),
                limit=np.ones(len(demand), np.int64),
            )
        )
        return sum(worth) - found.cost / SCALE


def rows(firms, known, seed, *, losses, step):
    """What the real desks reach with awards that give way, and with awards that never do."""
    found = []
    for case, raise_least in (("desks", step), ("desks_first_come", 0)):
        for loss in losses:
            world = DeskWorld(firms, known, seed, raise_least=raise_least, loss=loss)
            rounds = world.run()
            letters = world.letters / len(world.jobs)
            share = float(100 * world.value() / world.optimum())
            found.append(
                {
                    "loss": loss,
                    "case": case,
                    "efficiency_pct": round(share, 2),
                    "messages_per_demand": round(letters, 1),
                    "rounds": rounds,
                }
            )
    return found
