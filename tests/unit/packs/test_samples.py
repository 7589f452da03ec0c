"""The sample files that ship: they import without a problem, and a plan can be made of them."""

import datetime as dt

import pytest

from hanse.allocate.live import LivePlan
from hanse.allocate.records import Records
from hanse.links.imports import KINDS, Setting, read_file
from hanse.model.ids import Counter
from hanse.model.time import StillClock
from hanse.packs import SHIPPED, load_shipped
from hanse.packs.__main__ import main

NOW = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)
SETTING = Setting(now=NOW)


def from_files(pack):
    found = dict.fromkeys(KINDS, ())
    for name, content in pack.samples.items():
        if name.endswith(".csv"):
            imported = read_file(name, content, setting=SETTING)
            assert imported.problems == ()
            (sheet,) = imported.sheets
            assert sheet.kind == name.removesuffix(".csv")
            assert sheet.ignored == ()
            found[sheet.kind] += sheet.values
    return {kind: values for kind, values in found.items() if values}


@pytest.fixture(params=[name for name in SHIPPED if load_shipped(name).samples])
def pack(request):
    return load_shipped(request.param)


def test_each_file_reads_as_the_kind_it_is_named_for(pack):
    assert {"items", "routings", "machines", "orders"} <= from_files(pack).keys()


@pytest.mark.parametrize("name", ["plant.xlsx", "plant-zh.xlsx"])
def test_the_workbooks_say_what_the_files_say(pack, name):
    imported = read_file(name, pack.samples[name], setting=SETTING)
    assert imported.problems == ()
    expected = from_files(pack)
    for kind in KINDS:
        assert imported.values(kind) == expected.get(kind, ())


def test_the_samples_of_all_kinds_fit_together_to_a_plan(pack):
    plan = LivePlan(StillClock(NOW), Counter())
    version = plan.adopt(Records(**from_files(pack)))
    assert {a.order for a in version.assignments} == {o.key for o in from_files(pack)["orders"]}


def test_every_machine_of_the_samples_is_of_a_type_of_the_pack(pack):
    for machine in from_files(pack)["machines"]:
        assert machine.asset_type in pack.types
        known = {a.name for a in pack.types[machine.asset_type].attributes}
        assert set(machine.attributes) <= known


def test_the_samples_are_copied_out_and_nothing_of_ones_own_is_overwritten(tmp_path, capsys):
    (tmp_path / "items.csv").write_text("my own")
    assert main(["machining", str(tmp_path)]) == 0
    assert (tmp_path / "items.csv").read_text() == "my own"
    assert (tmp_path / "plant.xlsx").read_bytes() == load_shipped("machining").samples["plant.xlsx"]
    assert "plant.xlsx" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["machining"], ["knitting", "x"]])
def test_wrong_use_is_told_with_the_packs_there_are(arguments, capsys):
    assert main(arguments) == 2
    assert "machining" in capsys.readouterr().err
