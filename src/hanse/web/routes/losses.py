"""OEE with its losses down to the stops, and why machines stood: for a phone beside the machine."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, form_of, go, me_of, page

HOURS_MAX = 24 * 31
Hours = Annotated[int, QueryParameter(ge=1, le=HOURS_MAX)]
Grouping = Annotated[str, QueryParameter(pattern=r"^(machine|line|shift|product)$")]
Word = Annotated[str, QueryParameter(max_length=120)]


class ReasonForm(Struct, frozen=True):
    """Why a machine stood."""

    stop: Annotated[str, Meta(min_length=1, max_length=200)]
    reason: Annotated[str, Meta(min_length=1, max_length=80)]


@get("/oee", opt=needs(Permission.MACHINES_READ), include_in_schema=False)
async def oee(request: Asked, by: Grouping = "machine", hours: Hours = 24) -> Response[str]:
    """OEE by machine, line, shift or product, in hours and in money."""
    view = await desk_of(request).ports.losses.figures(by=by, hours=hours)
    return page(request, "oee.html", view=view, hours=hours)


@get("/stops", opt=needs(Permission.MACHINES_READ), include_in_schema=False)
async def stops(request: Asked, machine: Word = "", hours: Hours = 24) -> Response[str]:
    """Stops that nobody has explained first, each with the reasons there are."""
    view = await desk_of(request).ports.losses.stops(machine=machine, hours=hours)
    return page(request, "stops.html", view=view, machine=machine, hours=hours)


@post("/stops", opt=needs(Permission.ALARMS_ACT), include_in_schema=False)
async def explain(request: Asked, machine: Word = "") -> Redirect:
    """A person's word on why a machine stood."""
    form = await form_of(request, ReasonForm)
    ports = desk_of(request).ports.losses
    done = await ports.explain(form.stop, form.reason, by=me_of(request).name)
    await note(request, "stop.explained", form.stop, done.text)
    return go(f"/stops?machine={machine}" if machine.isalnum() else "/stops")


HANDLERS = (oee, stops, explain)
