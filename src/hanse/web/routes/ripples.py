"""Disturbances through the chain: told, answered, seen at one place."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, deed_of, me_of, page

ROWS_MAX = 100


@get("/ripples", opt=needs(Permission.PEERS_READ), include_in_schema=False)
async def ripples(request: Asked) -> Response[str]:
    """Every disturbance this node knows of, and forms to tell another."""
    port = desk_of(request).ports.ripples
    may = me_of(request).may(Permission.RIPPLES_ACT)
    return page(
        request,
        "ripples.html",
        rows=await port.rows(limit=ROWS_MAX),
        forecasts=await port.forecasts(),
        deeds=await port.deeds() if may else (),
    )


@post("/ripples", opt=needs(Permission.RIPPLES_ACT), include_in_schema=False)
async def begin(request: Asked) -> Response[str]:
    """Tell partners of a disturbance."""
    deed, values = await deed_of(request)
    done = await desk_of(request).ports.ripples.begin(deed, values, by=me_of(request).name)
    await note(request, f"ripple.{deed}", done.href.rpartition("/")[2], done.text)
    return page(request, "done.html", done=done, back="/ripples")


@get("/ripples/{name:str}", opt=needs(Permission.PEERS_READ), include_in_schema=False)
async def ripple(request: Asked, name: FromPath[str]) -> Response[str]:
    """One disturbance: what it does here, what partners answered."""
    view = await desk_of(request).ports.ripples.one(name)
    return page(request, "ripple.html", view=view, row=view.row)


HANDLERS = (ripples, begin, ripple)
