"""Publish responses read by columns say the same as read by asyncua, value by value."""

import contextlib
import datetime as dt
import math

import numpy as np
import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from hypothesis import given
from hypothesis import strategies as st
from tests.conformance.connectors.builders import RealClock
from tests.unit.collect.test_intake import a_bind, an_intake

from hanse.collect.connectors.opcua.values import has_overflowed, plain, quality_of, time_of
from hanse.collect.connectors.opcua.wire import Changes, response_of
from hanse.collect.ports import NO_TIME
from hanse.model.plant import SignalKind

V = ua.VariantType
WHOLE = {
    V.SByte: (8, 1), V.Byte: (8, 0), V.Int16: (16, 1), V.UInt16: (16, 0), V.Int32: (32, 1),
    V.UInt32: (32, 0), V.Int64: (64, 1), V.UInt64: (64, 0),
}  # fmt: skip


def whole(kind):
    bits, signed = WHOLE[kind]
    low = -(2 ** (bits - 1)) if signed else 0
    return st.integers(low, 2 ** (bits - signed) - 1).map(lambda v: ua.Variant(v, kind))


VARIANTS = st.one_of(
    st.floats(width=64).map(lambda v: ua.Variant(v, V.Double)),
    st.floats(width=32).map(lambda v: ua.Variant(v, V.Float)),
    st.booleans().map(lambda v: ua.Variant(v, V.Boolean)),
    st.sampled_from(list(WHOLE)).flatmap(whole),
    st.text(max_size=8).map(lambda v: ua.Variant(v, V.String)),
    st.lists(st.floats(width=64), max_size=3).map(lambda v: ua.Variant(v, V.Double)),
)
FIRST = dt.datetime(1601, 1, 1)  # how servers say that there is no time
SOME = st.just(FIRST) | st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
TIMES = st.none() | SOME.map(lambda t: t.replace(tzinfo=dt.UTC))
CODES = st.sampled_from([0, 0x40000000, 0x80000000, 0x00000480, 0x80340000])


@st.composite
def notifications(draw):
    made = ua.MonitoredItemNotification()
    made.ClientHandle = draw(st.integers(10, 60))
    made.Value = ua.DataValue(
        draw(VARIANTS),
        ua.StatusCode(draw(CODES)),
        SourceTimestamp=draw(TIMES),
        ServerTimestamp=draw(TIMES),
    )
    return made


def response(items, *, also=()):
    change = ua.DataChangeNotification()
    change.MonitoredItems = list(items)
    made = ua.PublishResponse()
    made.Parameters.SubscriptionId = 7
    made.Parameters.AvailableSequenceNumbers = [1, 2]
    message = made.Parameters.NotificationMessage
    message.SequenceNumber, message.NotificationData = 2, [change, *also]
    return struct_to_binary(made)


def facts(handle, value, at_ns, quality):
    value = float(value)
    return (handle, "nan" if math.isnan(value) else value, at_ns, int(quality))


def by_columns(changes):
    c = changes.columns
    rows = zip(c.handle.tolist(), c.value.tolist(), c.at_ns.tolist(), c.quality, strict=True)
    return [facts(*row) for row in rows]


def by_values(items):
    rows = []
    for item in items:
        at_ns, quality = time_of(item.Value), quality_of(item.Value.StatusCode)
        value = plain(item.Value.Value.Value)
        if isinstance(value, bool | int | float):
            at_ns = NO_TIME if at_ns is None else at_ns
            rows.append(facts(item.ClientHandle, value, at_ns, quality))
    return rows


@given(items=st.lists(notifications(), min_size=1, max_size=12))
def test_columns_say_what_asyncua_says(items):
    raw = response(items)
    slow = struct_from_binary(ua.PublishResponse, Buffer(raw)).Parameters
    fast = response_of(Buffer(raw)).Parameters
    assert (fast.SubscriptionId, fast.AvailableSequenceNumbers) == (7, [1, 2])
    (changes,) = fast.NotificationMessage.NotificationData
    (known,) = slow.NotificationMessage.NotificationData
    assert isinstance(changes, Changes)
    assert by_columns(changes) == by_values(known.MonitoredItems)
    others = [i for i in known.MonitoredItems if isinstance(i.Value.Value.Value, str | list)]
    assert [o.ClientHandle for o in changes.others] == [o.ClientHandle for o in others]
    lost = {
        i.ClientHandle
        for i in known.MonitoredItems
        if has_overflowed(i.Value.StatusCode) and i not in others
    }
    assert set(changes.columns.overflowed) == lost


def test_what_is_not_one_data_change_is_left_to_asyncua():
    item = ua.MonitoredItemNotification(10, ua.DataValue(ua.Variant(1.0, V.Double)))
    two = response([item], also=[ua.StatusChangeNotification()])
    data = response_of(Buffer(two)).Parameters.NotificationMessage.NotificationData
    assert [type(d) for d in data] == [ua.DataChangeNotification, ua.StatusChangeNotification]
    empty = struct_to_binary(ua.PublishResponse())
    assert not response_of(Buffer(empty)).Parameters.NotificationMessage.NotificationData


@given(cut=st.integers(1, 200), octet=st.integers(0, 255))
def test_damaged_bytes_are_read_as_asyncua_reads_them_or_refused(cut, octet):
    items = [
        ua.MonitoredItemNotification(10 + i, ua.DataValue(ua.Variant(float(i), V.Double)))
        for i in range(4)
    ]
    raw = bytearray(response(items))
    raw[-min(cut, len(raw))] = octet
    for bad in (bytes(raw), bytes(raw)[: len(raw) - cut % len(raw)]):
        with contextlib.suppress(Exception):  # whatever it raises, it ends
            response_of(Buffer(bad))


@pytest.mark.parametrize("kind", [SignalKind.ANALOG, SignalKind.COUNTER, SignalKind.TEXT])
def test_columns_and_single_values_fill_the_same_frames(kind):
    binds = (a_bind(1, kind=kind), a_bind(2, kind=kind, scale=2.0, offset=1.0))
    now = RealClock().ns()
    slots = np.array([0, 1, 0, 1], np.int64)
    values = np.array([1.0, 2.5, np.nan, 1e305])
    at_ns = np.array([now, NO_TIME, now - 5, 5], np.int64)
    quality = np.array([0, 1, 0, 2], np.uint8)
    frames = []
    for columns in (True, False):
        intake, packer = an_intake(*binds, clock=RealClock())
        if columns:
            intake.take_columns(slots, values, at_ns, quality)
        else:
            for s, v, a, q in zip(
                *(c.tolist() for c in (slots, values, at_ns, quality)), strict=True
            ):
                intake.take(s, v, None if a == NO_TIME else a, q)
        cut = packer.cut(0)
        order = np.lexsort((cut.at_ns, cut.signal))
        frames.append(
            (cut.signal[order].tolist(), str(cut.value[order]), cut.quality[order].tolist(),
             intake.samples, intake.restamped, sorted(cut.texts.values()))
        )  # fmt: skip
    assert frames[0] == frames[1]
