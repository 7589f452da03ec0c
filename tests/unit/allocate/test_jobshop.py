import json
import random
import time

import pytest
from benchmarks.allocate import READERS

from hanse.allocate import classic
from hanse.allocate.check import check
from hanse.allocate.jobshop import JobShop, Limits, as_plan, as_shop, lower_bound, solve


def plain(seed, jobs=6, machines=5):
    dice = random.Random(seed)
    return JobShop(
        machines,
        [
            [[(m, dice.randint(1, 99))] for m in dice.sample(range(machines), machines)]
            for _ in range(jobs)
        ],
    )


def flexible(seed):
    dice = random.Random(seed)
    return JobShop(
        4,
        [
            [
                [
                    (m, dice.randint(1, 30))
                    for m in sorted(dice.sample(range(4), dice.randint(1, 3)))
                ]
                for _ in range(dice.randint(2, 6))
            ]
            for _ in range(6)
        ],
    )


@pytest.mark.parametrize("make", [plain, flexible])
@pytest.mark.parametrize("seed", range(4))
def test_every_schedule_passes_the_checker_and_stays_above_its_bound(make, seed):
    problem = make(seed)
    solved = solve(problem, Limits(0.2, time.perf_counter, prove=False))
    assert check(as_shop(problem), as_plan(problem, solved.starts, solved.choices)) == []
    assert lower_bound(problem) <= solved.bound <= solved.makespan <= solved.first


@pytest.mark.parametrize("make", [plain, flexible])
def test_a_small_shop_is_solved_and_proven(make):
    problem = make(7)
    solved = solve(problem, Limits(20, time.perf_counter))
    assert solved.bound == solved.makespan
    assert check(as_shop(problem), as_plan(problem, solved.starts, solved.choices)) == []


def test_runs_that_begin_between_two_good_schedules_keep_every_order(monkeypatch):
    monkeypatch.setattr(classic, "STALL_MOVES", 20)
    for seed in range(3):
        problem = plain(seed, 10, 10)
        solved = solve(problem, Limits(0.3, time.perf_counter, prove=False))
        assert check(as_shop(problem), as_plan(problem, solved.starts, solved.choices)) == []
        assert solved.bound <= solved.makespan <= solved.first


def test_a_proof_beside_the_search_ends_with_it_and_stays_below_it():
    problem = plain(3, 15, 15)
    solved = solve(problem, Limits(1.0, time.perf_counter))
    assert lower_bound(problem) <= solved.bound <= solved.makespan <= solved.first
    assert check(as_shop(problem), as_plan(problem, solved.starts, solved.choices)) == []


def test_jobs_may_come_back_to_a_machine():
    problem = JobShop(2, [[[(0, 3)], [(1, 2)], [(0, 3)]], [[(0, 4)], [(0, 1)]]])
    solved = solve(problem, Limits(5, time.perf_counter))
    assert solved.makespan == solved.bound == 11


def test_a_search_told_to_stop_keeps_what_it_has():
    solved = solve(plain(1, 30, 10), Limits(30, time.perf_counter, cancelled=lambda: True))
    assert solved.makespan == solved.first


@pytest.mark.data
@pytest.mark.parametrize("kind", ["jsp", "fjsp"])
def test_public_instances_are_read_and_their_bounds_are_kept(kind, data_folder):
    folder = data_folder / "scheduling"
    bounds = json.loads((folder / "bounds.json").read_text())[kind]
    small = sorted(folder.joinpath(kind).iterdir(), key=lambda p: (p.stat().st_size, p.name))[:3]
    for path in small:
        problem = READERS[kind](path)
        solved = solve(problem, Limits(0.5, time.perf_counter, prove=False))
        assert solved.makespan >= bounds[path.stem]["lb"]
        assert solved.bound <= bounds[path.stem]["ub"]
        assert check(as_shop(problem), as_plan(problem, solved.starts, solved.choices)) == []
