"""What if: all open requests and all valid offers cleared at once, beside what was chosen.

Every request was decided by itself, when its answers were there. Here all of them are one network:
lines want pieces, offered lines have them, and the least cost for all is exact. Both sides are
counted at the same price a piece: the offer's price, with what it costs once spread over what it
offers, and lateness in the buyer's own money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from msgspec import Struct

from hanse.model.errors import TooMuch

LINES_MAX = 5_000
STEPS = (10_000, 100, 1)
FLOW_MAX = 2**62
PARTS = 1_000
DEAR = 10
NOTHING = Decimal(0)


class Line(Struct, frozen=True, kw_only=True):
    """A line of a request: how many are wanted of what, and what was taken of whom."""

    request: str
    line: str
    item: str
    quantity: Decimal
    chosen: Mapping[str, Decimal] = {}


class Offered(Struct, frozen=True, kw_only=True):
    """A valid offer for a line: so many of a firm at a cost for each piece."""

    line: int
    seller: str
    quantity: Decimal
    each: Decimal


class Weighed(Struct, frozen=True, kw_only=True):
    """A line with both answers: pieces by seller."""

    request: str
    line: str
    item: str
    quantity: Decimal
    chosen: dict[str, Decimal]
    together: dict[str, Decimal]


class Trial(Struct, frozen=True, kw_only=True):
    """Both answers in money and in pieces that nobody delivers."""

    lines: tuple[Weighed, ...]
    chosen_money: Decimal
    chosen_unmet: Decimal
    together_money: Decimal
    together_unmet: Decimal


def weighed(lines: Sequence[Line], offers: Sequence[Offered]) -> Trial:
    """All lines at once, beside what was chosen.

    Raises:
        TooMuch: more than LINES_MAX lines or offers, or numbers beyond what is exact.
    """
    if max(len(lines), len(offers)) > LINES_MAX:
        raise TooMuch(f"at most {LINES_MAX} lines and offers are cleared at once")
    taken = _flow(lines, offers)
    each = {(o.line, o.seller): o.each for o in offers}
    together: list[dict[str, Decimal]] = [{} for _ in lines]
    for offer, count in zip(offers, taken, strict=True):
        if count:
            row = together[offer.line]
            row[offer.seller] = row.get(offer.seller, NOTHING) + count
    chosen = [{s: q for s, q in one.chosen.items() if q} for one in lines]
    return Trial(
        lines=tuple(
            Weighed(
                request=one.request,
                line=one.line,
                item=one.item,
                quantity=one.quantity,
                chosen=chosen[i],
                together=together[i],
            )
            for i, one in enumerate(lines)
        ),
        chosen_money=_money(chosen, each),
        chosen_unmet=_unmet(lines, chosen),
        together_money=_money(together, each),
        together_unmet=_unmet(lines, together),
    )


def _money(
    rows: Sequence[Mapping[str, Decimal]], each: Mapping[tuple[int, str], Decimal]
) -> Decimal:
    return sum((q * each[i, s] for i, row in enumerate(rows) for s, q in row.items()), NOTHING)


def _unmet(lines: Sequence[Line], rows: Sequence[Mapping[str, Decimal]]) -> Decimal:
    short = (one.quantity - sum(row.values()) for one, row in zip(lines, rows, strict=True))
    return sum((max(NOTHING, left) for left in short), NOTHING)


def _flow(lines: Sequence[Line], offers: Sequence[Offered]) -> list[Decimal]:
    """Pieces taken of each offer."""
    import numpy as np  # heavy: only where somebody asks

    from hanse.match.choose.clear import Clearing, clear

    if not offers:
        return []
    amounts = [one.quantity for one in lines] + [o.quantity for o in offers]
    parts = 1 if all(a == a.to_integral_value() for a in amounts) else PARTS
    need = [_units(one.quantity, parts) for one in lines]
    cost, dear = _costs(offers, sum(need))
    found = clear(
        Clearing(
            need=np.array(need, np.int64),
            penalty=np.full(len(lines), dear, np.int64),
            capacity=np.array([_units(o.quantity, parts) for o in offers], np.int64),
            demand=np.array([o.line for o in offers], np.int64),
            supply=np.arange(len(offers), dtype=np.int64),
            cost=np.array(cost, np.int64),
            limit=np.array([_units(o.quantity, parts) for o in offers], np.int64),
        )
    )
    return [Decimal(int(count)) / parts for count in found.flow]


def _costs(offers: Sequence[Offered], units: int) -> tuple[list[int], int]:
    """Costs in the finest steps that stay exact, and what an unmet unit is charged."""
    from hanse.match.choose.clear import COST_MAX

    for steps in STEPS:
        cost = [int((o.each * steps).to_integral_value(ROUND_HALF_UP)) for o in offers]
        dear = DEAR * (max(cost) + 1)
        if dear <= COST_MAX and dear * units < FLOW_MAX:
            return cost, dear
    raise TooMuch("the quantities and prices are too large to be exact")


def _units(amount: Decimal, parts: int) -> int:
    return int((amount * parts).to_integral_value(ROUND_DOWN))
