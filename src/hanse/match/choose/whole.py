"""Choosing over all lines at once, where something ties them together.

For: quotations whose lines share a capacity, firms that cost something to take on, spend caps, a
wish for small firms. In: the request, the quotations, the buyer's rules. Out: the same `Choice` as
`few` gives, with the reason for each line and what the next best would cost. Exact for EXACT_MAX
offers, the any-time search of `award` beyond. Money is searched in floating point; what is chosen
is priced again in decimals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hanse.match.choose.few import Choice, LineChoice, Option, Pick, explain, pick
from hanse.match.choose.price import fixed_cost, late_cost
from hanse.match.choose.problem import UNLIMITED, Award, AwardProblem, Floats
from hanse.match.choose.rules import Rules
from hanse.match.choose.why import passed_over
from hanse.model import trade
from hanse.model.text import Text

EXACT_MAX = 150
SECONDS = 2.0
GOING_WITHOUT = 20.0
"""A piece nobody makes counts this many times its dearest offer: covering comes first."""


class Offered(Struct, frozen=True, kw_only=True):
    """One offer of the problem: of which firm, and for which line."""

    seller: str
    wanted: trade.RfqLine
    line: trade.QuotationLine


class Tender(Struct, frozen=True, kw_only=True):
    """A request with its quotations as a problem, and what its numbers stand for."""

    problem: AwardProblem
    offers: tuple[Offered, ...]
    firms: tuple[str, ...]
    shared: tuple[tuple[str, str], ...]


def tender(
    rfq: trade.RequestForQuotation,
    quotes: Mapping[str, trade.Quotation],
    rules: Rules | None = None,
) -> Tender:
    """The columns of an award problem from papers; lines and firms in the order of the papers."""
    said, firms = rules or Rules(), tuple(sorted(quotes))
    offers = tuple(
        Offered(seller=did, wanted=wanted, line=line)
        for wanted in rfq.request_for_quotation_line
        for did in firms
        for line in quotes[did].quotation_line
        if line.rfq_line_id == wanted.id
    )
    shared = tuple((d, limit.resource_id) for d in firms for limit in quotes[d].resource_limit)
    limits = [float(limit.hours) for did in firms for limit in quotes[did].resource_limit]
    dates = _several_dates(offers)
    shared, limits = (*shared, *dates), [*limits, *(1.0 for _ in dates)]
    problem = _problem(rfq, offers, firms, said)
    return Tender(
        problem=_with_hours(problem, offers, shared, limits),
        offers=offers,
        firms=firms,
        shared=shared,
    )


def _several_dates(offers: tuple[Offered, ...]) -> tuple[tuple[str, str], ...]:
    """(firm, name) for every line that a firm offers at several dates: it can be taken at one."""
    counts = Counter((o.seller, _one_of(o.wanted.id).resource_id) for o in offers)
    return tuple(name for name, count in counts.items() if count > 1)


def _one_of(line: str) -> trade.ResourceUse:
    """The whole of a capacity that the dates of one line share: a choice of one."""
    return trade.ResourceUse(resource_id=f"one of {line}", hours_per_piece="0", setup_hours="1")


def _problem(
    rfq: trade.RequestForQuotation, offers: tuple[Offered, ...], firms: tuple[str, ...], said: Rules
) -> AwardProblem:
    lines = rfq.request_for_quotation_line
    tiers = [_tiers(o, said) for o in offers]
    flat = np.array([t for some in tiers for t in some], float).reshape(-1, 4)
    counts = [sum(o.wanted.id == line.id for o in offers) for line in lines]
    worst = [_dearest(w, offers, tiers) for w in lines]
    total = float(np.array([float(w.quantity.value) for w in lines]) @ np.array(worst))
    return AwardProblem(
        quantity=np.array([float(w.quantity.value) for w in lines]),
        penalty=np.array([GOING_WITHOUT * max(w, 1e-6) for w in worst]) + total,
        most=np.array([said.firms if w.partial_accepted else 1 for w in lines], np.int64),
        offer_start=_starts(counts),
        firm=np.array([firms.index(o.seller) for o in offers], np.int64),
        setup=np.array([float(fixed_cost(o.line)) for o in offers]),
        tier_start=_starts([len(some) for some in tiers]),
        low=flat[:, 0],
        high=flat[:, 1],
        unit_cost=flat[:, 2],
        unit_spend=flat[:, 3],
        use_start=np.zeros(len(offers) + 1, np.int64),
        resource=np.zeros(0, np.int64),
        hours=np.zeros(0),
        setup_hours=np.zeros(0),
        fixed=np.array([float(said.taking_on.get(f, 0)) for f in firms]),
        spend_cap=np.array([float(said.spend_max.get(f, UNLIMITED)) for f in firms]),
        small=np.array([float(f in said.small) for f in firms]),
        capacity=np.zeros(0),
        small_share=said.small_share,
        small_penalty=said.small_penalty if said.small_share else 0.0,
    )


def _dearest(
    wanted: trade.RfqLine,
    offers: tuple[Offered, ...],
    tiers: list[list[tuple[float, float, float, float]]],
) -> float:
    pairs = zip(offers, tiers, strict=True)
    return max((t[2] for o, some in pairs if o.wanted.id == wanted.id for t in some), default=1.0)


def carbon_each(line: trade.QuotationLine) -> float:
    """Kilograms of CO2 equivalents a piece; 0 where the offer names none."""
    return float(line.carbon_kg or 0) / (float(line.quantity.value) or 1.0)


def _starts(counts: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _tiers(offered: Offered, said: Rules) -> list[tuple[float, float, float, float]]:
    """(from, to, cost a piece, spend a piece) of an offer; lateness spread over what it offers."""
    line, most = offered.line, float(offered.line.quantity.value)
    need = float(offered.wanted.quantity.value)
    count = min(Decimal(line.quantity.value), Decimal(offered.wanted.quantity.value))
    late = float(late_cost(offered.wanted, line, count)[0] / count) if count else 0.0
    late += float(said.carbon) * carbon_each(line)
    risk = 1.0 + float(said.risk.get(offered.seller, 0))
    steps = sorted((float(b.minimum_quantity), float(b.price_amount)) for b in line.price_break)
    steps = [(0.0, float(line.price.price_amount)), *steps]
    found = []
    for (start, price), (end, _) in zip(steps, [*steps[1:], (most, 0.0)], strict=True):
        low = max(start, float(line.minimum_quantity))
        high = min(end, most, max(need, low))
        each = price / float(line.price.base_quantity)
        if low <= high and high > 0:
            found.append((low, high, each * risk + late, each))
    return found or [(0.0, 0.0, 0.0, 0.0)]


def _with_hours(
    problem: AwardProblem,
    offers: tuple[Offered, ...],
    shared: tuple[tuple[str, str], ...],
    limits: list[float],
) -> AwardProblem:
    """The problem with what each offer takes of capacities that its firm's lines share."""
    place = {name: number for number, name in enumerate(shared)}
    uses = [
        [
            (place[o.seller, u.resource_id], u)
            for u in (*o.line.resource_use, _one_of(o.wanted.id))
            if (o.seller, u.resource_id) in place
        ]
        for o in offers
    ]
    flat = [use for some in uses for use in some]
    return replace(
        problem,
        use_start=_starts([len(some) for some in uses]),
        resource=np.array([r for r, _ in flat], np.int64),
        hours=np.array([float(u.hours_per_piece) for _, u in flat]),
        setup_hours=np.array([float(u.setup_hours) for _, u in flat]),
        capacity=np.array(limits),
    )


