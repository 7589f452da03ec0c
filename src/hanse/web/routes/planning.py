"""What a planner does to the plan: tried first, then done; what is held; what is busy."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.model.errors import HanseError
from hanse.model.ids import Key
from hanse.model.plan import WhatIf
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.problems import problem_of
from hanse.web.reading import Asked, form_of, go, me_of, page
from hanse.web.routes.plan import MoveForm, costs, looked, show, wish_of

QUANTITY_MAX = 10**6
COST_MAX = 10**15


class AdoptForm(WhatIf, frozen=True, kw_only=True):
    """What was tried, and what it was shown to cost."""

    cost_minor: Annotated[int, Meta(ge=0, le=COST_MAX)]


class HoldForm(Struct, frozen=True):
    """Reserve so many, for so long; ``harmless``: others may wait within their promises."""

    item: Key
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
    hours: Annotated[float, Meta(gt=0, le=8_760)] = 24.0
    harmless: Annotated[int, Meta(ge=0, le=1)] = 0


class HeldForm(Struct, frozen=True):
    """Which hold, and the work order that it becomes."""

    hold: Key
    order: Annotated[str, Meta(max_length=120)] = ""


@post("/plan/move/try", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def try_move(request: Asked) -> Response[str]:
    """What a move would do: whom it harms, what it costs; with the button that does it."""
    ports, form = desk_of(request).ports, await form_of(request, MoveForm)
    wish = wish_of(form, ports.firm.timezone)
    context: dict[str, Any] = {"trial": None, "wish": wish, "form": form, "trouble": None}
    status = 200
    try:
        context["trial"] = await ports.plans.try_move(wish)
    except HanseError as error:
        context["trouble"] = problem_of(error)
        status = context["trouble"].status
    if "hx-request" in request.headers:
        cost = costs(request)
        return page(request, "move_trial.html", status=status, cost=cost, **context)
    look = looked(form, ports.firm.timezone)
    return show(request, await ports.plans.current(), look=look, **context)


@post("/plan/free", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def free(request: Asked) -> Response[str]:
    """A pinned operation may be moved again."""
    ports, form = desk_of(request).ports, await form_of(request, MoveForm)
    wish = wish_of(form, ports.firm.timezone)
    plan = await ports.plans.free(wish, by=me_of(request).name)
    return show(request, plan, look=looked(form, ports.firm.timezone))


@post("/plan/what-if/adopt", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def adopt(request: Asked) -> Redirect:
    """What was tried is done."""
    form = await form_of(request, AdoptForm)
    fields = {name: getattr(form, name) for name in WhatIf.__struct_fields__}
    plans, by = desk_of(request).ports.plans, me_of(request).name
    await plans.adopt(WhatIf(**fields), cost_minor=form.cost_minor, by=by)
    return go("/plan")


@post("/plan/holds", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def hold(request: Asked) -> Redirect:
    """Reserve capacity for a quote."""
    ports, form = desk_of(request).ports, await form_of(request, HoldForm)
    expires = ports.clock.now() + dt.timedelta(hours=form.hours)
    harmless = bool(form.harmless)
    await ports.plans.hold(form.item, form.quantity, expires=expires, harmless=harmless)
    return go("/plan#holds")


@post("/plan/holds/release", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def release(request: Asked) -> Redirect:
    """Give held capacity back."""
    form = await form_of(request, HeldForm)
    await desk_of(request).ports.plans.release(form.hold)
    return go("/plan#holds")


@post("/plan/holds/confirm", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def confirm(request: Asked) -> Redirect:
    """What is held becomes a work order."""
    form = await form_of(request, HeldForm)
    order = form.order or form.hold
    await desk_of(request).ports.plans.confirm(form.hold, order, by=me_of(request).name)
    return go(f"/orders/{order}")


@get("/plan/search", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def search(request: Asked) -> Response[str]:
    """How far the search for a better plan is, as a part of the plan's page."""
    return page(request, "search_part.html", search=await desk_of(request).ports.plans.search())


@post("/plan/search/stop", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def stop(request: Asked) -> Redirect:
    """End the search at once."""
    await desk_of(request).ports.plans.stop_search()
    return go("/plan")


@get("/plan/load", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def load(request: Asked) -> Response[str]:
    """How busy every machine is."""
    rows = await desk_of(request).ports.plans.loads()
    return page(request, "load.html", rows=rows, machine="", reliefs=(), cost=costs(request))


@get("/plan/load/{machine:str}", opt=needs(Permission.PLAN_READ), include_in_schema=False)
async def relief(request: Asked, machine: FromPath[str]) -> Response[str]:
    """What would relieve a machine, each tried on a copy of the plant."""
    plans = desk_of(request).ports.plans
    rows, found = await plans.loads(), await plans.relief(machine)
    context: dict[str, Any] = {"rows": rows, "machine": machine, "reliefs": found}
    return page(request, "load.html", cost=costs(request), **context)


HANDLERS = (
    try_move, free, adopt, hold, release, confirm, search, stop, load, relief,
)  # fmt: skip
