"""Laws of what is drawn: timelines, the Gantt, the map, figures."""

import datetime as dt
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.web.fakes import StillClock

from hanse.model.event import Event
from hanse.model.plan import Assignment, PlanVersion
from hanse.model.text import Text
from hanse.model.time import UTC
from hanse.web.doors.rates import RATE_KEYS_MAX, Rates
from hanse.web.drawing.figures import number, span, when
from hanse.web.drawing.gantt import SPANS_H, Look, board, hue_of, wanted_in
from hanse.web.drawing.moments import typed_instant
from hanse.web.drawing.netmap import BOX_H, BOX_W, network_map
from hanse.web.drawing.timeline import COLUMN_PX, COLUMNS_MAX, STEPS_MAX, timeline
from hanse.web.routes.entry import inside
from hanse.web.views.common import State
from hanse.web.views.planning import Lane, PlanView
from hanse.web.views.trading import MapLink, MapNode, NetworkView

T0 = dt.datetime(2026, 3, 9, 10, tzinfo=UTC)
KINDS = ["decide.alarm_raised", "allocate.plan_repaired", "match.quote_received", "other.thing"]
UP = State("up", Text("up", "可达"))


@st.composite
def stories(draw):
    """Events of a loop, each caused by an earlier one, by none, or by one of another firm."""
    n = draw(st.integers(0, 40))
    events = []
    for at in range(n):
        cause = draw(st.none() | st.integers(0, max(0, at - 1)) | st.just("elsewhere"))
        events.append(
            Event(
                id=f"e-{at}",
                at=T0 + dt.timedelta(seconds=at * draw(st.floats(0, 3))),
                kind=draw(st.sampled_from(KINDS)),
                subject="x",
                text=Text("x", "甲"),
                cause=f"e-{cause}" if isinstance(cause, int) and at else cause and str(cause),
            )
        )
    return events


@given(stories())
def test_a_timeline_shows_every_event_once_in_order_with_true_clocks(events):
    line = timeline(events)
    assert sorted(s.event.id for s in line.steps) == sorted(e.id for e in events)
    clocks = [s.since_start_s for s in line.steps]
    assert clocks == sorted(clocks)
    assert all(s.since_cause_s is None or s.since_cause_s >= 0 for s in line.steps)
    assert sum(s.seconds for s in line.shares) == pytest.approx(line.took_s)
    assert sum(s.width for s in line.shares) in {0, 1_000}


@given(stories())
def test_every_dot_and_line_of_a_timeline_stays_in_its_gutter(events):
    line = timeline(events)
    assert line.width <= COLUMNS_MAX * COLUMN_PX
    for step in line.steps:
        assert 0 < step.x < line.width
        assert all(0 < x < line.width for x in step.passing)


@given(stories())
def test_a_line_that_goes_on_below_a_row_reaches_the_next_one(events):
    steps = timeline(events).steps
    for row, step in enumerate(steps):
        if step.passing:
            below = steps[row + 1]
            arriving = {below.x} if below.arrow else set()
            carried = {int(path[1:].split(" ")[0]) for path in below.head if " 0V" in path}
            assert set(step.passing) <= arriving | carried


def test_a_timeline_has_a_limit_and_says_how_many_it_left_out():
    one = Event(id="e", at=T0, kind="decide.thing", subject="x", text=Text("x", "甲"))
    many = [one for _ in range(STEPS_MAX + 3)]
    assert timeline(many).cut == 3


@st.composite
def plans(draw):
    lanes = tuple(Lane(key=f"m-{n}", title=f"M {n}") for n in range(draw(st.integers(1, 5))))
    work = []
    for n in range(draw(st.integers(0, 30))):
        start = T0 + dt.timedelta(minutes=draw(st.integers(-10_000, 60_000)))
        work.append(
            Assignment(
                order=f"o-{n}",
                step="10",
                machine=draw(st.sampled_from([lane.key for lane in lanes] + ["gone"])),
                start=start,
                end=start + dt.timedelta(minutes=draw(st.integers(1, 6_000))),
                setup_s=draw(st.integers(0, 90_000)),
                pieces=draw(st.integers(0, 9)),
                done=draw(st.integers(0, 12)),
            )
        )
    version = PlanVersion(number=1, made_at=T0, cause=None, assignments=tuple(work))
    return PlanView(version=version, lanes=lanes, orders=())


@given(plans(), st.sampled_from(sorted(SPANS_H)))
@settings(deadline=None)
def test_every_bar_of_the_gantt_lies_on_the_paper_in_its_machines_row(plan, hours):
    drawn = board(plan, now=T0, hours=hours, timezone="UTC")
    rows = {lane.key: row for row, lane in enumerate(plan.lanes)}
    for bar in drawn.bars:
        assert 0 <= bar.x <= drawn.width
        assert 0 < bar.width <= drawn.width + 3
        assert 0 <= bar.setup <= bar.width
        assert 0 <= bar.done <= bar.width
        assert (bar.y - 34) // 46 == rows[bar.machine]
    assert drawn.width >= hours * drawn.px_per_h


