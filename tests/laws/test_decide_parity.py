"""The columnar engine and the per-event oracle tell the same, event for event."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.decide import Asset, Engine, EngineSettings, parse_rules
from hanse.decide.oracle import Oracle
from hanse.model.ids import Happening
from hanse.model.plant import Signal
from hanse.model.sample import frame

START = 1_767_600_000_000_000_000
STEP = 125_000_000

HEAD = """
[[rule]]
asset_type = "t"
"""
NELSON = ", ".join(f'"nelson_{n}"' for n in range(1, 9))
ALL_TESTS = f'kind="spc"\nsignal="b"\nlearn=10\ntests=[{NELSON}, "ewma", "cusum"]'
RULES = parse_rules(
    "".join(
        HEAD + f'key = "r{i}"\n' + body
        for i, body in enumerate(
            [
                'kind="limit"\nsignal="a"\nhigh=4\nlow=-4\nhigh_high=6\non_delay_s=1\noff_delay_s=2',
                'kind="limit"\nsignal="b"\nhigh=2\nhysteresis=3\non_delay_s=0\noff_delay_s=0',
                'kind="rate"\nsignal="a"\nrise=6\nfall=5\non_delay_s=0\noff_delay_s=0.5',
                'kind="rate"\nsignal="b"\nrise=60\nper="min"\nover_s=1.5\non_delay_s=0',
                'kind="window"\nsignal="a"\nmeasure="mean"\nsamples=4\nabove=2\nbelow=-2',
                'kind="window"\nsignal="a"\nmeasure="sd"\nsamples=5\nabove=3\non_delay_s=0.25',
                'kind="window"\nsignal="b"\nmeasure="percent"\nsamples=3\nof=1\nabove=50',
                'kind="window"\nsignal="a"\nmeasure="count"\nover_s=3\nbelow=2\non_delay_s=0',
                'kind="window"\nsignal="b"\nmeasure="range"\nover_s=6\nabove=7\noff_delay_s=0',
                'kind="window"\nsignal="b"\nmeasure="mean"\nover_s=3\nabove=1\nat_least=3',
                'kind="spc"\nsignal="a"\ncentre=0\nsigma=2',
                ALL_TESTS,
                'kind="stale"\nsignal="a"\nafter_s=2',
                'kind="stale"\nsignal="b"\nafter_s=1.5\nunchanged=true\ntolerance=0.5',
                'kind="stale"\nsignal="b"\nafter_s=1\ngood_only=true',
                'kind="state"\nsignal="a"\nany_of=[1, 3]\non_delay_s=0.5',
                'kind="expr"\nwhen="a > limit and b < 1 or a < -limit"\non_delay_s=0.5',
                'kind="expr"\nwhen="for_(a > 0, 1.5) and not stale(b, 1)"',
                'kind="expr"\nwhen="mean(a, 3) > 1 or delta(b, 6) > 4"\noff_delay_s=1',
                'kind="expr"\nwhen="count(a > 2, 6) >= 3 and age(b) > 0.5"',
                'kind="expr"\nwhen="prev(a) < 0 < a - b / 2 or abs(b) > 6"',
                'kind="expr"\nwhen="rate(a, 3) > 2 or max(b, 3) - min(b, 3) > 9 or sd(a, 3) > 4"',
                'kind="sequence"\nfirst="a > 2"\nthen="b > 2"\nwithin_s=2',
                'kind="sequence"\nfirst="a > 2"\nthen="b > 2"\nwithin_s=3\nalarm_if="followed"',
                'kind="sequence"\nfirst="for_(a > 0, 1)"\nthen="b < 0"\nwithin_s=1.5',
            ]
        )
    )
)
ASSETS = [Asset(key=k, asset_type="t", attributes={"limit": n}) for k, n in (("x", 2.0), ("y", 3))]
SIGNALS = [
    Signal(id=i * 7, asset=asset, name=name)
    for i, (asset, name) in enumerate([("x", "a"), ("x", "b"), ("y", "b"), ("y", "a")])
]

sample = st.tuples(
    st.sampled_from([s.id for s in SIGNALS] + [5]),
    st.integers(-6, 12),
    st.integers(-64, 64).map(lambda n: n / 8) | st.just(float("nan")),
    st.sampled_from([0, 0, 0, 0, 0, 1, 2]),
)
stream = st.lists(
    st.tuples(st.lists(sample, max_size=25), st.integers(0, 24) | st.sampled_from([90])),
    max_size=14,
)


def framed(rows, base):
    column = list(zip(*rows, strict=True)) if rows else [[], [], [], []]
    return frame(
        Happening("law", 1, 1),
        signal=np.array(column[0], np.int32),
        at_ns=np.array([base + n * STEP for n in column[1]], np.int64),
        value=np.array(column[2], np.float64),
        quality=np.array(column[3], np.uint8),
    )


def told_by_engine(engine, now):
    return sorted((t.at_ns, t.rule, t.side, t.asset, t.active) for t in engine.tick(now))


@given(stream, st.integers(0, 14))
@settings(max_examples=25, deadline=None)
def test_engine_and_oracle_tell_the_same_and_a_restore_changes_nothing(steps, restart):
    how = EngineSettings(settle_ns=0)
    engine = Engine(RULES, assets=ASSETS, signals=SIGNALS, settings=how)
    oracle = Oracle(RULES, assets=ASSETS, signals=SIGNALS)
    now = START
    for number, (rows, passed) in enumerate(steps):
        if number == restart:
            image = engine.snapshot()
            engine = Engine(RULES, assets=ASSETS, signals=SIGNALS, settings=how)
            engine.restore(image)
        given_frame = framed(rows, now)
        now += passed * STEP
        engine.feed(given_frame)
        oracle.feed(given_frame)
        expected = [tuple(t) for t in oracle.tick(now)]
        assert told_by_engine(engine, now) == expected
