"""Disturbances off the record: what they do here, whom they reached, what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from hanse.flows import kinds
from hanse.match.forecast import WEEKS
from hanse.match.ripple import CENT, Hit, Picture, Ripple, picture
from hanse.match.words import CAUSES, EFFECTS
from hanse.model import tidings
from hanse.model.text import Text
from hanse.model.time import format_minute
from hanse.node.context import Context
from hanse.node.dealing.partners import name_of
from hanse.node.rippling.by_hand import begin_by_hand, forms
from hanse.node.rippling.forecasts import FORECASTS_MAX, Said, heard, told
from hanse.node.rippling.keeping import ripples
from hanse.store import Tx
from hanse.web.views.common import Deed, Done, Fact, State, Tone
from hanse.web.views.rippling import ForecastRow, RippleAnswerRow, RippleHit, RippleRow, RippleView

WAITING = State("waiting", Text("waiting for answers", "等待答复"), Tone.BUSY)
ANSWERED = State("answered", Text("all have answered", "均已答复"), Tone.GOOD)
QUIET = State("quiet", Text("nobody else is hit", "未波及他人"), Tone.QUIET)
HEARD = State("answered", Text("answered", "已答复"), Tone.GOOD)
EVENTS_MAX = 60
WANTED = frozenset({"demand-increased", "demand-reduced"})


class RecordRipples:
    """A `hanse.web.ports.Ripples`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rows(self, *, limit: int) -> tuple[RippleRow, ...]:
        """Disturbances, newest first."""

        def read(tx: Tx) -> tuple[RippleRow, ...]:
            found = sorted(ripples(tx).all(), key=lambda r: r.began_at, reverse=True)
            return tuple(ripple_row(tx, r) for r in found[:limit])

        return await self._context.store.read(read)

    async def one(self, ripple: str) -> RippleView:
        """One disturbance."""

        def read(tx: Tx) -> RippleView:
            found = ripples(tx).need(ripple)
            return RippleView(
                row=ripple_row(tx, found),
                facts=tuple(_facts(tx, found)),
                hits=tuple(_hits(tx, found)),
                answers=tuple(_answer(tx, found, did) for did in found.told),
                left_out=found.left_out,
                events=tuple(tx.events.find(subject=ripple, limit=EVENTS_MAX)),
            )

        return await self._context.store.read(read)

    async def forecasts(self) -> tuple[ForecastRow, ...]:
        """Demand that customers told us, and that suppliers were told by us."""

        def read(tx: Tx) -> tuple[ForecastRow, ...]:
            every = [(s, False) for s in heard(tx).all()] + [(s, True) for s in told(tx).all()]
            return tuple(_forecast(tx, said, out=out) for said, out in every[:FORECASTS_MAX])

        return await self._context.store.read(read)

    async def deeds(self) -> tuple[Deed, ...]:
        """What a person may tell."""
        return await self._context.store.read(lambda tx: forms(tx, self._context))

    async def begin(self, deed: str, values: Mapping[str, str], *, by: str) -> Done:
        """Tell partners of a disturbance."""
        event = await self._context.store.write(
            lambda tx: begin_by_hand(tx, self._context, deed, values, by=by)
        )
        found = event.kind == kinds.RIPPLE_BEGUN
        href = f"/ripples/{event.subject}" if found else "/ripples"
        return Done(text=event.text, event=event.id, href=href)


def _forecast(tx: Tx, said: Said, *, out: bool) -> ForecastRow:
    weeks = [(b.start_date_time, Decimal(b.quantity)) for b in said.word.forecast_line]
    return ForecastRow(
        firm=name_of(tx, said.partner),
        item=said.item,
        sources=said.word.sources,
        said_at=said.word.issue_date_time,
        weeks=tuple(weeks[:WEEKS]),
        total=sum((quantity for _, quantity in weeks), Decimal(0)),
        out=out,
    )


def whole_picture(ripple: Ripple) -> Picture:
    """All that is known of a ripple here: our own part and what was answered."""
    own = tidings.RippleAnswer(
        id="own",
        disturbance_id=ripple.notice.id,
        issue_date_time=ripple.began_at,
        orders=len(ripple.counted),
        value_at_risk=str(_sum(ripple)),
        currency=ripple.currency,
        first_short=min((h.line.agreed for h in _all(ripple)), default=None),
        replacement_quoted=str(ripple.replaced.quantize(CENT)),
    )
    told = {k: v for k, v in ripple.answers.items() if v.orders or v.firms > 1}
    return picture({"": own, **told} if ripple.counted or not told else told)


