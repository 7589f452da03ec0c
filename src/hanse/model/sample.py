"""Samples: columnar frames from a connector to history, and the gaps between them."""

from __future__ import annotations

import enum
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from hanse.model.errors import BadInput
from hanse.model.ids import Happening

FRAME_SAMPLES_MAX = 50_000
TEXT_SAMPLE_MAX = 4_000


class Quality(enum.IntEnum):
    """How far a value may be trusted (the two top bits of an OPC UA status code)."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Frame(Struct, frozen=True, kw_only=True):
    """A batch of samples of one asset group, column by column; all columns have the same length.

    ``signal`` int32 ids of the node's own signal table; ``at_ns`` int64 source time, nanoseconds
    since 1970; ``value`` float64; ``quality`` uint8 of `Quality`; ``received_ns`` when the
    collector had it. Non-numeric values travel beside, in ``texts``: row index -> text.
    """

    happening: Happening
    signal: NDArray[np.int32]
    at_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    received_ns: int
    texts: dict[int, str] = {}

    def __len__(self) -> int:
        return int(self.signal.shape[0])


def frame(
    happening: Happening,
    *,
    signal: NDArray[np.int32],
    at_ns: NDArray[np.int64],
    value: NDArray[np.float64],
    quality: NDArray[np.uint8] | None = None,
    received_ns: int = 0,
    texts: dict[int, str] | None = None,
) -> Frame:
    """A checked frame.

    Raises:
        BadInput: columns of unequal length, or more than FRAME_SAMPLES_MAX rows.
    """
    n = signal.shape[0]
    good = np.zeros(n, np.uint8) if quality is None else quality
    if not at_ns.shape[0] == value.shape[0] == good.shape[0] == n:
        raise BadInput("the columns of a frame differ in length", subject=happening.source)
    if n > FRAME_SAMPLES_MAX:
        raise BadInput(
            f"a frame holds at most {FRAME_SAMPLES_MAX} samples",
            subject=happening.source,
            remedy="Split it",
        )
    return Frame(
        happening=happening,
        signal=signal,
        at_ns=at_ns,
        value=value,
        quality=good,
        received_ns=received_ns,
        texts=texts or {},
    )


class GapReason(enum.StrEnum):
    """Why there are no samples for a while."""

    UNREACHABLE = "unreachable"
    RESTARTED = "restarted"
    SESSION_LOST = "session_lost"
    NO_NOTIFICATION = "no_notification"
    OVERFLOW = "overflow"
    NODE_STOPPED = "node_stopped"
    PAUSED = "paused"
    SEQUENCE = "sequence"
    BAD_CLOCK = "bad_clock"


class Gap(Struct, frozen=True, kw_only=True):
    """A period in which a connection gave no samples, recorded as a fact.

    ``end_ns`` is None while it lasts; ``signals`` empty means all of the connection;
    ``lost`` counts samples known to be lost, None where it cannot be known.
    """

    connection: str
    start_ns: int
    end_ns: int | None
    reason: GapReason
    detail: Annotated[str, Meta(max_length=400)] = ""
    signals: tuple[int, ...] = ()
    lost: int | None = None
