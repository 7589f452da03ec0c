"""How far a disturbance reaches at our place: which of our orders it takes from, whom we must ask.

Downwards something does not come: what is on hand and on order still serves the orders that are due
first, and the last ones go short. Upwards more (or less) is wanted: what is on hand goes first, the
rest is asked of those who supply its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from hanse.match.ripple import Hit
from hanse.model import tidings, trade
from hanse.model.time import Instant

DEPTH_MAX = 20
NOTHING = Decimal(0)


class Owed(Struct, frozen=True, kw_only=True):
    """So many pieces that somebody waits for; ``partner`` is empty where it runs no node."""

    order: str
    line: str = "1"
    partner: str = ""
    item: str
    quantity: Decimal
    agreed: Instant
    value: Decimal


class Supplier(Struct, frozen=True, kw_only=True):
    """Who supplies an item now, and the order of ours it supplies it on."""

    partner: str
    order: str
    line: str = "1"
    item: trade.TradeItem


class Place(Struct, frozen=True, kw_only=True):
    """What a firm knows of itself: what it owes, what goes into what, what is on hand.

    ``uses`` lists for an item its components and how many go into one; ``prices`` is money a
    piece; ``suppliers`` who supplies an item now.
    """

    owed: tuple[Owed, ...] = ()
    uses: Mapping[str, Sequence[tuple[str, Decimal]]] = {}
    on_hand: Mapping[str, Decimal] = {}
    prices: Mapping[str, Decimal] = {}
    suppliers: Mapping[str, Supplier] = {}

    def each(self, item: str, component: str, depth: int = 0) -> Decimal:
        """Pieces of a component in one item, through all levels; 1 for the item itself."""
        if item == component:
            return Decimal(1)
        if depth >= DEPTH_MAX:
            return NOTHING
        parts = self.uses.get(item, ())
        return sum((per * self.each(part, component, depth + 1) for part, per in parts), NOTHING)

    def needed(self, item: str) -> Decimal:
        """Pieces of an item in all that is owed."""
        return sum((o.quantity * self.each(o.item, item) for o in self.owed), NOTHING)

    def spare(self, item: str) -> Decimal:
        """Pieces on hand beyond what is owed."""
        return max(NOTHING, self.on_hand.get(item, NOTHING) - self.needed(item))


class Lack(Struct, frozen=True, kw_only=True):
    """Something that does not come: so much of an item, until an instant (None: nobody knows).

    ``left`` is what there is of it in spite of that: on hand and on its way. ``first`` names the
    orders it was bought for, which go short before others do.
    """

    item: str
    quantity: Decimal
    left: Decimal = NOTHING
    until: Instant | None = None
    first: tuple[str, ...] = ()
    line: tidings.AffectedLine | None = None


class Reach(Struct, frozen=True, kw_only=True):
    """What a disturbance does here.

    ``own`` are the orders it takes from (or adds to), ``tell`` what partners are told, ``needs``
    what is still needed of the lines we were told of.
    """

    own: tuple[Hit, ...] = ()
    tell: tuple[Hit, ...] = ()
    needs: tuple[tidings.AffectedLine, ...] = ()


def down(place: Place, lacks: Iterable[Lack], *, counted: frozenset[str] = frozenset()) -> Reach:
    """What goes short because something does not come.

    Args:
        place: what we owe and have.
        lacks: what does not come.
        counted: orders that the same disturbance took from already; they are left out.
    """
    hits: list[Hit] = []
    needs: list[tidings.AffectedLine] = []
    for lack in lacks:
        found = list(_short(place, lack, counted | {h.key for h in hits}))
        hits += found
        needs += _need(place, lack, found)
    return Reach(own=tuple(hits), tell=tuple(h for h in hits if h.partner), needs=tuple(needs))


def _short(place: Place, lack: Lack, counted: frozenset[str]) -> Iterator[Hit]:
    """Orders that lack pieces: those it was bought for, then the latest first."""
    missing = min(lack.quantity, max(NOTHING, place.needed(lack.item) - lack.left))
    waiting = [o for o in place.owed if lack.until is None or o.agreed < lack.until]
    for owed in sorted(waiting, key=lambda o: (o.order in lack.first, o.agreed), reverse=True):
        per = place.each(owed.item, lack.item)
        if missing <= 0 or per <= 0 or owed.order in counted:
            continue
        lost = min(owed.quantity, (missing / per).to_integral_value(ROUND_CEILING))
        missing -= lost * per
        yield hit_of(owed, lost, until=lack.until)


def hit_of(owed: Owed, lost: Decimal, *, until: Instant | None) -> Hit:
    """What so many pieces less mean for one order, in money its share of what is open."""
    line = tidings.AffectedLine(
        order_reference=trade.DocumentReference(id=owed.order),
        order_line_id=owed.line,
        quantity_short=format(lost, "f"),
        agreed=owed.agreed,
        expected=until,
    )
    share = lost / owed.quantity if owed.quantity else NOTHING
    return Hit(partner=owed.partner, line=line, value=owed.value * share, order=owed.order)


def _need(place: Place, lack: Lack, hits: Sequence[Hit]) -> Iterator[tidings.AffectedLine]:
    """What we still need of the line that named it, and by when at the latest."""
    if lack.line is None or lack.line.order_reference is None or not hits:
        return
    items = {o.order: o.item for o in place.owed}
    pieces = sum(
        (Decimal(h.line.quantity_short) * place.each(items[h.order], lack.item) for h in hits),
        NOTHING,
    )
    yield tidings.AffectedLine(
        order_reference=lack.line.order_reference,
        order_line_id=lack.line.order_line_id,
        quantity_short=format(min(pieces, lack.quantity), "f"),
        agreed=min(h.line.agreed for h in hits),
    )


class More(Struct, frozen=True, kw_only=True):
    """So many pieces of an item more (or less) by an instant, as ``line`` says it, if one does."""

    item: str
    quantity: Decimal
    by: Instant
    partner: str = ""
    line: tidings.AffectedLine | None = None
    order: str = ""


def up(place: Place, wishes: Iterable[More]) -> Reach:
    """What more (or less) of something makes us ask of those who supply its parts."""
    own: list[Hit] = []
    asked: dict[str, tuple[Decimal, Instant]] = {}
    for wish in wishes:
        own.append(_wished(place, wish))
        for item, quantity in _bought(place, wish.item, wish.quantity):
            before, by = asked.get(item, (NOTHING, wish.by))
            asked[item] = (before + quantity, min(by, wish.by))
    return Reach(own=tuple(own), tell=tuple(_asked(place, asked)))


def _wished(place: Place, wish: More) -> Hit:
    line = wish.line or tidings.AffectedLine(
        quantity_short=format(wish.quantity, "f"),
        agreed=wish.by,
        item=trade.TradeItem(buyers_item_identification=wish.item),
    )
    value = wish.quantity * place.prices.get(wish.item, NOTHING)
    return Hit(partner="", line=line, value=value, order=wish.order or wish.item)


def _bought(
    place: Place, item: str, quantity: Decimal, depth: int = 0
) -> Iterator[tuple[str, Decimal]]:
    """Bought parts of so many pieces, less what is spare."""
    rest = max(NOTHING, quantity - place.spare(item))
    parts = place.uses.get(item, ())
    if rest <= 0 or depth >= DEPTH_MAX:
        return
    if not parts or item in place.suppliers:
        yield item, rest
        return
    for part, per in parts:
        yield from _bought(place, part, rest * per, depth + 1)


def _asked(place: Place, asked: Mapping[str, tuple[Decimal, Instant]]) -> Iterator[Hit]:
    for item, (quantity, by) in sorted(asked.items()):
        supplier = place.suppliers.get(item)
        if supplier is None:
            continue
        line = tidings.AffectedLine(
            order_reference=trade.DocumentReference(id=supplier.order) if supplier.order else None,
            order_line_id=supplier.line,
            quantity_short=_text(quantity),
            agreed=by,
            item=supplier.item,
        )
        yield Hit(partner=supplier.partner, line=line, value=NOTHING, order=item)


def _text(quantity: Decimal) -> str:
    """A quantity as documents write it: at most six places."""
    return format(quantity.quantize(Decimal("0.000001")).normalize(), "f")
