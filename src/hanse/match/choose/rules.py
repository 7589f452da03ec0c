"""What a buyer wants beside a low price, and whether lines can be decided one by one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from hanse.model import trade


class Rules(Struct, frozen=True, kw_only=True):
    """What a buyer wants beside a low price. Money in the request's currency.

    ``firms`` a line at most; ``taking_on``: cost of dealing with a firm at all (audit, freight
    account), by DID; ``spend_max`` with a firm; ``risk`` adds a share of the price (0.02 is 2 %);
    ``small``: firms that count as small, of whose spend ``small_share`` is wanted, every unit of
    money short of it costing ``small_penalty``. ``carbon`` is what a kg of CO2 equivalents counts;
    an offer that names none counts none.
    """

    firms: int = 3
    taking_on: Mapping[str, Decimal] = {}
    spend_max: Mapping[str, Decimal] = {}
    risk: Mapping[str, Decimal] = {}
    small: frozenset[str] = frozenset()
    small_share: float = 0.0
    small_penalty: float = 0.5
    carbon: Decimal = Decimal(0)


def is_tied(quotes: Mapping[str, trade.Quotation], rules: Rules | None = None) -> bool:
    """Whether the lines cannot be decided one by one."""
    said = rules or Rules()
    asked = bool(said.taking_on or said.spend_max or said.risk or said.carbon)
    asked = asked or bool(said.small and said.small_share) or said.firms != Rules().firms
    return asked or any(
        q.resource_limit and any(line.resource_use for line in q.quotation_line)
        for q in quotes.values()
    )
