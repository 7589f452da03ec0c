"""What a planner does to the plan, for programs: try, do, hold, confirm, release, look back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.plan import (
    Compared,
    Hold,
    MachineLoad,
    Overtime,
    Search,
    VersionsCompared,
    WhatIf,
)
from hanse.model.time import Instant
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import Name, route
from hanse.web.views.planning import MoveWish, PlanView

QUANTITY_MAX = 10**6
COST_MAX = 10**15
NUMBER_MAX = 2**31

Number = Annotated[int, PathParameter(ge=0, le=NUMBER_MAX)]
Once = Annotated[
    str,
    Meta(
        max_length=120,
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._:/#+-]*)?$",
        description="A name of the caller's own: told again under it, it is done once",
    ),
]


class AdoptWish(WhatIf, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was tried, and what it was shown to cost: it is not done if it costs more by now."""

    cost_minor: Annotated[int, Meta(ge=0, le=COST_MAX)]
    key: Once = ""


class FreeWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operation that was put by hand and may be moved again."""

    order: Key
    step: Key
    lot: Annotated[int, Meta(ge=0, le=10**6)] = 0


class HoldWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reserve so many for so long; ``harmless``: others may wait within their promises."""

    item: Key
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
    hours: Annotated[float, Meta(gt=0, le=8_760)] = 24.0
    harmless: bool = False
    key: Once = ""


class Held(Struct, frozen=True, kw_only=True):
    """What was reserved: its key, when it would be ready, when it lapses."""

    hold: Key
    ready: Instant | None
    expires: Instant


class ConfirmWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The work order that a hold becomes."""

    order: Key


@post("/plan/moves/try", **route(Permission.PLAN_CHANGE))
async def try_move(request: Asked, data: JSONBody[MoveWish]) -> Compared:
    """What putting an operation elsewhere would do: its place, whom it harms, what it costs."""
    return await desk_of(request).ports.plans.try_move(data)


@post("/plan/moves/free", **route(Permission.PLAN_CHANGE))
async def free(request: Asked, data: JSONBody[FreeWish]) -> PlanView:
    """An operation that was put by hand may be moved again."""
    ports = desk_of(request).ports
    wish = MoveWish(
        order=data.order, step=data.step, lot=data.lot, machine="any", start=ports.clock.now()
    )
    return await ports.plans.free(wish, by=me_of(request).name)


@post("/plan/what-ifs/adopt", **route(Permission.PLAN_CHANGE))
async def adopt(request: Asked, data: JSONBody[AdoptWish]) -> PlanView:
    """Do what was tried; refused where it would cost over a hundredth more than was shown."""
    what = WhatIf(**{name: getattr(data, name) for name in WhatIf.__struct_fields__})
    plans, by = desk_of(request).ports.plans, me_of(request).name
    return await plans.adopt(what, cost_minor=data.cost_minor, by=by, key=data.key)


@get("/plan/holds", **route(Permission.PLAN_READ))
async def holds(request: Asked) -> tuple[Hold, ...]:
    """What is held for quotes, by expiry."""
    return await desk_of(request).ports.plans.holds()


@post("/plan/holds", **route(Permission.PLAN_CHANGE))
async def hold(request: Asked, data: JSONBody[HoldWish]) -> Held:
    """Reserve capacity for a quote; nobody's promise changes."""
    ports = desk_of(request).ports
    expires = ports.clock.now() + dt.timedelta(hours=data.hours)
    key, ready = await ports.plans.hold(
        data.item, data.quantity, expires=expires, harmless=data.harmless, key=data.key
    )
    return Held(hold=key, ready=ready, expires=expires)


@post("/plan/holds/{name:str}/confirm", **route(Permission.PLAN_CHANGE))
async def confirm(request: Asked, name: Name, data: JSONBody[ConfirmWish]) -> PlanView:
    """What is held becomes a work order on the same places; told again it stays the one."""
    plans, by = desk_of(request).ports.plans, me_of(request).name
    return await plans.confirm(name, data.order, by=by)


@post("/plan/holds/{name:str}/release", **route(Permission.PLAN_CHANGE))
async def release(request: Asked, name: Name) -> tuple[Hold, ...]:
    """Give held capacity back; what is held still comes back. One that lapsed is given back."""
    plans = desk_of(request).ports.plans
    await plans.release(name)
    return await plans.holds()


@get("/plan/load", **route(Permission.PLAN_READ))
async def load(request: Asked) -> tuple[MachineLoad, ...]:
    """How busy every machine is from now to the last due date, the busiest first."""
    return await desk_of(request).ports.plans.loads()


@get("/plan/overtime", **route(Permission.PLAN_READ))
async def overtime(request: Asked) -> tuple[Overtime, ...]:
    """Overtime that calendars offer; tried and opened as a what-if by calendar and start."""
    return await desk_of(request).ports.plans.offers()


@post("/plan/search/stop", **route(Permission.PLAN_CHANGE))
async def stop(request: Asked) -> Search | None:
    """End the search for a better plan at once; it begins again after the next change."""
    return await desk_of(request).ports.plans.stop_search()


@get("/plan/versions/{number:int}/changes", **route(Permission.PLAN_READ))
async def changes(
    request: Asked,
    number: Number,
    *,
    since: Annotated[
        int | None, QueryParameter(ge=0, le=NUMBER_MAX, description="By itself the one before")
    ] = None,
) -> VersionsCompared:
    """What a version changed: operations with their reasons, dates, lateness, cost."""
    return await desk_of(request).ports.plans.changes(number, since=since)


HANDLERS = (
    try_move, free, adopt, holds, hold, confirm, release, load, overtime, stop, changes,
)  # fmt: skip