def solved(problem: AwardProblem, *, seconds: float = SECONDS) -> Award:
    """Exact for few offers, else the any-time search; all unmet where there is no offer."""
    from hanse.match.choose.award import solve
    from hanse.match.choose.exact import solve_exact

    if not problem.offers:
        return Award(quantity=np.zeros(0), cost=float(problem.penalty @ problem.quantity))
    found = solve_exact(problem, seconds=seconds) if problem.offers <= EXACT_MAX else None
    return found or solve(problem, seconds=seconds)


def choose_whole(
    rfq: trade.RequestForQuotation,
    quotes: Mapping[str, trade.Quotation],
    *,
    rules: Rules | None = None,
    names: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> Choice:
    """The best way to cover all lines together, each with its reason and its second best."""
    made, called = tender(rfq, quotes, rules), names or {}
    award = solved(made.problem, seconds=seconds)
    chosen = _whole_pieces(made, award.quantity)
    lines = []
    for number, wanted in enumerate(rfq.request_for_quotation_line):
        best = _option(made, chosen, number)
        second = _second(made, award, number, seconds)
        text = explain(wanted, best, second, called)
        why = passed_over(made.problem, award, number)
        if why is not None:
            who = called.get(made.offers[why.offer].seller, made.offers[why.offer].seller[-8:])
            reason = why.text(who)
            text = Text(f"{text.en} {reason.en}", f"{text.zh}{reason.zh}")
        lines.append(LineChoice(rfq_line=wanted.id, best=best, second=second, text=text))
    return Choice(
        lines=tuple(lines),
        cost=sum((line.best.cost for line in lines), Decimal(0)),
        short=sum((line.best.short for line in lines), Decimal(0)),
    )


def _option(made: Tender, counts: dict[int, Decimal], number: int) -> Option:
    start, end = made.problem.offer_start[number], made.problem.offer_start[number + 1]
    picks: tuple[Pick, ...] = tuple(
        pick(made.offers[j].wanted, made.offers[j].seller, made.offers[j].line, counts[j])
        for j in range(start, end)
        if counts.get(j)
    )
    need = Decimal(repr(float(made.problem.quantity[number])))
    short = need - sum((p.quantity for p in picks), Decimal(0))
    cost = sum((p.cost for p in picks), Decimal(0))
    return Option(picks=picks, cost=cost, short=max(Decimal(0), short))


def _second(made: Tender, award: Award, number: int, seconds: float) -> Option | None:
    """The line without the firms it went to, everything else free to move; None if none can."""
    start, end = made.problem.offer_start[number], made.problem.offer_start[number + 1]
    taken = [j for j in range(start, end) if award.quantity[j] > 0]
    if not taken or len(taken) == end - start:
        return None
    p, cost = made.problem, made.problem.unit_cost.copy()
    for j in taken:
        cost[p.tier_start[j] : p.tier_start[j + 1]] += 10 * p.penalty[number]
    other = solved(replace(p, unit_cost=cost), seconds=seconds / 4)
    counts = _whole_pieces(made, other.quantity)
    option = _option(made, {j: n for j, n in counts.items() if j not in taken}, number)
    return option if option.picks else None


def _whole_pieces(made: Tender, amounts: Floats) -> dict[int, Decimal]:
    """Amounts as decimals: whole pieces where whole pieces were asked for, nothing over a limit."""
    counts: dict[int, Decimal] = {}
    spans = []
    for number in range(made.problem.lines):
        span = range(made.problem.offer_start[number], made.problem.offer_start[number + 1])
        need = Decimal(repr(float(made.problem.quantity[number])))
        unit = Decimal(1) if need == need.to_integral_value() else Decimal("0.001")
        spans.append((span, need, unit))
        for j in span:
            amount = Decimal(repr(round(float(amounts[j]), 6)))
            counts[j] = (amount / unit).to_integral_value(ROUND_FLOOR) * unit
    for span, need, unit in spans:
        _hand_out(made, counts, span, (need, unit))
    return {j: count for j, count in counts.items() if count > 0}


def _hand_out(
    made: Tender, counts: dict[int, Decimal], span: range, need: tuple[Decimal, Decimal]
) -> None:
    """Give pieces lost by rounding to the offers of the line that still have room for them."""
    wanted, unit = need
    for j in span:
        missing = wanted - sum((counts[k] for k in span), Decimal(0))
        if 0 < missing <= unit * len(span) and counts[j] > 0:
            top = Decimal(made.offers[j].line.quantity.value) - counts[j]
            counts[j] += max(Decimal(0), min(missing, top, _room(made, counts, j, unit)))


def _room(made: Tender, counts: dict[int, Decimal], j: int, unit: Decimal) -> Decimal:
    """Whole units that the shared capacities of an offer still hold."""
    p, room = made.problem, Decimal(10**9)
    for u in range(p.use_start[j], p.use_start[j + 1]):
        used = sum(
            p.hours[v] * float(counts.get(k, 0)) + p.setup_hours[v]
            for k in range(p.offers)
            if counts.get(k, 0) > 0
            for v in range(p.use_start[k], p.use_start[k + 1])
            if p.resource[v] == p.resource[u]
        )
        if p.hours[u] > 0:
            left = Decimal(repr(float((p.capacity[p.resource[u]] - used) / p.hours[u])))
            room = min(room, (left / unit).to_integral_value(ROUND_FLOOR) * unit)
    return room
