"""A pool never holds more than it has, keeps the highest premiums, and loses nobody's units."""

import pytest
from benchmarks.auction import World, simulate
from hypothesis import given
from hypothesis import strategies as st

from hanse.match.choose.auction import Bid, Pool, next_bid

bids = st.lists(
    st.tuples(st.integers(0, 5), st.floats(0.5, 30), st.floats(0, 50)), min_size=1, max_size=20
)


@given(bids, st.floats(1, 40), st.booleans())
def test_a_pool_is_never_over_full_and_every_unit_is_kept_or_told(asked, capacity, whole):
    pool, owed = Pool(capacity, whole=whole), {}
    for number, (buyer, units, premium) in enumerate(asked):
        name = number if whole else buyer
        before = sum(b.units for b in pool.held if b.buyer == name)
        out = pool.offer(Bid(buyer=name, units=units, premium=premium))
        assert -1e-6 <= out.kept <= units + 1e-6
        owed[name] = before + out.kept
        for gone in out.displaced:
            owed[gone.buyer] -= gone.units
        for who, what in owed.items():
            held = sum(b.units for b in pool.held if b.buyer == who)
            assert held == pytest.approx(what, abs=1e-6)
        assert sum(b.units for b in pool.held) <= capacity + 1e-6


def test_a_higher_premium_displaces_the_lowest():
    pool = Pool(10)
    pool.offer(Bid(buyer=1, units=6, premium=1.0))
    pool.offer(Bid(buyer=2, units=4, premium=5.0))
    out = pool.offer(Bid(buyer=3, units=3, premium=3.0))
    assert out.kept == 3
    assert [(b.buyer, b.units) for b in out.displaced] == [(1, 3)]
    assert out.premium == 1.0


def test_a_whole_job_is_kept_whole_or_not_at_all():
    pool = Pool(10, whole=True)
    pool.offer(Bid(buyer=1, units=6, premium=5.0))
    assert pool.offer(Bid(buyer=2, units=6, premium=4.0)).kept == 0
    out = pool.offer(Bid(buyer=3, units=6, premium=6.0))
    assert (out.kept, out.displaced[0].buyer) == (6, 1)


def test_a_buyer_bids_where_it_is_cheapest_and_stops_at_its_value():
    wish = next_bid(100, {1: 60, 2: 70}, {1: 5}, step=2)
    assert (wish.seller, wish.premium) == (1, 5 + 5 + 2)
    assert next_bid(50, {1: 60}, {}, step=2) is None


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_hundred_firms_come_close_to_the_central_optimum(loss):
    world = World(100, 10, 3, whole=False, shaded=False)
    value, messages, rounds = simulate(world, step=10, loss=loss, seed=3)
    assert value >= 0.95 * world.optimum()
    assert messages <= 70
    assert rounds <= 40
