"""A disturbance followed through the chain, partner to partner, and what comes back.

No one has the whole chain: each firm tells its own direct partners what it cannot keep or no longer
needs, and answers the one who told it with sums only. The same disturbance never goes round twice
(its number is kept), and it ends after HOPS_MAX firms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct, structs

from hanse.model import tidings, trade
from hanse.model.ids import Did
from hanse.model.text import Text
from hanse.model.time import Instant, format_instant

HOPS_MAX = 8
SEEN_MAX = 10_000
TOLD_MAX = 50
REPLIES_MAX = 32
CENT = Decimal("0.01")


class Hit(Struct, frozen=True, kw_only=True):
    """One promise that the disturbance breaks at our place, or one more thing that is wanted.

    ``partner`` is whom it is told; empty for a customer that runs no node. ``order`` is our own
    number for it, ``value`` money of our own currency.
    """

    partner: str
    line: tidings.AffectedLine
    value: Decimal
    order: str = ""

    @property
    def key(self) -> str:
        """What is counted once: the order it takes from."""
        reference = self.line.order_reference
        return self.order or (reference.id if reference else "")


class Ripple(Struct, frozen=True, kw_only=True):
    """One disturbance as this firm knows it: what it does here, who was told, what they answered.

    ``came_from`` is empty where it began here. ``also`` are further partners that told us of the
    same one, each with what only its lines take from. ``replaced`` is money of ``own`` that quotes
    of others cover; ``passed`` how many of ``told`` there would have been without TOLD_MAX.
    """

    notice: tidings.Disturbance
    began_at: Instant
    currency: str
    came_from: str = ""
    loop: str = ""
    event: str = ""
    own: tuple[Hit, ...] = ()
    needs: tuple[tidings.AffectedLine, ...] = ()
    told: tuple[Did, ...] = ()
    also: dict[str, tuple[Hit, ...]] = {}
    answers: dict[str, tidings.RippleAnswer] = {}
    replaced: Decimal = Decimal(0)
    recover_at: Instant | None = None
    replies: int = 0
    left_out: int = 0

    @property
    def counted(self) -> frozenset[str]:
        """Orders of ours that it takes from already."""
        return frozenset(h.key for hits in (self.own, *self.also.values()) for h in hits)


def onward(
    notice: tidings.Disturbance,
    hits: Iterable[Hit],
    *,
    seen: Sequence[str],
    came_from: str,
    at: Instant,
) -> dict[str, tidings.Disturbance]:
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
    by_partner: dict[str, list[tidings.AffectedLine]] = {}
    for hit in hits:
        if hit.partner and hit.partner != came_from:
            by_partner.setdefault(hit.partner, []).append(hit.line)
    return {
        partner: structs.replace(
            notice,
            issue_date_time=at,
            affected=tuple(lines[: trade.LINES_MAX]),
            hop_limit=min(notice.hop_limit, HOPS_MAX) - 1,
            note="",
        )
        for partner, lines in sorted(by_partner.items())
    }


def passed_on(
    ripple: Ripple, hits: Iterable[Hit], *, willing: Collection[str], at: Instant
) -> tuple[Ripple, dict[str, tidings.Disturbance]]:
    """The ripple with those who are told of it now, and what each is told.

    Args:
        ripple: as it stands; whoever was told before is not told again.
        hits: what it does here, by partner.
        willing: partners that may be told; the others, and those beyond TOLD_MAX, are left out.
        at: now.
    """
    letters = onward(ripple.notice, hits, seen=(), came_from=ripple.came_from, at=at)
    fresh = [p for p in letters if p not in ripple.told and p not in ripple.also]
    room = max(0, TOLD_MAX - len(ripple.told))
    chosen = [p for p in fresh if p in willing][:room]
    after = structs.replace(
        ripple,
        told=(*ripple.told, *chosen),
        left_out=ripple.left_out + len(fresh) - len(chosen),
    )
    return after, {partner: letters[partner] for partner in chosen}


def answered(ripple: Ripple, partner: str, word: tidings.RippleAnswer) -> Ripple:
    """The ripple with a partner's answer; a later one replaces an earlier one."""
    if partner not in ripple.told:
        return ripple
    return structs.replace(ripple, answers={**ripple.answers, partner: word})


