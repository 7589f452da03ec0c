"""What if all requests were decided at once: exact, and never dearer where it serves as much."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.match.choose.together import LINES_MAX, Line, Offered, weighed
from hanse.model.errors import TooMuch


def line(quantity, **chosen):
    taken = {seller: Decimal(count) for seller, count in chosen.items()}
    return Line(request="rfq-1", line="1", item="Shaft", quantity=Decimal(quantity), chosen=taken)


def offer(place, seller, quantity, each):
    return Offered(line=place, seller=seller, quantity=Decimal(quantity), each=Decimal(each))


def test_the_cheaper_offer_that_came_later_is_seen():
    offers = [offer(0, "near", 10, "3"), offer(0, "far", 6, "2.5")]
    found = weighed([line(10, near=10)], offers)
    assert (found.chosen_money, found.together_money) == (30, Decimal("27.0"))
    assert found.lines[0].together == {"far": 6, "near": 4}
    assert (found.chosen_unmet, found.together_unmet) == (0, 0)


def test_what_nobody_offers_stays_unmet_on_both_sides():
    found = weighed([line(10), line("2.5")], [offer(1, "near", "1.25", "3")])
    assert (found.chosen_unmet, found.together_unmet) == (Decimal("12.5"), Decimal("11.25"))
    assert weighed([line(3)], []).together_unmet == 3
    assert weighed([], []).together_money == 0


def test_dear_pieces_are_counted_in_coarser_steps_and_what_cannot_be_exact_is_refused():
    found = weighed([line(2)], [offer(0, "near", 2, "90000000.55"), offer(0, "far", 2, "9e7")])
    assert found.lines[0].together == {"far": 2}
    with pytest.raises(TooMuch, match="exact"):
        weighed([line(10**15)], [offer(0, "near", 10**15, "999999999")])


def test_more_than_fits_is_refused():
    with pytest.raises(TooMuch):
        weighed([line(1)] * (LINES_MAX + 1), [])


rows = st.lists(
    st.tuples(st.integers(1, 9), st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)))),
    max_size=4,
)


@given(rows)
def test_it_serves_as_much_as_any_choice_and_is_never_dearer_than_the_first_that_do(drawn):
    lines, offers = [], []
    for place, (wanted, found) in enumerate(drawn):
        left, taken = wanted, {}
        for number, (count, each) in enumerate(found):
            offers.append(offer(place, f"s{number}", count, each))
            taken[f"s{number}"] = min(left, count)
            left -= taken[f"s{number}"]
        lines.append(line(wanted, **taken))
    both = weighed(lines, offers)
    assert both.together_unmet == both.chosen_unmet
    assert both.together_money <= both.chosen_money
