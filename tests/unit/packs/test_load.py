"""A folder becomes a pack, or an error that names the file and the word."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from hanse.model.errors import BadConfig, NotFound
from hanse.packs import load_pack, load_shipped
from hanse.packs.pack import fold


@pytest.fixture
def folder(tmp_path):
    """A copy of the machining pack, to be spoilt."""
    with resources.as_file(resources.files("hanse.packs") / "machining") as source:
        shutil.copytree(source, tmp_path / "trade")
    return tmp_path / "trade"


def spoil(folder: Path, name, before, after):
    path = folder / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_a_firms_own_folder_loads_like_a_shipped_one(folder):
    assert load_pack(folder).types == load_shipped("machining").types


def test_a_type_has_the_signals_of_the_type_it_is_like():
    lathe = load_shipped("machining").types["lathe"]
    assert {"state", "vibration", "parts_good"} <= {s.name for s in lathe.signals}
    assert lathe.capabilities == ("turning",)


def test_a_types_own_attribute_stands_before_the_inherited_one():
    pack = load_shipped("machining")
    warn = {
        key: next(a.value for a in pack.types[key].attributes if a.name == "vibration_warn")
        for key in ("lathe", "grinder")
    }
    assert warn["grinder"] < warn["lathe"]


def test_an_unknown_pack_is_named_with_those_there_are():
    with pytest.raises(NotFound, match="machining"):
        load_shipped("knitting")


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (("rules.toml", 'signal = "vibration"', 'signal = "vibrations"'), "vibrations"),
        (("rules.toml", 'high = "vibration_warn"', 'high = "vibration_wann"'), "vibration_wann"),
        (("rules.toml", 'asset_type = "lathe"', 'asset_type = "laith"'), "type that is not there"),
        (("effects.toml", "lathe-machine-aborted", "lathe-machine-abated"), "abated"),
        (("forms.toml", '"lathe"', '"laith"'), "laith"),
        (("asset_types.toml", 'like = "machine"', 'like = "maschine"'), "maschine"),
        (("asset_types.toml", 'zh = "设备"', 'zh = ""'), "both languages"),
        (("asset_types.toml", "needed = true", "needful = true"), "needful"),
        (("states.toml", '"execute"', '"executing"'), "executing"),
        (("reasons.toml", 'key = "tool-change"', 'key = "setup"'), "stands twice"),
        (("pack.toml", "version", "wersion"), "wersion"),
        (("pack.toml", '"1"', '"1'), "not TOML"),
    ],
)
def test_what_is_wrong_is_said(folder, spoilt, said):
    spoil(folder, *spoilt)
    with pytest.raises(BadConfig, match=said):
        load_pack(folder)


def test_a_missing_file_is_named(folder):
    (folder / "reasons.toml").unlink()
    with pytest.raises(BadConfig, match=r"reasons\.toml"):
        load_pack(folder)


@pytest.mark.parametrize(
    ("words", "folded"),
    [
        ("BearingTemperature", "bearing temperature"),
        ("bearing_temperature", "bearing temperature"),
        ("Accelerometer1RMS", "accelerometer 1 rms"),
        ("主轴振动 (mm/s)", "主轴振动 mm s"),
    ],
)
def test_words_are_compared_without_regard_to_how_they_are_joined(words, folded):
    assert fold(words) == folded
