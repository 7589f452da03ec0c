"""A machine's states as a strip, and its gaps beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct

from hanse.model.plant import PackMLState
from hanse.model.sample import Gap
from hanse.model.time import Instant, from_ns
from hanse.web.drawing.figures import local
from hanse.web.drawing.names import tone_of
from hanse.web.views.plant import StateSpan

WIDTH = 1_000
HOURS = 8


class Piece(Struct, frozen=True):
    """A span of the strip: x and width of WIDTH, what it shows."""

    x: float
    width: float
    tone: str
    state: PackMLState | None
    start: Instant
    seconds: float


class Strip(Struct, frozen=True, kw_only=True):
    """The last HOURS hours."""

    pieces: tuple[Piece, ...]
    gaps: tuple[Piece, ...]
    marks: tuple[tuple[float, str], ...]


def strip(spans: Sequence[StateSpan], gaps: Sequence[Gap], *, now: Instant, timezone: str) -> Strip:
    """States and gaps of the last hours, cut to the strip."""
    start = now - dt.timedelta(hours=HOURS)
    pieces = [_piece(s.start, s.end or now, s.state, start=start, now=now) for s in spans]
    holes = [_piece(from_ns(g.start_ns), _end(g, now), None, start=start, now=now) for g in gaps]
    first = start.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
    hours = [first + dt.timedelta(hours=h) for h in range(HOURS)]
    return Strip(
        pieces=tuple(p for p in pieces if p),
        gaps=tuple(p for p in holes if p),
        marks=tuple((_x(at, start, now), local(at, timezone).strftime("%H:%M")) for at in hours),
    )


def _end(gap: Gap, now: Instant) -> Instant:
    return now if gap.end_ns is None else from_ns(gap.end_ns)


def _x(at: Instant, start: Instant, now: Instant) -> float:
    share = (at - start).total_seconds() / (now - start).total_seconds()
    return round(min(max(share, 0.0), 1.0) * WIDTH, 1)


def _piece(
    begin: Instant, end: Instant, state: PackMLState | None, *, start: Instant, now: Instant
) -> Piece | None:
    x = _x(begin, start, now)
    width = round(_x(end, start, now) - x, 1)
    if end <= start or begin >= now:
        return None
    seconds = (end - begin).total_seconds()
    return Piece(x, max(width, 1.0), tone_of(state), state, begin, seconds)
