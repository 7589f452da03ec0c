"""Stops, reasons and OEE of a node, from its own history and record."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from tests.unit.transmit.builders import Gaps

from hanse.model.errors import BadInput
from hanse.model.ids import Happening
from hanse.model.plant import Calendar, Machine, PackMLState, Shift, Signal
from hanse.model.product import Alternative, Item, Routing, Step
from hanse.model.running import JobState, MachineJob
from hanse.model.sample import Gap, GapReason, frame
from hanse.model.time import UTC, StillClock, to_ns
from hanse.node.connections import Line, Setup, setups
from hanse.node.folder import Folder
from hanse.node.losses.facts import shift_began
from hanse.node.losses.keeping import keep_once
from hanse.node.losses.oee import cut, minus
from hanse.node.offline import offline
from hanse.node.pages.losses import RecordLosses
from hanse.node.shopfloor.records import open_jobs
from hanse.transmit.history.writer import HistoryWriter

DAY = dt.datetime(2026, 3, 9, 6, tzinfo=UTC)
EXECUTE, ABORTED, IDLE = 6.0, 9.0, 4.0


def at(minutes):
    return DAY + dt.timedelta(minutes=minutes)


@pytest.fixture
def node(tmp_path):
    home = Folder(tmp_path / "node")
    home.make()
    with offline(home) as context:
        yield dataclasses.replace(context, clock=StillClock(at(120)))


def lay(tx):
    tx.calendars.put(
        Calendar(key="day", shifts=(Shift(days=tuple(range(7)), start_min=360, end_min=480),))
    )
    tx.machines.put(
        Machine(
            key="L1",
            title="Lathe 1",
            asset_type="lathe",
            work_centre="turning",
            calendar="day",
            cost_per_hour_minor=6_000,
        )
    )
    for name in ("state", "parts_good", "parts_scrap", "energy"):
        tx.signals.named(Signal(id=0, asset="L1", name=name))
    tx.items.put(Item(key="SHAFT", title="Shaft"))
    way = Alternative(machine="turning", run_s=60)
    tx.routings.put(
        Routing(item="SHAFT", steps=(Step(key="10", title="Turn", alternatives=(way,)),))
    )
    line = Line(asset="L1", name="state", address="x")
    setups(tx).put("plant", Setup(key="plant", protocol="opcua", settings={}, lines=(line,)))
    job = MachineJob(
        key="wo1-10", order="wo1", step="10", machine="L1", item="SHAFT", pieces=200, run_s=60,
        state=JobState.STARTED, made_at=DAY, started_at=at(0),
    )  # fmt: skip
    open_jobs(tx).put(job.key, job)


async def write(context, **signals):
    """name -> [(minutes, value)]; kept in the node's history."""
    numbers = {s.name: s.id for s in context.store.read_sync(lambda tx: tx.signals.all())}
    rows = [(numbers[n], at(m), v) for n, pairs in signals.items() for m, v in pairs]
    rows.sort(key=lambda r: r[1])
    writer = HistoryWriter(context.history, clock=context.clock, gaps=Gaps())
    writer.take(
        frame(
            Happening("plant", 1, 1),
            signal=np.array([r[0] for r in rows], np.int32),
            at_ns=np.array([to_ns(r[1]) for r in rows], np.int64),
            value=np.array([r[2] for r in rows], float),
            received_ns=to_ns(at(120)),
        )
    )
    await writer.commit()


@pytest.fixture
async def shop(node):
    node.store.write_sync(lay)
    await write(
        node,
        state=[(0, EXECUTE), (60, ABORTED), (90, EXECUTE), (110, IDLE)],
        parts_good=[(0, 100), (30, 130), (60, 150), (110, 168)],
        parts_scrap=[(0, 0), (55, 2)],
        energy=[(0, 10.0), (119, 44.0)],
    )
    return node


async def test_the_figures_are_those_of_iso_22400(shop):
    view = await RecordLosses(shop).figures(by="machine", hours=2)
    (row,) = view.rows
    assert (row.planned_s, row.running_s) == (7_200, 80 * 60)
    assert row.availability == pytest.approx(80 / 120)
    assert (row.pieces, row.good) == (70, 68)
    assert row.effectiveness == pytest.approx(70 / 80)
    assert row.quality == pytest.approx(68 / 70)
    assert row.oee == pytest.approx(68 / 120)
    assert row.energy_per_piece_kwh == pytest.approx(34 / 68)


async def test_losses_and_good_time_are_all_the_planned_time_and_lead_to_their_stops(shop):
    for by in ("machine", "line", "shift", "product"):
        view = await RecordLosses(shop).figures(by=by, hours=2)
        (row,) = [r for r in view.rows if r.planned_s]
        assert row.good_s + sum(loss.seconds for loss in row.losses) == pytest.approx(7_200)
        stood = next(loss for loss in row.losses if loss.kind == "availability.own")
        assert (stood.seconds, stood.cost.minor) == (1_800, 3_000)
        assert stood.stops[0] in {s.id for s in view.stops}
    with pytest.raises(BadInput):
        await RecordLosses(shop).figures(by="moon", hours=2)


