"""Counts over time as bars of an SVG."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

WIDTH, HEIGHT = 1_000, 100
BARS_MAX = 144
LEAST_TOP = 10


class Bar(Struct, frozen=True):
    """One bar: x, y, width and height of WIDTH by HEIGHT, its count, how it looks."""

    x: float
    y: float
    width: float
    height: float
    count: int
    tone: str


class Bars(Struct, frozen=True, kw_only=True):
    """All bars, and the height of the line at ``LEAST_TOP`` counts: above it is a flood."""

    bars: tuple[Bar, ...]
    top: int
    line_y: float


def bars(counts: Sequence[int]) -> Bars:
    """Bars oldest first; where there are more than BARS_MAX, each shows the most of several."""
    step = max(-(-len(counts) // BARS_MAX), 1)
    shown = [max(counts[n : n + step]) for n in range(0, len(counts), step)]
    top = max([LEAST_TOP + 2, *shown])
    width = WIDTH / max(len(shown), 1)
    drawn = tuple(
        Bar(
            round(n * width, 1),
            round(HEIGHT * (1 - count / top), 1),
            round(width * 0.85, 1),
            round(HEIGHT * count / top, 1),
            count,
            "bad" if count > LEAST_TOP else "busy",
        )
        for n, count in enumerate(shown)
        if count
    )
    return Bars(bars=drawn, top=top, line_y=round(HEIGHT * (1 - LEAST_TOP / top), 1))
