"""One simulated firm: a desk over a shelf in memory, a live plan, and what it does by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hanse.allocate.live import LivePlan
from hanse.allocate.records import Records
from hanse.match import Context, Desk, KeyCard, ShelfInMemory
from hanse.match.contract import Cancelled, Contract
from hanse.model import trade
from hanse.model.errors import NotFound
from hanse.model.event import Draft
from hanse.model.firm import Party
from hanse.model.ids import Counter
from hanse.model.keys import Ed25519Signer
from hanse.model.order import WorkOrder
from hanse.model.time import Clock, Instant

CURRENCY = "EUR"
QUOTE_LASTS = dt.timedelta(minutes=30)


class Need(Struct, kw_only=True):
    """What a buyer needs, and which of its requests and orders are for it.

    ``orders`` maps (seller, order) to pieces asked for; what came to nothing is taken out.
    """

    key: str
    item: str
    wanted: int
    due: Instant
    rfqs: list[str] = []
    orders: dict[tuple[str, str], int] = {}


class House:
    """A firm. Methods give nothing back: letters and events gather in `desk` until collected."""

    def __init__(self, name: str, seed: bytes, clock: Clock, *, price: Decimal) -> None:
        self.name = name
        self.clock = clock
        self.price = price
        self.signer = Ed25519Signer(seed)
        self.did = self.signer.did
        self.party = Party(did=self.did, name=name)
        self.card = KeyCard(did=self.did, key=self.did)
        self.shelf = ShelfInMemory()
        self.ids = Counter(name)
        self.plan = LivePlan(clock, self.ids)
        self.needs: dict[str, Need] = {}
        self.holds: dict[str, str] = {}
        self.sales: dict[str, str] = {}
        self.orders: dict[str, WorkOrder] = {}
        self.changing: set[str] = set()

    def adopt(self, records: Records) -> None:
        """Take over a plant's records."""
        self.plan.adopt(records)

    def desk(self) -> Desk:
        """A desk for one transaction."""
        return Desk(self.party, self.signer, self.shelf, ids=self.ids)

    def ctx(self, loop: str = "") -> Context:
        """The step that is taken now."""
        return Context(at=self.clock.now(), correlation=loop)

    # buying

    def ask(self, desk: Desk, need: Need, quantity: int, sellers: tuple[str, ...]) -> str:
        """Ask for so many pieces; the number of the request."""
        number = self.ids.new("rfq")
        line = trade.RfqLine(
            id="1",
            quantity=trade.Measure(value=str(quantity)),
            item=trade.TradeItem(buyers_item_identification=need.item),
            requested_delivery_period=trade.Period(latest=need.due),
            late_cost_per_day="5.00",
        )
        rfq = trade.RequestForQuotation(
            id=number,
            issue_date_time=self.clock.now(),
            submission_due_date_time=self.clock.now() + dt.timedelta(minutes=5),
            buyer_customer_party=trade.trade_party(self.party),
            pricing_currency_code=CURRENCY,
            request_for_quotation_line=(line,),
        )
        desk.ask(rfq, sellers, self.ctx(need.key))
        need.rfqs.append(number)
        return number

    def award(self, desk: Desk, need: Need, rfq: str) -> None:
        """Order what the best offers give, never more than is still needed."""
        open_left = need.wanted - self.covered(need)
        choice = desk.compare(rfq, at=self.clock.now())
        for seller, quantities in choice.by_seller().items():
            taken = min(int(sum(quantities.values())), open_left)
            if taken <= 0:
                continue
            order = desk.order(
                rfq, seller, dict.fromkeys(quantities, Decimal(taken)), ctx=self.ctx(need.key)
            )
            need.orders[seller, order.id] = taken
            open_left -= taken

    def covered(self, need: Need) -> int:
        """Pieces that are on order for a need, signed by both or waiting for it."""
        desk = self.desk()
        contracts = [(desk.contract(*key), asked) for key, asked in need.orders.items()]
        return sum(asked if c is None else quantity_of(c) for c, asked in contracts)

    def came_to_nothing(self, seller: str, order: str) -> None:
        """An order that the seller did not sign covers nothing."""
        for need in self.needs.values():
            if self.desk().contract(seller, order) is None:
                need.orders.pop((seller, order), None)

    # selling

    def answer(self, desk: Desk, buyer: str, rfq: str) -> str | None:
        """Quote from the live plan what can be made in time, holding it; or decline.

        Returns:
            The hold, None where there is no offer.
        """
        offer = desk.books.offer(buyer, rfq)
        if offer is None:
            return None
        line = offer.rfq.request_for_quotation_line[0]
        item = line.item.buyers_item_identification
        due = line.requested_delivery_period.latest or self.clock.now()
        count = self.plan.promised_by(item, int(Decimal(line.quantity.value)), due)
        if count <= 0:
            desk.decline(buyer, rfq, trade.Reason(code="NO_CAPACITY"), self.ctx(offer.correlation))
            return None
        until = self.clock.now() + QUOTE_LASTS
        hold = self.plan.hold(item, count, expires_at=until)
        quotation = self._quotation(rfq, count, due, until)
        desk.quote(buyer, quotation, self.ctx(offer.correlation))
        self.holds[quotation.id] = hold.key
        return hold.key

    def _quotation(self, rfq: str, count: int, due: Instant, until: Instant) -> trade.Quotation:
        line = trade.QuotationLine(
            id="1",
            rfq_line_id="1",
            quantity=trade.Measure(value=str(count)),
            price=trade.Price(price_amount=str(self.price)),
            promised_delivery=(trade.Delivery(quantity=str(count), date_time=due),),
            promise_basis=trade.PromiseBasis(kind="CTP"),
        )
        return trade.Quotation(
            id=self.ids.new("quote"),
            issue_date_time=self.clock.now(),
            request_for_quotation_document_reference=trade.DocumentReference(id=rfq),
            validity_period=trade.Validity(end_date_time=until),
            seller_supplier_party=trade.trade_party(self.party),
            pricing_currency_code=CURRENCY,
            quotation_line=(line,),
        )

    def release(self, hold: str) -> None:
        """Give a quote's capacity back, where it is still held."""
        if any(h.key == hold for h in self.plan.holds()):
            self.plan.release(hold)

    def make(self, buyer: str, document: dict[str, Any]) -> None:
        """Plan an order that both have signed, in the place that was held for it."""
        number = document["id"]
        line = document["orderLine"][0]
        reference = document.get("quotationDocumentReference", {})
        hold = self.holds.pop(reference.get("id", ""), "")
        due = dt.datetime.fromisoformat(line["requestedDelivery"][0]["dateTime"])
        order = WorkOrder(
            key=number,
            item=line["item"]["buyersItemIdentification"],
            quantity=Decimal(line["quantity"]["value"]),
            due=due,
            promised=due,
            weight_minor_per_h=1_000,
            demand=buyer,
        )
        self.sales[number] = buyer
        self.orders[number] = order
        held = next((h for h in self.plan.holds() if h.key == hold), None)
        if held is not None and held.quantity == int(order.quantity):
            self.plan.confirm(hold, order)
            return
        self.release(hold)
        self.plan.insert(order)

    def tell_shortfalls(self, desk: Desk) -> None:
        """Propose to each buyer what can still be kept of a promise that is broken."""
        for short in self.plan.unkept():
            buyer = self.sales.get(short.order)
            if buyer is None or short.order in self.changing or short.missing <= 0:
                continue
            contract = desk.contract(buyer, short.order)
            if contract is None or quantity_of(contract) <= short.kept:
                continue
            self.changing.add(short.order)
            desk.change(buyer, self._change(contract, short.kept), self.ctx(short.order))

    def _change(self, contract: Contract, kept: int) -> trade.OrderChange:
        ((number, line),) = contract.terms.lines.items()
        due = line.deliveries[-1].date_time
        parts = (trade.Delivery(quantity=str(kept), date_time=due),) if kept else ()
        changed = trade.ChangedLine(
            id=number,
            quantity=trade.Measure(value=str(kept)),
            price=line.price,
            requested_delivery=parts,
        )
        return trade.OrderChange(
            id=self.ids.new("change"),
            issue_date_time=self.clock.now(),
            order_reference=trade.DocumentReference(id=contract.terms.order.id),
            order_line=(changed,),
            reason=trade.Reason(code="MACHINE_DOWN"),
        )

    def remake(self, buyer: str, order: str) -> None:
        """Bring the plan to what both have signed now."""
        contract = self.desk().contract(buyer, order)
        self.changing.discard(order)
        if contract is None or order not in self.orders:
            return
        quantity = quantity_of(contract)
        if quantity <= 0:
            del self.orders[order]
            self.plan.cancel(order)
            return
        self.orders[order] = replace(self.orders[order], quantity=Decimal(quantity))
        self.plan.change(self.orders[order])

    def restart_plan(self) -> None:
        """The plan process dies and begins again from the records; holds are gone."""
        plan = LivePlan(self.clock, self.ids)
        records = replace(
            self.plan.records,
            orders=tuple(self.orders.values()),
            plan=tuple(a for a in self.plan.version().assignments if a.order in self.orders),
        )
        plan.adopt(records)
        self.plan = plan


def quantity_of(contract: Contract) -> int:
    """The pieces that a contract is for now."""
    if isinstance(contract, Cancelled):
        return 0
    return int(sum((line.quantity for line in contract.terms.lines.values()), Decimal(0)))


def sold(house: House, event: Draft) -> bool:
    """Whether an event of a house is about an order that it makes.

    Raises:
        NotFound: the event names no partner.
    """
    partner = event.about.get("partner")
    if partner is None:
        raise NotFound("the event names no partner", subject=event.kind)
    contract = house.desk().contract(str(partner), event.subject)
    return contract is not None and contract.terms.seller == house.did
