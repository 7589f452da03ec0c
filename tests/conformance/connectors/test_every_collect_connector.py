"""What every connector promises, whatever it speaks: one suite, run against real servers."""

import asyncio
import tomllib
from pathlib import Path

import msgspec
import pytest
from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    running,
    until,
)
from tests.conformance.connectors.rigs import RIGS, OpcUaRig

import hanse.collect.connectors
from hanse.collect import connector, connector_of_url, names
from hanse.collect.diagnostics import LineState
from hanse.collect.quality import RULES, grade_of, quality_of
from hanse.collect.registry import BUILT_IN

FOLDER = Path(hanse.collect.connectors.__file__).parent
TESTS = Path(__file__).parents[2]


@pytest.fixture(params=RIGS, ids=lambda r: r.__name__.removesuffix("Rig"))
async def rig(request, tmp_path):
    made = request.param(tmp_path)
    yield made
    await made.release()


@pytest.fixture(scope="module", autouse=True)
def kept_servers():
    yield
    if OpcUaRig.kept is not None:
        OpcUaRig.kept[0].kill()
        OpcUaRig.kept = None


def collecting(rig, tmp_path, sink, *addresses):
    types = rig.types()
    binds = [
        a_bind(n, address, type=types.get(address, ""))
        for n, address in enumerate(addresses or rig.good, 1)
    ]
    world = a_world(tmp_path, **rig.world())
    return a_collector(rig.protocol, rig.settings(), binds, world=world, sink=sink)


async def fed(rig, what, timeout_s=20.0):
    async def keep_feeding():
        while True:
            await rig.feed()
            await asyncio.sleep(0.05)

    feeding = asyncio.create_task(keep_feeding())
    try:
        return await until(what, timeout_s)
    finally:
        feeding.cancel()


async def test_it_waits_for_the_device_gives_values_and_tells_how_it_is(rig, tmp_path):
    if rig.can_stop:
        await rig.stop()
    sink = KeptSink()
    collector = collecting(rig, tmp_path, sink)
    async with running(collector):
        if rig.can_stop:
            await until(lambda: collector.diagnostics().state is LineState.WAITING)
            assert collector.diagnostics().last_error.remedy
        await rig.start()
        await fed(rig, lambda: len(sink.values(1)) > 2 and len(sink.values(2)) > 2)
        seen = collector.diagnostics()
        assert seen.state is LineState.RUNNING
        assert seen.gap_since is None
        assert seen.samples >= 6
    assert collector.diagnostics().state is LineState.STOPPED
    assert [h.seq for h in sink.frames] == list(range(len(sink.frames)))


async def test_a_loss_is_one_recorded_gap_and_values_come_again(rig, tmp_path):
    if not (rig.can_stop and rig.loses):
        pytest.skip("this source cannot be lost")
    sink = KeptSink()
    collector = collecting(rig, tmp_path, sink)
    await rig.start()
    async with running(collector):
        await fed(rig, lambda: sink.values(1))
        opened = len(sink.gaps)
        await rig.stop()
        await until(lambda: len(sink.gaps) == opened + 1)
        before = sink.count()
        await rig.start()
        await fed(rig, lambda: sink.count() > before + 2)
        await until(lambda: all(g.end_ns for g in sink.gaps.values()))
    gap = list(sink.gaps.values())[-1]
    assert gap.start_ns < gap.end_ns
    assert gap.detail


async def test_a_wrong_address_is_told_and_the_good_ones_go_on(rig, tmp_path):
    if rig.wrong is None:
        pytest.skip("any address is right here")
    sink = KeptSink()
    collector = collecting(rig, tmp_path, sink, rig.good[0], rig.wrong)
    await rig.start()
    async with running(collector):
        await fed(rig, lambda: len(sink.values(1)) > 2 and collector.diagnostics().rejected)
    assert any(rig.wrong in t.subject for t in collector.diagnostics().troubles)


