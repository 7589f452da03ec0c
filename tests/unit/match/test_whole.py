"""Lines that something ties together are decided together, with the reason and the second best."""

from decimal import Decimal
from itertools import product

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from tests.unit.match.market import (
    DAY,
    START,
    House,
    Market,
    quotation,
    quotation_line,
    rfq,
    rfq_line,
)

from hanse.match import Rules
from hanse.match.choose.few import choose
from hanse.match.choose.price import total_cost
from hanse.match.choose.rules import is_tied
from hanse.match.choose.whole import choose_whole
from hanse.model import trade

BUYER = House("Pump Works", b"p" * 32)
NEAR, FAR = House("Near", b"n" * 32), House("Far", b"f" * 32)
NAMES = {NEAR.did: "Near", FAR.did: "Far"}


def asked(*counts):
    lines = tuple(rfq_line(str(i), str(c)) for i, c in enumerate(counts, 1))
    return rfq(BUYER, lines=lines)


def offer(house, *prices, hours=None, each="0.1", count="100", **more):
    use = (trade.ResourceUse(resource_id="lathe", hours_per_piece=each),) if hours else ()
    lines = tuple(
        quotation_line(str(i), count, p, resource_use=use, **more) for i, p in enumerate(prices, 1)
    )
    limit = (trade.ResourceLimit(resource_id="lathe", hours=hours),) if hours else ()
    return quotation(house, f"Q-{house.name}", lines=lines, resource_limit=limit)


def counts_of(choice, did):
    return {k: int(v) for k, v in choice.by_seller().get(did, {}).items()}


def test_a_capacity_that_two_lines_share_is_given_where_it_saves_most():
    request = asked(100, 100)
    quotes = {NEAR.did: offer(NEAR, "10", "10", hours="10"), FAR.did: offer(FAR, "12", "15")}
    assert is_tied(quotes)
    apart, together = choose(request, quotes), choose_whole(request, quotes, names=NAMES)
    assert counts_of(apart, NEAR.did) == {"1": 100, "2": 100}
    assert counts_of(together, NEAR.did) == {"2": 100}
    assert counts_of(together, FAR.did) == {"1": 100}
    first, second = together.lines
    assert "Near is cheaper by 200.00" in first.text.en
    assert "产能" in first.text.zh
    assert {p.seller for p in second.second.picks} == {FAR.did}
    assert "500.00 more" in second.text.en


def test_whole_pieces_are_awarded_though_the_hours_run_out_between_two():
    request = asked(100, 100)
    quotes = {
        NEAR.did: offer(NEAR, "10", "10", hours="10", each="0.07"),
        FAR.did: offer(FAR, "12", "15"),
    }
    choice = choose_whole(request, quotes)
    near = counts_of(choice, NEAR.did)
    assert sum(near.values()) * Decimal("0.07") <= 10
    assert choice.short == 0
    assert all(p.quantity == int(p.quantity) for line in choice.lines for p in line.best.picks)


def test_taking_another_firm_on_is_worth_it_or_not():
    request = asked(100, 100)
    quotes = {NEAR.did: offer(NEAR, "10", "13"), FAR.did: offer(FAR, "11", "11")}
    assert not is_tied(quotes)
    dear = Rules(taking_on={NEAR.did: Decimal(150), FAR.did: Decimal(150)})
    assert is_tied(quotes, dear)
    choice = choose_whole(request, quotes, rules=dear, names=NAMES)
    assert list(choice.by_seller()) == [FAR.did]
    assert "Near is cheaper by 100.00 by itself, but taking this firm on" in choice.lines[0].text.en
    cheap = Rules(taking_on={NEAR.did: Decimal(50), FAR.did: Decimal(50)})
    assert set(choose_whole(request, quotes, rules=cheap).by_seller()) == {NEAR.did, FAR.did}


def test_no_more_is_spent_with_a_firm_than_allowed():
    request = asked(100)
    quotes = {NEAR.did: offer(NEAR, "10"), FAR.did: offer(FAR, "12")}
    rules = Rules(spend_max={NEAR.did: Decimal(600)})
    choice = choose_whole(request, quotes, rules=rules, names=NAMES)
    assert (counts_of(choice, NEAR.did), counts_of(choice, FAR.did)) == ({"1": 60}, {"1": 40})


def test_small_firms_get_their_share_where_it_costs_less_than_the_wish_is_worth():
    request = asked(100)
    quotes = {NEAR.did: offer(NEAR, "10"), FAR.did: offer(FAR, "10.50")}
    rules = Rules(small=frozenset({FAR.did}), small_share=0.3, small_penalty=0.5)
    wished = choose_whole(request, quotes, rules=rules)
    assert counts_of(wished, FAR.did)["1"] in (28, 29, 30)
    dear = {NEAR.did: offer(NEAR, "10"), FAR.did: offer(FAR, "25")}
    assert counts_of(choose_whole(request, dear, rules=rules), FAR.did) == {}


def test_what_nobody_offers_is_short_and_said_so():
    request = asked(100, 50)
    choice = choose_whole(request, {NEAR.did: offer(NEAR, "10", count="80", hours="20")})
    assert choice.short == 70
    assert "nobody offers it" in choice.lines[1].text.en
    assert choose_whole(request, {}).short == 150


