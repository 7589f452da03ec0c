"""Clearing as a group, for programs."""

from __future__ import annotations

from litestar import get, post
from litestar.params import JSONBody

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import route
from hanse.web.views.clearing import ClearingRow, ConveneForm, TogetherView
from hanse.web.views.common import Done


@get("/clearing", **route(Permission.TRADE_READ))
async def clearings(request: Asked) -> tuple[ClearingRow, ...]:
    """Clearings we convened or take part in, the newest first."""
    return (await desk_of(request).ports.clearings.view()).rows


@get("/clearing/try", **route(Permission.TRADE_READ))
async def clearing_trial(request: Asked) -> TogetherView:
    """Our open requests and valid offers cleared at once, beside what was chosen."""
    return await desk_of(request).ports.clearings.trial()


@post("/clearing", **route(Permission.TRADE_ACT))
async def convene(request: Asked, data: JSONBody[ConveneForm]) -> Done:
    """Call partners to clear together."""
    done = await desk_of(request).ports.clearings.convene(data, by=me_of(request).name)
    await note(request, "clearing.convened", done.event, done.text)
    return done


HANDLERS = (clearings, clearing_trial, convene)
