"""A group of firms clears together: the convener's side and a member's side, as states.

The convener gathers statements until closing, clears once, and tells each member its own pairs. It
binds nobody and no member sees another's statement. A member states only where it granted the
convener the right to call it, and takes from the answer only what it stated itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import assert_never

from msgspec import Struct, structs

from hanse.model import trade
from hanse.model.clearing import (
    MEMBERS_MAX,
    ClearingCall,
    ClearingNeed,
    ClearingOffer,
    ClearingPair,
    ClearingResult,
    ClearingStatement,
)
from hanse.model.errors import BadInput, BadMessage, Conflict, NotFound, TooMuch
from hanse.model.time import Instant

EDGES_MAX = 200_000
PARTS = 1_000
"""Smallest part of a unit that is allocated, where not all quantities are whole."""
STEPS = 10_000
"""Smallest step of a price: a ten-thousandth of the currency's unit."""
DEAR = 10
"""A need without a value is worth this many times the dearest offer."""
FLOW_MAX = 2**62


class Gathering(Struct, frozen=True, tag="gathering"):
    """Statements are taken, the last of each member."""

    stated: dict[str, ClearingStatement] = {}


class Fit(Struct, frozen=True, kw_only=True):
    """A pair that fits: whose need, whose offer, how many, at what price, ready when."""

    buyer: str
    need: str
    seller: str
    offer: str
    quantity: Decimal
    price: Decimal
    ready: Instant


class Cleared(Struct, frozen=True, kw_only=True, tag="cleared"):
    """Closed and solved: who stated, what fits, and how much of the needs stays unmet."""

    stated: tuple[str, ...]
    fits: tuple[Fit, ...]
    wanted: Decimal
    unmet: Decimal


class Group(Struct, frozen=True, kw_only=True):
    """A clearing that this firm convened."""

    call: ClearingCall
    convener: str
    state: Gathering | Cleared = Gathering()


def convene(call: ClearingCall, *, convener: str) -> Group:
    """Begin to gather.

    Raises:
        BadInput: the convener is not among the members, a member twice, closing after ``until``.
    """
    if convener not in call.member or len(set(call.member)) != len(call.member):
        raise BadInput(f"a group is 2 to {MEMBERS_MAX} different firms and the convener is one")
    if not call.issue_date_time < call.closing_date_time < call.until:
        raise BadInput("a clearing closes after it begins and before the last date it looks at")
    return Group(call=call, convener=convener)


def state(group: Group, by: str, word: ClearingStatement, *, at: Instant) -> Group:
    """Take a member's statement; the same firm's later one replaces it.

    Raises:
        NotFound: not a member, or a statement for another clearing.
        BadMessage: it names a line twice.
        Conflict: it came at or after closing, or the group is cleared.
    """
    if by not in group.call.member or word.clearing_reference.id != group.call.id:
        raise NotFound("this firm is not of this clearing", subject=group.call.id)
    lines = [n.id for n in word.need], [o.id for o in word.offer]
    if any(len(set(ids)) != len(ids) for ids in lines):
        raise BadMessage("a statement names a line twice", subject=word.id)
    match group.state:
        case Cleared():
            raise Conflict("the group is cleared already", subject=group.call.id)
        case Gathering(stated=before):
            if at >= group.call.closing_date_time:
                raise Conflict("the statement came after closing", subject=group.call.id)
            return structs.replace(group, state=Gathering({**before, by: word}))
        case other:
            assert_never(other)


def is_due(group: Group, *, at: Instant) -> bool:
    """Whether it may be cleared now: at closing, or as soon as every member has stated."""
    if not isinstance(group.state, Gathering):
        return False
    return at >= group.call.closing_date_time or set(group.state.stated) == set(group.call.member)


def clear_group(group: Group, *, at: Instant) -> Group:
    """Clear what was stated, exactly; a group that is cleared stays as it is.

    Raises:
        Conflict: not closed yet, and somebody has not stated.
    """
    if isinstance(group.state, Cleared):
        return group
    if not is_due(group, at=at):
        raise Conflict("statements may still come", subject=group.call.id)
    return structs.replace(group, state=solved(group.state.stated))


def silent(group: Group) -> tuple[str, ...]:
    """Members that have stated nothing."""
    return tuple(m for m in group.call.member if m not in set(group.state.stated))


# ---------------------------------------------------------------- the exact answer


class _Edge(Struct, frozen=True):
    need: int
    offer: int
    price: Decimal


