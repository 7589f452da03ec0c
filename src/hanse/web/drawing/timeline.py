"""A loop as a timeline: a clock on every step, and an arrow from each cause to what it caused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from hanse.model.event import Event
from hanse.model.text import Text

STEPS_MAX = 500
COLUMNS_MAX = 6
COLUMN_PX = 18
HEAD_PX = 44
DOT_Y = 22

FACTORS: dict[str, Text] = {
    "collect": Text("Collect", "采集"),
    "transmit": Text("Transmit", "传输"),
    "decide": Text("Decide", "决策"),
    "allocate": Text("Allocate", "配置"),
    "match": Text("Match", "匹配"),
    "flows": Text("Loop", "闭环"),
    "person": Text("Person", "人员"),
}
OTHER = Text("Other", "其他")


class Step(Struct, frozen=True, kw_only=True):
    """One event of a loop.

    ``since_start_s`` and ``since_cause_s`` are its clocks (the second None for a root).
    ``head`` are SVG paths of the row's fixed top, HEAD_PX high with the dot at ``x``; ``passing``
    are the columns' x whose lines go on below it. ``arrow`` is the path that ends at the dot.
    """

    event: Event
    factor: str
    factor_name: Text
    since_start_s: float
    since_cause_s: float | None
    x: int
    arrow: str
    head: tuple[str, ...]
    passing: tuple[int, ...]


class Share(Struct, frozen=True):
    """How much of a loop's time a factor took: seconds, and its span on a bar of 1000."""

    factor: str
    name: Text
    seconds: float
    start: int
    width: int


class Timeline(Struct, frozen=True, kw_only=True):
    """All steps with the width of their gutter, how long it took, and each factor's share."""

    steps: tuple[Step, ...]
    width: int
    took_s: float
    shares: tuple[Share, ...]
    cut: int = 0


def timeline(events: Sequence[Event]) -> Timeline:
    """Lay the events of one loop out, oldest first; those after STEPS_MAX are counted in ``cut``.

    A cause that is not among the events (it happened at another firm) makes a root.
    """
    shown = sorted(events, key=lambda e: e.at)[:STEPS_MAX]
    row_of = {event.id: row for row, event in enumerate(shown)}
    causes = [_cause_row(event, row, row_of) for row, event in enumerate(shown)]
    columns = _columns(causes)
    steps = tuple(_step(shown, row, causes, columns) for row in range(len(shown)))
    took = (shown[-1].at - shown[0].at).total_seconds() if shown else 0.0
    return Timeline(
        steps=steps,
        width=(max(columns, default=0) + 1) * COLUMN_PX,
        took_s=took,
        shares=_shares(steps),
        cut=len(events) - len(shown),
    )


def factor_of(kind: str) -> str:
    """The factor an event belongs to, by the first word of its kind."""
    first = kind.partition(".")[0]
    return first if first in FACTORS else "other"


def _cause_row(event: Event, row: int, row_of: dict[str, int]) -> int | None:
    cause = row_of.get(event.cause) if event.cause else None
    return cause if cause is not None and cause < row else None


def _columns(causes: list[int | None]) -> list[int]:
    """A column for each row, so that a line from cause to effect crosses no dot where it can."""
    columns: list[int] = []
    for row, cause in enumerate(causes):
        first = 0 if cause is None else columns[cause]
        busy = _busy(columns, causes, cause if cause is not None else row, row)
        free = [c for c in range(first, COLUMNS_MAX) if c not in busy]
        columns.append(free[0] if free else COLUMNS_MAX - 1)
    return columns


def _busy(columns: list[int], causes: list[int | None], start: int, end: int) -> set[int]:
    """Columns with a dot between two rows, or a line through them."""
    dots = {columns[row] for row in range(start + 1, end)}
    lines = {
        columns[row] for row, cause in enumerate(causes[:end]) if cause is not None and row > start
    }
    return dots | lines


def _step(events: Sequence[Event], row: int, causes: list[int | None], columns: list[int]) -> Step:
    event, cause = events[row], causes[row]
    x = _x(columns[row])
    effects = [r for r, c in enumerate(causes) if c == row]
    beside = [r for r, c in enumerate(causes) if c is not None and c < row < r]
    head = [f"M{_x(columns[r])} 0V{HEAD_PX}" for r in beside]
    head += [_out(x, _x(columns[r])) for r in effects]
    factor = factor_of(event.kind)
    return Step(
        event=event,
        factor=factor,
        factor_name=FACTORS.get(factor, OTHER),
        since_start_s=(event.at - events[0].at).total_seconds(),
        since_cause_s=None if cause is None else (event.at - events[cause].at).total_seconds(),
        x=x,
        arrow="" if cause is None else f"M{x} 0V{DOT_Y - 8}",
        head=tuple(dict.fromkeys(head)),
        passing=tuple(sorted({_x(columns[r]) for r in beside + effects})),
    )


def _x(column: int) -> int:
    return column * COLUMN_PX + COLUMN_PX // 2


def _out(x: int, to: int) -> str:
    if x == to:
        return f"M{x} {DOT_Y}V{HEAD_PX}"
    return f"M{x} {DOT_Y}C{to} {DOT_Y} {to} {DOT_Y} {to} {HEAD_PX}"


def _shares(steps: Sequence[Step]) -> tuple[Share, ...]:
    """The time up to each step, counted for that step's factor, as spans of a bar of 1000."""
    spent: dict[str, float] = {}
    for before, step in pairwise(steps):
        gone = step.since_start_s - before.since_start_s
        spent[step.factor] = spent.get(step.factor, 0.0) + gone
    total = sum(spent.values())
    shares, at = [], 0.0
    for factor, seconds in spent.items():
        start, at = at, at + (seconds / total * 1_000 if total else 0.0)
        name = FACTORS.get(factor, OTHER)
        shares.append(Share(factor, name, seconds, round(start), round(at) - round(start)))
    return tuple(shares)
