"""What a person is asked, with everything prepared."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, form_of, me_of, page

ROWS_MAX = 200
DECLINE = "decline"


class Decision(Struct, frozen=True):
    """A choice by its name, or ``decline``."""

    choice: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    note: Annotated[str, Meta(max_length=2_000)] = ""


@get("/approvals", opt=needs(Permission.APPROVALS_READ), include_in_schema=False)
async def approvals(request: Asked) -> Response[str]:
    """Open questions first, then the decided ones."""
    rows = await desk_of(request).ports.approvals.rows(open_only=False, limit=ROWS_MAX)
    return page(request, "approvals.html", rows=rows)


@get("/approvals/{id:str}", opt=needs(Permission.APPROVALS_READ), include_in_schema=False)
async def approval(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """One question."""
    row = await desk_of(request).ports.approvals.one(id)
    return page(request, "approval.html", row=row, done=None)


@post("/approvals/{id:str}", opt=needs(Permission.APPROVALS_DECIDE), include_in_schema=False)
async def decide(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """Agree to a choice, or decline."""
    form = await form_of(request, Decision)
    ports, choice = desk_of(request).ports, None if form.choice == DECLINE else form.choice
    done = await ports.approvals.decide(id, choice=choice, note=form.note, by=me_of(request).name)
    await note(request, "approval.decided", f"{id} {form.choice}", done.text)
    return page(request, "approval.html", row=await ports.approvals.one(id), done=done)


HANDLERS = (approvals, approval, decide)