@given(plans(), st.sampled_from(["", "o-1", "m", "nothing"]), st.booleans())
@settings(deadline=None)
def test_what_is_looked_for_is_bright_and_its_machines_stay_on_the_paper(plan, find, late):
    look = Look(hours=168, find=find, late=late)
    drawn = board(plan, now=T0, hours=168, timezone="UTC", look=look)
    whole = board(plan, now=T0, hours=168, timezone="UTC")
    assert {lane.key for lane in drawn.lanes} <= {lane.key for lane in plan.lanes}
    assert bool(drawn.lanes) == bool(plan.lanes)
    wanted = wanted_in(plan, look)
    for bar in drawn.bars:
        assert bar.dim == (wanted is not None and bar.order not in wanted)
    if not find and not late:
        assert (drawn.bars, drawn.lanes) == (whole.bars, whole.lanes)
    assert dict(parse_qsl(look.query()[1:])).get("find", "") == find


@given(plans())
@settings(deadline=None)
def test_pixels_turn_back_into_the_instant_they_came_from(plan):
    drawn = board(plan, now=T0, hours=24, timezone="UTC")
    for bar in drawn.bars:
        if 0 < bar.x < drawn.width:
            back = drawn.origin + dt.timedelta(hours=bar.x / drawn.px_per_h)
            assert abs((back - bar.start).total_seconds()) <= 3_600 / drawn.px_per_h


@given(st.text(max_size=20))
def test_an_order_keeps_its_colour(order):
    assert hue_of(order) == hue_of(order)
    assert 0 <= hue_of(order) < 8


@given(st.lists(st.tuples(st.integers(-8, 8), st.text(min_size=1, max_size=8)), max_size=30))
def test_no_two_firms_of_the_map_lie_on_one_another(firms):
    nodes = tuple(
        MapNode(did=f"did-{n}", name=name, state=UP, tier=tier)
        for n, (tier, name) in enumerate(firms)
    )
    links = tuple(MapLink(a="did-0", b=node.did, state=UP) for node in nodes[1:])
    drawn = network_map(NetworkView(nodes=nodes, links=links))
    boxes = drawn.boxes
    for at, a in enumerate(boxes):
        assert a.x + BOX_W <= drawn.width
        assert a.y + BOX_H <= drawn.height
        for b in boxes[at + 1 :]:
            assert abs(a.x - b.x) >= BOX_W or abs(a.y - b.y) >= BOX_H
    assert len(drawn.ties) == len(links)


@given(st.floats(0, 10**9), st.sampled_from(["en", "zh"]))
def test_a_span_is_a_number_with_one_or_two_units(seconds, language):
    assert 2 <= len(span(seconds, language).split(" ")) <= 4


@given(
    st.floats(allow_infinity=False)
    | st.decimals(
        allow_infinity=False, allow_nan=False, places=3, min_value=-(10**9), max_value=10**9
    )
)
def test_a_number_is_digits_and_never_ends_in_a_point(value):
    shown = number(value)
    assert not shown.endswith(".")
    assert shown == "–" or set(shown) <= set("-0123456789,.")


@given(st.datetimes(min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2100, 1, 1)))
def test_an_instant_typed_in_the_firms_time_is_shown_as_it_was_typed(at):
    typed = at.replace(second=0, microsecond=0)
    instant = typed_instant(typed.isoformat(), timezone="Asia/Shanghai")
    assert instant.tzinfo is UTC
    far = dt.datetime(1999, 1, 1, tzinfo=UTC)
    assert when(instant, now=far, timezone="Asia/Shanghai") == typed.strftime("%Y-%m-%d %H:%M")


@given(st.text(max_size=60))
def test_no_wish_leads_outside_of_the_node(path):
    safe = inside(path)
    assert safe.startswith("/")
    assert not safe.startswith(("//", "/\\"))
    assert "\n" not in safe


@given(st.integers(1, 20))
def test_a_rate_lets_as_many_through_as_it_says(per_min):
    clock = StillClock()
    rates = Rates(clock)
    for _ in range(per_min):
        rates.use("k", per_min=per_min)
    with pytest.raises(Exception, match="at most"):
        rates.use("k", per_min=per_min)
    clock.advance(60)
    rates.use("k", per_min=per_min)


def test_the_oldest_keys_of_a_rate_go_first_at_the_limit():
    rates = Rates(StillClock())
    for n in range(RATE_KEYS_MAX + 10):
        rates.use(f"k{n}", per_min=1)
    rates.use("k0", per_min=1)
    with pytest.raises(Exception, match="at most"):
        rates.use(f"k{RATE_KEYS_MAX + 9}", per_min=1)
