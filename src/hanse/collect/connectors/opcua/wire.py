"""Data changes straight from the bytes of a publish response, as columns (IEC 62541-6, 5.2).

asyncua makes some ten Python objects a value. Here numbers go from the wire into columns: all
notifications of one shape at once by numpy, mixed ones one by one by a table of shapes. What is
not known here (structures, arrays, texts) is decoded by asyncua, value by value.
"""

from __future__ import annotations

import dataclasses
import functools
import struct
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary
from numpy.typing import NDArray

from hanse.collect.ports import NO_TIME

TICKS_1970 = 116_444_736_000_000_000
"""100 ns intervals from 1601, where OPC UA counts from, to 1970."""
TICK_NS = 100
DAY_TICKS = 864_000_000_000
SPAN_TICKS = (2**63 - 1) // TICK_NS
"""What is further from 1970 does not fit an int64 of nanoseconds, and is not believed anyway."""
_DATA_CHANGE = bytes((0x01, 0x00)) + struct.pack("<H", 811) + b"\x01"
"""A DataChangeNotification in its four-byte node id, with a byte string as its body."""
_SCALARS = {1: "?", 2: "i1", 3: "u1", 4: "<i2", 5: "<u2", 6: "<i4", 7: "<u4", 8: "<i8", 9: "<u8"}
_SCALARS |= {10: "<f4", 11: "<f8"}
_VALUE, _STATUS, _SOURCE, _SERVER, _SOURCE_PS, _SERVER_PS = 1, 2, 4, 8, 16, 32
_COUNT = struct.Struct("<i")
_HEAD = struct.Struct("<IBB")


@dataclasses.dataclass(frozen=True)
class Columns:
    """Numbers that changed: column by column, in the order they came.

    ``at_ns`` is source time, server time where there is none, NO_TIME where there is neither.
    ``overflowed`` names the handles of which the server lost values before this one.
    """

    handle: NDArray[np.int64]
    value: NDArray[np.float64]
    at_ns: NDArray[np.int64]
    quality: NDArray[np.uint8]
    overflowed: tuple[int, ...] = ()

    def __len__(self) -> int:
        return int(self.handle.shape[0])


@dataclasses.dataclass(frozen=True)
class Changes:
    """One DataChangeNotification: its numbers, and all else as asyncua decodes it."""

    columns: Columns
    others: tuple[ua.MonitoredItemNotification, ...] = ()


def response_of(data: Buffer) -> ua.PublishResponse:
    """A publish response; its data changes are `Changes` instead of asyncua's own class.

    Raises:
        Whatever asyncua raises for bytes that are no publish response.
    """
    raw = bytes(data)
    place = raw.find(_DATA_CHANGE)
    if place < 4 or _COUNT.unpack_from(raw, place - 4)[0] != 1:
        return struct_from_binary(ua.PublishResponse, data)
    body = place + len(_DATA_CHANGE)
    length = _COUNT.unpack_from(raw, body)[0]
    end = body + 4 + length
    changes = changes_of(raw[body + 4 : end]) if 0 < length <= len(raw) - body - 4 else None
    if changes is None:
        return struct_from_binary(ua.PublishResponse, data)
    bare = raw[: place - 4] + _COUNT.pack(0) + raw[end:]
    response = struct_from_binary(ua.PublishResponse, Buffer(bare))
    response.Parameters.NotificationMessage.NotificationData = [changes]
    return response


def changes_of(body: bytes) -> Changes | None:
    """The changes in the body of a DataChangeNotification, None where it is not one."""
    (count,) = _COUNT.unpack_from(body, 0)
    if count <= 0 or len(body) < 4 + count * _HEAD.size:
        return None
    found = _uniform(body, count)
    if found is not None:
        return Changes(found)
    try:
        return _mixed(body, count)
    except (struct.error, IndexError, ua.UaError):
        return None


