"""What the owner wants beside a low price, as set on the page, and how the choice is told of it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from hanse.match.amounts import unit_amount
from hanse.match.books import Books
from hanse.match.choose.rules import Rules
from hanse.match.contract import Contract, Disputed, Running
from hanse.node.dealing.profiles import profile_of
from hanse.store import Tx

NAME = "buying"
FIRMS_MAX = 500
CARBON_PRICE_MAX = 10**6
Percent = Annotated[int, Meta(ge=0, le=100)]


class WithFirm(Struct, frozen=True, kw_only=True):
    """Buying from one firm: money in our currency.

    ``taking_on`` is what dealing with it costs beside its price (audit, freight account), once an
    award; ``spend_max`` what may be open with it at a time; ``risk_percent`` is added to its price
    in the comparison, never paid.
    """

    taking_on: Decimal = Decimal(0)
    spend_max: Decimal | None = None
    risk_percent: Percent = 0


class Buying(Struct, frozen=True, kw_only=True):
    """The buyer's rules: firms a line, the share wished for small firms, and firm by firm.

    Money short of the share counts ``small_penalty_percent`` of itself in the comparison, a kg of
    CO2 equivalents ``carbon_price``, never paid.
    """

    firms: Annotated[int, Meta(ge=1, le=10)] = 3
    small_share_percent: Percent = 0
    small_penalty_percent: Percent = 50
    carbon_price: Decimal = Decimal(0)
    firm: Annotated[dict[str, WithFirm], Meta(max_length=FIRMS_MAX)] = {}

    def __post_init__(self) -> None:
        if not 0 <= self.carbon_price <= CARBON_PRICE_MAX:
            raise ValueError("a price of carbon is from 0 to CARBON_PRICE_MAX")


def buying(tx: Tx) -> Buying:
    """The rules as they are set; none where nobody has set any."""
    return tx.settings.get(NAME, Buying) or Buying()


def rules_for(tx: Tx, sellers: Iterable[str]) -> Rules:
    """The rules over the firms that a request went to.

    A firm is small by its own signed word; what may still be spent with it is what is left over
    its open orders.
    """
    said, asked = buying(tx), tuple(sellers)
    told = {did: said.firm[did] for did in asked if did in said.firm}
    small = frozenset(did for did in asked if _is_small(tx, did))
    return Rules(
        firms=said.firms,
        taking_on={did: w.taking_on for did, w in told.items() if w.taking_on},
        spend_max={
            did: max(Decimal(0), w.spend_max - open_with(tx, did))
            for did, w in told.items()
            if w.spend_max is not None
        },
        risk={did: Decimal(w.risk_percent) / 100 for did, w in told.items() if w.risk_percent},
        small=small if said.small_share_percent else frozenset(),
        small_share=said.small_share_percent / 100,
        small_penalty=said.small_penalty_percent / 100,
        carbon=said.carbon_price,
    )


def _is_small(tx: Tx, did: str) -> bool:
    profile = profile_of(tx, did)
    return profile is not None and profile.small


def open_with(tx: Tx, partner: str) -> Decimal:
    """What our open orders with a firm come to, less what is paid of them; before tax."""
    found = (c for p, c in Books(tx.desk).contracts() if p == partner)
    owed = (worth(c) - c.terms.paid for c in found if _bought(c, partner))
    return sum((max(Decimal(0), value) for value in owed), Decimal(0))


def _bought(contract: Contract, partner: str) -> bool:
    return isinstance(contract, Running | Disputed) and contract.terms.seller == partner


def worth(contract: Contract) -> Decimal:
    """What an order comes to as it stands, with what its lines cost once, before tax."""
    lines = [line for line in contract.terms.lines.values() if line.quantity > 0]
    return sum((n.quantity * unit_amount(n.price) + n.extra for n in lines), Decimal(0))
