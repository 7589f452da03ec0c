"""Clearing is exact: it costs what a linear program finds, and breaks no capacity."""

import numpy as np
import pytest
from benchmarks.clear import graph, with_scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.match.choose.clear import Clearing, clear
from hanse.model.errors import BadInput


@given(st.integers(0, 10_000), st.integers(20, 400))
@settings(max_examples=15, deadline=None)
def test_clearing_costs_what_a_linear_program_finds(seed, edges):
    problem = graph(edges, seed=seed)
    found = clear(problem)
    assert found.cost == with_scipy(problem)
    served = np.zeros(len(problem.need), np.int64)
    np.add.at(served, problem.demand, found.flow)
    assert (served + found.unmet == problem.need).all()
    used = np.zeros(len(problem.capacity), np.int64)
    np.add.at(used, problem.supply, found.flow)
    assert (used <= problem.capacity).all()
    assert (found.flow <= problem.limit).all()


def test_an_edge_to_nowhere_is_refused():
    one = np.array([1])
    with pytest.raises(BadInput, match="not there"):
        clear(
            Clearing(
                need=one, penalty=one, capacity=one, demand=one * 5, supply=one * 0, cost=one,
                limit=one,
            )
        )  # fmt: skip
