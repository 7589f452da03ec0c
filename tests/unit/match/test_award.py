"""Awards over many lines hold every limit, never lose to greedy, and meet the optimum."""

import numpy as np
import pytest
from benchmarks.award import sourcing, tender

from hanse.match.choose.award import greedy, improve, second_best, solve
from hanse.match.choose.exact import lower_bound, solve_exact
from hanse.match.choose.problem import checked, cost_of
from hanse.model.errors import BadInput


def test_a_small_tender_is_solved_within_a_hair_of_the_exact_optimum():
    problem = tender(6, 4, seed=3)
    award = solve(problem, seconds=8.0)
    exact = solve_exact(problem, seconds=20.0)
    assert award.cost <= exact.cost * 1.001
    assert award.bound is None or award.bound <= award.cost * (1 + 1e-6)
    assert lower_bound(problem, seconds=10.0) <= award.cost * (1 + 1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_search_is_never_worse_than_greedy_and_breaks_no_limit(seed):
    problem = tender(40, 12, seed=seed)
    start = greedy(problem)
    award = improve(problem, start, seconds=0.3, seed=seed)
    assert award.cost <= start.cost
    assert cost_of(problem, award.quantity) == pytest.approx(award.cost, rel=1e-6)
    assert cost_of(problem, start.quantity) == pytest.approx(start.cost, rel=1e-6)


def test_the_same_seed_and_rounds_give_the_same_award():
    problem = tender(30, 10, seed=4)
    ticks = iter(range(10_000))

    def now():
        return next(ticks) / 100

    one = improve(problem, greedy(problem), seconds=0.1, now_s=now)
    ticks = iter(range(10_000))
    two = improve(problem, greedy(problem), seconds=0.1, now_s=now)
    assert np.array_equal(one.quantity, two.quantity)


def test_capacitated_sourcing_with_split_is_proved():
    rng = np.random.default_rng(1)
    problem = sourcing(
        np.full(5, 60.0), np.full(5, 100.0), np.full(12, 10.0), rng.uniform(10, 90, (5, 12))
    )
    award = solve(problem, seconds=5.0)
    assert award.proved
    assert cost_of(problem, award.quantity) == pytest.approx(award.bound, rel=1e-6)


def test_a_line_names_what_its_second_best_would_cost():
    problem = tender(6, 4, seed=3)
    award = solve(problem, seconds=1.0)
    other = second_best(problem, award, 0)
    assert other.without >= award.cost - 1e-6


def test_a_warm_start_is_not_lost():
    problem = tender(20, 8, seed=5)
    first = solve(problem, seconds=1.0)
    again = solve(problem, seconds=0.2, warm=first.quantity)
    assert again.cost <= first.cost + 1e-6


def test_an_award_that_breaks_a_limit_is_found_out():
    problem = tender(6, 4, seed=3)
    award = greedy(problem)
    with pytest.raises(BadInput):
        cost_of(problem, award.quantity * 5)


def test_columns_that_do_not_fit_together_are_refused():
    from msgspec.structs import replace

    with pytest.raises(BadInput, match="fit together"):
        checked(replace(tender(6, 4), setup=np.zeros(1)))


def test_what_does_not_fit_into_a_table_is_left_to_the_other_searches():
    from msgspec.structs import replace

    from hanse.match.choose.relax import plain

    table = sourcing(np.full(3, 9.0), np.ones(3), np.ones(4), np.ones((3, 4)))
    assert plain(table) is not None
    assert plain(tender(6, 4)) is None
    assert plain(replace(table, setup=np.ones(12))) is None
    assert plain(replace(table, most=np.full(4, 1))) is None
    assert plain(replace(table, small_share=0.2, small_penalty=1.0)) is None
    assert plain(replace(table, resource=np.zeros(12, np.int64))) is None
    assert plain(replace(table, hours=np.linspace(1, 2, 12))) is None


def test_a_sourcing_ends_in_time_with_what_it_has():
    ticks = iter(range(100_000))
    rng = np.random.default_rng(7)
    problem = sourcing(
        np.full(15, 60.0), np.full(15, 300.0), np.full(40, 10.0), rng.uniform(10, 90, (15, 40))
    )
    award = solve(problem, seconds=3.0, now_s=lambda: next(ticks) / 10)
    assert cost_of(problem, award.quantity) == pytest.approx(award.cost)
    assert award.bound <= award.cost