async def test_a_person_explains_a_stop_and_a_planned_reason_is_no_loss(shop):
    page = RecordLosses(shop)
    before = await page.stops(machine="", hours=2)
    asked = [s for s in before.stops if not s.reason]
    assert before.unexplained == 2
    aborted = next(s for s in asked if s.state is PackMLState.ABORTED)
    await page.explain(aborted.id, "spindle", by="ada")
    after = await page.stops(machine="L1", hours=2)
    told = next(s for s in after.stops if s.id == aborted.id)
    assert (told.by, told.reason_title.zh) == ("ada", "主轴或轴承故障")
    await page.explain(aborted.id, "maintenance", by="ada")
    (row,) = (await page.figures(by="machine", hours=2)).rows
    assert row.planned_s == 90 * 60
    assert shop.store.read_sync(lambda tx: tx.events.count(kind="decide.stop_explained")) == 2


async def test_silence_is_a_stop_that_nobody_can_qualify(shop):
    gap = Gap(
        connection="plant",
        start_ns=to_ns(at(10)),
        end_ns=to_ns(at(40)),
        reason=GapReason.UNREACHABLE,
    )
    shop.store.write_sync(lambda tx: tx.gaps.put(gap))
    view = await RecordLosses(shop).figures(by="machine", hours=2)
    silent = next(x for x in view.rows[0].losses if x.kind == "availability.unknown")
    assert silent.seconds == 20 * 60, "after ten minutes without a signal"


async def test_states_are_kept_as_spans_and_a_stop_keeps_its_name_in_every_window(shop):
    assert await keep_once(shop) == 4
    assert await keep_once(shop) == 0
    later = dataclasses.replace(shop, clock=StillClock(at(600)))
    assert await keep_once(later) == 0, "nothing new was heard for hours"
    spans = shop.store.read_sync(lambda tx: tx.state_spans.all())
    assert [s.state.value for s in spans] == ["execute", "aborted", "execute", "idle"]
    assert [s.end is None for s in spans] == [False, False, False, True]
    whole = {s.id for s in (await RecordLosses(shop).stops(machine="", hours=2)).stops}
    moved = dataclasses.replace(shop, clock=StillClock(at(135)))  # begins within the stop
    part = {s.id for s in (await RecordLosses(moved).stops(machine="", hours=1)).stops}
    assert part <= whole
    assert len(part) == 2


async def test_before_a_machine_was_ever_heard_nothing_is_said_of_it(shop):
    (row,) = (await RecordLosses(shop).figures(by="machine", hours=24)).rows
    assert row.planned_s == 7_200


def test_spans_are_cut_and_taken_away():
    assert cut([(0, 10)], [(5, 20)]) == [(5, 10)]
    assert minus([(0, 10)], [(2, 4), (3, 6)]) == [(0, 2), (6, 10)]
    assert minus([(0, 10)], []) == [(0, 10)]
    assert minus([(0, 10)], [(0, 10)]) == []


async def test_a_machine_is_shown_since_its_shift_began_with_states_stops_figures_and_energy(shop):
    shop = dataclasses.replace(shop, clock=StillClock(at(119.5)))
    pages = RecordLosses(shop)
    view = await pages.shift("L1")
    assert (view.of_calendar, view.start) == (True, DAY)
    assert [s.state for s in view.states] == [
        PackMLState.EXECUTE, PackMLState.ABORTED, PackMLState.EXECUTE, PackMLState.IDLE,
    ]  # fmt: skip
    assert view.states[1].end == at(90)
    assert view.states[1].reason.en == ""
    assert view.figures.energy_per_piece_kwh == pytest.approx(34 / 68)
    assert {loss.kind for loss in view.figures.losses} >= {"availability.own", "quality"}
    down = next(s for s in view.stops if s.state is PackMLState.ABORTED)
    await pages.explain(down.id, "spindle", by="sam")
    assert "pindle" in (await pages.shift("L1")).states[1].reason.en


def test_a_shift_has_begun_where_one_is_on_and_at_its_own_hour_where_two_follow():
    days = tuple(range(7))
    calendar = Calendar(
        key="two",
        shifts=(
            Shift(days=days, start_min=360, end_min=840),
            Shift(days=days, start_min=840, end_min=1_320),
        ),
    )
    assert shift_began(calendar, at(120)) == DAY
    assert shift_began(calendar, at(500)) == at(480)
    assert shift_began(calendar, at(-60)) is None
    assert shift_began(None, DAY) is None