async def test_what_browsing_finds_can_be_collected(rig, tmp_path):
    await rig.start()
    protocol = connector(rig.protocol)
    if not rig.browses:
        assert protocol.browse is None
        pytest.skip("nothing to browse in this protocol")
    await rig.feed()
    found = await protocol.browse(rig.settings(), a_world(tmp_path))
    assert all(f.trail and f.address for f in found)
    addresses = {f.address for f in found}
    assert set(rig.good) & addresses or any(f.value is not None for f in found)


async def test_stopping_leaves_no_task_behind(rig, tmp_path):
    await rig.start()
    before = asyncio.all_tasks()
    sink = KeptSink()
    collector = collecting(rig, tmp_path, sink)
    async with running(collector):
        await fed(rig, lambda: sink.values(1))
    await asyncio.sleep(0.1)
    assert {t for t in asyncio.all_tasks() - before if not t.done()} == set()


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_folder_has_the_same_shape(name):
    files = {p.name for p in (FOLDER / name).iterdir()}
    assert {"__init__.py", "config.py", "source.py", "diagnostics.py", "quality.toml"} <= files
    found = connector(name)
    assert ("browse.py" in files) == (found.browse is not None)
    assert ("write.py" in files) == (found.write is not None)
    assert ("read.py" in files) == (found.read is not None)
    assert found.title.en
    assert found.title.zh


@pytest.mark.parametrize("name", BUILT_IN)
def test_settings_are_described_bounded_and_closed(name):
    kind = connector(name).config
    schema = msgspec.json.schema(kind)["$defs"][kind.__name__]
    assert schema["additionalProperties"] is False
    for field, about in schema["properties"].items():
        assert about.get("description") or "anyOf" in about or "$ref" in about, field
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no_such_field": 1}, kind)


@pytest.mark.parametrize("name", BUILT_IN)
def test_its_errors_say_what_to_do(name):
    kind = connector(name).config
    needed = {f.name: "somewhere" for f in msgspec.structs.fields(kind) if f.required}
    shown = kind(**needed)
    for error in (ConnectionRefusedError(), TimeoutError(), OSError(5, "x"), RuntimeError("y")):
        told = connector(name).explain(error, shown)
        assert told.remedy
        assert told.what


@pytest.mark.parametrize("name", BUILT_IN)
def test_its_quality_file_claims_only_what_tests_prove(name):
    rules = quality_of(tomllib.loads((FOLDER / name / "quality.toml").read_text()))
    assert set(rules.rules) == set(RULES)
    assert grade_of(rules) == rules.grade
    for rule, proof in rules.rules.items():
        if proof.test:
            file, _, test = proof.test.partition("::")
            assert f"def {test}(" in (TESTS / file).read_text(), rule


def test_another_packages_connector_is_found_by_its_entry_point(monkeypatch):
    class Entry:
        name = "third"

        def load(self):
            return connector("replay")

    monkeypatch.setattr("hanse.collect.registry.metadata.entry_points", lambda group: [Entry()])
    assert names()[-1] == "third"


THIRD_PARTY = """
import msgspec
from hanse.collect import Connector
from hanse.model.text import Text

class Config(msgspec.Struct, frozen=True):
    url: str

async def collect(config, points, intake, world):
    intake.up()
    for point in points:
        intake.take(point.slot, 42.0)

CONNECTOR = Connector(
    name="tiny", title=Text("tiny", "tiny"), config=Config, collect=collect,
    explain=lambda error, _: error, schemes=("tiny",), from_url=lambda url: Config(url=url),
    once=True,
)
"""


async def test_an_installed_package_brings_a_protocol_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "tiny_connector.py").write_text(THIRD_PARTY)
    info = tmp_path / "tiny_connector-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-connector\nVersion: 1.0\n")
    entry = "[hanse.connectors]\ntiny = tiny_connector:CONNECTOR\n"
    (info / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(str(tmp_path))
    kind, settings = connector_of_url("tiny://here")
    sink = KeptSink()
    made = a_collector(kind.name, settings, [a_bind(1, "a")], sink=sink, world=a_world(tmp_path))
    await asyncio.wait_for(made.run(), 60)
    assert [v for f in sink.frames.values() for v in f.value.tolist()] == [42.0]
    assert made.diagnostics().state is LineState.DONE
