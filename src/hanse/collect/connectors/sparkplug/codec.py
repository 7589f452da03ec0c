"""Sparkplug B payloads to plain values and back. Pure."""

from __future__ import annotations

import enum
import gzip
import math
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import DecodeError
from msgspec import Struct

from hanse.collect.connectors.sparkplug import schema
from hanse.model.errors import BadInput

METRICS_MAX = 100_000
BODY_BYTES_MAX = 64_000_000
COMPRESSED = "SPBV1.0_COMPRESSED"
REBIRTH = "Node Control/Rebirth"
BD_SEQ = "bdSeq"


class DataType(enum.IntEnum):
    """Datatypes of metrics (Sparkplug 3.0, 6.4.16)."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19


_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
_ARRAYS = {
    22: "b",
    23: "h",
    24: "i",
    25: "q",
    26: "B",
    27: "H",
    28: "I",
    29: "Q",
    30: "f",
    31: "d",
    34: "q",
}
_BOOLEAN_ARRAY, _STRING_ARRAY = 32, 33


class Said(Struct):
    """One metric as it was said: ``name`` empty where only the alias was sent.

    ``value`` is a number, text, boolean, list, or a mapping of columns or template members; None
    where it is null. ``quality`` is the Ignition-style property (192 good, 500 stale), None where
    there is none.
    """

    name: str
    alias: int | None
    at_ms: int | None
    datatype: int
    value: object
    is_historical: bool
    quality: int | None


class Message(Struct):
    """One payload."""

    at_ms: int | None
    seq: int | None
    metrics: list[Said]


def decode(payload: bytes, datatypes: dict[int, int] | None = None) -> Message:
    """The payload of any message but STATE; ``datatypes`` by alias where the payload has none.

    Raises:
        BadInput: not a payload, more than METRICS_MAX, or a body that grows beyond
            BODY_BYTES_MAX.
    """
    try:
        parsed = schema.Payload.FromString(payload)
        if parsed.uuid == COMPRESSED:
            parsed = schema.Payload.FromString(_inflated(parsed))
    except (DecodeError, zlib.error, OSError, EOFError, RecursionError) as error:
        raise BadInput("not a Sparkplug payload", remedy="Look at the edge node") from error
    if len(parsed.metrics) > METRICS_MAX:
        raise BadInput(f"more than {METRICS_MAX} metrics", remedy="Split the edge node")
    known = datatypes or {}
    return Message(
        parsed.timestamp if parsed.HasField("timestamp") else None,
        parsed.seq if parsed.HasField("seq") else None,
        [_said(metric, known) for metric in parsed.metrics],
    )


def encode(metrics: Sequence[Said], *, at_ms: int, seq: int | None = None) -> bytes:
    """A payload. Values of scalar datatypes only.

    Raises:
        BadInput: a value does not fit its datatype.
    """
    payload = schema.Payload(timestamp=at_ms)
    if seq is not None:
        payload.seq = seq
    for said in metrics:
        metric = payload.metrics.add()
        _write(metric, said)
    return bytes(payload.SerializeToString())


def rebirth(at_ms: int) -> bytes:
    """The NCMD that asks an edge node to be born again (Sparkplug 3.0, 6.4.14)."""
    return encode([Said(REBIRTH, None, at_ms, DataType.BOOLEAN, True, False, None)], at_ms=at_ms)  # noqa: FBT003


def _said(metric: Any, known: dict[int, int]) -> Said:
    alias = metric.alias if metric.HasField("alias") else None
    datatype = metric.datatype
    if not datatype and alias is not None:
        datatype = known.get(alias, 0)
    value = None if metric.is_null else _value(metric, datatype)
    return Said(
        metric.name,
        alias,
        metric.timestamp or None,
        datatype,
        value,
        metric.is_historical,
        _quality(metric) if metric.HasField("properties") else None,
    )


def _value(metric: Any, datatype: int) -> object:
    which = metric.WhichOneof("value")
    if which is None:
        return None
    raw = getattr(metric, which)
    if bits := _SIGNED.get(datatype):
        return _signed(raw, bits)
    if which in _PLAIN:
        return raw / 1_000 if datatype == DataType.DATETIME else raw
    if which == "bytes_value":
        return _array(raw, datatype)
    if which == "dataset_value":
        return _dataset(raw)
    return _template(raw)


_PLAIN = {
    "int_value",
    "long_value",
    "float_value",
    "double_value",
    "boolean_value",
    "string_value",
}


def _signed(raw: object, bits: int) -> object:
    if not isinstance(raw, int):
        return raw
    cut = raw & (1 << bits) - 1
    return cut - (1 << bits) if cut >> (bits - 1) else cut


def _array(raw: bytes, datatype: int) -> object:
    """Packed little-endian arrays (Sparkplug 3.0, 6.4.17)."""
    if code := _ARRAYS.get(datatype):
        size = struct.calcsize(code)
        values = [v for (v,) in struct.iter_unpack(f"<{code}", raw[: len(raw) // size * size])]
        return [v / 1_000 for v in values] if datatype == 34 else values
    if datatype == _BOOLEAN_ARRAY:
        count = min(int.from_bytes(raw[:4], "little"), len(raw) * 8 - 32)
        return [bool(raw[4 + n // 8] >> (7 - n % 8) & 1) for n in range(count)]
    if datatype == _STRING_ARRAY:
        return [part.decode("utf-8", "replace") for part in raw.split(b"\0")[:-1]]
    return raw.hex()


def _dataset(raw: Any) -> list[dict[str, object]]:
    """Rows as mappings of column to value."""
    types = list(raw.types)
    rows: list[dict[str, object]] = []
    for row in raw.rows:
        cells = [_value(e, types[n] if n < len(types) else 0) for n, e in enumerate(row.elements)]
        rows.append(dict(zip(raw.columns, cells, strict=False)))
    return rows


def _template(raw: Any) -> dict[str, object]:
    return {m.name: None if m.is_null else _value(m, m.datatype) for m in raw.metrics}


def _quality(metric: Any) -> int | None:
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == "Quality":
            return int(value.int_value or value.long_value)
    return None


def _inflated(parsed: Any) -> bytes:
    """The body of a compressed payload, bounded."""
    algorithm = next((m.string_value for m in parsed.metrics if m.name == "algorithm"), "DEFLATE")
    wbits = 31 if algorithm.upper() == "GZIP" else 15
    inflater = zlib.decompressobj(wbits)
    body = inflater.decompress(parsed.body, BODY_BYTES_MAX)
    if inflater.unconsumed_tail:
        raise BadInput(f"a body of more than {BODY_BYTES_MAX} bytes", remedy="Split the edge node")
    return body


def compressed(payload: bytes) -> bytes:
    """A payload in a gzip envelope, as some edge nodes send it."""
    envelope = schema.Payload(uuid=COMPRESSED, body=gzip.compress(payload))
    metric = envelope.metrics.add(name="algorithm", datatype=int(DataType.STRING))
    metric.string_value = "GZIP"
    return bytes(envelope.SerializeToString())


_FIELD_OF = {
    DataType.FLOAT: "float_value",
    DataType.DOUBLE: "double_value",
    DataType.BOOLEAN: "boolean_value",
    DataType.INT64: "long_value",
    DataType.UINT32: "long_value",
    DataType.UINT64: "long_value",
    DataType.DATETIME: "long_value",
}
_TEXTS = {DataType.STRING, DataType.TEXT, DataType.UUID}


def _write(metric: Any, said: Said) -> None:
    if said.name:
        metric.name = said.name
    if said.alias is not None:
        metric.alias = said.alias
    if said.at_ms is not None:
        metric.timestamp = said.at_ms
    metric.datatype = said.datatype
    if said.is_historical:
        metric.is_historical = True
    if said.value is None:
        metric.is_null = True
        return
    datatype = DataType(said.datatype)
    field = "string_value" if datatype in _TEXTS else _FIELD_OF.get(datatype, "int_value")
    try:
        setattr(metric, field, _to_wire(said.value, datatype))
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"{said.value!r} is no {datatype.name}", subject=said.name) from error


def _to_wire(value: Any, datatype: DataType) -> object:
    if datatype in _TEXTS:
        return str(value)
    if datatype is DataType.BOOLEAN:
        return bool(value)
    if datatype in {DataType.FLOAT, DataType.DOUBLE}:
        return float(value)
    number = round(value * 1_000) if datatype is DataType.DATETIME else math.trunc(value)
    return (
        number & (2**64 - 1 if datatype == DataType.INT64 else 2**32 - 1)
        if (datatype in _SIGNED)
        else number
    )
