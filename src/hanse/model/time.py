"""Time: aware instants in UTC, nanoseconds of samples, and the clock as something handed in."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from hanse.model.errors import BadInput

Instant = dt.datetime
"""An aware instant in UTC. Naive datetimes are never accepted."""

UTC = dt.UTC
NS_PER_S = 1_000_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where the time comes from; only the composition root knows the real one."""

    def now(self) -> Instant:
        """The instant it is, in UTC."""
        ...

    def ns(self) -> int:
        """The same, in nanoseconds since 1970."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never step back, from an unnamed origin."""
        ...


class StillClock:
    """A clock that moves only when told to: for tests and simulated worlds."""

    def __init__(self, start: Instant = dt.datetime(2026, 1, 5, 6, tzinfo=UTC)) -> None:
        self._at_ns = to_ns(start)
        self._start_ns = self._at_ns

    def now(self) -> Instant:
        """The instant it stands at."""
        return from_ns(self._at_ns)

    def ns(self) -> int:
        """The instant it stands at, in nanoseconds since 1970."""
        return self._at_ns

    def monotonic_s(self) -> float:
        """Seconds since it was made."""
        return (self._at_ns - self._start_ns) / NS_PER_S

    def advance(self, seconds: float) -> None:
        """Move on by some seconds."""
        self._at_ns += round(seconds * NS_PER_S)


def to_ns(at: Instant) -> int:
    """Nanoseconds since 1970 of an aware instant, exact to the microsecond."""
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS_PER_S + delta.microseconds * 1_000


def from_ns(ns: int) -> Instant:
    """The instant of a count of nanoseconds since 1970, cut to the microsecond."""
    return _EPOCH + dt.timedelta(microseconds=ns // 1_000)


def parse_instant(text: str) -> Instant:
    """An RFC 3339 date and time as an instant.

    Raises:
        BadInput: it is not one, or carries no offset from UTC.
    """
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            "not a date and time", subject=text[:40], remedy="Write 2026-03-09T10:14:33Z"
        ) from error
    if at.tzinfo is None:
        raise BadInput(
            "the time has no offset from UTC", subject=text[:40], remedy="Add Z or +08:00"
        )
    return at.astimezone(UTC)


def format_instant(at: Instant) -> str:
    """RFC 3339 with ``Z``; microseconds only where there are some."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def format_minute(at: Instant) -> str:
    """RFC 3339 in UTC to the minute, seconds cut off: for sentences, ``2026-03-09T10:14Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
