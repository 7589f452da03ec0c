"""Where messages about alarms go, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from hanse.model.ids import Key
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import DEED_VALUES_MAX, route
from hanse.web.views.common import VALUE_MAX, Done
from hanse.web.views.notices import NoticesView

Values = Annotated[
    dict[
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
        Annotated[str, Meta(max_length=VALUE_MAX)],
    ],
    Meta(max_length=DEED_VALUES_MAX),
]


class ChannelBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a channel, as on the page's form."""

    values: Values


class ChannelDeed(Struct, frozen=True, forbid_unknown_fields=True):
    """``test``, ``pause``, ``resume`` or ``remove``, to a channel."""

    channel: Key
    deed: Annotated[str, Meta(pattern=r"^(test|pause|resume|remove)$")]


@get("/notices", **route(Permission.NOTICES_READ))
async def notices(request: Asked) -> NoticesView:
    """Channels, how they fare, and what waits."""
    return await desk_of(request).ports.notices.view()


@post("/notices", **route(Permission.NOTICES_CHANGE))
async def put(request: Asked, data: JSONBody[ChannelBody]) -> Done:
    """Set a channel; secrets go to the node's key folder and are never shown again."""
    done = await desk_of(request).ports.notices.put(data.values, by=me_of(request).name)
    await note(request, "channel.set", data.values.get("key", ""), done.text)
    return done


@post("/notices/act", **route(Permission.NOTICES_CHANGE))
async def act(request: Asked, data: JSONBody[ChannelDeed]) -> Done:
    """Send a test message now, pause, resume or remove a channel."""
    ports = desk_of(request).ports.notices
    done = await ports.act(data.channel, data.deed, by=me_of(request).name)
    await note(request, f"channel.{data.deed}", data.channel, done.text)
    return done


HANDLERS = (notices, put, act)
