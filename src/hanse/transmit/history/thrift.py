"""Thrift's compact protocol, as far as a Parquet footer needs it: read, changed, written again.

A struct is a dict from field number to ``(type, value)``; a list is ``(type of elements, values)``;
values are int, bytes (also of strings), float bytes, bool, lists and structs.

Source: Apache Thrift, doc/specs/thrift-compact-protocol.md; parquet.thrift of Apache Parquet.
"""

from __future__ import annotations

import io
from typing import Any

from hanse.model.errors import Broken

TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, STRUCT = 1, 2, 3, 7, 8, 9, 12
INTEGERS = frozenset({4, 5, 6})
_LONG_LIST = 15

Fields = dict[int, tuple[int, Any]]


def decode(data: bytes) -> Fields:
    """The struct in some bytes.

    Raises:
        Broken: it holds a type that no Parquet footer has.
    """
    return _struct(io.BytesIO(data))


def encode(fields: Fields) -> bytes:
    """The bytes of a struct."""
    out = bytearray()
    _put_struct(out, fields)
    return bytes(out)


def _struct(data: io.BytesIO) -> Fields:
    fields: Fields = {}
    number = 0
    while head := data.read(1)[0]:
        step, kind = head >> 4, head & 15
        number = number + step if step else _signed(data)
        fields[number] = (kind, _value(data, kind))
    return fields


def _value(data: io.BytesIO, kind: int) -> Any:
    if kind in INTEGERS:
        return _signed(data)
    if kind in {TRUE, FALSE}:
        return kind == TRUE
    if kind == BINARY:
        return data.read(_varint(data))
    if kind == LIST:
        return _list(data)
    if kind == STRUCT:
        return _struct(data)
    if kind in {BYTE, DOUBLE}:
        return data.read(1 if kind == BYTE else 8)
    raise Broken("a Parquet footer of an unknown shape", subject=f"thrift type {kind}")


def _list(data: io.BytesIO) -> tuple[int, list[Any]]:
    head = data.read(1)[0]
    n, kind = head >> 4, head & 15
    if n == _LONG_LIST:
        n = _varint(data)
    if kind in {TRUE, FALSE}:  # one byte each
        return kind, [data.read(1) for _ in range(n)]
    return kind, [_value(data, kind) for _ in range(n)]


def _varint(data: io.BytesIO) -> int:
    value = shift = 0
    while True:
        byte = data.read(1)[0]
        value |= (byte & 127) << shift
        if byte < 128:
            return value
        shift += 7


def _signed(data: io.BytesIO) -> int:
    value = _varint(data)
    return (value >> 1) ^ -(value & 1)


def _put_struct(out: bytearray, fields: Fields) -> None:
    before = 0
    for number, (kind, value) in sorted(fields.items()):
        real = (TRUE if value else FALSE) if kind in {TRUE, FALSE} else kind
        step = number - before
        if 0 < step <= _LONG_LIST:
            out.append(step << 4 | real)
        else:
            out.append(real)
            _put_signed(out, number)
        before = number
        if kind not in {TRUE, FALSE}:
            _put(out, kind, value)
    out.append(0)


def _put(out: bytearray, kind: int, value: Any) -> None:
    if kind in INTEGERS:
        _put_signed(out, value)
    elif kind == BINARY:
        _put_varint(out, len(value))
        out += value
    elif kind == LIST:
        _put_list(out, *value)
    elif kind == STRUCT:
        _put_struct(out, value)
    else:
        out += value


def _put_list(out: bytearray, kind: int, values: list[Any]) -> None:
    if len(values) < _LONG_LIST:
        out.append(len(values) << 4 | kind)
    else:
        out.append(_LONG_LIST << 4 | kind)
        _put_varint(out, len(values))
    for value in values:
        _put(out, kind, value)


def _put_varint(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _put_signed(out: bytearray, value: int) -> None:
    _put_varint(out, value << 1 if value >= 0 else (-value << 1) - 1)
