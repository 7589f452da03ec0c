"""Setting signals, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from hanse.model.setting import REASON_MAX
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.secrets import new_secret
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import Name, route
from hanse.web.views.setting import SetRow, SettingView

Signal = Annotated[str, PathParameter(min_length=1, max_length=80)]


class ValueBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a signal is set to, and why. With an ``id`` the same call again is not done again."""

    value: Annotated[
        str, Meta(min_length=1, max_length=400, description="As it is typed: 12.5, on, auto")
    ]
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_MAX)]
    id: Annotated[str, Meta(max_length=80, pattern=r"^[A-Za-z0-9._-]*$")] = ""


class WordBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A person's word on an attempt that waits."""

    agree: bool


@get("/machines/{name:str}/setting", **route(Permission.MACHINES_READ))
async def setting(request: Asked, name: Name) -> SettingView:
    """What may be set at a machine, by whom and within what, and what waits for a person."""
    return await desk_of(request).ports.setting.at(name)


@post("/machines/{name:str}/signals/{signal:str}/value", **route(Permission.SIGNALS_SET))
async def set_value(
    request: Asked, name: Name, signal: Signal, data: JSONBody[ValueBody]
) -> SetRow:
    """Set a signal once; the answer says whether the device has it, or that nobody knows."""
    row = await desk_of(request).ports.setting.set(
        name,
        signal,
        data.value,
        reason=data.reason,
        by=me_of(request).name,
        id_=data.id or new_secret(),
    )
    await note(request, "signal.set", f"{name} {signal}", row.state.label)
    return row


@post("/sets/{name:str}", **route(Permission.SIGNALS_SET))
async def decide(request: Asked, name: Name, data: JSONBody[WordBody]) -> SetRow:
    """Agree to an attempt that waits, which carries it out, or decline it."""
    ports, by = desk_of(request).ports.setting, me_of(request).name
    row = await ports.decide(name, agree=data.agree, by=by)
    await note(request, f"signal.{'agree' if data.agree else 'decline'}", name, row.state.label)
    return row


HANDLERS = (setting, set_value, decide)
