"""Laws of clearing together: feasible, of least cost, the same whatever order it was stated in."""

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from tests.unit.match.group_builders import CLOSING, DIDS, START, call, group, need, offer, word

from hanse.match.group import (
    DEAR,
    Given,
    clear_group,
    invited,
    result_for,
    solved,
    state,
    stated,
)
from hanse.match.group import given as told

amounts = st.integers(1, 9)
prices = st.integers(1, 9)
needs = st.tuples(amounts, st.none() | prices, st.integers(4, 9))
offers = st.tuples(amounts, prices, st.integers(4, 9))
firms = st.tuples(
    st.lists(needs, max_size=3), st.lists(offers, max_size=3), st.sets(st.sampled_from(DIDS))
)
groups = st.lists(firms, min_size=2, max_size=5)


def words(drawn):
    return {
        did: word(
            [need(q, v, f"n{i}", h) for i, (q, v, h) in enumerate(wants)],
            [offer(q, p, f"o{i}", h) for i, (q, p, h) in enumerate(has)],
            deals,
        )
        for did, (wants, has, deals) in zip(DIDS, drawn, strict=False)
    }


def cost(found, said, top):
    worth = {
        (d, n.id): Decimal(n.value) if n.value else top for d, w in said.items() for n in w.need
    }
    left = {(d, n.id): Decimal(n.quantity) for d, w in said.items() for n in w.need}
    for fit in found.fits:
        left[fit.buyer, fit.need] -= fit.quantity
    paid = sum((f.quantity * f.price for f in found.fits), Decimal(0))
    return paid + sum((left[k] * worth[k] for k in left), Decimal(0))


def by_linear_program(said):
    """The least cost by another road: one variable a possible pair."""
    wants = [(d, n) for d, w in said.items() for n in w.need]
    has = [(d, o) for d, w in said.items() for o in w.offer]
    pairs = [
        (i, j)
        for i, (a, n) in enumerate(wants)
        for j, (b, o) in enumerate(has)
        if a != b
        and b in said[a].deals_with
        and a in said[b].deals_with
        and o.ready <= n.latest
        and (n.value is None or Decimal(o.price) <= Decimal(n.value))
    ]
    if not pairs:
        return None
    dear = DEAR * (max(float(has[j][1].price) for _, j in pairs) + 0.0001)
    worth = [float(n.value) if n.value else dear for _, n in wants]
    gain = [float(has[j][1].price) - worth[i] for i, j in pairs]
    rows = np.zeros((len(wants) + len(has), len(pairs)))
    for column, (i, j) in enumerate(pairs):
        rows[i, column] = rows[len(wants) + j, column] = 1
    room = [float(n.quantity) for _, n in wants] + [float(o.quantity) for _, o in has]
    whole = sum(w * float(n.quantity) for w, (_, n) in zip(worth, wants, strict=True))
    return linprog(gain, A_ub=rows, b_ub=room).fun + whole, Decimal(str(dear))


@given(groups)
@settings(max_examples=60)
def test_it_is_feasible_and_of_least_cost_as_a_linear_program_says(drawn):
    said = words(drawn)
    found, other = solved(said), by_linear_program(said)
    if other is None:
        assert found.fits == ()
        return
    least, top = other
    assert abs(float(cost(found, said, top)) - least) < 1e-3
    for did, one in said.items():
        for line in one.need:
            got = sum(f.quantity for f in found.fits if (f.buyer, f.need) == (did, line.id))
            assert got <= Decimal(line.quantity)
        for line in one.offer:
            gave = sum(f.quantity for f in found.fits if (f.seller, f.offer) == (did, line.id))
            assert gave <= Decimal(line.quantity)


@given(groups, st.data())
@settings(max_examples=40)
def test_every_pair_is_told_to_its_two_firms_and_an_honest_answer_is_taken_whole(drawn, data):
    said = words(drawn)
    order = data.draw(st.permutations(sorted(said)))
    gathering = group()
    for did in order:
        gathering = state(gathering, did, said[did], at=START)
    found = clear_group(gathering, at=CLOSING)
    assert found.state == solved(said)
    told_in_all = 0
    for did, one in said.items():
        answer = result_for(found, did, number="r", at=CLOSING)
        told_in_all += len(answer.pair)
        ours = stated(invited(call(), convener=DIDS[0], me=did, at=START), one, at=START)
        after = told(ours, answer, by=DIDS[0]).state
        assert isinstance(after, Given)
        assert (after.taken, after.left) == (answer.pair, ())
    assert told_in_all == 2 * len(found.state.fits)
