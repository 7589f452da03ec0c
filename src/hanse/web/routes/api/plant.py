"""Machines, signals and the plan, for programs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

import numpy as np
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct

from hanse.model.errors import BadInput
from hanse.model.plan import Compared, Relief, Search, WhatIf, WhyLink
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import POINTS_MAX, DeedForm, Limit, Name, route
from hanse.web.routes.live import signals_of
from hanse.web.views.common import AMOUNT_PATTERN, Done
from hanse.web.views.planning import MoveWish, OrderRow, PlanView, PromiseView, VersionRow
from hanse.web.views.plant import MachineRow, MachineView, Series

SPAN_DAYS_MAX = 3_700


class Lines(Struct, frozen=True, kw_only=True):
    """Signals on a common time axis: seconds since 1970, one column a signal, null in a gap."""

    signals: tuple[int, ...]
    t_s: list[float]
    values: list[list[float | None]]


@get("/machines", **route(Permission.MACHINES_READ))
async def machines(request: Asked) -> tuple[MachineRow, ...]:
    """All machines as they stand now."""
    return await desk_of(request).ports.machines.rows()


@get("/machines/{name:str}", **route(Permission.MACHINES_READ))
async def machine(request: Asked, name: Name) -> MachineView:
    """One machine with its signals, states and gaps."""
    return await desk_of(request).ports.machines.machine(name)


@get("/history", **route(Permission.MACHINES_READ))
async def history(
    request: Asked,
    *,
    ids: Annotated[str, QueryParameter(max_length=400, pattern=r"^\d{1,10}(,\d{1,10})*$")],
    start: Annotated[dt.datetime, QueryParameter(description="RFC 3339 with an offset")],
    end: Annotated[dt.datetime, QueryParameter(description="RFC 3339 with an offset")],
    points: Annotated[int, QueryParameter(ge=2, le=POINTS_MAX)] = 1_000,
) -> Lines:
    """Samples of signals over a span, thinned with their extremes kept."""
    if start.tzinfo is None or end.tzinfo is None:
        raise BadInput("a time has no offset from UTC", remedy="Add Z or +08:00")
    if not start < end <= start + dt.timedelta(days=SPAN_DAYS_MAX):
        raise BadInput("the span is empty, backwards or too long", remedy="Let start be before end")
    ports, signals = desk_of(request).ports, signals_of(ids)
    return lines_of(await ports.machines.history(signals, start=start, end=end, points=points))


def lines_of(series: Series) -> Lines:
    """Columns as JSON has them: null where there is no number."""
    values = [[None if np.isnan(v) else float(v) for v in column] for column in series.values]
    return Lines(signals=series.signals, t_s=[float(t) for t in series.t_s], values=values)


@get("/plan", **route(Permission.PLAN_READ))
async def plan(
    request: Asked, number: Annotated[int | None, QueryParameter(ge=0, le=2**31)] = None
) -> PlanView:
    """The plan in force, or an earlier version."""
    return await desk_of(request).ports.plans.current(number)


@get("/plan/versions", **route(Permission.PLAN_READ))
async def versions(request: Asked, limit: Limit = 50) -> tuple[VersionRow, ...]:
    """Versions of the plan, newest first."""
    return await desk_of(request).ports.plans.versions(limit=limit)


@get("/plan/promise", **route(Permission.PLAN_READ))
async def promise(
    request: Asked,
    item: Annotated[str, QueryParameter(min_length=1, max_length=120)],
    quantity: Annotated[str, QueryParameter(pattern=AMOUNT_PATTERN, max_length=16)],
    *,
    curve: Annotated[bool, QueryParameter(description="False: only the date nobody feels")] = True,
) -> PromiseView:
    """The earliest date with nobody harmed; reserves nothing. Without the curve much quicker."""
    return await desk_of(request).ports.plans.promise(item, Decimal(quantity), curve=curve)


@get("/plan/search", **route(Permission.PLAN_READ))
async def search(request: Asked) -> Search | None:
    """How far the search for a better plan is, where the plan role answers."""
    return await desk_of(request).ports.plans.search()


@get("/orders/{name:str}/why", **route(Permission.PLAN_READ))
async def why(request: Asked, name: Name) -> tuple[WhyLink, ...]:
    """Why an order ends when it ends: from its last operation back to what began it."""
    return await desk_of(request).ports.plans.why(name)


@post("/plan/what-ifs", **route(Permission.PLAN_READ))
async def what_if(request: Asked, data: JSONBody[WhatIf]) -> Compared:
    """A scenario on a twin of the plant beside the live plan; nothing live changes."""
    return await desk_of(request).ports.plans.what_if(data)


@get("/machines/{name:str}/relief", **route(Permission.PLAN_READ))
async def relief(request: Asked, name: Name) -> tuple[Relief, ...]:
    """What would relieve a machine, each tried on the twin, the most saved first."""
    return await desk_of(request).ports.plans.relief(name)


@post("/machines/{name:str}/deeds", **route(Permission.JOBS_ACT))
async def work(request: Asked, name: Name, data: JSONBody[DeedForm]) -> Done:
    """Start a machine's next job, say how far it is, or that it is done."""
    ports, by = desk_of(request).ports, me_of(request).name
    done = await ports.machines.act(name, data.deed, data.values, by=by)
    await note(request, f"job.{data.deed}", name, done.text)
    return done


@post("/plan/moves", **route(Permission.PLAN_CHANGE))
async def move(request: Asked, data: JSONBody[MoveWish]) -> PlanView:
    """Put an operation elsewhere; the plan comes back repaired around it."""
    return await desk_of(request).ports.plans.move(data, by=me_of(request).name)


@get("/orders/{name:str}", **route(Permission.PLAN_READ))
async def order(request: Asked, name: Name) -> OrderRow:
    """A work order: where it stands, and why it is late."""
    return (await desk_of(request).ports.plans.order(name))[0]


HANDLERS = (
    machines,
    machine,
    history,
    relief,
    work,
    plan,
    versions,
    promise,
    search,
    what_if,
    why,
    move,
    order,
)
