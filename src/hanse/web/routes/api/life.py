"""Remaining life and proposed maintenance, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.model.time import Instant
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import Name, route
from hanse.web.views.common import Done
from hanse.web.views.life import LifeRow, LifeView, WindowRow
from hanse.web.views.losses import ShiftView


class TrainBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which type of machine a new version is trained for."""

    asset_type: Key


class WindowBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The planner's word on proposed maintenance; declining needs a reason."""

    approval: Annotated[str, Meta(min_length=1, max_length=120)]
    accepted: bool
    since: Instant | None = None
    reason: Annotated[str, Meta(max_length=400)] = ""


@get("/machines/{name:str}/shift", **route(Permission.MACHINES_READ))
async def shift(request: Asked, name: Name) -> ShiftView:
    """A machine since its shift began: states, stops with reasons, figures, energy."""
    return await desk_of(request).ports.losses.shift(name)


@get("/life", **route(Permission.MACHINES_READ))
async def lives(request: Asked) -> tuple[LifeRow, ...]:
    """How long every watched machine will last, the shortest first."""
    return await desk_of(request).ports.lives.rows()


@get("/life/{name:str}", **route(Permission.MACHINES_READ))
async def life(request: Asked, name: Name) -> LifeView:
    """One machine's remaining life, and the versions behind it."""
    return await desk_of(request).ports.lives.machine(name)


@post("/life/train", **route(Permission.RULES_CHANGE))
async def train(request: Asked, data: JSONBody[TrainBody]) -> Done:
    """Ask for a new version now."""
    done = await desk_of(request).ports.lives.train(data.asset_type, by=me_of(request).name)
    await note(request, "life.asked", data.asset_type, done.text)
    return done


@get("/plan/windows", **route(Permission.PLAN_READ))
async def windows(request: Asked) -> tuple[WindowRow, ...]:
    """Maintenance that is proposed before a failure."""
    return await desk_of(request).ports.lives.windows()


@post("/plan/windows", **route(Permission.PLAN_CHANGE))
async def answer(request: Asked, data: JSONBody[WindowBody]) -> Done:
    """Accept proposed maintenance into the plan, or decline it with a reason."""
    by, ports = me_of(request).name, desk_of(request).ports.lives
    done = await ports.answer(
        data.approval, since=data.since, reason=data.reason, accepted=data.accepted, by=by
    )
    word = "accept" if data.accepted else "decline"
    await note(request, f"window.{word}", data.approval, done.text)
    return done


HANDLERS = (shift, lives, life, train, windows, answer)
