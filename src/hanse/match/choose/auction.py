"""Bilateral clearing: scarcity premiums in quotes and awards that may be displaced until closing.

Each buyer bids for capacity at the firm that is cheapest for it, premium included; it raises the
premium by what the next best would cost it more, and a step (auction algorithm; Bertsekas 1988).
Each seller keeps the highest premiums its capacity holds and displaces the lowest. Nobody sees
anyone else's data: a buyer knows its own quotes, a seller its own awards.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

KNOWN_MAX = 200
DUST = 1e-9


class Bid(Struct, frozen=True, kw_only=True):
    """A provisional award: so many units for a buyer at a premium a unit."""

    buyer: int
    units: float
    premium: float


class Outcome(Struct, frozen=True, kw_only=True):
    """What a seller answers: units kept, units displaced from others, its premium from now on."""

    kept: float
    displaced: tuple[Bid, ...]
    premium: float


class Pool:
    """A seller's capacity and the provisional awards it holds, lowest premium first.

    Args:
        capacity: units until closing.
        whole: whether jobs are kept whole or not at all.
    """

    def __init__(self, capacity: float, *, whole: bool = False) -> None:
        self.capacity = capacity
        self.whole = whole
        self.held: list[Bid] = []

    def free(self) -> float:
        """Units nobody holds."""
        return max(0.0, self.capacity - sum(b.units for b in self.held))

    def premium(self) -> float:
        """What a further unit must offer more than: 0 while there is room."""
        if self.free() > DUST * max(1.0, self.capacity):
            return 0.0
        return min((b.premium for b in self.held), default=0.0)

    def offer(self, bid: Bid) -> Outcome:
        """Take a bid as far as room and lower premiums allow.

        What the buyer holds here already is raised to the new premium with it.
        """
        before = self.held
        own = sum(b.units for b in before if b.buyer == bid.buyer)
        self.held = [b for b in self.held if b.buyer != bid.buyer]
        bid = Bid(buyer=bid.buyer, units=bid.units + own, premium=bid.premium)
        out = self._offer(bid)
        if out.kept < own - DUST:
            self.held = before
            return Outcome(kept=0.0, displaced=(), premium=out.premium)
        return Outcome(kept=out.kept - own, displaced=out.displaced, premium=out.premium)

    def _offer(self, bid: Bid) -> Outcome:
        room, beaten = self.free(), []
        for held in sorted(self.held, key=lambda b: b.premium):
            if room >= bid.units - DUST or held.premium >= bid.premium:
                break
            beaten.append(held)
            room += held.units
        kept = min(room, bid.units)
        if kept <= DUST or (self.whole and kept < bid.units - DUST):
            return Outcome(kept=0.0, displaced=(), premium=self._price_for(bid))
        return self._replace(bid, kept, beaten, room)

    def _price_for(self, bid: Bid) -> float:
        """The lowest premium that would win: for a whole job, of the last one in its way."""
        room = self.free()
        for held in sorted(self.held, key=lambda b: b.premium):
            room += held.units
            if not self.whole or room >= bid.units - DUST:
                return held.premium
        return float("inf") if self.whole else self.premium()

    def _replace(self, bid: Bid, kept: float, beaten: list[Bid], room: float) -> Outcome:
        over = room - kept
        displaced = []
        self.held = [b for b in self.held if b not in beaten]
        for held in sorted(beaten, key=lambda b: -b.premium):
            stay = held.units if held.units <= over + DUST else 0.0
            if not self.whole:
                stay = min(held.units, over)
            over -= stay
            if stay > DUST:
                self.held.append(Bid(buyer=held.buyer, units=stay, premium=held.premium))
            if held.units - stay > DUST:
                lost = held.units - stay
                displaced.append(Bid(buyer=held.buyer, units=lost, premium=held.premium))
        self.held.append(Bid(buyer=bid.buyer, units=kept, premium=bid.premium))
        return Outcome(kept=kept, displaced=tuple(displaced), premium=self.premium())


class Wish(Struct, frozen=True, kw_only=True):
    """Where a buyer bids next and with which premium."""

    seller: int
    premium: float


def next_bid(
    value: float, costs: Mapping[int, float], premiums: Mapping[int, float], *, step: float
) -> Wish | None:
    """The best seller for a buyer and the premium it can offer there; None if nobody is worth it.

    Args:
        value: what a unit is worth to the buyer (going without costs that much).
        costs: seller -> quoted unit cost without premium.
        premiums: seller -> the premium last heard of it.
        step: the least raise; larger ends sooner, and loses at most a step a unit.
    """
    ranked = sorted((cost + premiums.get(s, 0.0), s) for s, cost in costs.items())
    if not ranked or ranked[0][0] >= value:
        return None
    best, seller = ranked[0]
    second = ranked[1][0] if len(ranked) > 1 else value
    raise_ = max(0.0, min(second, value) - best) + step
    return Wish(seller=seller, premium=premiums.get(seller, 0.0) + raise_)
