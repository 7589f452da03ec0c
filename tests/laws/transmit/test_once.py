"""Laws behind 'once and in order'."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.model.errors import BadInput
from hanse.model.ids import Happening
from hanse.transmit.backoff import DELAY_MAX_S, delay_s
from hanse.transmit.codec import unpack
from hanse.transmit.coverage import Coverage
from hanse.transmit.partition import PARTITIONS, partition

numbers = st.lists(st.integers(0, 60), max_size=120)


@given(numbers)
def test_each_number_has_its_effect_once_in_whatever_order_it_comes(arrivals):
    coverage = Coverage()
    effects = [n for n in arrivals if coverage.add(Happening("s", 1, n))]
    assert sorted(effects) == sorted(set(arrivals))


@given(numbers)
def test_spans_are_exactly_the_numbers_seen_and_never_touch(arrivals):
    coverage = Coverage()
    for n in arrivals:
        coverage.add(Happening("s", 1, n))
    spans = list(coverage.spans())
    assert {n for _, _, a, b in spans for n in range(a, b + 1)} == set(arrivals)
    assert all(b[2] - a[3] >= 2 for a, b in itertools.pairwise(spans))
    assert {n for _, _, a, b in coverage.holes() for n in range(a, b + 1)} == (
        set(range(min(arrivals), max(arrivals))) - set(arrivals) if arrivals else set()
    )


@given(numbers, numbers)
def test_a_coverage_written_down_and_read_again_is_the_same(first, second):
    coverage = Coverage()
    for epoch, ns in ((1, first), (2, second)):
        for n in ns:
            coverage.add(Happening("s", epoch, n))
    assert list(Coverage(reversed(list(coverage.spans()))).spans()) == list(coverage.spans())


@given(st.integers(1, 100), st.integers(0, 2**32))
def test_waiting_grows_and_never_beyond_the_limit(tries, seed):
    assert 0.1 <= delay_s(tries, random.Random(seed)) <= DELAY_MAX_S


@given(st.text(max_size=100))
def test_an_asset_has_one_partition_on_every_machine(asset):
    assert 0 <= partition(asset) < PARTITIONS


def test_partitions_never_change_between_versions():
    assert [partition(a) for a in ("main/lathe-1", "main/lathe-2", "x")] == [20, 14, 3]


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_no_frame_and_nothing_worse_happens(data):
    with pytest.raises(BadInput):
        unpack(data)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_after_a_right_start_are_no_frame(data):
    with pytest.raises(BadInput):
        unpack(b"HF\x01\x00" + data)
