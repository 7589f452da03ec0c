"""A Parquet file whose row groups each have the encoding that suits their signals best.

Repeated values (states, readings of few digits) are small by dictionary; readings of full
precision, counters and smooth whole numbers are small with their bytes split into streams. Which
one is found by trying both on a part of each signal. Parquet keeps the encoding by column of a row
group; the library chooses it by file. So each stretch of signals that want the same is written as a
file of its own in memory, and their row groups are put behind one another under one footer.

Source: Apache Parquet format, Encodings (DELTA_BINARY_PACKED, BYTE_STREAM_SPLIT, RLE_DICTIONARY)
and parquet.thrift (FileMetaData).
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from hanse.transmit.history import thrift
from hanse.transmit.history.columns import values_of
from hanse.transmit.history.thrift import Fields

ROW_GROUP_ROWS = 131_072
ROW_GROUP_ROWS_MIN = 8_192
"""Signals with fewer rows join their neighbours, whatever they would want."""
TRIED_ROWS = 16_384
MAGIC = b"PAR1"
_TAIL = struct.Struct("<I4s")
_NUM_ROWS, _ROW_GROUPS = 3, 4
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
_META = 3
_PAGE_OFFSETS = (9, 10, 11)

Split = frozenset[str]
"""The columns whose bytes are split into streams; the others are by dictionary."""


class PieceWriter:
    """Writes tables of one schema, sorted by ``signal``, one after the other into a file."""

    def __init__(self, file: BinaryIO, *, level: int) -> None:
        self._file = file
        self._level = level
        self._footer: Fields = {}
        self._at = file.write(MAGIC)

    def write(self, table: Any) -> None:
        """Append a table, cut where the encoding changes."""
        for start, end, split in blocks(table):
            self._append(_parquet(table.slice(start, end - start), split, self._level))

    def close(self) -> None:
        """Write the footer that all pieces share."""
        footer = thrift.encode(self._footer)
        self._file.write(footer + _TAIL.pack(len(footer), MAGIC))

    def _append(self, piece: memoryview) -> None:
        length, _ = _TAIL.unpack(piece[-_TAIL.size :])
        pages, footer = piece[len(MAGIC) : -_TAIL.size - length], piece[-_TAIL.size - length :]
        fields = thrift.decode(bytes(footer[: -_TAIL.size]))
        _shift(fields, by=self._at - len(MAGIC))
        self._at += self._file.write(pages)
        self._footer = _joined(self._footer, fields) if self._footer else fields


def _shift(footer: Fields, *, by: int) -> None:
    """Have a footer's row groups stand further on in the file."""
    for group in footer[_ROW_GROUPS][1][1]:
        _add(group, _GROUP_OFFSET, by)
        for column in group[_COLUMNS][1][1]:
            for number in _PAGE_OFFSETS:
                _add(column[_META][1], number, by)


def _add(fields: Fields, number: int, by: int) -> None:
    if number in fields:
        kind, value = fields[number]
        fields[number] = (kind, value + by)


def _joined(one: Fields, other: Fields) -> Fields:
    """The footer of both."""
    kind, (element, groups) = one[_ROW_GROUPS]
    for group in other[_ROW_GROUPS][1][1]:
        if _ORDINAL in group:
            group[_ORDINAL] = (group[_ORDINAL][0], len(groups))
        groups.append(group)
    rows = (one[_NUM_ROWS][0], one[_NUM_ROWS][1] + other[_NUM_ROWS][1])
    return one | {_NUM_ROWS: rows, _ROW_GROUPS: (kind, (element, groups))}


def blocks(table: Any) -> Iterator[tuple[int, int, Split]]:
    """Where stretches of a table start and end, and what is split in each: whole signals."""
    signal = values_of(table.column("signal"))
    edges = [0, *(np.flatnonzero(np.diff(signal)) + 1).tolist(), len(signal)]
    start, wanted = 0, None
    for begin, end in itertools.pairwise(edges):
        big = end - begin >= ROW_GROUP_ROWS_MIN
        want = best(table.slice(begin, min(end - begin, TRIED_ROWS))) if big else None
        differs = want is not None and wanted is not None and want != wanted
        if begin > start and (differs or end - start > ROW_GROUP_ROWS):
            yield start, begin, _found(table, start, wanted)
            start, wanted = begin, want
        elif wanted is None:
            wanted = want
    yield start, len(signal), _found(table, start, wanted)


def _found(table: Any, start: int, wanted: Split | None) -> Split:
    return best(table.slice(start, TRIED_ROWS)) if wanted is None else wanted


def best(table: Any) -> Split:
    """Which columns of doubles are smaller with their bytes split."""
    names = [f.name for f in table.schema if str(f.type) == "double"]
    return frozenset(n for n in names if _is_smaller_split(table.select([n])))


def _is_smaller_split(one: Any) -> bool:
    split = frozenset(one.column_names)
    return len(_parquet(one, split, 1)) < len(_parquet(one, Split(), 1))


def _parquet(table: Any, split: Split, level: int) -> memoryview:
    """A Parquet file in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    own = dict.fromkeys(split, "BYTE_STREAM_SPLIT")
    own |= {"time": "DELTA_BINARY_PACKED"} if "time" in table.column_names else {}
    out = pa.BufferOutputStream()
    pq.write_table(
        table,
        out,
        row_group_size=ROW_GROUP_ROWS,
        compression="zstd",
        compression_level=level,
        use_dictionary=[n for n in table.column_names if n not in own] or False,
        column_encoding=own or None,
        write_statistics=[n for n in ("signal", "time") if n in table.column_names] or False,
    )
    return memoryview(out.getvalue())
