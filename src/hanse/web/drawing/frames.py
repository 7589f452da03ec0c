"""Live lines as bytes: ``u32 count, u32 0, f64 t[count], f32 v[signal][count]``, little endian."""

from __future__ import annotations

import struct

import numpy as np
from msgspec import structs

from hanse.web.views.plant import Series

FRAME_POINTS_MAX = 20_000


def pack(series: Series) -> bytes:
    """A series as one binary message; times in seconds since 1970, NaN where there is nothing.

    The zero after the count keeps the times on an 8-byte border, so that a browser reads them
    without copying. Only the newest FRAME_POINTS_MAX points are sent.
    """
    count = min(len(series.t_s), FRAME_POINTS_MAX)
    parts = [struct.pack("<II", count, 0)]
    if count:
        parts.append(np.ascontiguousarray(series.t_s[-count:], "<f8").tobytes())
        parts += [np.ascontiguousarray(v[-count:], "<f4").tobytes() for v in series.values]
    return b"".join(parts)


def unpack(message: bytes, signals: tuple[int, ...]) -> Series:
    """The series of a message: what a browser does, for programs and tests."""
    count = struct.unpack_from("<I", message)[0]
    t_s = np.frombuffer(message, "<f8", count, 8)
    start = 8 + 8 * count
    values = tuple(
        np.frombuffer(message, "<f4", count, start + 4 * count * at) for at in range(len(signals))
    )
    return Series(signals=signals, t_s=t_s, values=values)


def empty(signals: tuple[int, ...]) -> Series:
    """No points."""
    nothing = np.zeros(0, np.float64)
    return Series(
        signals=signals, t_s=nothing, values=tuple(np.zeros(0, np.float32) for _ in signals)
    )


def since(series: Series, t_s: float) -> Series:
    """Only what is newer than an instant."""
    start = int(np.searchsorted(series.t_s, t_s, side="right"))
    return structs.replace(
        series, t_s=series.t_s[start:], values=tuple(v[start:] for v in series.values)
    )
