"""Instants are aware, exact to the microsecond, and written with Z."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.model.errors import BadInput
from hanse.model.time import UTC, StillClock, format_instant, from_ns, parse_instant, to_ns

instants = st.datetimes(
    min_value=dt.datetime(1970, 1, 1), max_value=dt.datetime(2200, 1, 1), timezones=st.just(UTC)
)


@given(instants)
def test_nanoseconds_and_text_bring_the_same_instant_back(at):
    assert from_ns(to_ns(at)) == at
    assert parse_instant(format_instant(at)) == at


@pytest.mark.parametrize("text", ["2026-03-09T10:14:33", "yesterday", ""])
def test_a_time_without_offset_or_sense_is_refused(text):
    with pytest.raises(BadInput):
        parse_instant(text)


def test_a_still_clock_moves_only_when_told():
    clock = StillClock()
    before = clock.now()
    clock.advance(1.5)
    assert (clock.now() - before).total_seconds() == 1.5
    assert clock.monotonic_s() == 1.5
