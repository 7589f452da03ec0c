"""A trial's signals as SVG: the line, its limits, and when an alarm would have stood."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hanse.model.time import Instant
from hanse.web.drawing.figures import local, number
from hanse.web.views.rules import TrialLine, TrialSpan, TrialView

WIDTH, HEIGHT, TOP = 1_000, 180, 8
MARKS = 6


class Band(Struct, frozen=True):
    """A time that an alarm would have stood: x and width of WIDTH."""

    x: float
    width: float
    span: TrialSpan


class Chart(Struct, frozen=True, kw_only=True):
    """One signal: ``path`` is an SVG path, ``limits`` heights with their number."""

    line: TrialLine
    path: str
    limits: tuple[tuple[float, str], ...]
    bands: tuple[Band, ...]
    marks: tuple[tuple[float, str], ...]
    low: str
    high: str


def charts(trial: TrialView, *, timezone: str) -> tuple[Chart, ...]:
    """The signals of a trial, each on its own scale, all on the trial's time."""
    return tuple(_chart(trial, line, timezone) for line in trial.lines if line.at)


def _chart(trial: TrialView, line: TrialLine, timezone: str) -> Chart:
    low, high = _reach(line)
    return Chart(
        line=line,
        path=_path(line, trial, (low, high)),
        limits=tuple((_y(v, low, high), number(v)) for v in line.limits),
        bands=tuple(_band(span, trial) for span in trial.told if span.machine == line.machine),
        marks=_marks(trial, timezone),
        low=number(low),
        high=number(high),
    )


def _reach(line: TrialLine) -> tuple[float, float]:
    """The scale: all values, and limits that are not far off."""
    known = [v for v in line.value if v is not None] or [0.0]
    low, high = min(known), max(known)
    room = (high - low) or abs(high) or 1.0
    near = [v for v in line.limits if low - 2 * room <= v <= high + 2 * room]
    low, high = min([low, *near]), max([high, *near])
    return low - 0.04 * (high - low or room), high + 0.04 * (high - low or room)


def _x(at: Instant, trial: TrialView) -> float:
    share = (at - trial.start).total_seconds() / (trial.end - trial.start).total_seconds()
    return round(min(max(share, 0.0), 1.0) * WIDTH, 1)


def _y(value: float, low: float, high: float) -> float:
    return round(TOP + (1 - (value - low) / (high - low)) * (HEIGHT - 2 * TOP), 1)


def _path(line: TrialLine, trial: TrialView, reach: tuple[float, float]) -> str:
    """Lines between samples; a missing value lifts the pen."""
    words: list[str] = []
    is_down = False
    for at, value in zip(line.at, line.value, strict=True):
        if value is None:
            is_down = False
            continue
        words.append(f"{'L' if is_down else 'M'}{_x(at, trial)} {_y(value, *reach)}")
        is_down = True
    return "".join(words)


def _band(span: TrialSpan, trial: TrialView) -> Band:
    x = _x(span.start, trial)
    return Band(x, max(round(_x(span.end or trial.end, trial) - x, 1), 2.0), span)


def _marks(trial: TrialView, timezone: str) -> tuple[tuple[float, str], ...]:
    length = trial.end - trial.start
    form = "%H:%M" if length.days < 2 else "%m-%d"
    steps: Sequence[float] = [(n + 0.5) / MARKS for n in range(MARKS)]
    return tuple(
        (round(100 * s, 1), local(trial.start + s * length, timezone).strftime(form)) for s in steps
    )
