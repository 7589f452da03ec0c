"""The plan as a resource Gantt: rows are machines, x is time, everything in whole pixels."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator

from msgspec import Struct

from hanse.model.plan import Assignment
from hanse.model.time import Instant
from hanse.web.drawing.figures import local
from hanse.web.views.planning import Lane, PlanView

BARS_MAX = 3_000
ROW_PX = 46
BAR_PX = 30
HEAD_PX = 34
HUES = 8
SPANS_H: dict[int, tuple[float, int]] = {
    8: (110.0, 1),
    24: (44.0, 2),
    72: (17.0, 6),
    168: (8.0, 24),
    720: (2.2, 24),
}
"""Hours shown -> pixels an hour, hours between marks."""
BEFORE_SHARE = 0.08


class Bar(Struct, frozen=True, kw_only=True):
    """One operation as drawn. ``setup`` and ``done`` are widths from its left end."""

    order: str
    step: str
    lot: int
    title: str
    machine: str
    x: int
    y: int
    width: int
    setup: int
    done: int
    hue: int
    start: Instant
    end: Instant
    pieces: int
    late: bool
    moved: bool
    fixed: bool
    pinned: bool


class Shade(Struct, frozen=True):
    """A span of a row in which a machine does not work."""

    x: int
    y: int
    width: int
    kind: str


class Mark(Struct, frozen=True):
    """A line of the time axis with its label; ``strong`` at midnight."""

    x: int
    label: str
    strong: bool


class Board(Struct, frozen=True, kw_only=True):
    """All that the drawing shows, with what an element needs to turn pixels into instants."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    shades: tuple[Shade, ...]
    marks: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    now_x: int | None
    frozen_x: int | None
    origin: Instant
    px_per_h: float
    hours: int
    cut: int = 0


def board(plan: PlanView, *, now: Instant, hours: int, timezone: str) -> Board:
    """Draw a plan from a little before now; bars beyond BARS_MAX are counted in ``cut``.

    Args:
        plan: the version to draw.
        now: where the line of now stands; an older plan is drawn from its own making.
        hours: how much is shown, one of SPANS_H.
        timezone: whose midnights are marked.
    """
    px_per_h, _ = SPANS_H[hours]
    origin = _floor(min(now, _first(plan, now)), hours)
    sheet = Sheet(origin, px_per_h, round(px_per_h * hours * (1 + BEFORE_SHARE)))
    rows = {lane.key: row for row, lane in enumerate(plan.lanes)}
    moved = {(move.order, move.step) for move in plan.version.moves}
    bars = [
        _bar(plan, work, sheet, y=rows[work.machine] * ROW_PX, moved=moved)
        for work in plan.version.assignments
        if work.machine in rows and sheet.shows(work.start, work.end)
    ]
    return Board(
        width=sheet.width,
        height=HEAD_PX + ROW_PX * len(plan.lanes),
        bars=tuple(bars[:BARS_MAX]),
        shades=tuple(_shades(plan, sheet)),
        marks=tuple(_marks(sheet, hours, timezone)),
        lanes=plan.lanes,
        now_x=sheet.x(now) if sheet.shows(now, now) else None,
        frozen_x=sheet.x(plan.frozen_until) if plan.frozen_until else None,
        origin=origin,
        px_per_h=px_per_h,
        hours=hours,
        cut=max(0, len(bars) - BARS_MAX),
    )


class Sheet(Struct, frozen=True):
    """Where instants lie on the paper."""

    origin: Instant
    px_per_h: float
    width: int

    def x(self, at: Instant) -> int:
        """Pixels from the left edge, kept on the paper."""
        exact = (at - self.origin).total_seconds() / 3_600 * self.px_per_h
        return round(min(max(exact, 0.0), float(self.width)))

    def shows(self, start: Instant, end: Instant) -> bool:
        """Whether any of a span lies on the paper."""
        last = self.origin + dt.timedelta(hours=self.width / self.px_per_h)
        return start < last and end >= self.origin


def hue_of(order: str) -> int:
    """The colour of an order: the same on every screen and day."""
    return zlib.crc32(order.encode()) % HUES


def _first(plan: PlanView, now: Instant) -> Instant:
    """A little before now, or an old plan's own beginning."""
    ends = [work.end for work in plan.version.assignments]
    if ends and max(ends) < now:
        return min(work.start for work in plan.version.assignments)
    return now


def _floor(at: Instant, hours: int) -> Instant:
    """A whole hour that leaves a share of the paper to what was."""
    before = at - dt.timedelta(hours=hours * BEFORE_SHARE)
    return before.replace(minute=0, second=0, microsecond=0)


def _bar(
    plan: PlanView, work: Assignment, sheet: Sheet, *, y: int, moved: set[tuple[str, str]]
) -> Bar:
    x = sheet.x(work.start)
    width = max(3, sheet.x(work.end) - x)
    setup_end = work.start + dt.timedelta(seconds=work.setup_s)
    share = min(1.0, work.done / work.pieces) if work.pieces else 0.0
    return Bar(
        order=work.order,
        step=work.step,
        lot=work.lot,
        title=plan.titles.get(f"{work.order}/{work.step}", work.step),
        machine=work.machine,
        x=x,
        y=HEAD_PX + y + (ROW_PX - BAR_PX) // 2,
        width=width,
        setup=min(width, max(0, sheet.x(setup_end) - x)),
        done=round(width * share),
        hue=hue_of(work.order),
        start=work.start,
        end=work.end,
        pieces=work.pieces,
        late=plan.version.late.get(work.order, 0) > 0,
        moved=(work.order, work.step) in moved,
        fixed=work.started,
        pinned=work.pinned,
    )


def _shades(plan: PlanView, sheet: Sheet) -> Iterator[Shade]:
    for row, lane in enumerate(plan.lanes):
        spans = [(*span, "closed") for span in lane.closed] + [(*s, "down") for s in lane.down]
        for start, end, kind in spans:
            if sheet.shows(start, end):
                x = sheet.x(start)
                yield Shade(x, HEAD_PX + row * ROW_PX, sheet.x(end) - x, kind)


def _marks(sheet: Sheet, hours: int, timezone: str) -> Iterator[Mark]:
    every = SPANS_H[hours][1]
    total_h = int(sheet.width / sheet.px_per_h)
    for hour in range(total_h + 1):
        at = sheet.origin + dt.timedelta(hours=hour)
        here = local(at, timezone)
        if here.hour % every == 0:
            midnight = here.hour == 0
            yield Mark(sheet.x(at), here.strftime("%m-%d" if midnight else "%H:%M"), midnight)