def solved(stated: dict[str, ClearingStatement]) -> Cleared:
    """The pairs of least cost, unmet needs charged what a unit is worth (min-cost flow).

    Raises:
        TooMuch: more than EDGES_MAX possible pairs, or numbers beyond what is exact.
    """
    firms = tuple(sorted(stated))
    needs = [(f, n) for f in firms for n in stated[f].need]
    offers = [(f, o) for f in firms for o in stated[f].offer]
    edges = list(_edges(stated, needs, offers))
    wanted = sum((Decimal(n.quantity) for _, n in needs), Decimal(0))
    if not edges:
        return Cleared(stated=firms, fits=(), wanted=wanted, unmet=wanted)
    flow, parts = _flow(needs, offers, edges)
    fits = tuple(
        Fit(
            buyer=needs[e.need][0],
            need=needs[e.need][1].id,
            seller=offers[e.offer][0],
            offer=offers[e.offer][1].id,
            quantity=Decimal(units) / parts,
            price=e.price,
            ready=offers[e.offer][1].ready,
        )
        for e, units in zip(edges, flow, strict=True)
        if units
    )
    met = sum((f.quantity for f in fits), Decimal(0))
    return Cleared(stated=firms, fits=fits, wanted=wanted, unmet=wanted - met)


def _edges(
    stated: dict[str, ClearingStatement],
    needs: list[tuple[str, ClearingNeed]],
    offers: list[tuple[str, ClearingOffer]],
) -> Iterator[_Edge]:
    """Every need with every offer that fits it, between firms that would deal with one another."""
    by_name: dict[str, list[int]] = {}
    for j, (_, offer) in enumerate(offers):
        for name in names_of(offer.item):
            by_name.setdefault(name, []).append(j)
    count = 0
    for i, (buyer, need) in enumerate(needs):
        names = names_of(need.item) | {f"code {c}" for c in need.item.capability}
        found = {j for name in names for j in by_name.get(name, ())}
        for j in sorted(found):
            seller, offer = offers[j]
            if not _would(stated, buyer, seller) or not _serves(offer, need):
                continue
            count += 1
            if count > EDGES_MAX:
                raise TooMuch(f"a group has at most {EDGES_MAX} possible pairs")
            yield _Edge(i, j, Decimal(offer.price))


def _would(stated: dict[str, ClearingStatement], a: str, b: str) -> bool:
    return a != b and b in stated[a].deals_with and a in stated[b].deals_with


def _serves(offer: ClearingOffer, need: ClearingNeed) -> bool:
    affordable = need.value is None or Decimal(offer.price) <= Decimal(need.value)
    return affordable and offer.unit_code == need.unit_code and offer.ready <= need.latest


def names_of(item: trade.TradeItem) -> frozenset[str]:
    """What an item is known by across firms: its drawing, its GTIN, its code.

    An offer whose code is one of the capability list stands for any part of that process.
    """
    found = {f"code {item.buyers_item_identification}"}
    if item.drawing is not None and item.drawing.id:
        found.add(f"drawing {item.drawing.id} {item.drawing.rev}".strip())
    if item.standard_item_identification is not None:
        found.add(f"standard {item.standard_item_identification.id}")
    return frozenset(found)


def _flow(
    needs: list[tuple[str, ClearingNeed]],
    offers: list[tuple[str, ClearingOffer]],
    edges: list[_Edge],
) -> tuple[list[int], int]:
    """Units along each edge, and how many of them make one piece."""
    import numpy as np  # heavy: only where a group clears

    from hanse.match.choose.clear import COST_MAX, Clearing, clear

    amounts = [Decimal(x.quantity) for _, x in needs] + [Decimal(x.quantity) for _, x in offers]
    parts = 1 if all(a == a.to_integral_value() for a in amounts) else PARTS
    need = [_units(Decimal(n.quantity), parts) for _, n in needs]
    room = [_units(Decimal(o.quantity), parts) for _, o in offers]
    dear = DEAR * (max(_steps(e.price) for e in edges) + 1)
    worth = [dear if n.value is None else _steps(Decimal(n.value)) for _, n in needs]
    top = max(*worth, dear)
    if max(*need, *room) > COST_MAX or top > COST_MAX or sum(need) * top > FLOW_MAX:
        raise TooMuch("the quantities and prices of a group are too large to be exact")
    found = clear(
        Clearing(
            need=np.array(need, np.int64),
            penalty=np.array(worth, np.int64),
            capacity=np.array(room, np.int64),
            demand=np.array([e.need for e in edges], np.int64),
            supply=np.array([e.offer for e in edges], np.int64),
            cost=np.array([_steps(e.price) for e in edges], np.int64),
            limit=np.array([min(need[e.need], room[e.offer]) for e in edges], np.int64),
        )
    )
    return [int(units) for units in found.flow], parts


def _units(amount: Decimal, parts: int) -> int:
    return int((amount * parts).to_integral_value(ROUND_DOWN))


def _steps(price: Decimal) -> int:
    return int((price * STEPS).to_integral_value(ROUND_HALF_UP))


