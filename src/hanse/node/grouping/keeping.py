"""Clearings on record, and what happens to them in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.match.books import Books
from hanse.match.group import (
    Cleared,
    Given,
    Group,
    Invited,
    Missed,
    Part,
    convene,
    given,
    invited,
    result_for,
    silent,
    state,
    stated,
)
from hanse.match.messages import Incoming, document_of
from hanse.model.clearing import (
    ClearingCall,
    ClearingResult,
    ClearingStatement,
)
from hanse.model.errors import BadInput, BadMessage, Conflict, NotFound
from hanse.model.event import Draft, Event
from hanse.model.text import Text
from hanse.model.time import Instant, format_instant, format_minute
from hanse.node.context import Context
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.partners import name_of, partners
from hanse.node.dealing.view import TxView
from hanse.node.shelves import demands
from hanse.store import Tx
from hanse.store.shelf import Shelf

GROUPS_MAX = 200
CLOSING_MAX = dt.timedelta(days=14)
AHEAD_MAX = dt.timedelta(days=366)


def groups(tx: Tx) -> Shelf[Group]:
    """Clearings that this firm convened, by number."""
    return tx.shelf("clearing_group", Group)


def parts(tx: Tx) -> Shelf[Part]:
    """Clearings that this firm takes part in, by convener and number; its own among them."""
    return tx.shelf("clearing_part", Part)


def part_key(convener: str, number: str) -> str:
    """Numbers are the convener's own, so its identity belongs to the key."""
    return f"{convener}|{number}"


def dealt_with(tx: Tx, among: Sequence[str]) -> tuple[str, ...]:
    """Partners among some firms that we deal with now."""
    books = Books(tx.desk)
    active = {p.did for p in partners(tx).all() if p.active}
    return tuple(d for d in among if d in active and books.ledger(d) is not None)


def open_group(
    tx: Tx,
    context: Context,
    members: Sequence[str],
    *,
    closing: Instant,
    until: Instant,
    note: str = "",
    by: str,
) -> Event:
    """Convene some partners and ourselves.

    Raises:
        NotFound: one of them is no partner we deal with now.
        BadInput: fewer than one, closing in the past or more than CLOSING_MAX away.
        Conflict: GROUPS_MAX clearings are under way.
    """
    now, me = context.clock.now().replace(microsecond=0), context.identity.did
    others = tuple(dict.fromkeys(d for d in members if d != me))
    missing = set(others) - set(dealt_with(tx, others))
    if missing:
        raise NotFound("we do not deal with this firm now", subject=min(missing))
    if not others or closing - now > CLOSING_MAX or until - now > AHEAD_MAX:
        raise BadInput(
            "a clearing needs a partner, and closes within 14 days",
            remedy="Name partners, a closing time and how far ahead to look",
        )
    call = ClearingCall(
        id=context.ids.new("clearing"),
        issue_date_time=now,
        closing_date_time=closing.replace(microsecond=0),
        until=until.replace(microsecond=0),
        pricing_currency_code=context.settings.firm.currency,
        member=(me, *others),
        note=note,
    )
    _room(tx, context.clock.now())
    groups(tx).put(call.id, convene(call, convener=me))
    parts(tx).put(part_key(me, call.id), invited(call, convener=me, me=me, at=now))
    event = tx.events.append(_opened(call, by))
    for member in others:
        at_desk(tx, context, event, lambda d, s, m=member: d.say(m, call, s))  # type: ignore[misc]
    return event


def _room(tx: Tx, at: Instant) -> None:
    """Forget the oldest that are over, where there is no room."""
    kept = [(p.call.issue_date_time, key, p) for key, p in _all_parts(tx)]
    over = sorted((t, k) for t, k, p in kept if p.call.closing_date_time < at)
    if len(kept) < GROUPS_MAX:
        return
    if not over:
        raise Conflict(f"at most {GROUPS_MAX} clearings are under way")
    parts(tx).delete(over[0][1])
    groups(tx).delete(over[0][1].rpartition("|")[2])


def _all_parts(tx: Tx) -> list[tuple[str, Part]]:
    return [(part_key(p.convener, p.call.id), p) for p in parts(tx).all()]


