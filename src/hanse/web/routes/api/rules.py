"""Rules, for programs: the same text as in files."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from hanse.model.errors import BadInput
from hanse.model.ids import Key
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import route
from hanse.web.views.common import Done
from hanse.web.views.rules import RuleFileView, RuleRow, Toml, TrialView


class RulesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of rules."""

    key: Key
    text: Toml


class TrialBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Rules, and the time they are tried on (RFC 3339 with an offset)."""

    key: Key
    text: Toml
    start: Annotated[dt.datetime, Meta(tz=True)]
    end: Annotated[dt.datetime, Meta(tz=True)]


class ArmBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule by its key, and whether it is to count."""

    rule: Key
    armed: bool


class RemoveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of rules by its key."""

    key: Key


@get("/rules", **route(Permission.RULES_READ))
async def rules(request: Asked) -> tuple[RuleRow, ...]:
    """Every rule, shipped and own, and whether it is armed."""
    return await desk_of(request).ports.rules.rows()


@get("/rules/file", **route(Permission.RULES_READ))
async def file(
    request: Asked, key: Annotated[str, QueryParameter(min_length=1, max_length=120)]
) -> RuleFileView:
    """A file of rules with its versions."""
    return await desk_of(request).ports.rules.file(key)


@post("/rules", **route(Permission.RULES_CHANGE))
async def keep(request: Asked, data: JSONBody[RulesBody]) -> Done:
    """Keep a file of rules as its next version; the running engine takes it up."""
    done = await desk_of(request).ports.rules.keep(data.key, data.text, by=me_of(request).name)
    await note(request, "rules.changed", data.key, done.text)
    return done


@post("/rules/trial", **route(Permission.RULES_CHANGE))
async def trial(request: Asked, data: JSONBody[TrialBody]) -> TrialView:
    """What rules would have done on this node's history; changes nothing."""
    if not data.start < data.end:
        raise BadInput("the time is empty or backwards", remedy="Let start be before end")
    ports = desk_of(request).ports.rules
    return await ports.trial(data.key, data.text, start=data.start, end=data.end)


@post("/rules/arm", **route(Permission.RULES_CHANGE))
async def arm(request: Asked, data: JSONBody[ArmBody]) -> Done:
    """Arm or disarm a rule."""
    ports = desk_of(request).ports.rules
    done = await ports.arm(data.rule, armed=data.armed, by=me_of(request).name)
    await note(request, "rule.armed" if data.armed else "rule.disarmed", data.rule, done.text)
    return done


@post("/rules/remove", **route(Permission.RULES_CHANGE))
async def remove(request: Asked, data: JSONBody[RemoveBody]) -> Done:
    """Take a file of rules away; its versions stay."""
    done = await desk_of(request).ports.rules.remove(data.key, by=me_of(request).name)
    await note(request, "rules.removed", data.key, done.text)
    return done


HANDLERS = (rules, file, keep, trial, arm, remove)
