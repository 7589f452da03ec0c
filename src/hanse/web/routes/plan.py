"""The plan as a Gantt, its orders, moves and promises."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from hanse.model.errors import HanseError, NotFound, Unreachable
from hanse.model.ids import Key
from hanse.model.plan import Search, WhatIf, WhyLink
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.drawing.gantt import SPANS_H, board
from hanse.web.drawing.moments import typed_instant
from hanse.web.problems import Problem, problem_of
from hanse.web.reading import Asked, form_of, me_of, page
from hanse.web.views.common import Amount
from hanse.web.views.life import WindowRow
from hanse.web.views.planning import MoveWish, PlanView

VERSIONS_MAX = 50
HOURS = 72


class MoveForm(Struct, frozen=True):
    """Which operation goes where; ``work`` is ``order|step``, ``start`` as typed or RFC 3339."""

    work: Annotated[str, Meta(max_length=260, pattern=r"^[^|]+\|[^|]+$")]
    machine: Key
    start: Annotated[str, Meta(max_length=40)]
    hours: Annotated[int, Meta(ge=1, le=10_000)] = HOURS


class PromiseForm(Struct, frozen=True):
    """How much of what."""

    item: Key
    quantity: Amount


def hours_of(wish: object) -> int:
    """The nearest span the drawing knows."""
    text = str(wish)
    hours = int(text) if text.isdigit() and len(text) < 6 else HOURS
    return min(SPANS_H, key=lambda known: abs(known - hours))


def show(
    request: Asked,
    plan: PlanView,
    *,
    hours: int,
    problem: Problem | None = None,
    search: Search | None = None,
    windows: tuple[WindowRow, ...] = (),
) -> Response[str]:
    """The plan's page, or only its board for a part."""
    ports = desk_of(request).ports
    drawn = board(plan, now=ports.clock.now(), hours=hours, timezone=ports.firm.timezone)
    template = "plan_board.html" if "hx-request" in request.headers else "plan.html"
    context = {
        "plan": plan, "board": drawn, "spans": tuple(SPANS_H), "problem": problem, "search": search,
        "windows": windows,
    }  # fmt: skip
    return page(request, template, status=problem.status if problem else 200, **context)


@get("/plan", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def plan(request: Asked) -> Response[str]:
    """The plan in force."""
    plans = desk_of(request).ports.plans
    current, search = await plans.current(), await plans.search()
    hours = hours_of(request.query_params.get("hours", HOURS))
    windows = await desk_of(request).ports.lives.windows()
    return show(request, current, hours=hours, search=search, windows=windows)


@get("/plan/versions", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def versions(request: Asked) -> Response[str]:
    """All versions with what made them."""
    rows = await desk_of(request).ports.plans.versions(limit=VERSIONS_MAX)
    return page(request, "versions.html", rows=rows)


@get("/plan/versions/{number:int}", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def version(request: Asked, number: FromPath[int]) -> Response[str]:
    """An earlier version."""
    old = await desk_of(request).ports.plans.current(number)
    return show(request, old, hours=hours_of(request.query_params.get("hours", HOURS)))


@post("/plan/move", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def move(request: Asked) -> Response[str]:
    """Put an operation elsewhere; the answer is the repaired plan, or the old one and why not."""
    plans, form = desk_of(request).ports.plans, await form_of(request, MoveForm)
    zone = desk_of(request).ports.firm.timezone
    order, _, step = form.work.partition("|")
    hours = hours_of(form.hours)
    try:
        start = typed_instant(form.start, timezone=zone)
        wish = MoveWish(order=order, step=step, machine=form.machine, start=start)
        return show(request, await plans.move(wish, by=me_of(request).name), hours=hours)
    except HanseError as error:
        return show(request, await plans.current(), hours=hours, problem=problem_of(error))


@post("/plan/promise", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def promise(request: Asked) -> Response[str]:
    """The earliest date for a quantity; reserves nothing."""
    form = await form_of(request, PromiseForm)
    found = await desk_of(request).ports.plans.promise(form.item, Decimal(form.quantity))
    return page(request, "promise.html", promise=found)


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
    return page(request, "what_if.html", plan=current, found=None)


@post("/plan/what-if", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def try_it(request: Asked) -> Response[str]:
    """One of them tried: costs and dates beside those of the live plan."""
    ports, form = desk_of(request).ports, await form_of(request, WhatIf)
    found, current = await ports.plans.what_if(form), await ports.plans.current()
    currency = ports.firm.currency

    def cost(minor: int) -> str:
        return f"{minor / 100:.2f} {currency}"

    return page(request, "what_if.html", plan=current, found=found, cost=cost)


HANDLERS = (plan, versions, version, what_if, try_it, move, promise, order)
