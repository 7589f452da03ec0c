"""What goes short when something does not come, and what is asked for when more is wanted."""

import datetime as dt
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.match.market import DAY, START

from hanse.match.reach import Lack, More, Owed, Place, Supplier, down, up
from hanse.match.ripple import (
    REPLIES_MAX,
    TOLD_MAX,
    Hit,
    Ripple,
    answered,
    passed_on,
    picture,
    reply,
)
from hanse.model import tidings, trade


def owed(order, quantity=10, day=1, *, item="PUMP", partner=""):
    return Owed(
        order=order, partner=partner, item=item, quantity=Decimal(quantity),
        agreed=START + day * DAY, value=Decimal(quantity) * 100,
    )  # fmt: skip


def place(*orders, **more):
    uses = {"PUMP": (("SHAFT", Decimal(2)), ("CASE", Decimal(1))), "SHAFT": (("BAR", Decimal(3)),)}
    return Place(owed=orders, uses=uses, **more)


def lost(reach):
    return {h.order: Decimal(h.line.quantity_short) for h in reach.own}


def test_the_latest_orders_go_short_first_and_those_it_was_bought_for_before_them():
    here = place(owed("A", day=1), owed("B", day=2), owed("C", day=3))
    lack = Lack(item="SHAFT", quantity=Decimal(24), left=Decimal(36))
    assert lost(down(here, [lack])) == {"C": 10, "B": 2}
    named = Lack(item="SHAFT", quantity=Decimal(24), left=Decimal(36), first=("A",))
    assert lost(down(here, [named])) == {"A": 10, "C": 2}


def test_what_is_left_serves_and_orders_due_after_it_comes_are_not_hit():
    here = place(owed("A", day=1), owed("B", day=9))
    enough = Lack(item="SHAFT", quantity=Decimal(5), left=Decimal(40))
    assert down(here, [enough]).own == ()
    soon = Lack(item="SHAFT", quantity=Decimal(40), until=START + 5 * DAY)
    assert lost(down(here, [soon])) == {"A": 10}


def test_an_order_is_counted_once_and_money_is_its_share():
    here = place(owed("A", partner="p"))
    lack = Lack(item="SHAFT", quantity=Decimal(4), left=Decimal(16))
    (hit,) = down(here, [lack, lack]).tell
    assert (hit.partner, hit.value) == ("p", Decimal(200))
    assert down(here, [lack], counted=frozenset({"A"})).own == ()


def test_more_of_something_asks_suppliers_for_what_is_not_on_hand():
    def by(item):
        code = trade.TradeItem(buyers_item_identification=item)
        return Supplier(partner=f"s-{item}", order=f"O-{item}", item=code)

    here = place(
        on_hand={"CASE": Decimal(30)},
        prices={"PUMP": Decimal(7)},
        suppliers={"BAR": by("BAR"), "CASE": by("CASE")},
    )
    reach = up(here, [More(item="PUMP", quantity=Decimal(10), by=START + DAY)])
    assert [h.value for h in reach.own] == [Decimal(70)]
    assert {h.partner: h.line.quantity_short for h in reach.tell} == {"s-BAR": "60"}


amounts = st.integers(1, 50)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(amounts, amounts), max_size=8), amounts, st.integers(0, 200))
def test_no_order_loses_more_than_it_is_and_all_together_no_more_than_is_missing(rows, gone, left):
    here = place(*(owed(f"O{n}", q, day) for n, (q, day) in enumerate(rows)))
    lack = Lack(item="SHAFT", quantity=Decimal(gone), left=Decimal(left))
    found = lost(down(here, [lack]))
    assert all(0 < pieces <= rows[int(order[1:])][0] for order, pieces in found.items())
    missing = min(gone, max(0, sum(2 * q for q, _ in rows) - left))
    assert missing <= sum(2 * p for p in found.values()) <= missing + len(found)


# ---------------------------------------------------------------- on and back


def ripple(hits, **more):
    notice = tidings.Disturbance(
        id="R-1",
        issue_date_time=START,
        effect="capacity-reduced",
        leading_root_cause="production-incident",
        start_date_time=START,
        note="only for the first",
        **more,
    )
    return Ripple(notice=notice, began_at=START, currency="EUR", own=tuple(hits))


def hit(partner, order="O-1", value=100):
    line = tidings.AffectedLine(
        order_reference=trade.DocumentReference(id=order), quantity_short="1", agreed=START + DAY
    )
    return Hit(partner=partner, line=line, value=Decimal(value), order=order)


def test_nobody_is_told_twice_nor_who_told_us_nor_more_than_may_be():
    hits = [hit(f"p{n:02}") for n in range(TOLD_MAX + 5)]
    first = ripple(hits)
    after, letters = passed_on(first, hits, willing=[h.partner for h in hits[1:]], at=START)
    assert len(letters) == TOLD_MAX
    assert "p00" not in letters
    assert after.left_out == 5
    assert all(n.note == "" and n.hop_limit == 2 for n in letters.values())
    again, more = passed_on(after, hits[:3], willing=["p01", "p02"], at=START)
    assert more == {}
    assert again.told == after.told


def test_two_ways_to_one_firm_count_its_orders_once():
    """a tells b and c, both tell d: d answers each with what only its lines take from."""
    at = START + dt.timedelta(hours=1)
    d = Ripple(
        notice=ripple([]).notice, began_at=START, currency="EUR", came_from="b",
        own=(hit("", "D-1", 500),), also={"c": (hit("", "D-2", 70),)},
    )  # fmt: skip
    to_b, to_c = reply(d, "b", number="1", at=at), reply(d, "c", number="2", at=at)
    assert (to_b.value_at_risk, to_c.value_at_risk) == ("500", "70")
    mine = ripple([], hop_limit=3)
    a = passed_on(mine, [hit("b"), hit("c")], willing=["b", "c"], at=at)[0]
    for partner, word in (("b", to_b), ("c", to_c), ("stranger", to_b)):
        a = answered(a, partner, word)
    assert picture(a.answers).risk == {"EUR": Decimal(570)}


def test_an_answer_is_given_a_limited_number_of_times():
    worn = Ripple(
        notice=ripple([]).notice, began_at=START, currency="EUR", came_from="b",
        replies=REPLIES_MAX,
    )  # fmt: skip
    assert reply(worn, "b", number="1", at=START) is None


def test_money_of_another_currency_is_not_added_up():
    word = reply(ripple([hit("", value=5)]), "", number="1", at=START)
    other = reply(
        Ripple(
            notice=ripple([]).notice, began_at=START, currency="CNY", told=("x",),
            answers={"x": word}, own=(hit("", "O-9", 7),),
        ),
        "", number="2", at=START,
    )  # fmt: skip
    assert (other.value_at_risk, other.currency, other.orders, other.firms) == ("7", "CNY", 2, 2)
