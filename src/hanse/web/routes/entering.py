"""Doors for values: senders push JSON, people scan the code on a machine. A token opens each."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from hanse.model.errors import BadInput, HanseError, NotAllowed
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.problems import problem_of
from hanse.web.reading import Asked, form_of, go, page
from hanse.web.settings import PUSH_BODY_MAX
from hanse.web.views.entering import Entered, Taken

BEARER = "Bearer "


@post(
    "/push/v1/{name:str}",
    opt=needs(Permission.DEVICE),
    include_in_schema=False,
    request_max_body_size=PUSH_BODY_MAX,
    status_code=200,
)
async def push(request: Asked, name: FromPath[str]) -> Taken:
    """Values of a sender: ``{"name": value}`` or ``[{"name", "value", "at"}]``."""
    shown = request.headers.get("authorization", "")
    if not shown.startswith(BEARER):
        raise NotAllowed("no token was shown", remedy="Send Authorization: Bearer TOKEN")
    return await desk_of(request).ports.doors.push(
        name,
        await request.body(),
        content_type=request.headers.get("content-type", ""),
        token=shown.removeprefix(BEARER),
    )


@get("/count/{name:str}/{token:str}", opt=needs(Permission.DEVICE), include_in_schema=False)
async def count(request: Asked, name: FromPath[str], token: FromPath[str]) -> Response[str]:
    """The page behind a code on a machine: count, choose a state, say why it stands."""
    sheet = await desk_of(request).ports.doors.sheet(name, token=token)
    kept = request.query_params.get("kept", "")
    return page(request, "count.html", sheet=sheet, kept=kept, problem=None)


@post("/count/{name:str}/{token:str}", opt=needs(Permission.DEVICE), include_in_schema=False)
async def enter(
    request: Asked, name: FromPath[str], token: FromPath[str]
) -> Response[str] | Redirect:
    """Keep one entry; the page comes again with what was kept."""
    doors = desk_of(request).ports.doors
    sheet = await doors.sheet(name, token=token)
    try:
        entered = await form_of(request, Entered)
        taken = await doors.enter(name, entered, token=token)
        if taken.rejected:
            raise BadInput(taken.rejected[0])
    except HanseError as error:
        problem = problem_of(error)
        return page(request, "count.html", status=400, sheet=sheet, kept="", problem=problem)
    return go(f"/count/{name}/{token}?kept={sheet_index(sheet, entered.name)}")


def sheet_index(sheet: object, name: str) -> int:
    """Which line of a sheet was entered, from 1; 0 where there is none."""
    names = [asked.name for asked in getattr(sheet, "asked", ())]
    return names.index(name) + 1 if name in names else 0


HANDLERS = (push, count, enter)