def test_a_smallest_quantity_and_a_price_break_are_kept():
    request = asked(100)
    step = (trade.PriceBreak(minimum_quantity="80", price_amount="9"),)
    quotes = {
        NEAR.did: offer(NEAR, "11", price_break=step, minimum_quantity="50"),
        FAR.did: offer(FAR, "10", count="30"),
    }
    assert counts_of(choose_whole(request, quotes), NEAR.did) == {"1": 100}


def test_the_desk_decides_tied_offers_together():
    market = Market(BUYER, NEAR, FAR)
    for house in (NEAR, FAR):
        market.introduce(BUYER, house)
    request = asked(100, 100)
    dids = (NEAR.did, FAR.did)
    market.act(BUYER, lambda d: d.ask(request, dids, market.ctx()))
    market.run()
    for house, prices, hours in ((NEAR, ("10", "10"), "10"), (FAR, ("12", "15"), None)):
        paper = offer(house, *prices, hours=hours)
        market.act(house, lambda d, p=paper: d.quote(BUYER.did, p, market.ctx()))
    market.run()
    choice = BUYER.desk().compare("RFQ-1", at=market.at)
    assert counts_of(choice, NEAR.did) == {"2": 100}


money = st.integers(5, 30).map(str)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_other_way_of_handing_whole_lines_out_is_cheaper(data):
    lines = data.draw(st.integers(1, 3))
    request = asked(*[data.draw(st.integers(5, 40)) for _ in range(lines)])
    hours = data.draw(st.sampled_from(["2", "4", "6"]))
    late = START + data.draw(st.integers(3, 8)) * DAY
    quotes = {
        NEAR.did: offer(NEAR, *[data.draw(money) for _ in range(lines)], hours=hours),
        FAR.did: offer(
            FAR, *[data.draw(money) for _ in range(lines)], parts=(("100", late),),
            setup_amount=data.draw(money),
        ),
    }  # fmt: skip
    rules = Rules(firms=1)
    found = choose_whole(request, quotes, rules=rules, seconds=20.0)
    assert sum(float(p.quantity) for p in flat(found, NEAR)) * 0.1 <= float(hours) + 1e-9
    best = cheapest(request, quotes, float(hours))
    if all(p.quantity == int(w.quantity.value) for w, p in picks(request, found)):
        assert float(found.cost) == pytest.approx(best)


def flat(choice, house):
    return [p for line in choice.lines for p in line.best.picks if p.seller == house.did]


def picks(request, choice):
    for wanted, line in zip(request.request_for_quotation_line, choice.lines, strict=True):
        for pick in line.best.picks:
            yield wanted, pick


def cheapest(request, quotes, hours):
    costs = []
    for way in product((NEAR.did, FAR.did), repeat=len(request.request_for_quotation_line)):
        cost = near = 0.0
        for number, (wanted, did) in enumerate(
            zip(request.request_for_quotation_line, way, strict=True)
        ):
            count = Decimal(wanted.quantity.value)
            cost += float(total_cost(wanted, quotes[did].quotation_line[number], count))
            near += 0.1 * float(count) * (did == NEAR.did)
        if near <= hours + 1e-9:
            costs.append(cost)
    return min(costs)


def test_lines_that_share_hours_are_each_in_time_and_only_one_of_them_is():
    """Near has hours for one line in time; the other may come late, or from Far."""
    request = asked(100, 100)
    late = ((("100", START + 9 * DAY)),)
    use = (trade.ResourceUse(resource_id="shared-1", hours_per_piece="0.1"),)
    lines = tuple(
        line
        for n in ("1", "2")
        for line in (
            quotation_line(n, "100", "10", parts=late),
            quotation_line(f"{n}-mix", "100", "10", rfq_line=n, resource_use=use),
        )
    )
    limit = (trade.ResourceLimit(resource_id="shared-1", hours="10"),)
    near = quotation(NEAR, "Q-Near", lines=lines, resource_limit=limit)
    alone = choose_whole(request, {NEAR.did: near})
    assert sorted(counts_of(alone, NEAR.did)) in (["1", "2-mix"], ["1-mix", "2"])
    far = quotation(FAR, "Q-Far", lines=(quotation_line("1", "100", "12"),))
    both = choose_whole(request, {NEAR.did: near, FAR.did: far})
    assert counts_of(both, NEAR.did) == {"2-mix": 100}
    assert counts_of(both, FAR.did) == {"1": 100}


def test_a_price_of_carbon_counts_in_the_choice_and_is_not_paid():
    request = asked(100)
    heavy = quotation(NEAR, "Q-Near", lines=(quotation_line("1", "100", "10", carbon_kg="500"),))
    light = quotation(FAR, "Q-Far", lines=(quotation_line("1", "100", "11", carbon_kg="100"),))
    quotes = {NEAR.did: heavy, FAR.did: light}
    for price, taken in (("0.10", NEAR), ("0.50", FAR)):
        choice = choose_whole(request, quotes, rules=Rules(carbon=Decimal(price)))
        assert list(choice.by_seller()) == [taken.did]
    assert choice.cost == Decimal(1_100)
