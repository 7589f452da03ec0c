"""A disturbance followed through the chain, partner to partner, and what comes back.

No one has the whole chain: each firm tells its own direct partners what it cannot keep or no longer
needs, and answers the one who told it with sums only. The same disturbance never goes round twice
(its number is kept), and it ends after HOPS_MAX firms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct, structs

from hanse.model import trade
from hanse.model.text import Text
from hanse.model.time import Instant, format_instant

HOPS_MAX = 8
SEEN_MAX = 10_000


class Hit(Struct, frozen=True, kw_only=True):
    """One promise to a partner that the disturbance breaks at our place."""

    partner: str
    line: trade.AffectedLine
    value: Decimal


def onward(
    notice: trade.Disturbance,
    hits: Iterable[Hit],
    *,
    seen: Sequence[str],
    came_from: str,
    at: Instant,
) -> dict[str, trade.Disturbance]:
    """What to tell each partner that is hit; nothing where the ripple ends.

    Args:
        notice: what we were told, or what happened here.
        hits: which promises of ours it breaks.
        seen: numbers of disturbances that passed here before.
        came_from: who told us (it is not told back), or empty where it began here.
        at: now.
    """
    if notice.id in seen[-SEEN_MAX:] or notice.hop_limit <= 0:
        return {}
    by_partner: dict[str, list[trade.AffectedLine]] = {}
    for hit in hits:
        if hit.partner != came_from:
            by_partner.setdefault(hit.partner, []).append(hit.line)
    return {
        partner: structs.replace(
            notice,
            issue_date_time=at,
            affected=tuple(lines[: trade.LINES_MAX]),
            hop_limit=min(notice.hop_limit, HOPS_MAX) - 1,
        )
        for partner, lines in sorted(by_partner.items())
    }


def answer(
    notice: trade.Disturbance,
    hits: Sequence[Hit],
    *,
    number: str,
    currency: str,
    at: Instant,
    further: Sequence[trade.RippleAnswer] = (),
    survive_days: Decimal = Decimal(0),
    replacement: Decimal = Decimal(0),
) -> trade.RippleAnswer:
    """What it does to us and to those behind us, as sums."""
    firsts = [h.line.agreed for h in hits] + [a.first_short for a in further if a.first_short]
    risk = sum((h.value for h in hits), Decimal(0))
    risk += sum((Decimal(a.value_at_risk) for a in further if a.currency == currency), Decimal(0))
    quoted = replacement + sum((Decimal(a.replacement_quoted) for a in further), Decimal(0))
    return trade.RippleAnswer(
        id=number,
        disturbance_id=notice.id,
        issue_date_time=at,
        orders=len({h.line.order_reference.id for h in hits}) + sum(a.orders for a in further),
        value_at_risk=str(risk),
        currency=currency,
        first_short=min(firsts, default=None),
        survive_days=str(survive_days),
        replacement_quoted=str(quoted),
        hops=1 + max((a.hops for a in further), default=0),
    )


class Picture(Struct, frozen=True, kw_only=True):
    """What the one who asked sees: how far it goes, what it is worth, what is done already."""

    firms: int
    orders: int
    risk: dict[str, Decimal]
    first_short: Instant | None
    replaced: Decimal
    hops: int
    text: Text


def picture(answers: Mapping[str, trade.RippleAnswer]) -> Picture:
    """The chain's answers put together (partner -> its latest answer)."""
    risk: dict[str, Decimal] = {}
    for item in answers.values():
        risk[item.currency] = risk.get(item.currency, Decimal(0)) + Decimal(item.value_at_risk)
    first = min((a.first_short for a in answers.values() if a.first_short), default=None)
    orders = sum(a.orders for a in answers.values())
    money = ", ".join(f"{v} {c}" for c, v in sorted(risk.items())) or "0"
    day = format_instant(first) if first else "-"
    return Picture(
        firms=len(answers),
        orders=orders,
        risk=risk,
        first_short=first,
        replaced=sum((Decimal(a.replacement_quoted) for a in answers.values()), Decimal(0)),
        hops=max((a.hops for a in answers.values()), default=0),
        text=Text(
            f"{orders} orders at {len(answers)} partners, {money} at risk, first short {day}.",
            f"{len(answers)} 家伙伴的 {orders} 个订单受影响，风险 {money}，最早缺货 {day}。",
        ),
    )
