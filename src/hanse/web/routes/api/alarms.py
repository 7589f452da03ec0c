"""Alarms, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.reading import Asked, me_of
from hanse.web.routes.alarms import HOURS_MAX
from hanse.web.routes.api.kinds import DEED_VALUES_MAX, Limit, route
from hanse.web.views.common import VALUE_MAX, Done
from hanse.web.views.plant import AlarmPerformance, AlarmRow


class AlarmDeed(Struct, frozen=True, forbid_unknown_fields=True):
    """A deed to an alarm, with the values of its fields (``note``, ``hours``)."""

    alarm: Annotated[str, Meta(min_length=1, max_length=400)]
    deed: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    values: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
            Annotated[str, Meta(max_length=VALUE_MAX)],
        ],
        Meta(max_length=DEED_VALUES_MAX),
    ] = {}


@get("/alarms", **route(Permission.ALARMS_READ))
async def alarms(request: Asked, limit: Limit = 100) -> tuple[AlarmRow, ...]:
    """Alarms that need someone or are kept quiet, the most urgent first."""
    return await desk_of(request).ports.alarms.rows(limit=limit)


@get("/alarms/one", **route(Permission.ALARMS_READ))
async def one(
    request: Asked, alarm: Annotated[str, QueryParameter(min_length=1, max_length=400)]
) -> AlarmRow:
    """One alarm, also one that is over."""
    return await desk_of(request).ports.alarms.one(alarm)


@post("/alarms/act", **route(Permission.ALARMS_ACT))
async def act(request: Asked, data: JSONBody[AlarmDeed]) -> Done:
    """Acknowledge, confirm, comment, shelve, suppress, take out of service, and their ends."""
    ports = desk_of(request).ports
    return await ports.alarms.act(data.alarm, data.deed, data.values, by=me_of(request).name)


@get("/alarms/performance", **route(Permission.ALARMS_READ))
async def performance(
    request: Asked, hours: Annotated[int, QueryParameter(ge=1, le=HOURS_MAX)] = 24
) -> AlarmPerformance:
    """How well the alarms themselves work: the figures of ISA-18.2."""
    return await desk_of(request).ports.alarms.performance(hours=hours)


HANDLERS = (alarms, one, act, performance)
