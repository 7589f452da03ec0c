"""The plan as a resource Gantt: rows are machines, x is time, everything in whole pixels."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator
from urllib.parse import urlencode

from msgspec import Struct, structs

from hanse.model.plan import Assignment
from hanse.model.time import Instant, format_instant
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


class Look(Struct, frozen=True, kw_only=True):
    """What of a plan somebody wants to see: so many hours from an instant, of some orders.

    ``find`` is part of an order's, item's, customer's or machine's name; ``late``: late orders.
    ``start`` None: a little before now.
    """

    hours: int = 72
    start: Instant | None = None
    find: str = ""
    late: bool = False

    def query(self, **changes: object) -> str:
        """The address that shows this, with some of it otherwise."""
        look = structs.replace(self, **changes)
        said = {
            "hours": look.hours,
            "from": format_instant(look.start) if look.start else "",
            "find": look.find,
            "late": "1" if look.late else "",
        }
        return "?" + urlencode({name: value for name, value in said.items() if value})

    def later(self, share: float) -> Instant | None:
        """Where the paper begins when it is turned by a share of itself, None from now."""
        return self.start and self.start + dt.timedelta(hours=round(self.hours * share))


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
    dim: bool = False


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
    closed: tuple[str, ...] = ()
    found: int = 0


def board(
    plan: PlanView, *, now: Instant, hours: int, timezone: str, look: Look | None = None
) -> Board:
    """Draw a plan from a little before now; bars beyond BARS_MAX are counted in ``cut``.

    Args:
        plan: the version to draw.
        now: where the line of now stands; an older plan is drawn from its own making.
        hours: how much is shown, one of SPANS_H.
        timezone: whose midnights are marked.
        look: from when on, and of which orders; the others are dimmed, and machines that none of
            them needs are left out.
    """
    px_per_h, _ = SPANS_H[hours]
    look = look or Look(hours=hours)
    origin = _floor(look.start or min(now, _first(plan, now)), hours)
    sheet = Sheet(origin, px_per_h, round(px_per_h * hours * (1 + BEFORE_SHARE)))
    wanted, lanes = wanted_in(plan, look), _lanes_of(plan, look)
    plan = structs.replace(plan, lanes=lanes)
    rows = {lane.key: row for row, lane in enumerate(lanes)}
    moved = {(move.order, move.step) for move in plan.version.moves}
    bars = [
        _bar(plan, work, sheet, y=rows[work.machine] * ROW_PX, moved=moved)
        for work in plan.version.assignments
        if work.machine in rows and sheet.shows(work.start, work.end)
    ]
    if wanted is not None:
        bars = [structs.replace(bar, dim=bar.order not in wanted) for bar in bars]
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
        closed=tuple(_closed(plan, sheet)),
        found=sum(not bar.dim for bar in bars) if wanted is not None else 0,
    )


def wanted_in(plan: PlanView, look: Look) -> frozenset[str] | None:
    """The orders that somebody looks for, None for all; a machine's name wants all of its work."""
    if not look.find and not look.late:
        return None
    words = look.find.casefold()
    machines = _machines(plan, words) if words else frozenset()
    found = {work.order for work in plan.version.assignments if work.machine in machines}
    for row in plan.orders:
        text = f"{row.key} {row.item} {row.item_title} {row.customer}".casefold()
        if words in text:
            found.add(row.key)
    found |= {work.order for work in plan.version.assignments if words in work.order.casefold()}
    if look.late:
        found = {order for order in found if plan.version.late.get(order, 0) > 0}
    return frozenset(found)


def _machines(plan: PlanView, words: str) -> frozenset[str]:
    return frozenset(x.key for x in plan.lanes if words in f"{x.key} {x.title}".casefold())


def _lanes_of(plan: PlanView, look: Look) -> tuple[Lane, ...]:
    """The machines that are found, else those that what is found needs; all where nothing is."""
    wanted = wanted_in(plan, look)
    if wanted is None:
        return plan.lanes
    used = _machines(plan, look.find.casefold()) if look.find else frozenset()
    used = used or frozenset(w.machine for w in plan.version.assignments if w.order in wanted)
    return tuple(lane for lane in plan.lanes if lane.key in used) or plan.lanes


def _closed(plan: PlanView, sheet: Sheet) -> Iterator[str]:
    """The closed hours of each row as one path."""
    for row, lane in enumerate(plan.lanes):
        y = HEAD_PX + row * ROW_PX
        parts = [
            f"M{sheet.x(a)} {y}H{sheet.x(b)}v{ROW_PX}H{sheet.x(a)}z"
            for a, b in lane.closed
            if sheet.shows(a, b)
        ]
        if parts:
            yield "".join(parts)


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
        for start, end in lane.down:
            if sheet.shows(start, end):
                x = sheet.x(start)
                yield Shade(x, HEAD_PX + row * ROW_PX, sheet.x(end) - x, "down")


def _marks(sheet: Sheet, hours: int, timezone: str) -> Iterator[Mark]:
    every = SPANS_H[hours][1]
    total_h = int(sheet.width / sheet.px_per_h)
    for hour in range(total_h + 1):
        at = sheet.origin + dt.timedelta(hours=hour)
        here = local(at, timezone)
        if here.hour % every == 0:
            midnight = here.hour == 0
            yield Mark(sheet.x(at), here.strftime("%m-%d" if midnight else "%H:%M"), midnight)
