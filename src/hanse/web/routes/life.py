"""Remaining life: every watched machine, one with all behind it, training, the planner's word."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.drawing.lives import band
from hanse.web.drawing.moments import typed_instant
from hanse.web.reading import Asked, form_of, go, me_of, page

Word = Annotated[str, QueryParameter(max_length=120)]


class TrainForm(Struct, frozen=True):
    """Which type of machine a new version is trained for, and where to go back to."""

    asset_type: Key
    machine: Annotated[str, Meta(max_length=120)] = ""


class WindowForm(Struct, frozen=True):
    """The planner's word on proposed maintenance; ``since`` as typed, empty as proposed."""

    approval: Annotated[str, Meta(min_length=1, max_length=120)]
    word: Annotated[str, Meta(pattern=r"^(accept|decline)$")]
    since: Annotated[str, Meta(max_length=40)] = ""
    reason: Annotated[str, Meta(max_length=400)] = ""


@get("/life", opt=needs(Permission.MACHINES_READ), include_in_schema=False)
async def lives(request: Asked) -> Response[str]:
    """Every watched machine, the shortest life first."""
    return page(request, "lives.html", rows=await desk_of(request).ports.lives.rows())


@get("/life/one", opt=needs(Permission.MACHINES_READ), include_in_schema=False)
async def life(request: Asked, machine: Word = "") -> Response[str]:
    """One machine: how long it lasts, why, and the versions that say so."""
    view = await desk_of(request).ports.lives.machine(machine)
    numbers, learned = view.row.numbers, view.learned
    drawn = band(numbers, horizon_s=learned.horizon_s, cap_s=learned.cap_s) if numbers else None
    return page(request, "life.html", row=view.row, learned=learned, band=drawn)


@post("/life/train", opt=needs(Permission.RULES_CHANGE), include_in_schema=False)
async def train(request: Asked) -> Redirect:
    """Ask for a new version now."""
    form = await form_of(request, TrainForm)
    done = await desk_of(request).ports.lives.train(form.asset_type, by=me_of(request).name)
    await note(request, "life.asked", form.asset_type, done.text)
    return go(f"/life/one?machine={form.machine}" if form.machine.isascii() else "/life")


@post("/plan/windows", opt=needs(Permission.PLAN_CHANGE), include_in_schema=False)
async def answer(request: Asked) -> Response[str]:
    """Accept proposed maintenance into the plan, or decline it with a reason."""
    form, desk = await form_of(request, WindowForm), desk_of(request)
    zone = desk.ports.firm.timezone
    since = typed_instant(form.since, timezone=zone) if form.since else None
    accepted = form.word == "accept"
    by = me_of(request).name
    done = await desk.ports.lives.answer(
        form.approval, since=since, reason=form.reason, accepted=accepted, by=by
    )
    await note(request, f"window.{form.word}", form.approval, done.text)
    return page(request, "done.html", done=done, back="/plan")


HANDLERS = (lives, life, train, answer)
