"""The spool: frames on disk while the broker is away, in order, each with a checksum.

A folder of segments ``000000000001.spool`` of at most SEGMENT_BYTES_MAX. A record is
``length u32, partition u8, crc32 u32`` and the frame's bytes. Reading starts again at the oldest
segment after a restart: what was sent already is sent twice under the same identity, and once
is the consumer's work.
"""

from __future__ import annotations

import errno
import os
import shutil
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from hanse.model.errors import TooMuch
from hanse.transmit.codec import FRAME_BYTES_MAX

SEGMENT_BYTES_MAX = 8_000_000
SPOOL_BYTES_MAX = 2_000_000_000
DISK_FREE_SHARE_MIN = 0.05
_LEAD = struct.Struct("<IBI")


class Record(Struct, frozen=True):
    """A frame in the spool and where it ends."""

    segment: int
    end: int
    partition: int
    data: bytes


class Spool:
    """Frames on disk, first in first out. Not for two writers at once.

    ``damaged`` counts records that a power cut or a bad disk left unreadable.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bytes_max: int = SPOOL_BYTES_MAX,
        free_share_min: float = DISK_FREE_SHARE_MIN,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.bytes_max = bytes_max
        self.free_share_min = free_share_min
        self.damaged = 0
        self._sizes = {n: self._sound_size(n) for n in self._numbers()}
        self._writing = max(self._sizes, default=0) + 1
        self._file: BinaryIO | None = None
        self._at = (min(self._sizes, default=self._writing), 0)

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return sum(self._sizes.values())

    @property
    def empty(self) -> bool:
        """Whether everything in it was read to the end."""
        return not self._sizes

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        """Keep ``(partition, frame bytes)`` records; returns when the disk has them.

        Raises:
            TooMuch: the spool or the disk has no room; nothing was kept.
        """
        block = b"".join(
            part
            for p, data in records
            for part in (_LEAD.pack(len(data), p, zlib.crc32(data)), data)
        )
        if self.size_bytes + len(block) > self.bytes_max or self._disk_is_short(len(block)):
            raise TooMuch(
                "the spool has no room", subject=str(self.folder), remedy="Free disk space"
            )
        file = self._open_for(len(block))
        start = file.tell()
        try:
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            self._take_back(file, start)
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise TooMuch("the disk is full", subject=str(self.folder)) from error
            raise
        self._sizes[self._writing] = start + len(block)

    def peek(self, *, bytes_max: int = 1_000_000) -> list[Record]:
        """The oldest records not yet done with, about ``bytes_max`` of them, at least one."""
        found: list[Record] = []
        total = 0
        segment, offset = self._at
        for record in self._records(segment, offset):
            if found and total + len(record.data) > bytes_max:
                break
            found.append(record)
            total += len(record.data)
        return found

    def done(self, record: Record) -> None:
        """Everything up to and with this record arrived; a segment read to its end is deleted."""
        self._at = max(self._at, (record.segment, record.end))
        for number in sorted(self._sizes):
            if number < record.segment or (
                number == record.segment and record.end >= self._sizes[number]
            ):
                self._delete(number)

    def drop_oldest(self) -> list[bytes]:
        """Give up the oldest segment; the frames in it that were not done with."""
        segment, offset = self._at
        lost = [r.data for r in self._records(segment, offset) if r.segment == segment]
        self._delete(segment)
        return lost

    def close(self) -> None:
        """Close the file being written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _numbers(self) -> list[int]:
        return sorted(int(p.stem) for p in self.folder.glob("*.spool"))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}.spool"

    def _disk_is_short(self, more: int) -> bool:
        usage = shutil.disk_usage(self.folder)
        return usage.free - more < self.free_share_min * usage.total

    def _open_for(self, more: int) -> BinaryIO:
        size = self._sizes.get(self._writing, 0)
        if self._file is not None and size and size + more > SEGMENT_BYTES_MAX:
            self.close()
            self._writing += 1
        if self._file is None:
            self._file = self._path(self._writing).open("ab")
            self._sizes.setdefault(self._writing, 0)
            _sync_folder(self.folder)
        return self._file

    def _take_back(self, file: BinaryIO, start: int) -> None:
        """Undo a half-written block, so that the next one follows a whole record."""
        self.close()
        os.truncate(self._path(self._writing), start)
        if start == 0:
            self._delete(self._writing)
        del file

    def _delete(self, number: int) -> None:
        if number == self._writing:
            self.close()
            self._writing += 1
        self._path(number).unlink(missing_ok=True)
        self._sizes.pop(number, None)
        if self._at[0] <= number:
            self._at = (min(self._sizes, default=self._writing), 0)

    def _records(self, segment: int, offset: int) -> Iterator[Record]:
        for number in sorted(n for n in self._sizes if n >= segment):
            with self._path(number).open("rb") as file:
                file.seek(offset if number == segment else 0)
                while file.tell() < self._sizes[number]:
                    record = _read(file, number)
                    if record is None:
                        break
                    yield record

    def _sound_size(self, number: int) -> int:
        """Cut a segment after its last whole record; its size then."""
        path = self._path(number)
        end = 0
        with path.open("rb") as file:
            while record := _read(file, number):
                end = record.end
        if end < path.stat().st_size:
            self.damaged += 1
            os.truncate(path, end)
        return end


def _read(file: BinaryIO, segment: int) -> Record | None:
    lead = file.read(_LEAD.size)
    if len(lead) < _LEAD.size:
        return None
    length, partition, crc = _LEAD.unpack(lead)
    data = file.read(length) if length <= FRAME_BYTES_MAX else b""
    if len(data) != length or zlib.crc32(data) != crc:
        return None
    return Record(segment, file.tell(), partition, data)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
