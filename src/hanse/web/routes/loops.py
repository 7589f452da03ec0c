"""Loops, events and their causes, live."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.drawing.timeline import timeline
from hanse.web.reading import Asked, page

LOOPS_MAX = 100
RECENT_MAX = 100


@get("/loops", opt=needs(Permission.LOOPS_READ), include_in_schema=False)
async def loops(request: Asked) -> Response[str]:
    """All loops, and what happened last."""
    happenings = desk_of(request).ports.happenings
    rows = await happenings.loops(limit=LOOPS_MAX)
    recent = await happenings.recent(limit=RECENT_MAX)
    return page(request, "loops.html", rows=rows, recent=recent)


@get("/loops/{id:str}", opt=needs(Permission.LOOPS_READ), include_in_schema=False)
async def loop(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002 (the address's word)
    """One loop as a timeline."""
    row, events = await desk_of(request).ports.happenings.loop(id)
    return page(request, "loop.html", row=row, line=timeline(events))


@get("/events/{id:str}", opt=needs(Permission.LOOPS_READ), include_in_schema=False)
async def event(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """One event: why it happened, and what it set off."""
    happenings = desk_of(request).ports.happenings
    chain = await happenings.causes(id)
    effects = await happenings.effects(id)
    return page(request, "event.html", event=chain[-1], line=timeline(chain), effects=effects)


HANDLERS = (loops, loop, event)