@functools.lru_cache(maxsize=1_024)
def _shape(mask: int, encoding: int) -> np.dtype[Any] | None:
    """How a notification of that kind lies in memory, None where it is no plain number."""
    kind = _SCALARS.get(encoding)
    if kind is None or not mask & _VALUE or mask >= 64:
        return None
    parts = [("handle", "<u4"), ("mask", "u1"), ("encoding", "u1"), ("value", kind)]
    optional = (
        (_STATUS, "status", "<u4"),
        (_SOURCE, "source", "<i8"),
        (_SOURCE_PS, "source_ps", "<u2"),
        (_SERVER, "server", "<i8"),
        (_SERVER_PS, "server_ps", "<u2"),
    )
    return np.dtype(parts + [(name, form) for bit, name, form in optional if mask & bit])


def _uniform(body: bytes, count: int) -> Columns | None:
    """All at once, where every notification has the shape of the first."""
    _, mask, encoding = _HEAD.unpack_from(body, 4)
    shape = _shape(mask, encoding)
    if shape is None or len(body) < 4 + count * shape.itemsize:
        return None
    rows = np.frombuffer(body, shape, count, 4)
    if not ((rows["mask"] == mask) & (rows["encoding"] == encoding)).all():
        return None
    return _columns(rows)


def _mixed(body: bytes, count: int) -> Changes:
    """One after another by the table of shapes, in the order they came."""
    others: list[ua.MonitoredItemNotification] = []
    by_shape: dict[tuple[int, int], list[int]] = {}
    at = 4
    for _ in range(count):
        _, mask, encoding = _HEAD.unpack_from(body, at)
        shape = _shape(mask, encoding)
        if shape is None:
            buffer = Buffer(body, at)
            others.append(struct_from_binary(ua.MonitoredItemNotification, buffer))
            at = buffer._cur_pos  # noqa: SLF001 (no other way)
            continue
        by_shape.setdefault((mask, encoding), []).append(at)
        at += shape.itemsize
    runs = [_run(body, np.array(p), _shape(*kind)) for kind, p in by_shape.items()]
    order = np.argsort([place for places in by_shape.values() for place in places])
    return Changes(_joined(runs, order), tuple(others))


def _run(body: bytes, places: NDArray[np.int64], shape: np.dtype[Any] | None) -> Columns:
    """The notifications of one shape that begin at some places."""
    assert shape is not None
    octets = np.frombuffer(body, np.uint8)
    cut = octets[places[:, None] + np.arange(shape.itemsize)]
    return _columns(np.ascontiguousarray(cut).view(shape)[:, 0])


def _columns(rows: NDArray[Any]) -> Columns:
    names = rows.dtype.names or ()
    n = rows.shape[0]
    ticks = np.zeros(n, np.int64)
    if "server" in names:
        ticks = rows["server"].astype(np.int64)
    if "source" in names:
        ticks = np.where(rows["source"] >= DAY_TICKS, rows["source"], ticks)
    at_ns = np.clip(ticks - TICKS_1970, -SPAN_TICKS, SPAN_TICKS) * TICK_NS
    at_ns[ticks < DAY_TICKS] = NO_TIME  # the first day of 1601 is how servers say: none
    status = rows["status"] if "status" in names else np.zeros(n, np.uint32)
    handle = rows["handle"].astype(np.int64)
    lost = (status & 0x0C80) == 0x0480
    return Columns(
        handle=handle,
        value=rows["value"].astype(np.float64),
        at_ns=at_ns,
        quality=np.minimum(status >> 30, 2).astype(np.uint8),
        overflowed=tuple(handle[lost].tolist()) if lost.any() else (),
    )


def _joined(runs: list[Columns], order: NDArray[np.int64]) -> Columns:
    if not runs:
        none = np.zeros(0, np.int64)
        return Columns(none, none.astype(np.float64), none, none.astype(np.uint8))
    return Columns(
        handle=np.concatenate([r.handle for r in runs])[order],
        value=np.concatenate([r.value for r in runs])[order],
        at_ns=np.concatenate([r.at_ns for r in runs])[order],
        quality=np.concatenate([r.quality for r in runs])[order],
        overflowed=tuple(h for r in runs for h in r.overflowed),
    )
