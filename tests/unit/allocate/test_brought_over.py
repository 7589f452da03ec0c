"""A shop brought over in the middle of its work, and tools that are out for a while."""

from tests.unit.allocate.builders import at, live, machine, order, routing, step

from hanse.allocate.check import check
from hanse.model.order import Progress
from hanse.model.plan import Outage, OutageKind, Pin
from hanse.model.product import Tool

JIG = Tool(key="jig", title="jig")


def placed(plan, key, step_key="10"):
    (found,) = [a for a in plan.version().assignments if (a.order, a.step) == (key, step_key)]
    return found


def right(plan):
    return check(plan.shop, plan.current) == []


def out(resource, start, end, kind=OutageKind.TOOL):
    return Outage(resource=resource, start=at(start), end=at(end), kind=kind, planned=True)


def test_work_waits_while_its_tool_is_out():
    plan, _ = live(
        routings=(routing(step(tool="jig")),),
        tools=(JIG,),
        orders=(order(pieces=2),),
        outages=(out("jig", 0, 3), out("jig", 2, 5)),
    )
    assert placed(plan, "o1").start == at(5)
    assert right(plan)


def test_a_tool_that_goes_out_moves_what_was_planned_on_it_and_comes_back():
    plan, _ = live(
        routings=(routing(step(tool="jig")),), tools=(JIG,), orders=(order("a"), order("b"))
    )
    plan.outage(out("jig", 1, 4))
    starts = sorted(a.start for a in plan.version().assignments)
    assert starts == [at(0), at(4)]
    assert right(plan)
    assert {a.order for a in plan.version().assignments} == {"a", "b"}
    plan.outage(out("jig", 6, 7))
    plan.tool_back("jig", at(0))
    assert right(plan)


def test_a_fork_in_which_a_tool_is_out_leaves_the_live_plan_as_it_was():
    plan, _ = live(routings=(routing(step(tool="jig")),), tools=(JIG,), orders=(order(),))
    fork = plan.fork()
    fork.outage(out("jig", 0, 9))
    assert placed(fork, "o1").start == at(9)
    assert placed(plan, "o1").start == at(0)
    plan.promise("shaft", 1)
    assert right(plan)
    assert right(fork)


def test_what_is_finished_and_what_is_half_done_elsewhere_is_not_made_again():
    told = (
        Progress(order="o1", step="10", finished_at=at(-3), good=4, machine="mill-1"),
        Progress(order="o1", step="20", started_at=at(-1), good=1, machine="mill-2"),
    )
    plan, _ = live(
        machines=(machine(), machine("mill-2")),
        routings=(routing(step("10"), step("20")),),
        orders=(order(pieces=4),),
        progress=told,
    )
    assert placed(plan, "o1").end == at(-3)
    rest = placed(plan, "o1", "20")
    assert (rest.machine, rest.start, rest.started) == ("mill-2", at(-1), True)
    assert rest.end == at(3)
    assert right(plan)


def test_a_word_about_a_machine_that_cannot_do_it_does_not_stop_the_plan():
    plan, _ = live(
        machines=(machine(), machine("saw", work_centre="saws")),
        orders=(order(pieces=2),),
        pins=(Pin(order="o1", step="10", machine="saw"),),
        progress=(Progress(order="o1", step="10", machine="saw", good=1, started_at=at(-1)),),
    )
    assert placed(plan, "o1").machine == "mill-1"
