"""Payloads of MQTT messages: JSON, plain text, CSV and binary. Pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import msgspec

from hanse.model.errors import BadConfig, BadInput

LEAVES_MAX = 500
DEPTH_MAX = 12
_BINARY = re.compile(r"(u?int8|u?int16|u?int32|u?int64|float32|float64)(-le)?(?:@(\d{1,5}))?")
_CODES = {
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
_CSV = re.compile(r"csv:(\d{1,4})")


def read(payload: bytes, type_: str, *, has_path: bool) -> object:
    """What a payload says, as the type of a point reads it.

    Types: empty or ``json`` (JSON, or plain text where it is none); ``csv:N`` the N-th cell from
    0; a number as ``float32@4`` at byte 4, big end first, ``float32-le@4`` little end first.

    Raises:
        BadInput: the payload is not what the type says.
        BadConfig: no such type.
    """
    if type_ in {"", "json"}:
        return _json(payload, is_sure=has_path or type_ == "json")
    if found := _CSV.fullmatch(type_):
        cells = re.split(r"[;,\t]", payload.decode("utf-8", "replace").strip())
        at = int(found[1])
        if at >= len(cells):
            raise BadInput(f"no cell {at}", remedy="Choose another cell")
        return cells[at].strip()
    if found := _BINARY.fullmatch(type_):
        order = "<" if found[2] else ">"
        try:
            return struct.unpack_from(order + _CODES[found[1]], payload, int(found[3] or 0))[0]
        except struct.error as error:
            raise BadInput("the payload is too short", remedy="Choose another place") from error
    raise BadConfig(
        f"no such type: {type_[:40]}", remedy="Choose json, csv:N or a number as float32@0"
    )


def check_type(type_: str) -> None:
    """Whether there is such a type.

    Raises:
        BadConfig: no.
    """
    if type_ not in {"", "json"} and not (_CSV.fullmatch(type_) or _BINARY.fullmatch(type_)):
        read(b"", type_, has_path=False)


def leaves(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every number, text and boolean in a value, with the path to it."""
    if depth >= DEPTH_MAX:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            if re.fullmatch(r"[^.\[\]]+", str(key)):
                yield from leaves(member, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list):
        for n, member in enumerate(value[:LEAVES_MAX]):
            yield from leaves(member, f"{path}[{n}]", depth + 1)
    else:
        yield path, value


def _json(payload: bytes, *, is_sure: bool) -> object:
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if is_sure:
            raise BadInput("not JSON", remedy="Choose another type for this signal") from error
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise BadInput("neither JSON nor text", remedy="Choose a binary type") from error
