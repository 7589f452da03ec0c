"""Today: what needs a person, what runs, what is late."""

from __future__ import annotations

import asyncio

from litestar import Response, get, post
from litestar.response import Redirect

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.reading import Asked, go, me_of, page

ROWS = 8
ALARMS_MAX = 500


@get("/", opt=needs(Permission.HOME_READ), include_in_schema=False)
async def today(request: Asked) -> Response[str]:
    """The first page after signing in."""
    ports = desk_of(request).ports
    is_owner = me_of(request).may(Permission.PEOPLE)
    steps = await ports.beginning.steps() if is_owner else ()
    machines, alarms, loops, approvals, plan, connections = await asyncio.gather(
        ports.machines.rows(),
        ports.alarms.rows(limit=ALARMS_MAX),
        ports.happenings.loops(limit=ROWS),
        ports.approvals.rows(open_only=True, limit=ROWS),
        ports.plans.current(),
        ports.connections.rows(),
    )
    return page(
        request,
        "today.html",
        machines=machines,
        alarms=alarms,
        loops=loops,
        approvals=approvals,
        late=[order for order in plan.orders if order.late_s],
        plan=plan,
        connections=connections,
        steps=steps,
    )


@post("/first-steps/hide", opt=needs(Permission.PEOPLE), include_in_schema=False)
async def hide(request: Asked) -> Redirect:
    """Show the first steps no more."""
    await desk_of(request).ports.beginning.hide()
    return go("/")


HANDLERS = (today, hide)
