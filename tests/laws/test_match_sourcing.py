"""Laws of capacitated sourcing: transport stays optimal as firms open and close, bounds hold."""

from importlib import import_module

import hypothesis.strategies as st
import numpy as np
import pytest
from benchmarks.award import sourcing
from hypothesis import given, settings

from hanse.match.choose import transport
from hanse.match.choose.clear import Clearing, clear
from hanse.match.choose.exact import solve_exact
from hanse.match.choose.problem import cost_of
from hanse.match.choose.relax import look_at, plain, sizes_of
from hanse.match.choose.sourcing import source

PENALTY = 500


def central(cost, quantity, room):
    """The least cost of covering the lines from the firms that have room, by min-cost flow."""
    firms, lines = cost.shape
    firm, line = map(np.ravel, np.meshgrid(np.arange(firms), np.arange(lines), indexing="ij"))
    whole = {"need": quantity, "capacity": room, "limit": quantity[line], "cost": cost[firm, line]}
    ints = {key: value.astype(np.int64) for key, value in whole.items()}
    penalty = np.full(lines, PENALTY, np.int64)
    return clear(Clearing(**ints, penalty=penalty, demand=line, supply=firm)).cost


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 12))
def test_transport_is_that_of_min_cost_flow_whatever_opens_and_closes(seed, firms, lines):
    rng = np.random.default_rng(seed)
    cost = np.vstack([rng.integers(1, 100, (firms, lines)), np.full((1, lines), PENALTY)]) * 1.0
    quantity, room = rng.integers(1, 30, lines) * 1.0, rng.integers(1, 80, firms) * 1.0
    is_open, edges = np.ones(firms + 1, np.bool_), np.full((firms + 1, firms + 1), np.inf)
    x, load, via = np.zeros_like(cost), np.zeros(firms + 1), np.zeros(edges.shape, np.int64)
    endless = np.append(room, 1e18)
    transport.start(is_open, cost, quantity, endless, x, load, edges, via)
    for i in [-1, *rng.integers(0, firms, 8)]:
        if i >= 0:
            step = transport.close_firm if is_open[i] else transport.open_firm
            step(i, is_open, cost, endless, x, load, edges, via)
        assert np.allclose(x.sum(axis=0), quantity)
        assert (x.sum(axis=1) <= endless * is_open + 1e-6).all()
        assert np.allclose(x.sum(axis=1), load)
        least = central(cost[:-1], quantity, room * is_open[:-1])
        assert transport.value(is_open, cost, np.zeros(firms + 1), x) == pytest.approx(least)


def tight(seed, firms, lines):
    rng = np.random.default_rng(seed)
    need = rng.integers(5, 40, lines) * 1.0
    room = np.ceil(rng.uniform(0.5, 1.5, firms) * need.sum() * 1.5 / firms)
    return sourcing(
        room, rng.integers(50, 400, firms) * 1.0, need, rng.uniform(5, 90, (firms, lines))
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 7), st.integers(4, 14), st.sampled_from([1, 12]))
def test_a_sourcing_is_the_optimum_and_its_bound_is_proved(seed, firms, lines, starts):
    problem, module = tight(seed, firms, lines), import_module("hanse.match.choose.sourcing")
    with pytest.MonkeyPatch.context() as few:
        few.setattr(module, "STARTS_MAX", starts)
        few.setattr(module, "SLICES_MAX", starts)
        few.setattr(module, "SLICE_WORK", starts * 10**6)
        found = source(problem, seconds=60.0)
    exact = solve_exact(problem, seconds=30.0)
    assert found.proved
    assert cost_of(problem, found.quantity) == pytest.approx(found.cost, rel=1e-9)
    assert found.cost == pytest.approx(exact.cost, rel=2e-6)
    assert found.bound <= exact.cost * (1 + 1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_any_prices_give_a_bound_that_no_award_undercuts(seed):
    problem = tight(seed, 5, 8)
    table, rng = plain(problem), np.random.default_rng(seed)
    best = solve_exact(problem, seconds=30.0).cost
    for _ in range(20):
        price = rng.uniform(0, 1, 8) * table.cost[:-1].max() * 1.5
        look = look_at(table, sizes_of(table), price, np.full(5, -1))
        assert look.bound <= best * (1 + 1e-6)
