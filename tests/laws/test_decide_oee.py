"""Good run time and losses add up to the planned time, whatever the stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.decide.oee import Produced, oee
from hanse.decide.stops import Stop

S = 1_000_000_000
at = st.integers(0, 10_000)
stop = st.tuples(at, st.integers(1, 3_000) | st.none())


@given(
    st.lists(st.tuples(at, st.integers(0, 4_000)), max_size=4),
    st.lists(stop, max_size=12),
    st.integers(0, 50),
    st.integers(0, 50),
)
def test_losses_and_good_time_add_up_to_the_plan(planned, stood, good, bad):
    told = oee(
        "m",
        planned=[(a * S, (a + n) * S) for a, n in planned],
        stops=[
            Stop(
                asset="m",
                start_ns=a * S,
                end_ns=None if n is None else (a + n) * S,
                state=None,
                cause="unknown",
            )
            for a, n in stood
        ],
        produced=[Produced(product="p", pieces=good + bad, good=good, run_s_per_piece=7)],
    )
    lost = sum(loss.seconds for loss in told.losses)
    assert told.good_s + lost == pytest.approx(told.planned_s)
    assert 0 <= told.running_s <= told.planned_s + 1e-9
