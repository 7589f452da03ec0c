"""Clearing as a group: convene, see what was proposed, and try it on our own requests."""

from __future__ import annotations

from litestar import Response, get, post

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, convert, form_values, me_of, page
from hanse.web.views.clearing import ConveneForm


@get("/trade/clearing", opt=needs(Permission.TRADE_READ), include_in_schema=False)
async def clearings(request: Asked) -> Response[str]:
    """Clearings, the trial, and the form to convene."""
    ports = desk_of(request).ports
    firms = [row for row in await ports.peers.rows() if row.pinned]
    return page(request, "clearing.html", view=await ports.clearings.view(), firms=firms)


@post("/trade/clearing", opt=needs(Permission.TRADE_ACT), include_in_schema=False)
async def convene(request: Asked) -> Response[str]:
    """Call the ticked firms."""
    given = await form_values(request)
    values = {name: found[0].strip() for name, found in given.items() if name != "members"}
    told = {name: value for name, value in values.items() if value}
    form = convert({**told, "members": tuple(given.get("members", ()))}, ConveneForm)
    done = await desk_of(request).ports.clearings.convene(form, by=me_of(request).name)
    await note(request, "clearing.convened", done.event, done.text)
    return page(request, "done.html", done=done, back="/trade/clearing")


HANDLERS = (clearings, convene)
