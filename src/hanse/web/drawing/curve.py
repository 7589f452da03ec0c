"""A promise as a curve: the date from left to right, what it costs others from bottom to top."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hanse.model.plan import PromisePoint
from hanse.model.time import Instant

WIDTH, HEIGHT = 640, 150
LEFT, RIGHT, TOP, BOTTOM = 24, 616, 20, 118


class Dot(Struct, frozen=True, kw_only=True):
    """One date: where it lies, and its kind."""

    x: int
    y: int
    point: PromisePoint


class Curve(Struct, frozen=True, kw_only=True):
    """The dots from the earliest date on, the stairs between them, and where now is."""

    dots: tuple[Dot, ...]
    path: str
    now: Instant
    last: Instant


def curve(points: Sequence[PromisePoint], *, now: Instant) -> Curve | None:
    """The curve of a promise; None where it has no points.

    Between two dates the harm is that of the earlier one's wish not yet granted, so the line falls
    in stairs.
    """
    if not points:
        return None
    known = sorted(points, key=lambda p: p.ready_at)
    last = known[-1].ready_at
    length = max(60.0, (last - now).total_seconds())
    worst = max(1, *(p.harm_minor for p in known))
    dots = tuple(
        Dot(
            x=round(LEFT + (RIGHT - LEFT) * max(0.0, (p.ready_at - now).total_seconds()) / length),
            y=round(BOTTOM - (BOTTOM - TOP) * p.harm_minor / worst),
            point=p,
        )
        for p in known
    )
    words = [f"M{dots[0].x} {dots[0].y}"]
    words += [f"H{dot.x}V{dot.y}" for dot in dots[1:]]
    return Curve(dots=dots, path="".join(words), now=now, last=last)
