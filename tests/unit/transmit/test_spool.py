import contextlib
import os

import pytest

from hanse.model.errors import TooMuch
from hanse.transmit.nats import spool as spool_module
from hanse.transmit.nats.spool import Spool


@pytest.fixture
def spools():
    """Opens spools, and closes them at the end."""
    with contextlib.ExitStack() as stack:

        def opened(folder, **limits):
            spool = Spool(folder, **limits)
            stack.callback(spool.close)
            return spool

        yield opened


def frames(spool):
    return [r.data for r in spool.peek(bytes_max=10**9)]


def test_what_goes_in_comes_out_in_order(spools, tmp_path):
    spool = spools(tmp_path)
    spool.append([(3, b"one"), (4, b"two")])
    spool.append([(3, b"three")])
    assert [(r.partition, r.data) for r in spool.peek()] == [
        (3, b"one"),
        (4, b"two"),
        (3, b"three"),
    ]


def test_what_is_done_is_not_given_again_and_its_segment_goes(spools, tmp_path):
    spool = spools(tmp_path)
    spool.append([(0, b"one"), (0, b"two")])
    first, second = spool.peek()
    spool.done(first)
    assert frames(spool) == [b"two"]
    spool.done(second)
    assert spool.empty
    assert list(tmp_path.iterdir()) == []
    spool.append([(0, b"three")])
    assert frames(spool) == [b"three"]


def test_a_restart_finds_what_was_kept(spools, tmp_path):
    spools(tmp_path).append([(0, b"one"), (1, b"two")])
    again = spools(tmp_path)
    again.append([(0, b"three")])
    assert frames(again) == [b"one", b"two", b"three"]


def test_a_record_cut_by_a_power_failure_is_left_out_and_counted(spools, tmp_path):
    spools(tmp_path).append([(0, b"whole"), (0, b"cut in two")])
    path = next(tmp_path.iterdir())
    os.truncate(path, path.stat().st_size - 3)
    again = spools(tmp_path)
    assert (frames(again), again.damaged) == ([b"whole"], 1)
    again.append([(0, b"later")])
    assert frames(again) == [b"whole", b"later"]


def test_a_flipped_bit_ends_its_segment_and_is_counted(spools, tmp_path):
    spools(tmp_path).append([(0, b"good"), (0, b"bad")])
    path = next(tmp_path.iterdir())
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert frames(spools(tmp_path)) == [b"good"]


def test_segments_are_cut_and_the_oldest_is_given_up_first(spools, tmp_path, monkeypatch):
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES_MAX", 100)
    spool = spools(tmp_path)
    for i in range(6):
        spool.append([(0, bytes([i]) * 40)])
    assert len(list(tmp_path.iterdir())) == 3
    spool.done(spool.peek()[0])
    assert spool.drop_oldest() == [bytes([1]) * 40]
    assert frames(spool) == [bytes([i]) * 40 for i in range(2, 6)]


def test_at_its_limit_it_refuses_and_keeps_nothing_of_the_refused(spools, tmp_path):
    spool = spools(tmp_path, bytes_max=100)
    spool.append([(0, b"x" * 60)])
    with pytest.raises(TooMuch):
        spool.append([(0, b"y" * 60)])
    assert frames(spool) == [b"x" * 60]


def test_a_disk_that_is_short_refuses_before_it_is_full(spools, tmp_path):
    with pytest.raises(TooMuch):
        spools(tmp_path, free_share_min=1.1).append([(0, b"x")])
