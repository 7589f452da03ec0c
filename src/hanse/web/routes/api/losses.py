"""OEE, losses and stops, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import route
from hanse.web.routes.losses import Grouping, Hours, Word
from hanse.web.views.common import Done
from hanse.web.views.losses import LossesView, StopsView


class ReasonBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a machine stood: a reason of the trade's list, or words of one's own."""

    stop: Annotated[str, Meta(min_length=1, max_length=200)]
    reason: Annotated[str, Meta(min_length=1, max_length=80)]


@get("/oee", **route(Permission.MACHINES_READ))
async def oee(request: Asked, by: Grouping = "machine", hours: Hours = 24) -> LossesView:
    """OEE by machine, line, shift or product, each loss with its stops."""
    return await desk_of(request).ports.losses.figures(by=by, hours=hours)


@get("/stops", **route(Permission.MACHINES_READ))
async def stops(request: Asked, machine: Word = "", hours: Hours = 24) -> StopsView:
    """Stops, those that nobody has explained first."""
    return await desk_of(request).ports.losses.stops(machine=machine, hours=hours)


@post("/stops", **route(Permission.ALARMS_ACT))
async def explain(request: Asked, data: JSONBody[ReasonBody]) -> Done:
    """Say why a machine stood."""
    ports = desk_of(request).ports.losses
    done = await ports.explain(data.stop, data.reason, by=me_of(request).name)
    await note(request, "stop.explained", data.stop, done.text)
    return done


HANDLERS = (oee, stops, explain)
