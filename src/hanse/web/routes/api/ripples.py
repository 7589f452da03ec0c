"""Disturbances through the chain, for programs."""

from __future__ import annotations

from litestar import get, post
from litestar.params import JSONBody

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import DeedForm, Limit, Name, route
from hanse.web.views.common import Deed, Done
from hanse.web.views.rippling import ForecastRow, RippleRow, RippleView


@get("/ripples", **route(Permission.PEERS_READ))
async def ripples(request: Asked, limit: Limit = 100) -> tuple[RippleRow, ...]:
    """Disturbances, newest first."""
    return await desk_of(request).ports.ripples.rows(limit=limit)


@get("/ripples/forms", **route(Permission.PEERS_READ))
async def ripple_forms(request: Asked) -> tuple[Deed, ...]:
    """What may be told here: each kind of disturbance with its fields."""
    return await desk_of(request).ports.ripples.deeds()


@get("/forecasts", **route(Permission.PEERS_READ))
async def forecasts(request: Asked) -> tuple[ForecastRow, ...]:
    """Demand by week that customers told us, and that suppliers were told by us."""
    return await desk_of(request).ports.ripples.forecasts()


@get("/ripples/{name:str}", **route(Permission.PEERS_READ))
async def ripple(request: Asked, name: Name) -> RippleView:
    """One disturbance: what it does here, what partners answered."""
    return await desk_of(request).ports.ripples.one(name)


@post("/ripples", **route(Permission.RIPPLES_ACT))
async def begin_ripple(request: Asked, data: JSONBody[DeedForm]) -> Done:
    """Tell partners of a disturbance: machine, late, sale, more or less."""
    ports, by = desk_of(request).ports, me_of(request).name
    done = await ports.ripples.begin(data.deed, data.values, by=by)
    await note(request, f"ripple.{data.deed}", done.href.rpartition("/")[2], done.text)
    return done


HANDLERS = (forecasts, ripples, ripple_forms, ripple, begin_ripple)
