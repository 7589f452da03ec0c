import numpy as np
import pytest
from tests.unit.transmit.builders import a_frame

from hanse.model.errors import BadInput
from hanse.transmit.codec import SAMPLE_BYTES, pack, unpack


def same(a, b):
    columns = ("signal", "at_ns", "value", "quality")
    return (
        a.happening == b.happening
        and a.received_ns == b.received_ns
        and a.texts == b.texts
        and all(
            np.array_equal(getattr(a, c), getattr(b, c), equal_nan=c == "value") for c in columns
        )
    )


def test_a_frame_comes_back_as_it_was_with_its_texts():
    frame = a_frame(7, n=3, texts={1: "Spindel läuft 主轴"})
    assert same(unpack(pack(frame)), frame)


def test_an_empty_frame_travels_too():
    assert same(unpack(pack(a_frame(n=0))), a_frame(n=0))


def test_a_thousand_samples_cost_little_more_than_their_columns():
    assert len(pack(a_frame(n=1_000))) < SAMPLE_BYTES * 1_000 + 100


def test_columns_that_are_not_contiguous_travel_as_their_values():
    frame = a_frame(n=10)
    import msgspec

    view = msgspec.structs.replace(
        frame,
        signal=frame.signal[::2],
        at_ns=frame.at_ns[::2],
        value=frame.value[::2],
        quality=frame.quality[::2],
    )
    assert same(unpack(pack(view)), view)


@pytest.mark.parametrize("at", [0, 2, 5, 9, 15, 40, -1])
def test_one_flipped_bit_anywhere_is_noticed(at):
    data = bytearray(pack(a_frame()))
    data[at] ^= 4
    with pytest.raises(BadInput, match="not a frame"):
        unpack(bytes(data))


def test_a_cut_frame_is_refused():
    data = pack(a_frame())
    for length in (0, 5, 11, 12, 30, len(data) - 1):
        with pytest.raises(BadInput):
            unpack(data[:length])


def test_a_signal_that_cannot_be_is_refused():
    frame = a_frame(n=2)
    frame.signal[0] = -1
    with pytest.raises(BadInput, match="cannot be"):
        unpack(pack(frame))


def test_a_frame_beyond_the_limit_is_refused_before_it_is_sent():
    frame = a_frame(n=2_000, texts=dict.fromkeys(range(2000), "x" * 4000))
    with pytest.raises(BadInput, match="at most"):
        pack(frame)
