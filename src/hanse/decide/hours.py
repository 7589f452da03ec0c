"""Schedules of rules: when each opens and closes, in local time, days ahead."""

from __future__ import annotations

import bisect
import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hanse.decide.columns import NEVER
from hanse.decide.rules import Schedule
from hanse.model.errors import BadConfig
from hanse.model.time import from_ns, to_ns

DAYS_AHEAD = 8


class Hours:
    """One schedule's openings, worked out a week at a time."""

    def __init__(self, schedule: Schedule, *, rule: str) -> None:
        try:
            self._zone = ZoneInfo(schedule.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadConfig(
                f"no time zone is called '{schedule.timezone}'",
                subject=rule,
                remedy="Write a name such as Europe/Berlin or Asia/Shanghai",
            ) from error
        self._schedule = schedule
        self._spans: list[tuple[int, int]] = []
        self._known = (NEVER, -NEVER)

    def is_open(self, at_ns: int) -> bool:
        """Whether the rule counts at an instant."""
        self._reach(at_ns)
        place = bisect.bisect_right(self._spans, (at_ns, NEVER)) - 1
        return place >= 0 and at_ns < self._spans[place][1]

    def next_change(self, at_ns: int) -> int:
        """The first instant after one at which it opens or closes; NEVER in a week without."""
        self._reach(at_ns)
        edges = sorted(e for span in self._spans for e in span if e > at_ns)
        return edges[0] if edges else NEVER

    def _reach(self, at_ns: int) -> None:
        if self._known[0] <= at_ns < self._known[1]:
            return
        day = from_ns(at_ns).astimezone(self._zone).date()
        spans = (self._span(day + dt.timedelta(days=n)) for n in range(-1, DAYS_AHEAD))
        self._spans = _joined(sorted(s for s in spans if s is not None))
        ends = self._midnight(day), self._midnight(day + dt.timedelta(days=1))
        self._known = (ends[0], ends[1])

    def _span(self, day: dt.date) -> tuple[int, int] | None:
        if day.weekday() not in self._schedule.days:
            return None
        start, end = _minutes(self._schedule.from_), _minutes(self._schedule.until)
        over = dt.timedelta(days=1) if end <= start else dt.timedelta()
        return self._at(day, start), self._at(day + over, end)

    def _midnight(self, day: dt.date) -> int:
        return self._at(day, 0)

    def _at(self, day: dt.date, minutes: int) -> int:
        day += dt.timedelta(days=minutes // 1_440)
        clock = dt.time(minutes % 1_440 // 60, minutes % 60)
        return to_ns(dt.datetime.combine(day, clock, tzinfo=self._zone).astimezone(dt.UTC))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in spans:
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
