"""The collector with a connector and a sink of ten lines: what holds whatever the protocol."""

import asyncio

import msgspec
import pytest
from tests.conformance.connectors.builders import KeptSink, a_world, running, until
from tests.unit.collect.test_intake import a_bind

from hanse.collect import Collector, Connection, Connector, LineState, Mapping, Start
from hanse.collect.packing import BUFFER_SAMPLES_MAX
from hanse.model.errors import NotAllowed, Refused, Unreachable
from hanse.model.event import Draft
from hanse.model.sample import GapReason
from hanse.model.text import Text


class Settings(msgspec.Struct, frozen=True):
    name: str = "fake"


def a_connector(collect, *, once=False):
    return Connector(
        name="fake",
        title=Text("fake", "假"),
        config=Settings,
        collect=collect,
        explain=lambda error, _: error,
        once=once,
    )


def a_collector(tmp_path, collect, sink, **changes):
    once, heard = changes.pop("once", False), changes.pop("last_heard_ns", None)
    binds = changes.pop("binds", (a_bind(1), a_bind(2)))
    connection = Connection(
        key="c", settings=Settings(), mapping=Mapping(binds=binds), pack_s=0.02, **changes
    )
    start = Start(source="n/c", epoch=9, last_heard_ns=heard)
    return Collector(
        connection, a_connector(collect, once=once), sink=sink, world=a_world(tmp_path), start=start
    )


async def test_a_source_that_ends_is_done_and_everything_is_handed_on(tmp_path):
    async def collect(_settings, points, intake, _world):
        intake.up()
        for n in range(5_000):
            intake.take(points[n % 2].slot, float(n))
        intake.happened(Draft(kind="collect.device_event", subject="x", text=Text("a", "b")))

    sink = KeptSink()
    collector = a_collector(tmp_path, collect, sink, once=True)
    await asyncio.wait_for(collector.run(), 10)
    assert sink.count() == 5_000
    assert len(sink.events) == 1
    assert collector.diagnostics().state is LineState.DONE


async def test_a_sink_that_fails_gets_the_same_frame_again_and_nothing_is_lost(tmp_path):
    async def collect(_settings, _points, intake, _world):
        intake.up()
        for n in range(60):
            intake.take(0, float(n))
            await asyncio.sleep(0.01)

    sink = KeptSink()
    sink.fails = 1
    collector = a_collector(tmp_path, collect, sink, once=True)
    await asyncio.wait_for(collector.run(), 10)
    assert sink.values(1) == [float(n) for n in range(60)]
    assert [h.seq for h in sink.frames] == list(range(len(sink.frames)))


async def test_while_the_sink_is_away_last_values_are_kept_and_the_rest_is_a_counted_gap(tmp_path):
    async def collect(_settings, _points, intake, _world):
        intake.up()
        for n in range(BUFFER_SAMPLES_MAX + 10):
            intake.take(n % 2, float(n))
        await asyncio.Event().wait()

    sink = KeptSink()
    collector = a_collector(tmp_path, collect, sink)
    async with running(collector):
        await until(lambda: sink.gaps)
    (gap,) = sink.gaps.values()
    assert gap.reason is GapReason.OVERFLOW
    assert gap.lost == BUFFER_SAMPLES_MAX - 2
    assert sink.count() + gap.lost == BUFFER_SAMPLES_MAX + 10


async def test_the_time_before_a_start_is_a_gap_from_when_the_device_was_last_heard(tmp_path):
    async def collect(_settings, _points, intake, _world):
        intake.take(0, 1.0)
        intake.up()
        await asyncio.Event().wait()

    sink = KeptSink()
    collector = a_collector(tmp_path, collect, sink, last_heard_ns=5)
    async with running(collector):
        await until(lambda: any(g.end_ns for g in sink.gaps.values()))
    (gap,) = sink.gaps.values()
    assert (gap.start_ns, gap.reason) == (5, GapReason.NODE_STOPPED)


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(Unreachable("x"), 3), (Refused("x"), 2), (NotAllowed("x"), 2), (KeyError("surprise"), 3)],
)
async def test_whatever_ends_a_session_the_next_one_begins(tmp_path, error, attempts):
    async def collect(_settings, _points, _intake, _world):
        raise error

    collector = a_collector(tmp_path, collect, KeptSink())
    async with running(collector):
        await until(lambda: collector.diagnostics().attempts >= attempts)
        assert collector.diagnostics().last_error.what
    assert collector.diagnostics().gaps == 1


async def test_a_refused_login_is_not_tried_again_soon(tmp_path):
    async def collect(_settings, _points, _intake, _world):
        raise Refused("no", code="login")

    collector = a_collector(tmp_path, collect, KeptSink())
    async with running(collector):
        await until(lambda: collector.diagnostics().state is LineState.WAITING)
        await asyncio.sleep(1.5)
        assert collector.diagnostics().attempts == 1


async def test_frames_of_two_partitions_are_numbered_apart(tmp_path):
    async def collect(_settings, _points, intake, _world):
        intake.up()
        for n in range(100):
            intake.take(n % 2, float(n))
            await asyncio.sleep(0.001)

    sink = KeptSink()
    binds = (a_bind(1), msgspec.structs.replace(a_bind(2), signal=a_bind(2).signal))
    collector = a_collector(tmp_path, collect, sink, once=True, binds=binds)
    other = Collector(
        collector.connection,
        collector.connector,
        sink=sink,
        world=a_world(tmp_path),
        start=Start(source="n/d", epoch=9),
        partition=len,
    )
    await asyncio.wait_for(other.run(), 10)
    assert {h.source for h in sink.frames} == {"n/d/2"}
    assert [h.seq for h in sink.frames] == list(range(len(sink.frames)))


@pytest.mark.parametrize("changes", [{"pack_s": 0.0}, {"pack_s": 9.0}, {"pack_samples": 0}])
def test_packing_is_bounded(changes):
    with pytest.raises(ValueError, match="pack"):
        Connection(key="c", settings=Settings(), mapping=Mapping(), **changes)