def hear(tx: Tx, context: Context, incoming: Incoming, *, cause: str) -> None:
    """The effect of a partner's letter about a clearing; ``cause`` is the event of its arrival.

    Raises:
        BadMessage, NotFound, Conflict: it does not fit what is on record.
    """
    document = document_of(incoming.kind, incoming.letter.document)
    match document:
        case ClearingCall():
            _called(tx, context, incoming, document)
        case ClearingStatement():
            _heard(tx, incoming, document)
        case ClearingResult():
            key = part_key(incoming.source, document.clearing_reference.id)
            take_result(tx, context, key, document, cause=cause)
        case _:
            raise BadMessage("not a word about a clearing", subject=incoming.kind)


def _called(tx: Tx, context: Context, incoming: Incoming, call: ClearingCall) -> None:
    key = part_key(incoming.source, call.id)
    if parts(tx).get(key) is not None:
        raise Conflict("a clearing of this number was called before", subject=call.id)
    _room(tx, incoming.at)
    me = context.identity.did
    parts(tx).put(key, invited(call, convener=incoming.source, me=me, at=incoming.at))


def _heard(tx: Tx, incoming: Incoming, word: ClearingStatement) -> None:
    group = groups(tx).get(word.clearing_reference.id)
    if group is None:
        raise NotFound("we convened no such clearing", subject=word.clearing_reference.id)
    try:
        groups(tx).put(group.call.id, state(group, incoming.source, word, at=incoming.at))
    except Conflict as error:
        firm = name_of(tx, incoming.source)
        text = Text(f"{firm}: {error.what}; it does not count", f"{firm} 的申报在截止后到达,不计入")
        draft = Draft(kind=kinds.CLEARING_LATE, subject=group.call.id, text=text)
        tx.events.append(msgspec.structs.replace(draft, about={"partner": incoming.source}))


def keep_statement(tx: Tx, context: Context, key: str, word: ClearingStatement) -> Event:
    """What we state: kept, and sent to the convener; after closing it is missed."""
    part, at = parts(tx).need(key), context.clock.now()
    after = stated(part, word, at=at)
    parts(tx).put(key, after)
    event = tx.events.append(_stated(tx, part, word, missed=isinstance(after.state, Missed)))
    if isinstance(after.state, Missed):
        return event
    if part.convener == context.identity.did:
        group = groups(tx).need(part.call.id)
        groups(tx).put(part.call.id, state(group, part.convener, word, at=at))
    else:
        at_desk(tx, context, event, lambda desk, step: desk.say(part.convener, word, step))
    return event


def tell_results(tx: Tx, context: Context, after: Group) -> Event | None:
    """The group was cleared: kept, and each member that stated is told its own pairs. Once."""
    before = groups(tx).need(after.call.id)
    if isinstance(before.state, Cleared) or not isinstance(after.state, Cleared):
        return None
    if set(before.state.stated) != set(after.state.stated):
        return None  # a statement came meanwhile: it is cleared again with it
    groups(tx).put(after.call.id, after)
    event = tx.events.append(_cleared(after, after.state))
    at, me = context.clock.now().replace(microsecond=0), context.identity.did
    for member in after.state.stated:
        number = context.ids.new("result")
        result = result_for(after, member, number=number, at=at)
        if member == me:
            take_result(tx, context, part_key(me, after.call.id), result, cause=event.id)
        else:
            at_desk(tx, context, event, lambda d, s, m=member, r=result: d.say(m, r, s))  # type: ignore[misc]
    return event


def take_result(tx: Tx, context: Context, key: str, result: ClearingResult, *, cause: str) -> None:
    """Our own pairs came: what fits becomes ordinary requests to the firms named.

    Raises:
        NotFound: we take part in no such clearing.
        BadMessage: it answers nothing we stated.
    """
    part = parts(tx).need(key)
    after = given(part, result, by=part.convener)
    if after is part or not isinstance(after.state, Given):
        return
    parts(tx).put(key, after)
    event = tx.events.append(_given(tx, after, after.state, cause))
    bought: dict[str, dict[str, Decimal]] = {}
    for pair in after.state.taken:
        if pair.side == "buy":
            rows = bought.setdefault(pair.partner, {})
            rows[pair.line_id] = rows.get(pair.line_id, Decimal(0)) + Decimal(pair.quantity)
    for seller, rows in bought.items():
        _want(tx, context, event, (seller, rows))


