"""How long a machine will last, as a band on a line of time."""

from __future__ import annotations

from msgspec import Struct

from hanse.web.views.life import LifeNumbers

WIDTH = 1_000
MARKS = 3


class LifeBand(Struct, frozen=True, kw_only=True):
    """All in parts of WIDTH: the interval, the estimate, the horizon (None where beyond)."""

    low: float
    width: float
    at: float
    horizon: float | None
    tone: str
    marks: tuple[tuple[float, float], ...]


def band(numbers: LifeNumbers, *, horizon_s: float, cap_s: float) -> LifeBand:
    """The interval on a line that begins now and ends a little after all that is shown.

    ``marks`` are (place, seconds from now).
    """
    whole_s = max(cap_s, numbers.high_s, 1.0)

    def x(seconds: float) -> float:
        return round(min(max(seconds / whole_s, 0.0), 1.0) * WIDTH, 1)

    short = numbers.low_s <= horizon_s
    return LifeBand(
        low=x(numbers.low_s),
        width=max(round(x(numbers.high_s) - x(numbers.low_s), 1), 4.0),
        at=x(numbers.left_s),
        horizon=x(horizon_s) if horizon_s < whole_s else None,
        tone="bad" if numbers.left_s <= horizon_s else "warn" if short else "good",
        marks=tuple((round(WIDTH * n / MARKS, 1), whole_s * n / MARKS) for n in range(MARKS + 1)),
    )
