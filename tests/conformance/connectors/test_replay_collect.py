"""Replay: a recording becomes samples at its pace; bad rows are passed; the end is the end."""

import asyncio
import gzip
import os
from pathlib import Path

import pytest
from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    running,
    until,
)

from hanse.collect import connector, connector_of_url
from hanse.collect.connectors.replay.config import ReplayConfig
from hanse.collect.diagnostics import LineState

ROOT = Path(__file__).parents[3]
GOOD = "datetime;Current;Flow\n2020-03-09 10:14:33;1.5;32\n2020-03-09 10:14:34;1.6;31\n"


async def test_a_recording_is_played_to_its_end_with_its_spacing(tmp_path):
    file, sink = tmp_path / "a.csv.gz", KeptSink()
    file.write_bytes(gzip.compress(GOOD.encode()))
    settings = ReplayConfig(file=str(file), speed=10)
    binds = [a_bind(1, "Current"), a_bind(2, "Flow")]
    collector = a_collector("replay", settings, binds, world=a_world(tmp_path), sink=sink)
    await asyncio.wait_for(collector.run(), 20)
    assert collector.diagnostics().state is LineState.DONE
    assert sink.values(1) == [1.5, 1.6]
    assert sink.values(2) == [32.0, 31.0]
    at = sorted({a for _, a, _, _, _ in sink.rows()})
    assert at[1] - at[0] == 100_000_000
    assert not sink.gaps


async def test_bad_rows_and_cells_are_told_and_the_good_ones_go_on(tmp_path):
    file, sink = tmp_path / "b.csv", KeptSink()
    file.write_text(GOOD + "rubbish\n2020-03-09 10:14:35;;30\nsoon;1;2\n2020-03-09 10:14:36;x;29\n")
    settings = ReplayConfig(file=str(file), speed=1000, original_time=True)
    binds = [a_bind(1, "Current"), a_bind(2, "Flow"), a_bind(3, "Missing")]
    collector = a_collector("replay", settings, binds, world=a_world(tmp_path), sink=sink)
    await asyncio.wait_for(collector.run(), 20)
    assert sink.values(2) == [32.0, 31.0, 30.0, 29.0]
    assert [q for s, _, _, q, _ in sink.rows() if s == 1] == [0, 0, 2, 2]
    assert collector.diagnostics().rejected == 4
    assert sink.rows()[0][1] == 1_583_748_873 * 10**9


async def test_a_missing_file_waits_with_advice(tmp_path):
    settings = ReplayConfig(file=str(tmp_path / "none.csv"))
    world, sink = a_world(tmp_path), KeptSink()
    collector = a_collector("replay", settings, [a_bind(1, "x")], world=world, sink=sink)
    async with running(collector):
        await until(lambda: collector.diagnostics().state is LineState.WAITING)
        assert collector.diagnostics().last_error.remedy
        (tmp_path / "none.csv").write_text("t,x\n2020-01-01T00:00:00Z,5\n")
        await until(lambda: sink.values(1) == [5.0])


async def test_columns_are_browsed_with_their_range(tmp_path):
    (tmp_path / "a.csv").write_text(GOOD)
    found = await connector("replay").browse(
        ReplayConfig(file=str(tmp_path / "a.csv")), a_world(tmp_path)
    )
    assert [(f.address, f.low, f.high) for f in found] == [("Current", 1.5, 1.6), ("Flow", 31, 32)]


@pytest.mark.parametrize("body", [b"", b"\x1f\x8bbroken", b"one\n", b"a,b\n" + b"\xff\x00,\n" * 9])
async def test_a_file_that_is_no_recording_ends_in_an_error_that_helps(tmp_path, body):
    file = tmp_path / ("x.csv.gz" if body[:1] == b"\x1f" else "x.csv")
    file.write_bytes(body)
    _, settings = connector_of_url(f"replay://{file}?speed=100")
    world, sink = a_world(tmp_path), KeptSink()
    collector = a_collector("replay", settings, [a_bind(1, "b")], world=world, sink=sink)
    async with running(collector):
        await until(lambda: collector.diagnostics().last_error or collector.diagnostics().rejected)
    assert sink.values(1) == []


@pytest.mark.data
async def test_a_recording_of_a_real_test_bench_is_played_to_its_end(tmp_path):
    folder = Path(os.environ.get("HANSE_DATA", ROOT.parent / "shared" / "data")) / "signals/skab"
    if not folder.exists():
        pytest.skip(f"the recordings are not there: {folder}")
    file = min((folder / "valve1").glob("*.csv.gz"))
    settings = ReplayConfig(file=str(file), speed=100_000)
    found = await connector("replay").browse(settings, a_world(tmp_path))
    binds = [a_bind(n, f.address) for n, f in enumerate(found)]
    sink = KeptSink()
    collector = a_collector("replay", settings, binds, world=a_world(tmp_path), sink=sink)
    await asyncio.wait_for(collector.run(), 60)
    rows = len(gzip.decompress(file.read_bytes()).splitlines()) - 1
    assert sink.count() == rows * len(binds)
    assert collector.diagnostics().rejected == 0
