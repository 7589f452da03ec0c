"""Disturbances from partner to partner, by the loop: begun, weighed, passed on, answered."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from hanse.flows import kinds
from hanse.flows.commands import HearAnswer, RefreshRipples, StartRipple, TakePart
from hanse.match import ripple as rippling
from hanse.match.books import Books
from hanse.match.reach import Owed, Reach, hit_of
from hanse.match.ripple import CENT, Hit, Ripple
from hanse.model import tidings
from hanse.model.event import Event
from hanse.model.time import parse_instant
from hanse.node.acts.once import once
from hanse.node.context import Context
from hanse.node.rippling.effect import Case, reach_of, replaced, replaces
from hanse.node.rippling.keeping import (
    Own,
    answer_back,
    begin,
    begun,
    keep_ripple,
    of_loop,
    of_order,
    pass_on,
    passed,
    ripples,
)
from hanse.node.rippling.place import place_in
from hanse.node.shelves import sales
from hanse.store import Tx

CAUSE_OF = {
    kinds.ALARM_ACTIVE: "production-incident",
    kinds.LIFE_SHORT: "maintenance",
    kinds.MESSAGE_RECEIVED: "material-shortage",
}
"""The first event of a chain -> the cause that partners are told."""


async def start_ripple(context: Context, event: Event, command: StartRipple) -> None:
    """Tell partners of all that one change of the plan broke, as one disturbance."""

    def write(tx: Tx) -> None:
        broken = tx.events.find(kind=kinds.PROMISE_BROKEN, cause=command.repaired)
        if of_loop(tx, event.loop or "") or not broken:
            return
        place = place_in(tx, context)
        each = {one.subject: one for one in broken}.values()
        hits = tuple(h for one in each for h in _broken(tx, place.owed, one))
        if any(hit.partner for hit in hits):
            notice = _notice(tx, context, broken[0])
            tell = tuple(h for h in hits if h.partner)
            own = Own(notice, Reach(own=hits, tell=tell))
            begin(tx, context, begun(own, cause=event.id), own)

    await once(context.store, event, command, write)


def _broken(tx: Tx, owed: tuple[Owed, ...], event: Event) -> Iterator[Hit]:
    """What a broken promise means for who waits for it."""
    about = event.about
    sale = sales(tx).get(about["demand"])
    order, only = (sale.order, sale.line) if sale else (about["demand"], "")
    for line in owed:
        if line.order == order and only in ("", line.line):
            lost = min(Decimal(about["missing"]), line.quantity)
            yield hit_of(line, lost, until=parse_instant(about["possible"]))


def _notice(tx: Tx, context: Context, broken: Event) -> tidings.Disturbance:
    first = tx.events.chain(broken.id)[0]
    return tidings.Disturbance(
        id=context.ids.new("ripple"),
        issue_date_time=context.clock.now(),
        effect="capacity-reduced",
        leading_root_cause=CAUSE_OF.get(first.kind, "other"),  # type: ignore[arg-type]
        start_date_time=first.at,
        hop_limit=context.settings.policy.ripple_hops,
    )


async def take_part(context: Context, event: Event, command: TakePart) -> None:
    """What a partner's disturbance does here: on record, on to those it hits, and answered."""

    def write(tx: Tx) -> None:
        word = _announced(tx, event)
        notice = msgspec.convert(word.about["notice"], tidings.Disturbance)
        known = ripples(tx).get(notice.id)
        if known is None:
            _first_time(tx, context, event, (command.partner, notice))
        elif command.partner not in (known.came_from, *known.also):
            _again(tx, context, event, (known, command.partner, notice))

    await once(context.store, event, command, write)


def _announced(tx: Tx, event: Event) -> Event:
    """The letter itself, also where a person was asked first."""
    return next(e for e in reversed(tx.events.chain(event.id)) if e.kind == kinds.DISTURBED)


def _first_time(
    tx: Tx, context: Context, event: Event, heard: tuple[str, tidings.Disturbance]
) -> None:
    partner, notice = heard
    case = Case(tx, context, place_in(tx, context), partner)
    reach = reach_of(case, notice, frozenset())
    ripple = Ripple(
        notice=notice,
        began_at=context.clock.now(),
        currency=context.settings.firm.currency,
        came_from=partner,
        loop=event.loop or "",
        event=event.id,
        own=reach.own,
        needs=reach.needs,
    )
    ripple = _covered(tx, context, pass_on(tx, context, event, ripple=ripple, hits=reach.tell))
    told = tx.events.append(passed(tx, event, ripple=ripple, partner=partner, hits=reach.own))
    keep_ripple(tx, answer_back(tx, context, told, ripple=ripple, to=partner))


def _again(
    tx: Tx, context: Context, event: Event, heard: tuple[Ripple, str, tidings.Disturbance]
) -> None:
    """The same disturbance by another way: only what it had not taken from, and no further."""
    known, partner, notice = heard
    case = Case(tx, context, place_in(tx, context), partner)
    extra = reach_of(case, notice, known.counted).own
    ripple = msgspec.structs.replace(known, also={**known.also, partner: extra})
    told = tx.events.append(passed(tx, event, ripple=ripple, partner=partner, hits=extra))
    keep_ripple(tx, answer_back(tx, context, told, ripple=ripple, to=partner))


async def hear_answer(context: Context, event: Event, command: HearAnswer) -> None:
    """Keep a partner's answer; whoever told us is answered anew with it."""

    def write(tx: Tx) -> None:
        word = msgspec.convert(event.about["document"], tidings.RippleAnswer)
        known = ripples(tx).get(word.disturbance_id)
        if known is not None:
            _renewed(tx, context, event, rippling.answered(known, command.partner, word))

    await once(context.store, event, command, write)


async def refresh_ripples(context: Context, event: Event, command: RefreshRipples) -> None:
    """Tell those who told us what others have quoted meanwhile."""

    def write(tx: Tx) -> None:
        enquiry = Books(tx.desk).enquiry(command.request)
        for ripple in of_order(tx, replaces(enquiry) if enquiry else ""):
            after = _covered(tx, context, ripple)
            if after != ripple:
                _renewed(tx, context, event, after)

    await once(context.store, event, command, write)


def _renewed(tx: Tx, context: Context, event: Event, ripple: Ripple) -> None:
    if ripple.came_from:
        ripple = answer_back(tx, context, event, ripple=ripple, to=ripple.came_from)
    keep_ripple(tx, ripple)


def _covered(tx: Tx, context: Context, ripple: Ripple) -> Ripple:
    """The ripple with what quotes of others cover of what it takes here."""
    offers = replaced(tx, ripple.notice, at=context.clock.now())
    worth = sum((hit.value for hit in ripple.own), Decimal(0)) * offers.share
    return msgspec.structs.replace(ripple, replaced=worth.quantize(CENT), recover_at=offers.at)