def _all(ripple: Ripple) -> Iterator[Hit]:
    yield from ripple.own
    for hits in ripple.also.values():
        yield from hits


def _sum(ripple: Ripple) -> Decimal:
    return sum((h.value for h in _all(ripple)), Decimal(0)).quantize(CENT)


def ripple_row(tx: Tx, ripple: Ripple) -> RippleRow:
    """One disturbance in a line."""
    seen, notice = whole_picture(ripple), ripple.notice
    waits = [did for did in ripple.told if did not in ripple.answers]
    state = WAITING if waits else (ANSWERED if ripple.told else QUIET)
    cause, effect = CAUSES[notice.leading_root_cause], EFFECTS[notice.effect]
    return RippleRow(
        id=notice.id,
        title=Text(f"{_upper(cause.en)}: {effect.en}", f"{cause.zh}:{effect.zh}"),
        state=state,
        began_at=ripple.began_at,
        began_by=name_of(tx, ripple.came_from) if ripple.came_from else "",
        wanted=notice.effect in WANTED,
        orders=seen.orders,
        firms=seen.firms,
        first_short=seen.first_short,
        money=_money(seen.risk),
        covered=_money(seen.replaced),
        loop=ripple.loop,
        event=ripple.event,
    )


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _money(amounts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{v:,.2f} {c}" for c, v in sorted(amounts.items()) if v)


def _facts(tx: Tx, ripple: Ripple) -> Iterator[Fact]:
    notice = ripple.notice
    if ripple.came_from:
        firm = name_of(tx, ripple.came_from)
        yield Fact(Text("Told by", "告知方"), Text(firm, firm), href=f"/peers/{ripple.came_from}")
    others = ", ".join(name_of(tx, did) for did in ripple.also)
    if others:
        yield Fact(Text("Told again by", "另由下列伙伴告知"), Text(others, others))
    end = notice.expected_end_date_time
    if end is not None:
        yield Fact(
            Text("Expected to end", "预计结束"), Text(format_minute(end), format_minute(end))
        )
    hops = str(notice.hop_limit)
    yield Fact(Text("May go on to so many firms in a row", "最多再传递的层数"), Text(hops, hops))


def _hits(tx: Tx, ripple: Ripple) -> Iterator[RippleHit]:
    customers = {o.key: o.title for o in tx.customer_orders.all()}
    for hit in _all(ripple):
        line, told_us = hit.line, ripple.notice.effect in WANTED and ripple.came_from
        firm = name_of(tx, hit.partner) if hit.partner else customers.get(hit.order, "")
        number = line.order_reference.id if line.order_reference else ""
        yield RippleHit(
            order=hit.key,
            firm=firm or (name_of(tx, ripple.came_from) if told_us else ""),
            quantity=Decimal(line.quantity_short),
            agreed=line.agreed,
            expected=line.expected,
            money=_money({ripple.currency: hit.value}),
            href=f"/trade/orders/{number}" if number and (hit.partner or told_us) else "",
        )


def _answer(tx: Tx, ripple: Ripple, did: str) -> RippleAnswerRow:
    word, firm = ripple.answers.get(did), name_of(tx, did)
    if word is None:
        return RippleAnswerRow(did=did, firm=firm, state=WAITING)
    needs = [
        (n.quantity_short, n.order_reference.id, format_minute(n.agreed))
        for n in word.needs
        if n.order_reference
    ]
    return RippleAnswerRow(
        did=did,
        firm=firm,
        state=HEARD,
        orders=word.orders,
        firms=word.firms,
        first_short=word.first_short,
        money=_money({word.currency: Decimal(word.value_at_risk)}),
        covered=_money({word.currency: Decimal(word.replacement_quoted)}),
        survive_days=word.survive_days if word.first_short else "",
        recover_days=word.recover_days or "",
        needs=Text(
            "; ".join(f"{q} of {o} by {w}" for q, o, w in needs),
            ";".join(f"{w} 前需订单 {o} 的 {q} 件" for q, o, w in needs),
        ),
    )
