"""Loops, events, approvals, connections, files and health, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from hanse.model.event import Event
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, me_of
from hanse.web.routes.api.kinds import Limit, Name, route
from hanse.web.settings import IMPORT_BODY_MAX
from hanse.web.views.common import Done
from hanse.web.views.connecting import ConnectionRow, ConnectionView, ImportReport
from hanse.web.views.loops import Approval, LoopRow
from hanse.web.views.people import AuditPage, FirmCard
from hanse.web.views.running import Readiness


class LoopView(Struct, frozen=True):
    """A loop and its events, oldest first."""

    loop: LoopRow
    events: tuple[Event, ...]


class DecisionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A choice by its name, or null to decline."""

    choice: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None
    note: Annotated[str, Meta(max_length=2_000)] = ""


@get("/firm", **route(Permission.SELF))
async def firm(request: Asked) -> FirmCard:
    """Whose node this is."""
    return desk_of(request).ports.firm


@get("/loops", **route(Permission.LOOPS_READ))
async def loops(request: Asked, limit: Limit = 100) -> tuple[LoopRow, ...]:
    """Loops, newest first."""
    return await desk_of(request).ports.happenings.loops(limit=limit)


@get("/loops/{name:str}", **route(Permission.LOOPS_READ))
async def loop(request: Asked, name: Name) -> LoopView:
    """A loop and its events."""
    return LoopView(*await desk_of(request).ports.happenings.loop(name))


@get("/events", **route(Permission.LOOPS_READ))
async def events(
    request: Asked,
    limit: Limit = 100,
    subject: Annotated[str, QueryParameter(max_length=300)] = "",
) -> tuple[Event, ...]:
    """Events, newest first; of one subject, or of all."""
    return await desk_of(request).ports.happenings.recent(limit=limit, subject=subject)


@get("/events/{name:str}/causes", **route(Permission.LOOPS_READ))
async def causes(request: Asked, name: Name) -> tuple[Event, ...]:
    """The chain of causes of an event, root first."""
    return await desk_of(request).ports.happenings.causes(name)


@get("/approvals", **route(Permission.APPROVALS_READ))
async def approvals(request: Asked, limit: Limit = 100) -> tuple[Approval, ...]:
    """What a person is asked, the most urgent first."""
    return await desk_of(request).ports.approvals.rows(open_only=True, limit=limit)


@post("/approvals/{name:str}", **route(Permission.APPROVALS_DECIDE))
async def decide(request: Asked, name: Name, data: JSONBody[DecisionBody]) -> Done:
    """Agree to a choice, or decline."""
    ports, by = desk_of(request).ports, me_of(request).name
    done = await ports.approvals.decide(name, choice=data.choice, note=data.note, by=by)
    await note(request, "approval.decided", f"{name} {data.choice or 'decline'}", done.text)
    return done


@get("/connections", **route(Permission.CONNECTIONS_READ))
async def connections(request: Asked) -> tuple[ConnectionRow, ...]:
    """Connections with their diagnostics."""
    return await desk_of(request).ports.connections.rows()


@get("/connections/{name:str}", **route(Permission.CONNECTIONS_READ))
async def connection(request: Asked, name: Name) -> ConnectionView:
    """One connection with its gaps and signals."""
    return await desk_of(request).ports.connections.one(name)


@post("/imports", **route(Permission.IMPORT), request_max_body_size=IMPORT_BODY_MAX)
async def check_file(
    request: Asked,
    file: Annotated[str, QueryParameter(min_length=1, max_length=120, description="File name")],
) -> ImportReport:
    """Read a file (the body, as it is) without taking it in."""
    body = await request.body()
    return await desk_of(request).ports.imports.check(file, body, by=me_of(request).name)


@get("/imports/{name:str}", **route(Permission.IMPORT))
async def report(request: Asked, name: Name) -> ImportReport:
    """The report of a file."""
    return await desk_of(request).ports.imports.one(name)


@post("/imports/{name:str}", **route(Permission.IMPORT))
async def apply(request: Asked, name: Name) -> ImportReport:
    """Take the good rows of a checked file in."""
    return await desk_of(request).ports.imports.apply(name, by=me_of(request).name)


@get("/health", **route(Permission.HEALTH_READ))
async def health(request: Asked) -> Readiness:
    """Every check with its reason."""
    return await desk_of(request).ports.health.ready()


@get("/audit", **route(Permission.AUDIT_READ))
async def audit(request: Asked, limit: Limit = 100) -> AuditPage:
    """Who did what, newest first, and whether the log is whole."""
    return await desk_of(request).ports.audit.page(limit=limit)


HANDLERS = (
    firm,
    loops,
    loop,
    events,
    causes,
    approvals,
    decide,
    connections,
    connection,
    check_file,
    report,
    apply,
    health,
    audit,
)
