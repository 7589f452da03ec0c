"""A fork of the live plan: what is tried there leaves the live one as it is."""

import pytest
from tests.unit.allocate.builders import H, at, live, machine, order, routing, step

from hanse.allocate.check import check
from hanse.allocate.trying import attempt
from hanse.model.errors import BadInput, Conflict, NotFound
from hanse.model.plan import Pin


def two_mills():
    return live(
        machines=(machine(), machine("mill-2")),
        orders=tuple(order(k, pieces=4, due=9) for k in "abcd"),
    )


def start(plan, key):
    return next((a.machine, a.start) for a in plan.version().assignments if a.order == key)


def put(key="a", machine="mill-1", hours=4):
    return Pin(order=key, step="10", machine=machine, start=at(hours))


def test_a_fork_lives_on_its_own():
    plan, _ = two_mills()
    before, placed = plan.version(), list(plan.current.placed)
    fork = plan.fork()
    fork.cancel("a")
    fork.machine_down("mill-1", at(0))
    fork.insert(order("new", pieces=2, due=3))
    fork.hold("shaft", 2, expires_at=at(90))
    assert plan.version() == before
    assert plan.current.placed == placed
    assert plan.holds() == []
    assert check(plan.shop, plan.current) == []
    assert check(fork.shop, fork.current) == []


def test_a_pinned_operation_starts_where_it_was_put_and_the_others_go_around_it():
    plan, _ = two_mills()
    plan.pin(put("a", "mill-2", 4))
    assert start(plan, "a") == ("mill-2", at(4))
    assert check(plan.shop, plan.current) == []
    plan.machine_down("mill-1", at(0), at(3))
    assert start(plan, "a")[0] == "mill-2"
    (shown,) = [a for a in plan.version().assignments if a.order == "a"]
    assert shown.pinned
    plan.unpin(put("a"))
    assert plan.records.pins == ()


def test_an_operation_is_put_before_those_that_stood_there():
    plan, _ = live(orders=tuple(order(k, pieces=4, due=40) for k in "abc"))
    assert start(plan, "c")[1] == at(8)
    plan.pin(put("c", hours=0))
    assert start(plan, "c")[1] == at(0)
    assert check(plan.shop, plan.current) == []


def test_what_a_move_harms_is_known_before_it_is_done():
    plan, _ = live(orders=(order("a", pieces=4, due=4), order("b", pieces=4, due=20)))
    before = plan.version()
    found = attempt(plan.fork(), lambda fork: fork.pin(put("b", hours=0)))
    assert plan.version() == before
    assert [(h.order, h.seconds) for h in found.harmed] == [("a", 4 * H)]
    assert (found.late_before, found.late_after) == (0, 1)
    assert found.cost_after_minor - found.cost_before_minor == found.harmed[0].cost_minor
    assert found.moved == 2
    assert plan.pin(put("b", hours=0)).cost_minor == found.cost_after_minor


def test_what_cannot_be_moved_says_why():
    plan, clock = live(
        machines=(machine(), machine("saw-1", work_centre="saws")),
        routings=(routing(step("10")),),
        orders=(order("a", pieces=4, due=9),),
    )
    with pytest.raises(BadInput, match="cannot do"):
        plan.pin(put("a", "saw-1"))
    with pytest.raises(NotFound):
        plan.pin(put("nobody"))
    clock.advance(H)
    with pytest.raises(Conflict, match="started"):
        plan.pin(put("a"))
    assert plan.shop.pins == {}
