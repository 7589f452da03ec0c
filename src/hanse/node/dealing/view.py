"""What the process managers may look up, read from the record."""

from __future__ import annotations

from decimal import Decimal

from hanse.flows import kinds
from hanse.flows.view import DemandFacts, RequestFacts
from hanse.match.books import Books
from hanse.match.contract import Cancelled, Contract, LineStanding
from hanse.match.enquiry import Asked, Awarded, Enquiry, Held, Ordering, Outbid, Quoted, Talk
from hanse.model.errors import NotFound
from hanse.node.shelves import Demand, demands
from hanse.store import Tx

NOTHING = Decimal(0)


class TxView:
    """A `hanse.flows.view.View` of one transaction."""

    def __init__(self, tx: Tx, me: str) -> None:
        self._tx = tx
        self._books = Books(tx.desk)
        self.me = me

    def request(self, request: str) -> RequestFacts:
        """One of our requests for quotes."""
        enquiry = self._books.enquiry(request)
        if enquiry is None:
            raise NotFound("we never sent such a request", subject=request)
        waiting = sum(isinstance(talk, Asked) for talk in enquiry.talks.values())
        return RequestFacts(
            request=request,
            asked=len(enquiry.talks),
            answered=len(enquiry.talks) - waiting,
            chosen=self._tx.events.by_once(f"chosen:{request}") is not None,
            alone=enquiry.closing is not None or self._ordered_alone(request),
        )

    def _ordered_alone(self, request: str) -> bool:
        return bool(self._tx.events.find(kind=kinds.ORDER_OFFERED, subject=request, limit=1))

    def request_of(self, partner: str, order: str) -> str | None:
        """The request that an order of ours came from."""
        enquiry = self._books.enquiry_of_order(partner, order)
        return None if enquiry is None else enquiry.rfq.id

    def demands_of(self, partner: str, order: str) -> tuple[DemandFacts, ...]:
        """What the lines of an order of ours were placed for."""
        enquiry = self._books.enquiry_of_order(partner, order)
        contract = self._books.contract(partner, order)
        if enquiry is None or contract is None:
            return ()
        request, ours = enquiry.rfq.id, contract.terms.lines
        found = (d for d in demands(self._tx).all() if request in d.requests)
        return tuple(self.facts(d, d.line_in(request)) for d in found if d.line_in(request) in ours)

    def facts(self, demand: Demand, line: str = "") -> DemandFacts:
        """A demand as it stands; ``line`` of the order it is looked up by."""
        covered = sum((self._covered(demand, request) for request in demand.requests), NOTHING)
        return DemandFacts(
            demand=demand.key,
            line=line,
            customer=demand.customer_order,
            item=demand.item,
            due=demand.due,
            missing=demand.wanted - covered,
        )

    def lines(self, demand: Demand) -> list[tuple[str, LineStanding]]:
        """Lines of orders that cover a demand, each with the number of its order."""
        found: list[tuple[str, LineStanding]] = []
        for request in demand.requests:
            enquiry = self._books.enquiry(request)
            for partner, talk in (enquiry.talks if enquiry else {}).items():
                contract = self._contract(partner, talk)
                if contract is None or isinstance(contract, Cancelled):
                    continue
                line = contract.terms.lines.get(demand.line_in(request))
                found += [(contract.terms.order.id, line)] if line else []
        return found

    def _covered(self, demand: Demand, request: str) -> Decimal:
        """Pieces on order from a request, or what was asked while its answers are still open."""
        enquiry = self._books.enquiry(request)
        if enquiry is None:
            return NOTHING
        line = demand.line_in(request)
        contracts = (self._contract(p, t) for p, t in enquiry.talks.items())
        placed = [c for c in contracts if c is not None and line in c.terms.lines]
        if not placed and any(_may_cover(talk, line) for talk in enquiry.talks.values()):
            return asked_for(enquiry, line)
        return sum((quantity_of(contract, line) for contract in placed), NOTHING)

    def _contract(self, partner: str, talk: object) -> Contract | None:
        order = getattr(talk, "order", None)
        return self._books.contract(partner, order) if order else None


def quantity_of(contract: Contract, line: str) -> Decimal:
    """Pieces a contract still brings on one of its lines."""
    if isinstance(contract, Cancelled) or line not in contract.terms.lines:
        return NOTHING
    return contract.terms.lines[line].quantity


def asked_for(enquiry: Enquiry, line: str) -> Decimal:
    """Pieces asked for on a line of a request."""
    lines = enquiry.rfq.request_for_quotation_line
    return sum((Decimal(n.quantity.value) for n in lines if n.id == line), NOTHING)


def offers(talk: object, line: str) -> bool:
    """Whether a talk has an offer for a line of its request."""
    quoted = talk if isinstance(talk, Quoted) else getattr(talk, "quoted", None)
    rows = quoted.quotation.quotation_line if quoted is not None else ()
    return any(row.rfq_line_id == line for row in rows)


_OPEN = Quoted | Awarded | Held | Outbid | Ordering


def _may_cover(talk: Talk, line: str) -> bool:
    """Whether a line may still be ordered out of a talk, or is being ordered."""
    return isinstance(talk, Asked) or (isinstance(talk, _OPEN) and offers(talk, line))