def _want(tx: Tx, context: Context, event: Event, bought: tuple[str, dict[str, Decimal]]) -> None:
    """Ask the named firm, and no other, in one request for what is still missing."""
    seller, rows = bought
    lines, view = [], TxView(tx, context.identity.did)
    for key, count in rows.items():
        demand = demands(tx).get(key)
        wanted = min(view.facts(demand).missing, count) if demand else Decimal(0)
        if demand is None or wanted <= 0:
            continue
        lines.append(
            {
                "item": demand.item,
                "quantity": f"{wanted:f}",
                "due": format_instant(demand.due),
                "demand": demand.key,
            }
        )
    if not lines:
        return
    firm, said = name_of(tx, seller), ", ".join(f"{r['quantity']} {r['item']}" for r in lines)
    draft = Draft(
        kind=kinds.SOMETHING_WANTED,
        subject=lines[0]["demand"],
        text=Text(
            f"{said}: asked of {firm}, as the group was cleared",
            f"{said}:按联合撮合结果向 {firm} 询价",
        ),
        cause=event.id,
        about={
            "lines": lines,
            "without": [p.did for p in partners(tx).all() if p.did != seller],
        },
    )
    tx.events.append(draft, once=f"clearing:{event.id}:{seller}")


def waiting_parts(tx: Tx, context: Context) -> list[str]:
    """Clearings in which we have not stated yet and may: the convener was granted it, or is us."""
    books, me = Books(tx.desk), context.identity.did
    return [
        key
        for key, part in _all_parts(tx)
        if isinstance(part.state, Invited)
        and (part.convener == me or books.grants(part.convener).may_clear)
    ]


# ---------------------------------------------------------------- what is said of it


def _opened(call: ClearingCall, by: str) -> Draft:
    many, closing = len(call.member) - 1, format_minute(call.closing_date_time)
    return Draft(
        kind=kinds.CLEARING_OPENED,
        subject=call.id,
        text=Text(
            f"{by} called {many} {'partners' if many > 1 else 'partner'} to clear together; "
            f"it closes {closing}",
            f"{by} 邀请 {many} 家企业联合撮合,截止 {closing}",
        ),
        by=by,
        about={"members": list(call.member)},
    )


def _stated(tx: Tx, part: Part, word: ClearingStatement, *, missed: bool) -> Draft:
    firm, needs, offers = name_of(tx, part.convener), len(word.need), len(word.offer)
    said = Text(
        f"{needs} needs and {offers} free capacities were told to the convener {firm}",
        f"已向召集方 {firm} 申报 {needs} 项需求、{offers} 项空闲产能",
    )
    late = Text("closing passed before anything was stated", "截止前未能申报")
    text = late if missed else said
    return Draft(kind=kinds.CLEARING_STATED, subject=part.call.id, text=text)


def _cleared(group: Group, cleared: Cleared) -> Draft:
    quiet = len(group.call.member) - len(cleared.stated)
    met = cleared.wanted - cleared.unmet
    return Draft(
        kind=kinds.CLEARING_CLEARED,
        subject=group.call.id,
        text=Text(
            f"{len(cleared.stated)} firms cleared together, {quiet} said nothing: "
            f"{len(cleared.fits)} pairs, {met:f} of {cleared.wanted:f} pieces",
            f"{len(cleared.stated)} 家企业联合撮合,{quiet} 家未申报:"
            f"{len(cleared.fits)} 对,{cleared.wanted:f} 件中撮合 {met:f} 件",
        ),
        about={"pairs": len(cleared.fits), "silent": list(silent_of(group, cleared))},
    )


def silent_of(group: Group, cleared: Cleared) -> tuple[str, ...]:
    """Members that stated nothing before closing."""
    return tuple(m for m in silent(group) if m not in cleared.stated)


def _given(tx: Tx, part: Part, found: Given, cause: str) -> Draft:
    said = [
        Text(
            f"{'buy' if p.side == 'buy' else 'sell'} {p.quantity} "
            f"{'from' if p.side == 'buy' else 'to'} {name_of(tx, p.partner)} at {p.price}",
            f"{'向' if p.side == 'buy' else '售予'} {name_of(tx, p.partner)}"
            f"{'购' if p.side == 'buy' else ''} {p.quantity} 件,单价 {p.price}",
        )
        for p in found.taken[:5]
    ]
    left = len(found.left)
    return Draft(
        kind=kinds.CLEARING_GIVEN,
        subject=part.call.id,
        text=Text(
            "Proposed by the clearing: "
            + ("; ".join(t.en for t in said) or "nothing for us")
            + (f"; {left} not gone on with" if left else ""),
            "联合撮合建议:"
            + (";".join(t.zh for t in said) or "无我方对")
            + (f";{left} 对不予采纳" if left else ""),
        ),
        cause=cause,
        about={"pairs": len(found.taken), "left": list(found.left)[:20]},
    )
