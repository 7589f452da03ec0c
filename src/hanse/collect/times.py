"""Times as devices and files write them."""

from __future__ import annotations

import datetime as dt

from hanse.model.time import UTC, to_ns

_SECONDS_END = 4_102_444_800
"""Seconds up to 2100; a larger bare number is milliseconds, then microseconds, nanoseconds."""


def time_in(value: object) -> int | None:
    """Nanoseconds of an ISO date and time (UTC where none is named) or a Unix time, else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _unix(float(value))
    if isinstance(value, dt.datetime):
        return to_ns(value if value.tzinfo else value.replace(tzinfo=UTC))
    word = str(value).strip()
    try:
        at = dt.datetime.fromisoformat(word)
    except ValueError:
        try:
            return _unix(float(word))
        except ValueError:
            return None
    return to_ns(at if at.tzinfo else at.replace(tzinfo=UTC))


def _unix(number: float) -> int | None:
    for scale in (10**9, 10**6, 10**3, 1):
        if 0 <= number < _SECONDS_END * (10**9 // scale):
            return round(number * scale)
    return None
