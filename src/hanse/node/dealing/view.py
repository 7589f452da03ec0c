"""What the process managers may look up, read from the record."""

from __future__ import annotations

from decimal import Decimal

from hanse.flows.view import DemandFacts, RequestFacts
from hanse.match.books import Books
from hanse.match.contract import Cancelled, Contract
from hanse.match.enquiry import Asked, Enquiry, Ordering, Quoted
from hanse.model.errors import NotFound
from hanse.node.shelves import Demand, demands
from hanse.store import Tx


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
        )

    def demand_of(self, partner: str, order: str) -> DemandFacts | None:
        """What an order of ours was placed for."""
        enquiry = self._books.enquiry_of_order(partner, order)
        if enquiry is None:
            return None
        found = (d for d in demands(self._tx).all() if enquiry.rfq.id in d.requests)
        demand = next(found, None)
        return None if demand is None else self.facts(demand)

    def facts(self, demand: Demand) -> DemandFacts:
        """A demand as it stands."""
        covered = sum((self._covered(request) for request in demand.requests), Decimal(0))
        return DemandFacts(
            demand=demand.key, item=demand.item, due=demand.due, missing=demand.wanted - covered
        )

    def contracts(self, demand: Demand) -> list[tuple[str, Contract]]:
        """Orders that cover a demand, each with its partner."""
        found = []
        for request in demand.requests:
            enquiry = self._books.enquiry(request)
            for partner, talk in (enquiry.talks if enquiry else {}).items():
                order = getattr(talk, "order", None)
                contract = self._books.contract(partner, order) if order else None
                if contract is not None:
                    found.append((partner, contract))
        return found

    def _covered(self, request: str) -> Decimal:
        """Pieces on order from a request, or what was asked while its answers are still open."""
        enquiry = self._books.enquiry(request)
        if enquiry is None:
            return Decimal(0)
        ordered = sum((self._ordered(p, t) for p, t in enquiry.talks.items()), Decimal(0))
        return max(ordered, asked_for(enquiry)) if _is_open(enquiry) else ordered

    def _ordered(self, partner: str, talk: object) -> Decimal:
        order = getattr(talk, "order", None)
        contract = self._books.contract(partner, order) if order else None
        return quantity_of(contract) if contract is not None else Decimal(0)


def quantity_of(contract: Contract) -> Decimal:
    """Pieces a contract still brings, over all its lines."""
    if isinstance(contract, Cancelled):
        return Decimal(0)
    return sum((line.quantity for line in contract.terms.lines.values()), Decimal(0))


def asked_for(enquiry: Enquiry) -> Decimal:
    """Pieces asked for in a request, over all its lines."""
    lines = enquiry.rfq.request_for_quotation_line
    return sum((Decimal(line.quantity.value) for line in lines), Decimal(0))


def _is_open(enquiry: Enquiry) -> bool:
    talks = enquiry.talks.values()
    placed = any(getattr(t, "order", None) and not isinstance(t, Ordering) for t in talks)
    return not placed and any(isinstance(t, Asked | Quoted | Ordering) for t in talks)
