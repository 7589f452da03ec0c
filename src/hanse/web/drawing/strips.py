"""A machine's states as a strip, and its gaps beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from hanse.model.plant import PackMLState
from hanse.model.sample import Gap
from hanse.model.text import Text
from hanse.model.time import Instant, from_ns
from hanse.web.drawing.figures import local
from hanse.web.drawing.names import tone_of
from hanse.web.views.plant import StateSpan

WIDTH = 1_000
LAST_MARK = 975
"""A label further right would be cut off."""
HOURS_MAX = 24


class Piece(Struct, frozen=True):
    """A span of the strip: x and width of WIDTH, what it shows."""

    x: float
    width: float
    tone: str
    state: PackMLState | None
    start: Instant
    seconds: float
    reason: Text = Text("", "")


class Strip(Struct, frozen=True, kw_only=True):
    """A shift, from its beginning until now."""

    pieces: tuple[Piece, ...]
    gaps: tuple[Piece, ...]
    marks: tuple[tuple[float, str], ...]


def strip(
    spans: Sequence[StateSpan],
    gaps: Sequence[Gap],
    *,
    since: Instant,
    now: Instant,
    timezone: str,
) -> Strip:
    """States and gaps since an instant, cut to the strip; at most HOURS_MAX marks."""
    start = min(since, now - dt.timedelta(minutes=1))
    pieces = [
        _reasoned(s, _piece(s.start, s.end or now, s.state, start=start, now=now)) for s in spans
    ]
    holes = [_piece(from_ns(g.start_ns), _end(g, now), None, start=start, now=now) for g in gaps]
    first = start.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
    last = min(int((now - first).total_seconds() // 3_600) + 1, HOURS_MAX)
    hours = [first + dt.timedelta(hours=h) for h in range(last)]
    return Strip(
        pieces=tuple(p for p in pieces if p),
        gaps=tuple(p for p in holes if p),
        marks=tuple(
            (x, local(at, timezone).strftime("%H:%M"))
            for at in hours
            if (x := _x(at, start, now)) <= LAST_MARK
        ),
    )


def _reasoned(span: StateSpan, piece: Piece | None) -> Piece | None:
    return None if piece is None else msgspec.structs.replace(piece, reason=span.reason)


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