def result_for(group: Group, member: str, *, number: str, at: Instant) -> ClearingResult:
    """What one member is told: its own pairs.

    Raises:
        Conflict: the group is not cleared.
    """
    if not isinstance(group.state, Cleared):
        raise Conflict("the group is not cleared yet", subject=group.call.id)
    return ClearingResult(
        id=number,
        clearing_reference=trade.DocumentReference(id=group.call.id),
        issue_date_time=at,
        stated=len(group.state.stated),
        pair=tuple(_pairs(group.state, member))[: trade.LINES_MAX],
    )


def _pairs(cleared: Cleared, member: str) -> Iterator[ClearingPair]:
    for fit in cleared.fits:
        if member not in (fit.buyer, fit.seller):
            continue
        buys = member == fit.buyer
        yield ClearingPair(
            line_id=fit.need if buys else fit.offer,
            side="buy" if buys else "sell",
            partner=fit.seller if buys else fit.buyer,
            quantity=f"{fit.quantity.normalize():f}",
            price=f"{fit.price.normalize():f}",
            ready=fit.ready,
        )


# ---------------------------------------------------------------- a member's side


class Invited(Struct, frozen=True, tag="invited"):
    """Called; nothing stated yet."""


class Stated(Struct, frozen=True, tag="stated"):
    """We told the convener what we want and have."""

    word: ClearingStatement


class Given(Struct, frozen=True, kw_only=True, tag="given"):
    """The answer came; ``taken`` are the pairs we go on with, ``left`` those we do not, and why."""

    word: ClearingStatement
    taken: tuple[ClearingPair, ...]
    left: tuple[str, ...] = ()


class Missed(Struct, frozen=True, tag="missed"):
    """Closing passed before we stated."""


class Part(Struct, frozen=True, kw_only=True):
    """A clearing that another firm (or this one) convened, from a member's side."""

    call: ClearingCall
    convener: str
    state: Invited | Stated | Given | Missed = Invited()


def invited(call: ClearingCall, *, convener: str, me: str, at: Instant) -> Part:
    """A call came.

    Raises:
        BadMessage: we or the convener are not of the group, or it is over already.
    """
    if me not in call.member or convener not in call.member:
        raise BadMessage("a call for a group that is not ours", subject=call.id)
    if call.closing_date_time <= at or call.until <= call.closing_date_time:
        raise BadMessage("a call that is over", subject=call.id)
    return Part(call=call, convener=convener)


def stated(part: Part, word: ClearingStatement, *, at: Instant) -> Part:
    """We state; once more before closing replaces it. After closing it is missed.

    Raises:
        Conflict: the answer came already.
    """
    match part.state:
        case Given() | Missed():
            raise Conflict("this clearing is over", subject=part.call.id)
        case Invited() | Stated():
            late = at >= part.call.closing_date_time
            fresh: Stated | Missed = Missed() if late else Stated(word)
            return structs.replace(part, state=fresh)
        case other:
            assert_never(other)


def given(part: Part, result: ClearingResult, *, by: str) -> Part:
    """The convener's answer; only what fits our own statement is gone on with. A second is passed.

    Raises:
        BadMessage: from another firm than the convener, or an answer to nothing we stated.
    """
    if by != part.convener or result.clearing_reference.id != part.call.id:
        raise BadMessage("an answer of another firm or clearing", subject=part.call.id)
    match part.state:
        case Given():
            return part
        case Invited() | Missed():
            raise BadMessage("an answer to nothing we stated", subject=part.call.id)
        case Stated(word=word):
            return structs.replace(part, state=_sifted(part.call, word, result))
        case other:
            assert_never(other)


def _sifted(call: ClearingCall, word: ClearingStatement, result: ClearingResult) -> Given:
    """Line by line, within what we stated."""
    room = {("buy", n.id): Decimal(n.quantity) for n in word.need}
    room |= {("sell", o.id): Decimal(o.quantity) for o in word.offer}
    taken, left = [], []
    for pair in result.pair:
        why = _why_not(call, word, pair)
        if not why and Decimal(pair.quantity) > room[pair.side, pair.line_id]:
            why = "more than we stated"
        if why:
            left.append(f"{pair.line_id}: {why}")
            continue
        room[pair.side, pair.line_id] -= Decimal(pair.quantity)
        taken.append(pair)
    return Given(word=word, taken=tuple(taken), left=tuple(left))


def _why_not(call: ClearingCall, word: ClearingStatement, pair: ClearingPair) -> str:
    """Why a pair is not gone on with; empty where it fits what we stated."""
    if pair.partner not in word.deals_with or pair.partner not in call.member:
        return "a firm that we did not name"
    if pair.side == "buy":
        need = next((n for n in word.need if n.id == pair.line_id), None)
        if need is None:
            return "not a need of ours"
        dear = need.value is not None and Decimal(pair.price) > Decimal(need.value)
        return "dearer than it is worth" if dear else ""
    offer = next((o for o in word.offer if o.id == pair.line_id), None)
    if offer is None:
        return "not an offer of ours"
    return "under our price" if Decimal(pair.price) < Decimal(offer.price) else ""
