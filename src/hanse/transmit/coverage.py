"""Which numbers of each source have had their effect: the memory behind 'once'.

Every consumer that must act once keeps a `Coverage` and stores it in the same transaction as the
effect. It is small: numbers count without holes, so a source that lost nothing is one span.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from hanse.model.ids import Happening

SPANS_MAX = 10_000
"""Spans kept per source and epoch; beyond it the oldest hole is taken as closed."""

Start = tuple[str, int]
"""A source and one of its epochs."""


class Coverage:
    """Sets of numbers by source and epoch, as sorted spans of first and last number."""

    def __init__(self, spans: Iterable[tuple[str, int, int, int]] = ()) -> None:
        """Make one from ``(source, epoch, first, last)`` spans, in any order."""
        self._firsts: dict[Start, list[int]] = {}
        self._lasts: dict[Start, list[int]] = {}
        for source, epoch, first, last in spans:
            self._add((source, epoch), first, last)

    def __contains__(self, happening: Happening) -> bool:
        start = (happening.source, happening.epoch)
        at = bisect_right(self._firsts.get(start, []), happening.seq) - 1
        return at >= 0 and self._lasts[start][at] >= happening.seq

    def add(self, happening: Happening) -> bool:
        """Take a number up; False if it was there already (a duplicate)."""
        if happening in self:
            return False
        self._add((happening.source, happening.epoch), happening.seq, happening.seq)
        return True

    def spans(self) -> Iterator[tuple[str, int, int, int]]:
        """All spans as ``(source, epoch, first, last)``, sorted, disjoint and not touching."""
        for start in sorted(self._firsts):
            for first, last in zip(self._firsts[start], self._lasts[start], strict=True):
                yield (*start, first, last)

    def highest(self, source: str, epoch: int) -> int | None:
        """The highest number taken up, None if none."""
        lasts = self._lasts.get((source, epoch))
        return lasts[-1] if lasts else None

    def holes(self) -> Iterator[tuple[str, int, int, int]]:
        """What is missing between spans, as ``(source, epoch, first, last)``."""
        for start in sorted(self._firsts):
            firsts, lasts = self._firsts[start], self._lasts[start]
            for before, after in zip(lasts, firsts[1:], strict=False):
                yield (*start, before + 1, after - 1)

    def epochs(self, source: str) -> list[int]:
        """The epochs of a source that are known, ascending."""
        return sorted(epoch for name, epoch in self._firsts if name == source)

    def forget(self, source: str, epoch: int) -> None:
        """Drop one epoch: it is long over, and nothing of it can come again."""
        self._firsts.pop((source, epoch), None)
        self._lasts.pop((source, epoch), None)

    def _add(self, start: Start, first: int, last: int) -> None:
        firsts = self._firsts.setdefault(start, [])
        lasts = self._lasts.setdefault(start, [])
        low = bisect_right(lasts, first - 2)
        high = bisect_right(firsts, last + 1)
        if low < high:
            first, last = min(first, firsts[low]), max(last, lasts[high - 1])
        firsts[low:high], lasts[low:high] = [first], [last]
        if len(firsts) > SPANS_MAX:
            del firsts[1], lasts[0]
