"""The plan as a Gantt, its orders, moves and promises."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import parse_qsl

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct, structs

from hanse.model.errors import BadInput, HanseError, NotFound, Unreachable
from hanse.model.ids import Key
from hanse.model.plan import Overtime, Search, WhatIf, WhyLink
from hanse.model.time import Instant
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.drawing.curve import curve
from hanse.web.drawing.gantt import SPANS_H, Look, board, wanted_in
from hanse.web.drawing.moments import typed_instant
from hanse.web.problems import Problem, problem_of
from hanse.web.reading import Asked, form_of, me_of, page
from hanse.web.views.common import Amount
from hanse.web.views.life import WindowRow
from hanse.web.views.planning import MoveWish, PlanView

VERSIONS_MAX = 50
HOURS = 72
CHANGES = "/plan/versions/{number:int}/changes"
LOOK_MAX = 400
FIND_MAX = 120
ORDERS_SHOWN_MAX = 60
MOVES_SHOWN_MAX = 30
WORK_SHOWN_MAX = 300
NOTHING: dict[str, object] = {"trial": None, "trouble": None, "holds": (), "chosen": ""}


class MoveForm(Struct, frozen=True):
    """Which operation goes where; ``work`` is ``order|step|lot``, ``start`` typed or RFC 3339."""

    work: Annotated[str, Meta(max_length=270, pattern=r"^[^|]+\|[^|]+(\|\d{1,6})?$")]
    machine: Key
    start: Annotated[str, Meta(max_length=40)]
    hours: Annotated[int, Meta(ge=1, le=10_000)] = HOURS
    look: Annotated[str, Meta(max_length=LOOK_MAX)] = ""


class PromiseForm(Struct, frozen=True):
    """How much of what."""

    item: Key
    quantity: Amount


def wish_of(form: MoveForm, zone: str) -> MoveWish:
    """What a form wishes."""
    order, step, *lot = form.work.split("|")
    start = typed_instant(form.start, timezone=zone)
    number = int(lot[0]) if lot else 0
    return MoveWish(order=order, step=step, lot=number, machine=form.machine, start=start)


def hours_of(wish: object) -> int:
    """The nearest span the drawing knows."""
    text = str(wish)
    hours = int(text) if text.isdigit() and len(text) < 6 else HOURS
    return min(SPANS_H, key=lambda known: abs(known - hours))


def look_of(said: Mapping[str, str], zone: str) -> Look:
    """What somebody wants to see; what cannot be read is as by default."""
    start: Instant | None = None
    with contextlib.suppress(BadInput):
        start = typed_instant(said.get("from", ""), timezone=zone)
    find = said.get("find", "").strip()[:FIND_MAX]
    hours = hours_of(said.get("hours", HOURS))
    return Look(hours=hours, start=start, find=find, late=bool(said.get("late")))


def looked(form: MoveForm, zone: str) -> Look:
    """What was shown when a form was sent."""
    said = dict(parse_qsl(form.look.removeprefix("?"))) | {"hours": str(form.hours)}
    return look_of(said, zone)


def _lists(plan: PlanView, look: Look, now: Instant) -> dict[str, object]:
    """The lists beside the board: the latest orders first, what may be moved, of what is wanted."""
    wanted = wanted_in(plan, look)
    rows = [row for row in plan.orders if wanted is None or row.key in wanted]
    rows.sort(key=lambda row: (-row.late_s, row.due))
    begin: dict[str, Instant] = {}
    for work in plan.version.assignments:
        begin[work.order] = min(begin.get(work.order, work.start), work.start)
    soon = [
        work
        for work in plan.version.assignments
        if not work.started and (wanted is None or work.order in wanted)
    ]
    return {
        "rows": rows[:ORDERS_SHOWN_MAX],
        "rows_left": max(0, len(rows) - ORDERS_SHOWN_MAX),
        "begin": begin,
        "movable": soon[:WORK_SHOWN_MAX],
        "moves": plan.version.moves[:MOVES_SHOWN_MAX],
        "moves_left": max(0, len(plan.version.moves) - MOVES_SHOWN_MAX),
        "late": sum(seconds > 0 for seconds in plan.version.late.values()),
        "before": structs.replace(look, start=look.start or now).later(-0.8),
        "after": structs.replace(look, start=look.start or now).later(0.8),
    }


def show(
    request: Asked,
    plan: PlanView,
    *,
    look: Look,
    problem: Problem | None = None,
    search: Search | None = None,
    windows: tuple[WindowRow, ...] = (),
    **more: object,
) -> Response[str]:
    """The plan's page, or only its board for a part."""
    ports = desk_of(request).ports
    now = ports.clock.now()
    drawn = board(plan, now=now, hours=look.hours, timezone=ports.firm.timezone, look=look)
    template = "plan_board.html" if "hx-request" in request.headers else "plan.html"
    context = {
        "plan": plan, "board": drawn, "spans": tuple(SPANS_H), "problem": problem, "search": search,
        "windows": windows, "cost": costs(request), "look": look, **_lists(plan, look, now),
        **(NOTHING | more),
    }  # fmt: skip
    return page(request, template, status=problem.status if problem else 200, **context)


