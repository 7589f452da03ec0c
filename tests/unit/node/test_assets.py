"""What is no machine is watched like one: a tank, a vehicle; and is never planned."""

import datetime as dt

import numpy as np
import pytest

from hanse.collect import Line
from hanse.model.errors import NotFound
from hanse.model.ids import Counter, Happening
from hanse.model.sample import frame
from hanse.model.time import StillClock, to_ns
from hanse.node.assets import all_assets, asset_named, is_machine, titles_of
from hanse.node.collecting.choosing import keep_lines, known_types
from hanse.node.connections import Setup
from hanse.node.planning.records import read_records
from hanse.node.ruling import book
from hanse.node.ruling.book import RuleFile, signal_title, type_title
from hanse.node.ruling.trial import question
from hanse.node.watching import read_floor
from hanse.store import Store
from hanse.transmit.partition import partition

T0 = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)
OWN = """
[[rule]]
key = "tank-hot"
kind = "limit"
asset_type = "tank"
signal = "temperature"
high = 60.0
severity = 600
title = { en = "Hot", zh = "热" }
"""


@pytest.fixture
def store(tmp_path):
    made = Store.open(f"sqlite:///{tmp_path}/record.sqlite", clock=StillClock(T0), ids=Counter())
    names = (("oil", "level"), ("oil", "temperature"), ("truck", "fuel"), ("saw", "power"))
    lines = [Line(asset=a, name=n, address=f"{a}.{n}") for a, n in names]
    types = {"oil": "tank", "truck": "vehicle", "saw": "lathe"}
    setup = Setup(key="plc", protocol="mqtt", settings={"host": "h"})
    made.write_sync(lambda tx: keep_lines(tx, setup, lines, types=types))
    yield made
    made.close()


def test_an_asset_of_a_type_that_does_no_operations_is_watched_and_not_planned(store):
    def look(tx):
        assert [m.key for m in tx.machines.all()] == ["saw"]
        assert [m.key for m in read_records(tx).machines] == ["saw"]
        assert {a.key: a.asset_type for a in all_assets(tx)} == {
            "saw": "lathe", "oil": "tank", "truck": "vehicle",
        }  # fmt: skip
        assert (is_machine(tx, "saw"), is_machine(tx, "oil")) == (True, False)
        assert titles_of(tx)["oil"] == "oil"
        assert asset_named(tx, "truck").asset_type == "vehicle"
        with pytest.raises(NotFound):
            asset_named(tx, "nobody")

    store.read_sync(look)
    assert {"tank", "vehicle", "building", "field", "lathe", "machine"} <= dict(
        known_types()
    ).keys()


def test_choosing_again_leaves_an_asset_as_it_is(store):
    setup = Setup(key="plc", protocol="mqtt", settings={"host": "h"})
    line = Line(asset="oil", name="level", address="x")
    store.write_sync(lambda tx: keep_lines(tx, setup, [line], types={"oil": "lathe"}))
    assert not store.read_sync(lambda tx: is_machine(tx, "oil"))


def test_shipped_and_own_rules_watch_a_tank_by_attributes_with_defaults(store):
    store.write_sync(lambda tx: book.keep(tx, RuleFile(key="own", text=OWN), by="ann"))
    floor = store.read_sync(read_floor)
    watch = floor.watch(partition("oil"), ())
    ids = {s.name: s.id for s in watch.signals if s.asset == "oil"}
    start_ns, told = to_ns(T0), []
    watch.engine.tick(start_ns)
    for second in range(0, 61, 5):
        at_ns = start_ns + second * 10**9
        watch.engine.feed(
            frame(
                Happening("plc", 0, second),
                signal=np.array([ids["level"], ids["temperature"]], np.int32),
                at_ns=np.array([at_ns, at_ns]),
                value=np.array([4.0, 80.0]),
            )
        )
        told += watch.book.take(watch.engine.tick(at_ns + 10**8))
    rules = {(step.about["rule"], step.what) for step in told}
    assert {("tank-level-low", "active"), ("tank-hot", "active")} <= rules
    assert "液位" in next(s.text.zh for s in told if s.about["rule"] == "tank-level-low")


def test_a_trial_knows_every_asset_of_the_type(store):
    asked = store.read_sync(
        lambda tx: question(tx, OWN, key="own", start=T0 - dt.timedelta(hours=1), end=T0)
    )
    assert [a.key for a in asked.assets] == ["oil"]


def test_types_and_signals_are_called_by_the_pack_that_knows_them():
    assert (type_title("tank").zh, signal_title("tank", "level").en) == ("储罐或料仓", "Level")
    assert signal_title("lathe", "vibration").zh == signal_title("machine-tool", "vibration").zh
    assert signal_title("nothing", "odd_thing").en == "Odd thing"
