"""What always holds between what is taken and what comes out in frames."""

import math

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.collect.test_intake import a_bind, an_intake

from hanse.collect.packing import Packer, number_of
from hanse.collect.picking import pick, steps_of
from hanse.model.sample import Quality

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
TIMES = st.one_of(st.none(), st.integers(-(2**70), 2**70))


@given(st.lists(st.tuples(VALUES, TIMES, st.sampled_from(Quality)), max_size=60))
def test_every_value_taken_is_one_sample_whatever_it_is(taken):
    intake, packer = an_intake(a_bind())
    for value, at_ns, quality in taken:
        intake.take(0, value, at_ns, quality)
    frame = packer.cut(0)
    assert (0 if frame is None else len(frame)) == len(taken) == intake.samples
    if frame is not None:
        both = zip(frame.value, frame.quality, strict=True)
        assert all(math.isfinite(v) or q == Quality.BAD for v, q in both)
        assert (frame.at_ns >= 0).all()


@given(st.lists(VALUES, max_size=40))
def test_taking_all_at_once_is_the_same_as_one_by_one(values):
    one, of_one = an_intake(a_bind())
    every, of_all = an_intake(a_bind())
    for value in values:
        one.take(0, value, 10**18)
    every.take_all([0] * len(values), values, 10**18)
    first, second = of_one.cut(0), of_all.cut(0)
    if values:
        assert first.quality.tolist() == second.quality.tolist()
        assert [str(v) for v in first.value] == [str(v) for v in second.value]
    assert one.samples == every.samples


@given(st.lists(st.integers(1, 300), max_size=10), st.integers(1, 5))
def test_frames_are_numbered_without_holes_and_lose_nothing(bursts, signals):
    packer, n, frames = Packer("s", 1), 0, []
    for burst in bursts:
        for _ in range(burst):
            packer.add(n % signals, n, float(n), 0)
            n += 1
        while (made := packer.cut(0)) is not None:
            frames.append(made)
    assert [f.happening.seq for f in frames] == list(range(len(frames)))
    assert [v for f in frames for v in f.value] == [float(i) for i in range(n)]


@given(st.text(max_size=30), VALUES)
def test_any_path_picks_a_member_or_nothing(path, value):
    picked = pick({"a": value, "b": [value]}, path)
    assert picked is None or path == "" or steps_of(path)


@given(VALUES)
def test_a_number_is_finite_or_none(value):
    number = number_of(value)
    assert number is None or math.isfinite(number)
