"""Addresses, number formats, and how wanted registers are gathered into few reads. Pure."""

from __future__ import annotations

import enum
import itertools
import re
import struct
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hanse.collect.whole import whole
from hanse.model.errors import BadConfig

ADDRESS_LAST = 65_535
BITS_PER_READ_MAX = 2_000
STRING_REGISTERS_MAX = 60


class Table(enum.StrEnum):
    """The four tables of a Modbus device."""

    COIL = "coil"
    DISCRETE = "discrete"
    HOLDING = "holding"
    INPUT = "input"

    @property
    def is_bits(self) -> bool:
        """Whether it holds bits, not registers."""
        return self in {Table.COIL, Table.DISCRETE}


class Want(Struct, frozen=True, order=True):
    """Registers or bits of one point: ``count`` from ``address``, read as ``format``."""

    unit: int
    table: Table
    address: int
    count: int
    slot: int
    format: str


class Block(Struct, frozen=True):
    """One read, and whose registers it brings."""

    unit: int
    table: Table
    address: int
    count: int
    wants: tuple[Want, ...]


_ADDRESS = re.compile(r"(?:(coil|discrete|holding|input):)?(\d{1,6})(?:@(\d{1,3}))?")
_CLASSIC = {0: Table.COIL, 1: Table.DISCRETE, 3: Table.INPUT, 4: Table.HOLDING}
_NUMBERS = {
    "uint16": ("H", 1),
    "int16": ("h", 1),
    "uint32": ("I", 2),
    "int32": ("i", 2),
    "float32": ("f", 2),
    "uint64": ("Q", 4),
    "int64": ("q", 4),
    "float64": ("d", 4),
}
_FORMAT = re.compile(r"(\w+?)(?::(\d+))?(-low|-high)?")


def want_of(address: str, type_: str, *, slot: int, unit: int) -> Want:
    """What a point wants: ``holding:100``, ``input:7@3``, ``coil:5`` or the classic ``40101``.

    Types: ``uint16`` (also when empty) ... ``float64``, with ``-low`` or ``-high`` for the word
    that comes first; ``bit:N`` of a register; ``string:N`` of N registers.

    Raises:
        BadConfig: not an address or not a type.
    """
    table, start, at_unit = _place(address)
    format_, count = ("bit", 1) if table.is_bits else _count(type_ or "uint16", address)
    if start + count - 1 > ADDRESS_LAST or (at_unit or 0) > 255:
        raise BadConfig(
            "beyond the last register", subject=address, remedy="Addresses end at 65535"
        )
    return Want(unit if at_unit is None else at_unit, table, start, count, slot, format_)


def gather(wants: Iterable[Want], *, width: int, hole: int) -> list[Block]:
    """The fewest reads, in address order: neighbours together, holes of at most ``hole``.

    No block is wider than ``width`` registers (bits: sixteen times as many, BITS_PER_READ_MAX).
    """
    blocks: list[Block] = []
    row: list[Want] = []
    for want in sorted(wants):
        if row and not _joins(row, want, width, hole):
            blocks.append(_block(row))
            row = []
        row.append(want)
    return [*blocks, _block(row)] if row else blocks


def halves(block: Block) -> list[Block]:
    """A block the device refused, as two: cut at its widest hole."""
    if len(block.wants) < 2:
        return []
    wants = sorted(block.wants)
    holes = [
        (b.address - (a.address + a.count), -abs(i - len(wants) // 2), i)
        for i, (a, b) in enumerate(itertools.pairwise(wants), 1)
    ]
    _, _, cut = max(holes)
    return [_block(wants[:cut]), _block(wants[cut:])]


def decode(words: Sequence[int], format_: str, *, low_first: bool) -> float | int | bool | str:
    """The value of a point's registers."""
    base, number, order = _split(format_)
    if base == "bit":
        return bool(words[0] >> number & 1)
    if base == "string":
        raw = struct.pack(f">{len(words)}H", *words)
        return raw.partition(b"\0")[0].decode("utf-8", "replace").strip()
    ordered = words[::-1] if order == "-low" or (low_first and order != "-high") else words
    (value,) = struct.unpack(f">{_NUMBERS[base][0]}", struct.pack(f">{len(ordered)}H", *ordered))
    return value  # type: ignore[no-any-return]


def encode(value: float | str, format_: str, *, low_first: bool) -> list[int]:
    """The registers that hold a value.

    Raises:
        BadConfig: the value does not fit the type.
    """
    base, _, order = _split(format_)
    try:
        code, count = _NUMBERS[base]
        number = float(value) if code in "fd" else whole(value)
        words = list(struct.unpack(f">{count}H", struct.pack(f">{code}", number)))
    except (KeyError, ValueError, struct.error) as error:
        raise BadConfig(
            f"{value} cannot be written as {format_}", remedy="Choose a number type that fits"
        ) from error
    return words[::-1] if order == "-low" or (low_first and order != "-high") else words


def _place(address: str) -> tuple[Table, int, int | None]:
    found = _ADDRESS.fullmatch(address.strip())
    if found is None:
        raise BadConfig(
            "not a Modbus address", subject=address[:80], remedy="Write holding:100 or 40101"
        )
    name, digits, unit = found.groups()
    at_unit = None if unit is None else int(unit)
    if name is not None:
        return Table(name), int(digits), at_unit
    table = _CLASSIC.get(int(digits[0])) if len(digits) in {5, 6} else None
    if table is None or int(digits[1:]) == 0:
        raise BadConfig(
            "not a Modbus address", subject=address[:80], remedy="Write holding:100 or 40101"
        )
    return table, int(digits[1:]) - 1, at_unit


def _count(type_: str, address: str) -> tuple[str, int]:
    base, number, _ = _split(type_)
    if base in _NUMBERS:
        return type_, _NUMBERS[base][1]
    if base == "bit" and number < 16:
        return type_, 1
    if base == "string" and 1 <= number <= STRING_REGISTERS_MAX:
        return type_, number
    raise BadConfig(
        f"no such type: {type_[:40]}",
        subject=address,
        remedy=f"Choose of {', '.join(_NUMBERS)}, bit:N, string:N",
    )


def _split(format_: str) -> tuple[str, int, str]:
    found = _FORMAT.fullmatch(format_)
    if found is None:
        return "", 0, ""
    return found[1], int(found[2] or 0), found[3] or ""


def _joins(row: list[Want], want: Want, width: int, hole: int) -> bool:
    first, last = row[0], max(w.address + w.count for w in row)
    most = min(width * 16, BITS_PER_READ_MAX) if want.table.is_bits else width
    near = want.address - last <= hole * (16 if want.table.is_bits else 1)
    fits = max(last, want.address + want.count) - first.address <= most
    return (first.unit, first.table) == (want.unit, want.table) and near and fits


def _block(row: Sequence[Want]) -> Block:
    first, end = row[0], max(w.address + w.count for w in row)
    return Block(first.unit, first.table, first.address, end - first.address, tuple(row))