def reply(ripple: Ripple, to: str, *, number: str, at: Instant) -> tidings.RippleAnswer | None:
    """What to tell one who told us, as sums; None when it has been told often enough.

    The first who told us hears of all behind us; a further one only of what its own lines take
    from, so that nothing is counted twice where the two meet again.
    """
    if ripple.replies >= REPLIES_MAX:
        return None
    if to != ripple.came_from:
        hits = ripple.also.get(to, ())
        return answer(ripple.notice, hits, number=number, currency=ripple.currency, at=at)
    word = answer(
        ripple.notice,
        ripple.own,
        number=number,
        currency=ripple.currency,
        at=at,
        further=tuple(ripple.answers.values()),
        replacement=ripple.replaced,
        survive_days=_days(_first(ripple.own), at),
    )
    recover = _days(ripple.recover_at, at) if ripple.recover_at else None
    return structs.replace(
        word, needs=ripple.needs, recover_days=None if recover is None else str(recover)
    )


def _first(hits: Sequence[Hit]) -> Instant | None:
    return min((h.line.agreed for h in hits), default=None)


def _days(until: Instant | None, at: Instant) -> Decimal:
    if until is None:
        return Decimal(0)
    days = max(0.0, (until - at).total_seconds()) / 86_400
    return Decimal(f"{days:.2f}")


def answer(
    notice: tidings.Disturbance,
    hits: Sequence[Hit],
    *,
    number: str,
    currency: str,
    at: Instant,
    further: Sequence[tidings.RippleAnswer] = (),
    survive_days: Decimal = Decimal(0),
    replacement: Decimal = Decimal(0),
) -> tidings.RippleAnswer:
    """What it does to us and to those behind us, as sums in our currency.

    Money of those behind us in another currency is left out: nobody here knows its rate.
    """
    same = [a for a in further if a.currency == currency]
    firsts = [h.line.agreed for h in hits] + [a.first_short for a in further if a.first_short]
    risk = sum((h.value for h in hits), Decimal(0))
    risk += sum((Decimal(a.value_at_risk) for a in same), Decimal(0))
    quoted = replacement + sum((Decimal(a.replacement_quoted) for a in same), Decimal(0))
    return tidings.RippleAnswer(
        id=number,
        disturbance_id=notice.id,
        issue_date_time=at,
        orders=len({h.key for h in hits}) + sum(a.orders for a in further),
        value_at_risk=_money(risk),
        currency=currency,
        first_short=min(firsts, default=None),
        survive_days=str(survive_days),
        replacement_quoted=_money(quoted),
        hops=1 + max((a.hops for a in further), default=0),
        firms=1 + sum(a.firms for a in further),
    )


def _money(amount: Decimal) -> str:
    return format(amount.quantize(CENT).normalize(), "f")


class Picture(Struct, frozen=True, kw_only=True):
    """What the one who asked sees: how far it goes, what it is worth, what is done already.

    ``risk`` and ``replaced`` are money by currency, ``hops`` how far it went from here.
    """

    firms: int
    orders: int
    risk: dict[str, Decimal]
    first_short: Instant | None
    replaced: dict[str, Decimal]
    hops: int
    text: Text


def picture(answers: Mapping[str, tidings.RippleAnswer]) -> Picture:
    """The chain's answers put together (partner -> its latest answer)."""
    risk: dict[str, Decimal] = {}
    replaced: dict[str, Decimal] = {}
    for item in answers.values():
        risk[item.currency] = risk.get(item.currency, Decimal(0)) + Decimal(item.value_at_risk)
        quoted = Decimal(item.replacement_quoted)
        replaced[item.currency] = replaced.get(item.currency, Decimal(0)) + quoted
    first = min((a.first_short for a in answers.values() if a.first_short), default=None)
    orders = sum(a.orders for a in answers.values())
    firms = sum(a.firms for a in answers.values())
    money = ", ".join(f"{v} {c}" for c, v in sorted(risk.items())) or "0"
    day = format_instant(first) if first else "-"
    return Picture(
        firms=firms,
        orders=orders,
        risk=risk,
        first_short=first,
        replaced=replaced,
        hops=max((a.hops for a in answers.values()), default=0),
        text=Text(
            f"{orders} orders at {firms} firms, {money} at risk, first short {day}.",
            f"{firms} 家企业的 {orders} 个订单受影响，风险 {money}，最早缺货 {day}。",
        ),
    )
