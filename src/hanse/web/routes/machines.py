"""Machines live."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.secrets import new_secret
from hanse.web.doors.signing_in import note
from hanse.web.drawing.strips import strip
from hanse.web.reading import Asked, deed_of, me_of, page

ALARMS_MAX = 500
EVENTS_MAX = 30
FRESH_CHARS = 24
"""Enough of a secret to name a form by, so that one sent twice counts once."""


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
    context: dict[str, Any] = {"view": view, "row": view.row, "events": events, "alarms": alarms}
    context |= {"setting": await ports.setting.at(name), "fresh": new_secret()[:FRESH_CHARS]}
    shift = None if _values_only(request) else await ports.losses.shift(name)
    drawn = shift and strip(
        shift.states,
        view.gaps,
        since=shift.start,
        now=shift.end,
        timezone=ports.firm.timezone,
    )
    return page(request, "machine.html", shift=shift, strip=drawn, **context)


def _values_only(request: Asked) -> bool:
    """Whether only the newest values are wanted: a shift costs a look into history."""
    return "hx-request" in request.headers and request.query_params.get("part") != "shift"


@post("/machines/{key:path}", opt=needs(Permission.JOBS_ACT), include_in_schema=False)
async def work(request: Asked, key: FromPath[str]) -> Response[str]:
    """Start the next job, say how far it is, or that it is done."""
    name = key.removeprefix("/")
    deed, values = await deed_of(request)
    by = me_of(request).name
    done = await desk_of(request).ports.machines.act(name, deed, values, by=by)
    await note(request, f"job.{deed}", name, done.text)
    return page(request, "done.html", done=done, back=f"/machines/{name}")


HANDLERS = (machines, machine, work)
