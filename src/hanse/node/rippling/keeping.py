"""Ripples on record, and the letters of one: told to those hit, answered to those who told us."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from hanse.flows import kinds
from hanse.match import ripple as rippling
from hanse.match.books import Books
from hanse.match.counter import Context as Step
from hanse.match.desk import Desk
from hanse.match.reach import Reach
from hanse.match.ripple import Hit, Ripple
from hanse.match.words import CAUSES
from hanse.model import tidings
from hanse.model.event import Draft, Event
from hanse.model.text import Text
from hanse.node.context import Context
from hanse.node.dealing.desk import at_desk
from hanse.node.dealing.partners import name_of, partners
from hanse.store import Tx
from hanse.store.shelf import Shelf

RIPPLES_MAX = 1_000


class Own(Struct, frozen=True):
    """A disturbance that begins here, and what it does here."""

    notice: tidings.Disturbance
    reach: Reach


def ripples(tx: Tx) -> Shelf[Ripple]:
    """Every disturbance this firm knows of, by its number."""
    return tx.shelf("ripple", Ripple)


def keep_ripple(tx: Tx, ripple: Ripple) -> None:
    """Keep a ripple; beyond RIPPLES_MAX the oldest is forgotten."""
    shelf = ripples(tx)
    shelf.put(ripple.notice.id, ripple)
    if len(shelf.keys()) > RIPPLES_MAX:
        oldest = min(shelf.all(), key=lambda r: r.began_at)
        shelf.delete(oldest.notice.id)


def of_loop(tx: Tx, loop: str) -> list[Ripple]:
    """Ripples that belong to a loop."""
    return [r for r in ripples(tx).all() if loop and r.loop == loop]


def of_order(tx: Tx, order: str) -> list[Ripple]:
    """Ripples in which a partner named an order of ours."""
    found = []
    for ripple in ripples(tx).all() if order else ():
        named = (x.order_reference for x in ripple.notice.affected)
        if any(reference and reference.id == order for reference in named):
            found.append(ripple)
    return found


def may_hear(tx: Tx) -> frozenset[str]:
    """Partners we deal with that may be told of disturbances here."""
    books = Books(tx.desk)
    return frozenset(
        p.did
        for p in partners(tx).all()
        if p.active and books.grants(p.did).may_hear and books.ledger(p.did) is not None
    )


def pass_on(
    tx: Tx, context: Context, event: Event, *, ripple: Ripple, hits: Iterable[Hit]
) -> Ripple:
    """Tell those whom it hits; the ripple with whom that was. It is not kept yet."""
    at = context.clock.now()
    after, letters = rippling.passed_on(ripple, hits, willing=may_hear(tx), at=at)

    def act(desk: Desk, step: Step) -> None:
        for partner, notice in letters.items():
            desk.say(partner, notice, step)

    at_desk(tx, context, event, act)
    return after


def answer_back(tx: Tx, context: Context, event: Event, *, ripple: Ripple, to: str) -> Ripple:
    """Answer one who told us, unless it may not hear or was told often enough."""
    at = context.clock.now()
    word = rippling.reply(ripple, to, number=context.ids.new("answer"), at=at)
    if word is None or to not in may_hear(tx):
        return ripple
    at_desk(tx, context, event, lambda desk, step: desk.say(to, word, step))
    return msgspec.structs.replace(ripple, replies=ripple.replies + 1)


def begin(tx: Tx, context: Context, draft: Draft, own: Own) -> Event:
    """A disturbance of our own: its event, its letters, its record."""
    event = tx.events.append(draft)
    ripple = Ripple(
        notice=own.notice,
        began_at=event.at,
        currency=context.settings.firm.currency,
        loop=event.loop or "",
        event=event.id,
        own=own.reach.own,
        needs=own.reach.needs,
    )
    keep_ripple(tx, pass_on(tx, context, event, ripple=ripple, hits=own.reach.tell))
    return event


def begun(
    own: Own, *, cause: str | None = None, loop: str | None = None, by: str = "node"
) -> Draft:
    """The event of a disturbance of our own."""
    notice, orders = own.notice, sorted({h.key for h in own.reach.own})
    why = CAUSES[notice.leading_root_cause]
    firms = len({h.partner for h in own.reach.tell})
    return Draft(
        kind=kinds.RIPPLE_BEGUN,
        subject=notice.id,
        text=Text(
            f"A disturbance here ({why.en}) hits {len(orders)} orders; {firms} partners are told",
            f"我方发生扰动({why.zh}),影响 {len(orders)} 个订单;告知 {firms} 家伙伴",
        ),
        cause=cause,
        loop=loop,
        by=by,
        about={"ripple": notice.id, "effect": notice.effect, "orders": orders},
    )


def passed(tx: Tx, event: Event, *, ripple: Ripple, partner: str, hits: Iterable[Hit]) -> Draft:
    """The event of a partner's disturbance that was weighed here."""
    orders, name = sorted({h.key for h in hits}), name_of(tx, partner)
    return Draft(
        kind=kinds.RIPPLE_PASSED,
        subject=ripple.notice.id,
        text=Text(
            f"The disturbance at {name} hits {len(orders)} orders here; "
            f"{len(ripple.told)} partners are told",
            f"{name} 的扰动影响我方 {len(orders)} 个订单;告知 {len(ripple.told)} 家伙伴",
        ),
        cause=event.id,
        loop=event.loop,
        about={
            "ripple": ripple.notice.id,
            "partner": partner,
            "orders": orders,
            "told": list(ripple.told),
        },
    )
