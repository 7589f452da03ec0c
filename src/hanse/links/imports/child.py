"""The child that opens a workbook: bytes in on stdin, rows out on stdout, under limits.

Started as ``python -m hanse.links.imports.child MEMORY_BYTES CPU_SECONDS``. Exit codes: 0 done,
3 it is no workbook that can be read; anything else means that a limit ended it.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
from typing import Any

import msgspec


def main(memory_bytes: int, cpu_s: int) -> int:
    """Read a workbook from stdin and write its sheets to stdout."""
    from python_calamine import CalamineError, load_workbook

    _limit(memory_bytes, cpu_s)
    content = sys.stdin.buffer.read()
    try:
        workbook = load_workbook(io.BytesIO(content))
        sheets = [
            (name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))
            for name in workbook.sheet_names
        ]
    except (CalamineError, ValueError, OSError) as error:
        sys.stderr.write(str(error))
        return 3
    sys.stdout.buffer.write(msgspec.msgpack.encode([(n, _plain(r)) for n, r in sheets]))
    return 0


def _limit(memory_bytes: int, cpu_s: int) -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system: the parent's deadline and checks remain
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _plain(rows: list[list[Any]]) -> list[list[Any]]:
    return [[_pack(cell) for cell in row] for row in rows]


def _pack(cell: Any) -> Any:
    """Dates, times of day and durations as marked text; the rest as it is."""
    match cell:
        case dt.datetime():
            return msgspec.msgpack.Ext(1, cell.isoformat().encode())
        case dt.date():
            return msgspec.msgpack.Ext(2, cell.isoformat().encode())
        case dt.time():
            return msgspec.msgpack.Ext(3, cell.isoformat().encode())
        case dt.timedelta():
            return msgspec.msgpack.Ext(4, str(cell.total_seconds()).encode())
        case _:
            return cell


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
