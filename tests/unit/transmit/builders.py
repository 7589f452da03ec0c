"""Frames, letters and gaps with defaults."""

import numpy as np

from hanse.model.ids import Happening
from hanse.model.sample import Gap
from hanse.model.sample import frame as checked_frame

SECOND_NS = 1_000_000_000
START_NS = 1_767_600_000 * SECOND_NS


def a_frame(
    seq=0, *, n=10, source="shop/lathe", epoch=1, first_signal=0, start_ns=START_NS, texts=None
):
    """n samples of n signals, one second after the frame before."""
    return checked_frame(
        Happening(source, epoch, seq),
        signal=np.arange(first_signal, first_signal + n, dtype=np.int32),
        at_ns=np.full(n, start_ns + seq * SECOND_NS, np.int64),
        value=np.arange(n) + seq / 10,
        received_ns=start_ns + seq * SECOND_NS,
        texts=texts,
    )


class Gaps(list[Gap]):
    """A gap sink that remembers."""

    async def __call__(self, gap: Gap) -> None:
        self.append(gap)
