"""Laws of history: once, in order, extremes kept, rollups right."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hanse.transmit.history.rollup import HOLD_US, buckets
from hanse.transmit.history.rows import Rows, concat, in_order
from hanse.transmit.history.thin import thin

samples = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 300),
        st.floats(-1e6, 1e6) | st.just(float("nan")),
        st.integers(0, 2),
    ),
    max_size=60,
)
UNIT_US = 1_000_000


def rows_of(found):
    return Rows(
        signal=np.array([s for s, *_ in found], np.int32),
        at_us=np.array([a * UNIT_US for _, a, *_ in found], np.int64),
        value=np.array([v for *_, v, _ in found], float),
        quality=np.array([q for *_, q in found], np.uint8),
        delay_ms=np.zeros(len(found), np.int32),
    )


def pairs(rows):
    return list(zip(rows.signal.tolist(), rows.at_us.tolist(), strict=True))


@given(samples)
def test_sorted_rows_are_in_order_each_once_and_the_last_to_arrive(found):
    rows = in_order(rows_of(found))
    want = {(s, a * UNIT_US): v for s, a, v, _ in found}
    assert pairs(rows) == sorted(want)
    np.testing.assert_array_equal(rows.value, [want[k] for k in sorted(want)])


@given(samples, st.integers(0, 60))
def test_it_does_not_matter_how_arrivals_were_cut_into_files(found, at):
    whole = in_order(rows_of(found))
    parts = concat([in_order(rows_of(found[:at])), in_order(rows_of(found[at:]))])
    again = in_order(parts)
    assert pairs(again) == pairs(whole)
    np.testing.assert_array_equal(again.value, whole.value)


@given(st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), min_size=1), st.integers(8, 40))
def test_thinned_lines_keep_ends_and_extremes(values, points):
    value = np.array(values)
    at = np.cumsum(np.arange(1, len(values) + 1))
    kept = thin(at, value, points)
    assert len(kept) <= max(points, 8)
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    assert np.all(np.diff(kept) > 0)
    if not np.isnan(value).all():
        assert np.nanmin(value[kept]) == np.nanmin(value)
        assert np.nanmax(value[kept]) == np.nanmax(value)


def by_hand(found, width_us):
    """Each bucket from its definition, one sample after the other."""
    unique = {(s, a * UNIT_US): (v, q) for s, a, v, q in found}
    by_signal = {}
    for (s, a), vq in sorted(unique.items()):
        by_signal.setdefault(s, []).append((a, *vq))
    out = {}
    for s, line in by_signal.items():
        for i, (a, v, q) in enumerate(line):
            start = a // width_us * width_us
            bucket = out.setdefault((s, start), {"n": 0, "good": [], "area": 0.0, "time": 0.0})
            fine = q < 2 and not np.isnan(v)
            if bucket["n"] == 0 and i > 0:
                pa, pv, pq = line[i - 1]
                if pq < 2 and not np.isnan(pv) and a - pa <= HOLD_US:
                    bucket["area"] += pv * (a - start)
                    bucket["time"] += a - start
            bucket["n"] += 1
            if fine:
                bucket["good"].append(v)
                until = line[i + 1][0] if i + 1 < len(line) else start + width_us
                held = min(until, start + width_us) - a
                bucket["area"] += v * held
                bucket["time"] += held
    return out


@given(samples)
def test_buckets_are_what_their_definition_says(found):
    width = 20 * UNIT_US
    got = buckets(in_order(rows_of(found)), width)
    want = by_hand(found, width)
    assert list(zip(got.signal.tolist(), got.at_us.tolist(), strict=True)) == sorted(want)
    for i, key in enumerate(sorted(want)):
        bucket = want[key]
        values = bucket["good"]
        assert got.count[i] == bucket["n"]
        np.testing.assert_allclose(got.good[i], len(values) / bucket["n"], rtol=1e-6)
        expected = (
            [min(values), max(values), np.mean(values), values[-1]] if values else [np.nan] * 4
        )
        found_now = [got.min[i], got.max[i], got.mean[i], got.last[i]]
        np.testing.assert_allclose(found_now, expected, rtol=1e-6, atol=1e-6)
        held = bucket["area"] / bucket["time"] if bucket["time"] else np.nan
        np.testing.assert_allclose(got.held[i], held, rtol=1e-6, atol=1e-3)
