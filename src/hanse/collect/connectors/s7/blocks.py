"""S7 addresses, number formats, and how wanted bytes are gathered into few reads. Pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hanse.collect.whole import whole
from hanse.model.errors import BadConfig

BYTE_LAST = 65_535
_DB = re.compile(r"DB(\d{1,5})[.,]DB([XBWD])(\d{1,5})(?:\.([0-7]))?", re.IGNORECASE)
_OTHER = re.compile(r"([MIEQA])([XBWD]?)(\d{1,5})(?:\.([0-7]))?", re.IGNORECASE)
_AREAS = {"M": "M", "I": "I", "E": "I", "Q": "Q", "A": "Q"}
_BY_SIZE = {"X": "bool", "B": "byte", "W": "int", "D": "dint"}
_CODES = {
    "byte": ">B",
    "sint": ">b",
    "word": ">H",
    "int": ">h",
    "dword": ">I",
    "dint": ">i",
    "real": ">f",
    "lreal": ">d",
}
_STRING = re.compile(r"string:(\d{1,3})")


class Want(Struct, frozen=True, order=True):
    """Bytes of one point: area ``DB``, ``M``, ``I`` or ``Q``; ``bit`` counts for ``bool``."""

    area: str
    db: int
    start: int
    size: int
    slot: int
    format: str
    bit: int = 0


class Block(Struct, frozen=True):
    """One read, and whose bytes it brings."""

    area: str
    db: int
    start: int
    size: int
    wants: tuple[Want, ...]


def want_of(address: str, type_: str, *, slot: int) -> Want:
    """What a point wants: ``DB1.DBD4``, ``DB1.DBX0.3``, ``MW10``, ``I0.0``.

    Types: ``bool byte sint word int dword dint real lreal string:N``; empty takes bool, byte,
    int or dint by the letter.

    Raises:
        BadConfig: not an address or not a type.
    """
    if found := _DB.fullmatch(address.strip()):
        area, db, letter = "DB", int(found[1]), found[2].upper()
        start, bit = found[3], found[4]
    elif found := _OTHER.fullmatch(address.strip()):
        area, db, letter = _AREAS[found[1].upper()], 0, found[2].upper() or "X"
        start, bit = found[3], found[4]
    else:
        raise BadConfig(
            "not an S7 address", subject=address[:80], remedy="Write DB1.DBD4 or DB1.DBX0.3"
        )
    format_ = type_ or _BY_SIZE[letter]
    size = _size(format_, address)
    if (format_ == "bool") != (bit is not None) or int(start) + size - 1 > BYTE_LAST:
        raise BadConfig(
            "the address does not fit its type", subject=address, remedy="Bits are DB1.DBX0.3"
        )
    return Want(area, db, int(start), size, slot, format_, int(bit or 0))


def gather(wants: Iterable[Want], *, width: int, hole: int) -> list[Block]:
    """The fewest reads: neighbours of one area together, holes of at most ``hole`` bytes."""
    blocks: list[Block] = []
    row: list[Want] = []
    for want in sorted(wants):
        end = max((w.start + w.size for w in row), default=0)
        joins = (
            bool(row)
            and (row[0].area, row[0].db) == (want.area, want.db)
            and want.start - end <= hole
            and max(end, want.start + want.size) - row[0].start <= width
        )
        if row and not joins:
            blocks.append(block_of(row))
            row = []
        row.append(want)
    return [*blocks, block_of(row)] if row else blocks


def block_of(row: Sequence[Want]) -> Block:
    """The read that covers some wants of one area."""
    start, end = min(w.start for w in row), max(w.start + w.size for w in row)
    return Block(row[0].area, row[0].db, start, end - start, tuple(row))


def decode(raw: bytes, want: Want) -> float | int | bool | str:
    """The value of a point's bytes."""
    if want.format == "bool":
        return bool(raw[0] >> want.bit & 1)
    if want.format.startswith("string"):
        return raw[2 : 2 + raw[1]].decode("latin-1")
    (value,) = struct.unpack(_CODES[want.format], raw)
    return value  # type: ignore[no-any-return]


def encode(value: float | str, want: Want) -> bytes:
    """The bytes that hold a number.

    Raises:
        BadConfig: it does not fit the type.
    """
    try:
        code = _CODES[want.format]
        return struct.pack(code, float(value) if code[1] in "fd" else whole(value))
    except (KeyError, ValueError, struct.error) as error:
        raise BadConfig(
            f"{value} cannot be written as {want.format}", remedy="Choose a number type that fits"
        ) from error


def _size(format_: str, address: str) -> int:
    if format_ == "bool":
        return 1
    if format_ in _CODES:
        return struct.calcsize(_CODES[format_])
    if (found := _STRING.fullmatch(format_)) and int(found[1]) <= 254:
        return int(found[1]) + 2
    raise BadConfig(
        f"no such type: {format_[:40]}",
        subject=address,
        remedy=f"Choose of bool, {', '.join(_CODES)}, string:N",
    )