def costs(request: Asked) -> Callable[[int], str]:
    """Writes minor units in the firm's currency."""
    currency = desk_of(request).ports.firm.currency
    return lambda minor: f"{minor / 100:,.2f} {currency}"


async def offers_of(request: Asked) -> tuple[Overtime, ...]:
    """The overtime that may be tried; none where the plan role does not answer."""
    with contextlib.suppress(Unreachable):
        return await desk_of(request).ports.plans.offers()
    return ()


@get("/plan", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def plan(request: Asked) -> Response[str]:
    """The plan in force."""
    plans = desk_of(request).ports.plans
    current, search = await plans.current(), await plans.search()
    look = look_of(request.query_params, desk_of(request).ports.firm.timezone)
    windows = await desk_of(request).ports.lives.windows()
    holds, chosen = await plans.holds(), request.query_params.get("work", "")
    more: dict[str, Any] = {"holds": holds, "chosen": chosen}
    return show(request, current, look=look, search=search, windows=windows, **more)


@get("/plan/versions", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def versions(request: Asked) -> Response[str]:
    """All versions with what made them."""
    rows = await desk_of(request).ports.plans.versions(limit=VERSIONS_MAX)
    return page(request, "versions.html", rows=rows)


@get("/plan/versions/{number:int}", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def version(request: Asked, number: FromPath[int]) -> Response[str]:
    """An earlier version."""
    old = await desk_of(request).ports.plans.current(number)
    look = look_of(request.query_params, desk_of(request).ports.firm.timezone)
    return show(request, old, look=look)


@get(CHANGES, opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def changes(request: Asked, number: FromPath[int]) -> Response[str]:
    """What a version changed: operations with their reasons, and dates."""
    found = await desk_of(request).ports.plans.changes(number)
    return page(request, "changes.html", found=found, cost=costs(request))


@post("/plan/move", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def move(request: Asked) -> Response[str]:
    """Put an operation elsewhere; the answer is the repaired plan, or the old one and why not."""
    plans, form = desk_of(request).ports.plans, await form_of(request, MoveForm)
    zone = desk_of(request).ports.firm.timezone
    look = looked(form, zone)
    try:
        wish = wish_of(form, zone)
        return show(request, await plans.move(wish, by=me_of(request).name), look=look)
    except HanseError as error:
        return show(request, await plans.current(), look=look, problem=problem_of(error))


@post("/plan/promise", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def promise(request: Asked) -> Response[str]:
    """The earliest date for a quantity; reserves nothing."""
    ports, form = desk_of(request).ports, await form_of(request, PromiseForm)
    found = await ports.plans.promise(form.item, Decimal(form.quantity))
    drawn = curve(found.points, now=ports.clock.now())
    return page(request, "promise.html", promise=found, curve=drawn, cost=costs(request))


@get("/orders/{key:path}", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def order(request: Asked, key: FromPath[str]) -> Response[str]:
    """A work order: where it stands, and why it is late."""
    ports, name = desk_of(request).ports, key.removeprefix("/")
    row, events = await ports.plans.order(name)
    current = await ports.plans.current()
    work = [a for a in current.version.assignments if a.order == name]
    work.sort(key=lambda a: a.start)
    chain: tuple[WhyLink, ...] = ()
    with contextlib.suppress(NotFound, Unreachable):
        chain = await ports.plans.why(name)
    context: dict[str, Any] = {"events": events, "work": work, "plan": current, "chain": chain}
    return page(request, "order.html", row=row, **context)


@get("/plan/what-if", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def what_if(request: Asked) -> Response[str]:
    """Questions that may be tried on a twin of the plant."""
    current = await desk_of(request).ports.plans.current()
    context: dict[str, Any] = {"plan": current, "found": None, "offers": await offers_of(request)}
    return page(request, "what_if.html", **context)


@post("/plan/what-if", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def try_it(request: Asked) -> Response[str]:
    """One of them tried: costs and dates beside those of the live plan."""
    ports, form = desk_of(request).ports, await form_of(request, WhatIf)
    calendar, _, start = form.calendar.partition("|")
    form = structs.replace(form, calendar=calendar, start=form.start or start)
    found, current = await ports.plans.what_if(form), await ports.plans.current()
    asked: dict[str, Any] = {name: getattr(form, name) for name in form.__struct_fields__}
    context: dict[str, Any] = {
        "plan": current,
        "found": found,
        "asked": asked,
        "cost": costs(request),
        "offers": await offers_of(request),
    }
    return page(request, "what_if.html", **context)


HANDLERS = (plan, versions, version, changes, what_if, try_it, move, promise, order)
