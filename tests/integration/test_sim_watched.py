"""A simulated machine watched by the rules of its pack: what is seen of a failing bearing."""

import gzip
import os
from pathlib import Path
from random import Random

import numpy as np
import pytest

from hanse.collect.mapping import bind
from hanse.decide import Asset, Engine, parse_rules
from hanse.model.ids import Happening
from hanse.model.sample import frame
from hanse.packs import load_shipped
from hanse.sim.nodes import SHOWN
from hanse.sim.plant import Fault, Job, Machine, MachineSpec, inject, load_job, step
from hanse.sim.wiring import opcua_lines, recording_lines

NS = 1_000_000_000
PACK = load_shipped("machining")
SKAB = Path(os.environ.get("HANSE_DATA", "../shared/data")) / "signals" / "skab"


def engine_for(asset_type, lines):
    names = [line.name for line in lines]
    signals = [b.signal for b in bind(lines, lambda _, name: names.index(name)).binds]
    rules = [r for r in parse_rules(PACK.rules) if r.asset_type == asset_type and r.enabled]
    asset = Asset(key="L1", asset_type=asset_type, attributes=PACK.attributes(asset_type, {}))
    return Engine(rules, assets=[asset], signals=signals), names


class Watched:
    """A lathe, and the engine that is fed what an instrument would show of it."""

    def __init__(self, seed=1):
        self.engine, self.names = engine_for("lathe", opcua_lines(PACK, [("L1", "lathe")]))
        self.says = {s.signal: s.says for s in SHOWN if s.signal}
        self.spec, self.dice = MachineSpec(key="L1"), Random(seed)
        job = Job(order="WO-1", item="SHAFT", quantity=500, run_s=60)
        self.machine = load_job(Machine(), job)
        self.at_ns = 0
        self.told = []

    def run(self, seconds, step_s=0.5):
        for _ in range(round(seconds / step_s)):
            self.machine = step(self.machine, self.spec, seconds=step_s, dice=self.dice)
            self.at_ns += round(step_s * NS)
            shown = [(i, self.says[n](self.machine)) for i, n in enumerate(self.names)]
            numbers = [(i, v) for i, v in shown if not isinstance(v, str)]
            self.engine.feed(
                frame(
                    Happening("sim", 0, self.at_ns),
                    signal=np.array([i for i, _ in numbers], np.int32),
                    at_ns=np.full(len(numbers), self.at_ns),
                    value=np.array([v for _, v in numbers], float),
                )
            )
            self.told += self.engine.tick(self.at_ns)
        return self

    def alarms(self):
        return [t.rule for t in self.told if t.active]


def test_a_sound_machine_raises_no_alarm_for_an_hour():
    assert Watched().run(3_600).alarms() == []


def test_a_failing_bearing_is_seen_in_vibration_before_the_machine_stops_itself():
    watched = Watched().run(120)
    watched.machine = inject(watched.machine, Fault.BEARING, over_s=120)
    alarms = watched.run(300).alarms()
    assert "lathe-vibration-high" in alarms
    assert "lathe-machine-aborted" in alarms
    assert alarms.index("lathe-vibration-high") < alarms.index("lathe-machine-aborted")


def test_every_rule_of_the_pack_can_be_armed_on_a_machine_of_its_type():
    for key in ("lathe", "mill", "grinder", "saw"):
        engine, _ = engine_for(key, opcua_lines(PACK, [("L1", key)]))
        assert engine.unfit == ()


def recordings():
    return sorted(SKAB.glob("valve*/*.csv.gz"))


def lines_of(path):
    text = gzip.decompress(path.read_bytes()).decode()
    return [line.strip().split(";") for line in text.splitlines()]


@pytest.mark.data
def test_the_columns_of_a_real_recording_are_all_recognised():
    if not recordings():
        pytest.skip(f"no recordings in {SKAB}: set HANSE_DATA")
    head = lines_of(recordings()[0])[0]
    lines = recording_lines(PACK, asset="B1", asset_type="pump-bench", columns=head)
    assert len(lines) == 8


@pytest.mark.data
def test_the_packs_rule_for_the_bench_sees_the_closing_valve_in_most_recordings():
    if not recordings():
        pytest.skip(f"no recordings in {SKAB}: set HANSE_DATA")
    seen = false = 0
    for path in recordings():
        first, alarms = played(path)
        seen += any(at >= first for at in alarms)
        false += any(at < first for at in alarms)
    assert seen >= 0.7 * len(recordings())
    assert false <= 0.3 * len(recordings())


def played(path):
    """The row at which the recording's fault begins, and the rows at which an alarm was raised."""
    head, *rows = lines_of(path)
    lines = recording_lines(PACK, asset="L1", asset_type="pump-bench", columns=head)
    engine, _ = engine_for("pump-bench", lines)
    columns = [head.index(line.address) for line in lines]
    ids = np.arange(len(columns), dtype=np.int32)
    alarms = []
    for number, row in enumerate(rows):
        at_ns = (number + 1) * NS
        values = np.array([float(row[c]) for c in columns])
        engine.feed(
            frame(
                Happening("replay", 0, number),
                signal=ids,
                at_ns=np.full(len(ids), at_ns),
                value=values,
            )
        )
        alarms += [number for t in engine.tick(at_ns) if t.active]
    column = head.index("anomaly")
    first = next(n for n, row in enumerate(rows) if float(row[column]) > 0)
    return first, alarms
