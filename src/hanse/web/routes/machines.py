"""Machines live, and their alarms."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.drawing.strips import strip
from hanse.web.reading import Asked, form_of, go, me_of, page

ALARMS_MAX = 500
EVENTS_MAX = 30
SHELVE_H_MAX = 72


class AckForm(Struct, frozen=True):
    """Words beside an acknowledgement."""

    note: Annotated[str, Meta(max_length=2_000)] = ""


class ShelveForm(Struct, frozen=True):
    """For how long an alarm is silent, and why."""

    hours: Annotated[float, Meta(gt=0, le=SHELVE_H_MAX)]
    reason: Annotated[str, Meta(min_length=1, max_length=400)]


@get("/machines", opt=needs(Permission.MACHINES_READ), include_in_schema=False)
async def machines(request: Asked) -> Response[str]:
    """All machines with their lead signals."""
    rows = await desk_of(request).ports.machines.rows()
    return page(request, "machines.html", rows=rows)


@get("/machines/{key:path}", opt=needs(Permission.MACHINES_READ), include_in_schema=False)
async def machine(request: Asked, key: FromPath[str]) -> Response[str]:
    """One machine: lines, states, signals, what happened."""
    ports, name = desk_of(request).ports, key.removeprefix("/")
    view = await ports.machines.machine(name)
    events = await ports.happenings.recent(limit=EVENTS_MAX, subject=name)
    alarms = [a for a in await ports.alarms.rows(limit=ALARMS_MAX) if a.machine == name]
    drawn = strip(view.states, view.gaps, now=ports.clock.now(), timezone=ports.firm.timezone)
    context: dict[str, Any] = {"view": view, "row": view.row, "events": events, "alarms": alarms}
    return page(request, "machine.html", strip=drawn, **context)


@get("/alarms", opt=needs(Permission.ALARMS_READ), include_in_schema=False)
async def alarms(request: Asked) -> Response[str]:
    """Alarms that are not quiet, the most urgent first."""
    rows = await desk_of(request).ports.alarms.rows(limit=ALARMS_MAX)
    return page(request, "alarms.html", rows=rows)


@post("/alarms/{id:str}/acknowledge", opt=needs(Permission.ALARMS_ACT), include_in_schema=False)
async def acknowledge(request: Asked, id: FromPath[str]) -> Redirect:  # noqa: A002
    """Say that it was seen."""
    form = await form_of(request, AckForm)
    alarms_ = desk_of(request).ports.alarms
    await alarms_.acknowledge(id, note=form.note, by=me_of(request).name)
    return go("/alarms")


@post("/alarms/{id:str}/shelve", opt=needs(Permission.ALARMS_ACT), include_in_schema=False)
async def shelve(request: Asked, id: FromPath[str]) -> Redirect:  # noqa: A002
    """Silence it for some hours, with a reason."""
    form = await form_of(request, ShelveForm)
    ports = desk_of(request).ports
    until = ports.clock.now() + dt.timedelta(hours=form.hours)
    await ports.alarms.shelve(id, until=until, reason=form.reason, by=me_of(request).name)
    return go("/alarms")


@post("/alarms/{id:str}/unshelve", opt=needs(Permission.ALARMS_ACT), include_in_schema=False)
async def unshelve(request: Asked, id: FromPath[str]) -> Redirect:  # noqa: A002
    """End its silence."""
    await desk_of(request).ports.alarms.unshelve(id, by=me_of(request).name)
    return go("/alarms")


HANDLERS = (machines, machine, alarms, acknowledge, shelve, unshelve)
