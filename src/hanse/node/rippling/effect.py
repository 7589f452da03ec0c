"""What a partner's disturbance does here: its lines checked against what we agreed with it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from hanse.match import enquiry as asking
from hanse.match.books import Books
from hanse.match.contract import Contract, LineStanding
from hanse.match.reach import NOTHING, Lack, More, Place, Reach, down, up
from hanse.model import tidings, trade
from hanse.model.time import Instant
from hanse.node.context import Context
from hanse.node.rippling.place import our_key
from hanse.node.shelves import demands
from hanse.store import Tx

DOWN = frozenset({"capacity-reduced", "capacity-increased"})


class Case(Struct, frozen=True):
    """Whose word is weighed, in which transaction, and what this firm is."""

    tx: Tx
    context: Context
    place: Place
    partner: str


def reach_of(case: Case, notice: tidings.Disturbance, counted: frozenset[str]) -> Reach:
    """What a notice does here; lines that name nothing we agreed with the partner do nothing."""
    match notice.effect:
        case "capacity-reduced":
            lacks = (k for line in notice.affected if (k := lack_of(case, line)) is not None)
            return down(case.place, lacks, counted=counted)
        case "demand-increased" | "demand-reduced":
            wishes = (m for line in notice.affected if (m := _more(case, line)) is not None)
            return up(case.place, wishes)
        case _:
            return Reach()


def lack_of(case: Case, line: tidings.AffectedLine) -> Lack | None:
    """What does not come, of an order of ours with the partner; None where we have none such."""
    contract, standing = _agreed(case, line)
    if contract is None or standing is None or contract.terms.seller != case.partner:
        return None
    item = standing.item.buyers_item_identification
    whole = _ordered(contract, line.order_line_id)
    quantity = min(Decimal(line.quantity_short), whole)
    number = contract.terms.order.id
    return Lack(
        item=item,
        quantity=quantity,
        left=case.place.on_hand.get(item, NOTHING)
        + max(NOTHING, whole - quantity - standing.received)
        + _other_supply(case, item, number),
        until=line.expected,
        first=_bought_for(case, number, line.order_line_id),
        line=line,
    )


def _agreed(case: Case, line: tidings.AffectedLine) -> tuple[Contract | None, LineStanding | None]:
    if line.order_reference is None:
        return None, None
    contract = Books(case.tx.desk).contract(case.partner, line.order_reference.id)
    return contract, contract.terms.lines.get(line.order_line_id) if contract else None


def _ordered(contract: Contract, name: str) -> Decimal:
    """Pieces as first ordered: a change for the same cause may have been signed meanwhile."""
    lines = contract.terms.order.order_line
    return next((Decimal(x.quantity.value) for x in lines if x.id == name), NOTHING)


def _other_supply(case: Case, item: str, without: str) -> Decimal:
    """Pieces on their way on other orders, less those placed to replace this very one."""
    me, found = case.context.identity.did, NOTHING
    books = Books(case.tx.desk)
    for partner, contract in books.contracts():
        terms = contract.terms
        if terms.buyer != me or terms.order.id == without:
            continue
        asked = books.enquiry_of_order(partner, terms.order.id)
        if asked is not None and replaces(asked) == without:
            continue
        for line in terms.lines.values():
            if line.item.buyers_item_identification == item:
                found += max(NOTHING, line.quantity - line.received)
    return found


def replaces(enquiry: asking.Enquiry) -> str:
    """The order of ours that a request was sent to replace; empty where it replaces none."""
    reason = enquiry.rfq.reason
    return (reason.origin_order or "") if reason else ""


def _bought_for(case: Case, order: str, line: str) -> tuple[str, ...]:
    """The customers' orders that a line of an order of ours was placed for."""
    enquiry = Books(case.tx.desk).enquiry_of_order(case.partner, order)
    if enquiry is None:
        return ()
    request, every = enquiry.rfq.id, demands(case.tx).all()
    asked = (d for d in every if request in d.requests and d.line_in(request) == line)
    return tuple(d.customer_order for d in asked)


def _more(case: Case, line: tidings.AffectedLine) -> More | None:
    """What a buyer wants more or less of; by its order with us, or by the item it names."""
    contract, standing = _agreed(case, line)
    items = {item.key: item for item in case.tx.items.all()}
    wanted = line.item if standing is None else standing.item
    if wanted is None or (contract is not None and contract.terms.buyer != case.partner):
        return None
    key = our_key(items, wanted)
    if not key:
        return None
    order = line.order_reference.id if line.order_reference else ""
    return More(
        item=key, quantity=Decimal(line.quantity_short), by=line.agreed, line=line, order=order
    )


class Replaced(Struct, frozen=True):
    """What others offer in place of what does not come: a share of it (0 to 1), by when."""

    share: Decimal
    at: Instant | None = None


def replaced(tx: Tx, notice: tidings.Disturbance, *, at: Instant) -> Replaced:
    """How much of what a notice takes is quoted or ordered elsewhere already."""
    orders = {x.order_reference.id for x in notice.affected if x.order_reference}
    short = sum((Decimal(x.quantity_short) for x in notice.affected), NOTHING)
    books, pieces, last = Books(tx.desk), NOTHING, None
    for key in tx.desk.keys("enquiry"):
        enquiry = books.enquiry(key)
        if enquiry is None or replaces(enquiry) not in orders:
            continue
        for delivery in _offered(enquiry, at=at):
            pieces += Decimal(delivery.quantity)
            last = max(last or delivery.date_time, delivery.date_time)
    share = min(Decimal(1), pieces / short) if short else NOTHING
    return Replaced(share, last if share else None)


def _offered(enquiry: asking.Enquiry, *, at: Instant) -> Iterator[trade.Delivery]:
    """Deliveries of what is on order from a request, else of what is on offer."""
    talks = enquiry.talks.values()
    placed = [t.quoted for t in talks if isinstance(t, asking.Ordering | asking.Placed)]
    quoted = [t for t in talks if isinstance(t, asking.Quoted)]
    held = [t.quoted for t in talks if isinstance(t, asking.Awarded | asking.Held)]
    for offer in placed or [*held, *quoted]:
        if placed or offer.quotation.validity_period.end_date_time > at:
            for line in offer.quotation.quotation_line:
                yield from line.promised_delivery
