"""What was sold, line by line: which record is whose, and what the plan holds for it."""

from __future__ import annotations

from collections.abc import Iterator

from hanse.match.books import Books
from hanse.match.contract import Contract
from hanse.match.offer import Offer, Sold
from hanse.model import trade
from hanse.node.shelves import Sale, sales
from hanse.store import Tx

APART = 8
"""Letters of a partner's identity that keep two orders of one number apart."""


def sale_of(tx: Tx, partner: str, contract: Contract, line: str) -> tuple[str, Sale] | None:
    """The sale of a line of an order, with its key; None where it was never planned."""
    for key in _keys(contract, partner, line):
        sale = sales(tx).get(key)
        if sale is not None and is_of(sale, partner, contract, line):
            return key, sale
    return None


def key_of(tx: Tx, partner: str, contract: Contract, line: str) -> str:
    """The key of a line's sale: the order's number, with the line where it has several."""
    found = sale_of(tx, partner, contract, line)
    if found is not None:
        return found[0]
    plain = _plain(contract, line)
    return plain if sales(tx).get(plain) is None else f"{plain}+{partner[-APART:]}"


def sales_of(tx: Tx, partner: str, contract: Contract) -> Iterator[tuple[str, Sale]]:
    """Every planned line of an order, with the key of its sale."""
    for line in contract.terms.lines:
        found = sale_of(tx, partner, contract, line)
        if found is not None:
            yield found


def line_of(sale: Sale, contract: Contract) -> str:
    """The line of the order that a sale makes; one kept before lines were told apart: the first."""
    return sale.line or next(iter(contract.terms.lines))


def is_of(sale: Sale, partner: str, contract: Contract, line: str) -> bool:
    """Whether a sale is a line of this order with this partner."""
    same = sale.partner == partner and sale.order == contract.terms.order.id
    return same and line_of(sale, contract) == line


def _plain(contract: Contract, line: str) -> str:
    order = contract.terms.order
    return order.id if len(order.order_line) == 1 else f"{order.id}-{line}"


def _keys(contract: Contract, partner: str, line: str) -> tuple[str, ...]:
    plain = _plain(contract, line)
    return (plain, f"{plain}+{partner[-APART:]}", contract.terms.order.id)


def holds_of(tx: Tx, partner: str, order: trade.Order) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the plan holds for the quotation an order took: by order line, and what is free now.

    An order of one line may have bid for the place of another offer: then that is its own. An
    order that names no quotation of ours carries one reservation, for its first line.
    """
    reference, books = order.quotation_document_reference, Books(tx.desk)
    offer = books.offer_of_quotation(partner, reference.id) if reference else None
    if offer is None or not isinstance(offer.state, Sold):
        return {order.order_line[0].id: order.reservation_id}, ()
    lines = offer.state.quotation.quotation_line
    held = {line.id: line.promise_basis.reservation_id for line in lines}
    taken = {line.id: held.pop(line.quotation_line_id or "", "") for line in order.order_line}
    spare = list(held.values())
    if len(taken) == 1 and offer.state.place:
        spare += taken.values()
        taken = dict.fromkeys(taken, offer.state.place)
    free = (hold for hold in spare if hold and hold not in taken.values())
    return taken, tuple(hold for hold in free if _is_free(books, offer, hold))


def _is_free(books: Books, offer: Offer, place: str) -> bool:
    """Whether no other offer has a place by now."""
    holder = books.holder(place)
    return holder is None or (holder.buyer, holder.rfq.id) == (offer.buyer, offer.rfq.id)
