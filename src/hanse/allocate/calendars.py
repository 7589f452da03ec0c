"""Working time: calendars as sorted open windows of whole seconds from an origin.

After the horizon nothing is known, so everything counts as open: a plan is always feasible, and
what is planned there is reported as beyond the horizon.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hanse.model.errors import BadInput
from hanse.model.plant import Calendar, Shift
from hanse.model.time import Instant

HORIZON_DAYS_MAX = 3_650
OFFER_DAYS_MAX = 35
FAR_S = 2**40
"""An instant no plan reaches, in seconds from the origin."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Windows:
    """Disjoint open windows ``[opens[i], closes[i])`` in rising order; the last ends at FAR_S.

    ``before[i]`` is the working time before window i, ``through[i]`` that up to its end.
    """

    opens: list[int]
    closes: list[int]
    before: list[int]
    through: list[int]


def windows(spans: Iterable[Span]) -> Windows:
    """Windows from spans in any order, merged where they touch."""
    merged = merge(spans)
    before, through, total = [], [], 0
    for start, end in merged:
        before.append(total)
        total += end - start
        through.append(total)
    return Windows([s for s, _ in merged], [e for _, e in merged], before, through)


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same time as few disjoint spans in rising order."""
    merged: list[Span] = []
    for start, end in sorted(s for s in spans if s[1] > s[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def next_open(w: Windows, at: int) -> int:
    """The first instant from ``at`` on that is open."""
    i = bisect_right(w.closes, at)
    return max(at, w.opens[i])


def finish(w: Windows, at: int, work: int) -> int:
    """When ``work`` seconds begun at the open instant ``at`` are done, pausing while closed."""
    if work == 0:
        return at
    i = bisect_right(w.closes, at)
    target = w.before[i] + max(at - w.opens[i], 0) + work
    j = bisect_left(w.through, target, i)
    return w.opens[j] + target - w.before[j]


def whole(w: Windows, at: int, work: int) -> int:
    """The first start from ``at`` on from which ``work`` seconds fit without a pause."""
    i = bisect_right(w.closes, at)
    start = max(at, w.opens[i])
    while w.closes[i] - start < work:
        i += 1
        start = w.opens[i]
    return start


def worked(w: Windows, start: int, end: int) -> int:
    """Open seconds in ``[start, end)``."""
    return _position(w, end) - _position(w, start)


def _position(w: Windows, at: int) -> int:
    i = bisect_right(w.closes, at)
    if i == len(w.opens):
        return w.through[-1]
    return w.before[i] + max(at - w.opens[i], 0)


def intersect(a: Windows, b: Windows) -> Windows:
    """Time that is open in both."""
    spans, i, j = [], 0, 0
    while i < len(a.opens) and j < len(b.opens):
        start, end = max(a.opens[i], b.opens[j]), min(a.closes[i], b.closes[j])
        if start < end:
            spans.append((start, end))
        if a.closes[i] < b.closes[j]:
            i += 1
        else:
            j += 1
    return windows(spans)


def without(w: Windows, closed: Sequence[Span]) -> Windows:
    """The windows less some spans."""
    if not closed:
        return w
    opens: list[Span] = []
    at = -FAR_S
    for start, end in merge(closed):
        opens.append((at, start))
        at = end
    opens.append((at, FAR_S))
    return intersect(w, windows(opens))


def longest(w: Windows, horizon_s: int) -> int:
    """The longest window that begins before the horizon; FAR_S when it never closes."""
    spans = zip(w.opens, w.closes, strict=True)
    return max((end - start for start, end in spans if start < horizon_s), default=0)


ALWAYS = windows([(0, FAR_S)])


def expand(calendar: Calendar, origin: Instant, horizon_s: int) -> Windows:
    """A calendar's shifts as windows from the origin to the horizon, then open for ever.

    Raises:
        BadInput: no shift ever opens it, or the time zone is not known.
    """
    zone = _zone(calendar)
    first = origin.astimezone(zone).date() - dt.timedelta(days=2)
    off = {day.date for day in calendar.days_off}
    days = (first + dt.timedelta(days=n) for n in range(horizon_s // 86_400 + 4))
    spans = [
        span
        for day in days
        if day.isoformat() not in off
        for shift in calendar.shifts
        if not shift.overtime_minor_per_h
        and day.weekday() in shift.days
        and (span := _span(day, shift, zone, origin))[1] > 0
        and span[0] < horizon_s
    ]
    if not spans:
        raise BadInput(
            "the calendar has no working hours",
            subject=f"calendar {calendar.key}",
            remedy="Add a shift with days and hours",
            code="calendar-without-hours",
        )
    return windows([(max(a, 0), min(b, horizon_s)) for a, b in spans] + [(horizon_s, FAR_S)])


class Offer(NamedTuple):
    """Overtime on one day: seconds from the origin, and what it costs whole."""

    start: int
    end: int
    cost_minor: int


def offers(calendar: Calendar, origin: Instant, horizon_s: int) -> list[Offer]:
    """The overtime a calendar offers from the origin on, at most OFFER_DAYS_MAX days ahead."""
    if not any(shift.overtime_minor_per_h for shift in calendar.shifts):
        return []
    zone, off = _zone(calendar), {day.date for day in calendar.days_off}
    first = origin.astimezone(zone).date() - dt.timedelta(days=1)
    days = (first + dt.timedelta(days=n) for n in range(OFFER_DAYS_MAX + 2))
    found = [
        Offer(max(0, start), end, -(-shift.overtime_minor_per_h * (end - start) // 3_600))
        for day in days
        if day.isoformat() not in off
        for shift in calendar.shifts
        if shift.overtime_minor_per_h and day.weekday() in shift.days
        for start, end in (_span(day, shift, zone, origin),)
        if end > 0 and start < horizon_s
    ]
    return sorted(found)


def also(w: Windows, span: Span) -> Windows:
    """The windows and one more span."""
    return windows([*zip(w.opens, w.closes, strict=True), span])


def _zone(calendar: Calendar) -> ZoneInfo:
    try:
        return ZoneInfo(calendar.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput(
            f"{calendar.timezone} is not a time zone",
            subject=f"calendar {calendar.key}",
            remedy="Write a name such as Europe/Berlin",
        ) from error


def _span(day: dt.date, shift: Shift, zone: ZoneInfo, origin: Instant) -> Span:
    return _at(day, shift.start_min, zone, origin), _at(day, shift.end_min, zone, origin)


def _at(day: dt.date, minute: int, zone: ZoneInfo, origin: Instant) -> int:
    extra, minute = divmod(minute, 1_440)
    local = dt.datetime.combine(
        day + dt.timedelta(days=extra), dt.time(minute // 60, minute % 60), zone
    )
    return int((local - origin).total_seconds())
