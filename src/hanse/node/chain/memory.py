"""How much memory a family of processes takes (Linux)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

KILOBYTE = 1_024
MEGABYTE = 1_000_000


def family(pids: Iterable[int]) -> set[int]:
    """The processes and all their descendants."""
    parents = {int(p.name): _parent(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = set(pids)
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def memory_mb(pids: Iterable[int]) -> float:
    """Resident memory of the processes and all descendants, shared pages counted each time."""
    return sum(_rss(pid) for pid in family(pids)) / MEGABYTE


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _rss(pid: int) -> int:
    try:
        status = (Path("/proc") / str(pid) / "status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines() if line.startswith("VmRSS:"))
    return sum(int(words[1]) * KILOBYTE for words in lines)
