"""Alarms: the list, one with its life so far, what people do to them, and how well they work."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.drawing.bars import bars
from hanse.web.reading import Asked, deed_of, go, me_of, page

ALARMS_MAX = 500
STEPS_MAX = 100
HOURS_MAX = 24 * 31
AlarmId = Annotated[str, QueryParameter(min_length=1, max_length=400)]


@get("/alarms", opt=needs(Permission.ALARMS_READ), include_in_schema=False)
async def alarms(request: Asked) -> Response[str]:
    """Alarms that need someone or are kept quiet, the most urgent first."""
    rows = await desk_of(request).ports.alarms.rows(limit=ALARMS_MAX)
    return page(request, "alarms.html", rows=rows)


@get("/alarms/one", opt=needs(Permission.ALARMS_READ), include_in_schema=False)
async def one(request: Asked, alarm: AlarmId) -> Response[str]:
    """One alarm: what it says, what to do, its life so far."""
    ports = desk_of(request).ports
    row = await ports.alarms.one(alarm)
    steps = await ports.happenings.recent(limit=STEPS_MAX, subject=alarm)
    return page(request, "alarm.html", row=row, steps=steps)


@post("/alarms/act", opt=needs(Permission.ALARMS_ACT), include_in_schema=False)
async def act(request: Asked, alarm: AlarmId) -> Redirect:
    """Do something to an alarm."""
    deed, values = await deed_of(request)
    await desk_of(request).ports.alarms.act(alarm, deed, values, by=me_of(request).name)
    return go("/alarms")


@get("/alarms/performance", opt=needs(Permission.ALARMS_READ), include_in_schema=False)
async def performance(
    request: Asked, hours: Annotated[int, QueryParameter(ge=1, le=HOURS_MAX)] = 24
) -> Response[str]:
    """How well the alarms themselves work, by ISA-18.2."""
    found = await desk_of(request).ports.alarms.performance(hours=hours)
    drawn = bars(found.in_10_min)
    return page(request, "alarm_performance.html", figures=found, bars=drawn, hours=hours)


HANDLERS = (alarms, one, act, performance)
