"""A stop of the node is a gap with a beginning, an end and a reason."""

import pytest

from hanse.model.sample import Gap, GapReason
from hanse.node.collecting import heard
from hanse.node.world import RandomIds, RealClock
from hanse.store import Store

S = 1_000_000_000


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'r'}", clock=RealClock(), ids=RandomIds()) as store:
        yield store


def begin(store, now_s, **more):
    return store.write_sync(
        lambda tx: heard.begin(tx, "plc", source="n/plc", now_ns=now_s * S, **more)
    )


def test_the_first_start_has_nothing_before_it(store):
    start = begin(store, 100)
    assert (start.last_heard_ns, start.standing) == (None, None)


def test_the_next_start_knows_when_the_device_was_heard_last(store):
    first = begin(store, 100)
    store.write_sync(lambda tx: heard.keep(tx, {"plc": (first.epoch, 150 * S)}))
    second = begin(store, 200)
    assert second.last_heard_ns == 150 * S
    assert second.stopped is GapReason.NODE_STOPPED
    assert second.epoch > first.epoch


def test_samples_in_history_count_as_heard(store):
    begin(store, 100)
    assert begin(store, 200, last_ns=180 * S).last_heard_ns == 180 * S
    assert begin(store, 300, last_ns=999 * S).last_heard_ns == 300 * S, "never in the future"


def test_epochs_grow_even_where_the_clock_went_back(store):
    epochs = [begin(store, now_s).epoch for now_s in (500, 100, 100, 501)]
    assert epochs == sorted(set(epochs))


def test_a_start_that_was_taken_over_writes_nothing_more(store):
    first = begin(store, 100)
    second = begin(store, 200)
    store.write_sync(lambda tx: heard.keep(tx, {"plc": (first.epoch, 900 * S)}))
    store.write_sync(lambda tx: heard.keep(tx, {"plc": (second.epoch, 210 * S)}))
    assert begin(store, 300).last_heard_ns == 210 * S


def test_a_pause_is_told_from_a_stop(store):
    begin(store, 100)
    store.write_sync(lambda tx: heard.pause(tx, "plc"))
    assert begin(store, 200).stopped is GapReason.PAUSED
    assert begin(store, 300).stopped is GapReason.NODE_STOPPED


def test_a_gap_that_was_open_goes_on(store):
    begin(store, 100)
    gap = Gap(connection="plc", start_ns=120 * S, end_ns=None, reason=GapReason.UNREACHABLE)
    store.write_sync(lambda tx: tx.gaps.put(gap))
    assert begin(store, 200).standing == gap
