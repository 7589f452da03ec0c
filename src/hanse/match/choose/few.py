"""Choosing among a few quotations, exactly, with the reason and the second best."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations

from msgspec import Struct

from hanse.match.choose.price import late_cost, total_cost
from hanse.model import trade
from hanse.model.text import Text
from hanse.model.time import Instant, format_instant

SPLIT_MAX = 3
OFFERS_MAX = 20


class Pick(Struct, frozen=True, kw_only=True):
    """So much of one firm's offered line, what that costs in all, and when the last piece comes."""

    rfq_line: str
    seller: str
    quotation_line: str
    quantity: Decimal
    cost: Decimal
    late: Decimal
    last: Instant


class Option(Struct, frozen=True, kw_only=True):
    """One way to cover a line; ``short`` is what nobody in it delivers."""

    picks: tuple[Pick, ...]
    cost: Decimal
    short: Decimal

    @property
    def rank(self) -> tuple[Decimal, Decimal, int, str]:
        """Smaller is better: first cover the quantity, then cost, then fewer firms."""
        names = ",".join(sorted(p.seller for p in self.picks))
        return (self.short, self.cost, len(self.picks), names)


class LineChoice(Struct, frozen=True, kw_only=True):
    """The best and the second-best way to cover one line, and why."""

    rfq_line: str
    best: Option
    second: Option | None
    text: Text


class Choice(Struct, frozen=True, kw_only=True):
    """What to take from whom over all lines. ``cost`` includes lateness in money."""

    lines: tuple[LineChoice, ...]
    cost: Decimal
    short: Decimal

    def by_seller(self) -> dict[str, dict[str, Decimal]]:
        """Seller -> quotation line -> quantity: what to order from each."""
        result: dict[str, dict[str, Decimal]] = {}
        for line in self.lines:
            for pick in line.best.picks:
                result.setdefault(pick.seller, {})[pick.quotation_line] = pick.quantity
        return result


def choose(
    rfq: trade.RequestForQuotation,
    quotes: Mapping[str, trade.Quotation],
    *,
    names: Mapping[str, str] | None = None,
) -> Choice:
    """The cheapest way to cover each line with at most SPLIT_MAX firms, lateness counted.

    Lines are decided one by one; for capacity coupled across lines use `award`.

    Args:
        rfq: what was asked.
        quotes: seller DID -> its valid quotation; a line looks at the OFFERS_MAX cheapest a piece.
        names: seller DID -> a name for people.
    """
    lines = [_line(wanted, quotes, names or {}) for wanted in rfq.request_for_quotation_line]
    return Choice(
        lines=tuple(lines),
        cost=sum((line.best.cost for line in lines), Decimal(0)),
        short=sum((line.best.short for line in lines), Decimal(0)),
    )


def _line(
    wanted: trade.RfqLine, quotes: Mapping[str, trade.Quotation], names: Mapping[str, str]
) -> LineChoice:
    offers = [
        (did, line)
        for did, quotation in sorted(quotes.items())
        for line in quotation.quotation_line
        if line.rfq_line_id == wanted.id
    ]
    offers = sorted(offers, key=lambda o: _per_piece(wanted, o[1]))[:OFFERS_MAX]
    options = sorted(_options(wanted, offers), key=lambda o: o.rank)
    nothing = Option(picks=(), cost=Decimal(0), short=Decimal(wanted.quantity.value))
    best = options[0] if options else nothing
    chosen = {p.seller for p in best.picks}
    second = next((o for o in options if {p.seller for p in o.picks} != chosen), None)
    text = explain(wanted, best, second, names)
    return LineChoice(rfq_line=wanted.id, best=best, second=second, text=text)


def _per_piece(wanted: trade.RfqLine, line: trade.QuotationLine) -> Decimal:
    """What a piece costs in all, taking as much as is wanted and offered."""
    count = min(Decimal(wanted.quantity.value), Decimal(line.quantity.value))
    if count < Decimal(line.minimum_quantity):
        return Decimal("Infinity")
    return total_cost(wanted, line, count) / count


def _options(wanted: trade.RfqLine, offers: list[tuple[str, trade.QuotationLine]]) -> list[Option]:
    most = SPLIT_MAX if wanted.partial_accepted else 1
    options = []
    for size in range(1, most + 1):
        for group in combinations(offers, size):
            if len({did for did, _ in group}) == size:
                options.extend(_fill(wanted, group))
    return options


def _fill(
    wanted: trade.RfqLine, group: tuple[tuple[str, trade.QuotationLine], ...]
) -> list[Option]:
    """Fill the line from a group, each member in turn giving way to the others."""
    need = Decimal(wanted.quantity.value)
    options = []
    for shift in range(len(group)):
        left, picks = need, []
        for did, line in (*group[shift:], *group[:shift]):
            took = min(left, Decimal(line.quantity.value))
            if took > 0 and took >= Decimal(line.minimum_quantity):
                picks.append(pick(wanted, did, line, took))
                left -= took
        if len(picks) == len(group):
            cost = sum((p.cost for p in picks), Decimal(0))
            options.append(Option(picks=tuple(picks), cost=cost, short=left))
    return options


def pick(wanted: trade.RfqLine, did: str, line: trade.QuotationLine, count: Decimal) -> Pick:
    """A quantity of an offered line, priced."""
    late, last = late_cost(wanted, line, count)
    return Pick(
        rfq_line=wanted.id,
        seller=did,
        quotation_line=line.id,
        quantity=count,
        cost=total_cost(wanted, line, count).quantize(Decimal("0.01")),
        late=late,
        last=last,
    )


def explain(
    wanted: trade.RfqLine, best: Option, second: Option | None, names: Mapping[str, str]
) -> Text:
    """Why a line goes where it goes, with what the second best would cost."""
    if not best.picks:
        return Text(f"Line {wanted.id}: nobody offers it.", f"第 {wanted.id} 行：无人报价。")
    who = [
        (names.get(p.seller, p.seller[-8:]), f"{p.quantity:f}", format_instant(p.last))
        for p in best.picks
    ]
    en = ", ".join(f"{n} from {name} by {when}" for name, n, when in who)
    zh = "，".join(f"{name} {n} 件，{when} 前" for name, n, when in who)
    end_en, end_zh = _runner_up(best, second, names)
    short_en = f" {best.short:f} remain uncovered." if best.short else ""
    short_zh = f"尚缺 {best.short:f}。" if best.short else ""
    return Text(
        f"Line {wanted.id}: {en}; {best.cost} in all.{end_en}{short_en}",
        f"第 {wanted.id} 行：{zh}；合计 {best.cost}。{end_zh}{short_zh}",
    )


def _runner_up(best: Option, second: Option | None, names: Mapping[str, str]) -> tuple[str, str]:
    if second is None:
        return " There is no second offer.", "没有第二个报价。"
    others = ", ".join(names.get(p.seller, p.seller[-8:]) for p in second.picks)
    if second.short > best.short:
        return f" {others} would leave {second.short:f} uncovered.", (
            f"{others} 会缺 {second.short:f}。"
        )
    more = second.cost - best.cost
    return f" Next best {others}: {more} more.", f"次优 {others}：多 {more}。"
