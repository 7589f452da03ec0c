"""Resource-constrained projects: what any search gives out is a schedule, and no bound lies."""

from __future__ import annotations

import itertools
import json
import time

import pytest
from benchmarks.allocate import read_project
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.allocate.jobshop import Limits
from hanse.allocate.project import Project, broken, lower_bound, serial, solve_project
from hanse.model.errors import BadInput

SMALL = Project([3, 2, 2, 1], [[2], [1], [1], [2]], [2], [[3], [3], [], []])


@st.composite
def projects(draw: st.DrawFn) -> Project:
    n = draw(st.integers(1, 6))
    rooms = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    uses = [[draw(st.integers(0, room)) for room in rooms] for _ in range(n)]
    followers = [[y for y in range(x + 1, n) if draw(st.booleans())] for x in range(n)]
    durations = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    return Project(durations, uses, rooms, followers)


def end_of(project: Project, starts: list[int]) -> int:
    return max(s + d for s, d in zip(starts, project.durations, strict=True))


def best_of_all_orders(project: Project) -> int:
    """The shortest serial schedule over all orders: an optimum for the makespan."""
    n, shortest = len(project.durations), 2**30
    for order in itertools.permutations(range(n)):
        place = {x: k for k, x in enumerate(order)}
        if any(place[y] < place[x] for x in range(n) for y in project.followers[x]):
            continue
        starts: list[int] = [-1] * n
        for x in order:
            before = [y for y in range(n) if x in project.followers[y]]
            at = max([starts[y] + project.durations[y] for y in before], default=0)
            while not _fits(project, starts, x, at):
                at += 1
            starts[x] = at
        shortest = min(shortest, end_of(project, starts))
    return shortest


def _fits(project: Project, starts: list[int], x: int, at: int) -> bool:
    for t in range(at, at + project.durations[x]):
        for resource, room in enumerate(project.capacities):
            running = [y for y, s in enumerate(starts) if 0 <= s <= t < s + project.durations[y]]
            if sum(project.uses[y][resource] for y in running) + project.uses[x][resource] > room:
                return False
    return True


@settings(max_examples=25, deadline=None)
@given(projects())
def test_what_is_proven_is_the_best_of_all_orders(project):
    found = solve_project(project, Limits(20, time.perf_counter))
    assert broken(project, found.starts) == []
    assert found.makespan == found.bound == best_of_all_orders(project)


@settings(max_examples=25, deadline=None)
@given(projects())
def test_the_search_alone_keeps_order_and_capacity_and_no_bound_is_undercut(project):
    found = solve_project(project, Limits(0.02, time.perf_counter, prove=False))
    assert broken(project, found.starts) == []
    assert lower_bound(project) <= found.makespan <= found.first
    assert found.makespan == end_of(project, found.starts)


def test_a_serial_schedule_comes_first():
    assert broken(SMALL, serial(SMALL)) == []
    assert broken(SMALL, [0, 0, 0, 0])


def test_a_cancelled_search_gives_what_it_has_at_once():
    found = solve_project(SMALL, Limits(3_600, time.perf_counter, cancelled=lambda: True))
    assert broken(SMALL, found.starts) == []
    assert found.rounds == 0


def test_an_activity_that_can_never_run_is_named():
    with pytest.raises(BadInput, match="more of a resource than there is") as raised:
        solve_project(Project([1, 1], [[1], [3]], [2], [[], []]), Limits(1, time.perf_counter))
    assert raised.value.subject == "activity 1"


@pytest.mark.data
def test_the_search_ends_sooner_than_the_serial_schedule_on_public_projects(data_folder):
    folder = data_folder / "scheduling"
    bounds = json.loads((folder / "bounds.json").read_text())["rcpsp"]
    shorter = 0
    for path in sorted(folder.joinpath("rcpsp").iterdir())[:6]:
        project = read_project(path)
        found = solve_project(project, Limits(0.5, time.perf_counter))
        assert broken(project, found.starts) == []
        assert found.makespan >= (bounds[path.stem]["lb"] or 0)
        assert found.bound <= bounds[path.stem]["ub"]
        shorter += found.makespan < found.first
    assert shorter
