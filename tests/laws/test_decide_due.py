"""What is due by the clock alone is told at the first tick after it is due, with no new sample."""

import datetime as dt

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.decide import Asset, Engine, parse_rules
from hanse.decide.engine import SETTLE_NS
from hanse.model.ids import Happening
from hanse.model.plant import Signal
from hanse.model.sample import frame

MS = 1_000_000
OPENING_NS = 1_767_600_000_000 * MS
OPENS = dt.datetime.fromtimestamp(OPENING_NS // 10**9, dt.UTC)
HOURS = f'schedule={{from="{OPENS:%H:%M}", until="{OPENS + dt.timedelta(minutes=1):%H:%M}"}}'
START = OPENING_NS - 4_000 * MS
BY_THE_CLOCK = {
    "on_delay": 'kind="limit"\nsignal="hot"\nhigh=80\non_delay_s=2',
    "off_delay": 'kind="limit"\nsignal="dip"\nhigh=80\non_delay_s=0\noff_delay_s=3',
    "stale": 'kind="stale"\nsignal="hot"\nafter_s=2.5',
    "stuck": 'kind="stale"\nsignal="hot"\nafter_s=1.5\nunchanged=true',
    "few": 'kind="window"\nsignal="hot"\nmeasure="count"\nover_s=3\nbelow=1\non_delay_s=0.5',
    "held": 'kind="expr"\nwhen="for_(hot > 80, 1.25)"',
    "old": 'kind="expr"\nwhen="age(hot) > 3.5"',
    "missing": 'kind="sequence"\nfirst="dip < 80"\nthen="dip > 80"\nwithin_s=2',
    "opens": f'kind="limit"\nsignal="hot"\nhigh=80\non_delay_s=0\noff_delay_s=0\n{HOURS}',
    "opens_silence": f'kind="stale"\nsignal="hot"\nafter_s=2\n{HOURS}',
}
RULES = parse_rules(
    "".join(f'[[rule]]\nasset_type="t"\nkey="{k}"\n{v}\n' for k, v in BY_THE_CLOCK.items())
)
SIGNALS = [Signal(id=1, asset="x", name="hot"), Signal(id=2, asset="x", name="dip")]


def first_samples():
    return frame(
        Happening("law", 1, 1),
        signal=np.array([1, 2, 2], np.int32),
        at_ns=START + np.array([0, 0, 100], np.int64) * MS,
        value=np.array([90.0, 90.0, 20.0]),
    )


def watched(pauses_ms):
    """(instant, told, tick before, tick) of everything told after the first tick."""
    engine = Engine(RULES, assets=[Asset(key="x", asset_type="t")], signals=SIGNALS)
    engine.feed(first_samples())
    before = START + 150 * MS
    engine.tick(before)
    told = []
    for pause_ms in pauses_ms:
        now = before + pause_ms * MS
        told += [(t.at_ns, t.rule, before, now) for t in engine.tick(now)]
        before = now
    return told


@given(st.lists(st.integers(1, 400), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_nothing_due_is_told_later_than_the_tick_after_it(pauses_ms):
    for at_ns, rule, before, now in watched([*pauses_ms, 25]):
        assert before - SETTLE_NS < at_ns <= now - SETTLE_NS, rule


def test_every_kind_that_waits_for_the_clock_is_told_without_a_sample():
    assert {rule for _, rule, *_ in watched([25] * 400)} == set(BY_THE_CLOCK)
