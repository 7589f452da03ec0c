"""Connections to equipment: diagnostics, adding, browsing, choosing; and files read in."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from hanse.model.errors import BadConfig, BadInput, NotFound, Refused, TooMuch, Unreachable
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.problems import problem_of
from hanse.web.reading import Asked, convert, deed_of, form_values, go, me_of, page
from hanse.web.routes.trade import attachment
from hanse.web.settings import CHOICE_BODY_MAX, IMPORT_BODY_MAX
from hanse.web.views.connecting import Choosing

FOUND_MAX = 2_000
CHOSEN_MAX = 2_000
CHOICE_FIELDS_MAX = 12_000
FILE_NAME_MAX = 120


@get("/connections", opt=needs(Permission.CONNECTIONS_READ), include_in_schema=False)
async def connections(request: Asked) -> Response[str]:
    """All connections with their diagnostics."""
    ports = desk_of(request).ports.connections
    return page(request, "connections.html", rows=await ports.rows())


@get(
    "/connections/new/{kind:str}", opt=needs(Permission.CONNECTIONS_CHANGE), include_in_schema=False
)
async def new(request: Asked, kind: FromPath[str]) -> Response[str]:
    """The form of a kind of connection."""
    kinds = await desk_of(request).ports.connections.kinds()
    for known in kinds:
        if known.name == kind:
            return page(request, "connection_new.html", kind=known)
    raise NotFound("there is no such kind of connection", subject=kind)


@post(
    "/connections/new/{kind:str}", opt=needs(Permission.CONNECTIONS_CHANGE), include_in_schema=False
)
async def add(request: Asked, kind: FromPath[str]) -> Redirect:
    """Make a connection."""
    values = {name: given[0].strip() for name, given in (await form_values(request)).items()}
    done = await desk_of(request).ports.connections.add(kind, values, by=me_of(request).name)
    await note(request, "connection.added", kind, done.text)
    return go(done.href or "/connections")


@get("/connections/{name:str}", opt=needs(Permission.CONNECTIONS_READ), include_in_schema=False)
async def connection(request: Asked, name: FromPath[str]) -> Response[str]:
    """One connection: state, last error and what to do, gaps, signals."""
    view = await desk_of(request).ports.connections.one(name)
    return page(request, "connection.html", view=view, row=view.row)


@post("/connections/{name:str}", opt=needs(Permission.CONNECTIONS_CHANGE), include_in_schema=False)
async def act(request: Asked, name: FromPath[str]) -> Response[str]:
    """Pause, resume, trust, remove."""
    deed, values = await deed_of(request)
    ports = desk_of(request).ports.connections
    done = await ports.act(name, deed, values, by=me_of(request).name)
    await note(request, f"connection.{deed}", name, done.text)
    return page(request, "done.html", done=done, back="/connections")


@get(
    "/connections/{name:str}/browse",
    opt=needs(Permission.CONNECTIONS_CHANGE),
    include_in_schema=False,
)
async def browse(request: Asked, name: FromPath[str]) -> Response[str]:
    """The device's tree with live values and proposals; or why it cannot be looked at."""
    ports = desk_of(request).ports.connections
    try:
        found, problem = await ports.browse(name, limit=FOUND_MAX), None
    except (Refused, Unreachable, BadConfig) as error:
        found, problem = (), problem_of(error)
    deeds = (await ports.one(name)).deeds if problem else ()
    return page(
        request,
        "browse.html",
        name=name,
        found=found,
        problem=problem,
        types=await ports.asset_types(),
        deeds=[d for d in deeds if d.name == "trust"],
    )


@post(
    "/connections/{name:str}/browse",
    opt=needs(Permission.CONNECTIONS_CHANGE),
    include_in_schema=False,
    request_max_body_size=CHOICE_BODY_MAX,
)
async def choose(request: Asked, name: FromPath[str]) -> Response[str]:
    """Collect what was ticked from now on."""
    chosen = chosen_of(await form_values(request, fields_max=CHOICE_FIELDS_MAX))
    ports = desk_of(request).ports.connections
    done = await ports.choose(name, chosen, by=me_of(request).name)
    await note(request, "connection.chosen", f"{name}: {len(chosen)}", done.text)
    return page(request, "done.html", done=done, back=f"/connections/{name}")


def chosen_of(values: dict[str, list[str]]) -> tuple[Choosing, ...]:
    """The ticked rows of a form.

    ``pick`` holds row numbers, ``path-N`` and so on the rows, ``group-N`` the machine a row belongs
    to, ``asset-G`` and ``type-G`` what that machine is called and is.

    Raises:
        BadInput: nothing is ticked. TooMuch: more than CHOSEN_MAX.
    """
    picked = [n for n in values.get("pick", []) if f"path-{n}" in values]
    if not picked:
        raise BadInput("nothing is chosen", remedy="Tick at least one variable")
    if len(picked) > CHOSEN_MAX:
        raise TooMuch(f"at most {CHOSEN_MAX} variables at a time", remedy="Choose in two steps")

    def said(field: str, n: str) -> str:
        return values.get(f"{field}-{n}", [""])[0].strip()

    rows = [
        {f: said(f, n) for f in ("path", "name", "unit")}
        | {"asset": said("asset", said("group", n)), "asset_type": said("type", said("group", n))}
        for n in picked
    ]
    return tuple(convert(row, Choosing) for row in rows)


@get("/import", opt=needs(Permission.IMPORT), include_in_schema=False)
async def imports(request: Asked) -> Response[str]:
    """Choose a file, or start from a sample."""
    samples = await desk_of(request).ports.imports.samples()
    return page(request, "import.html", samples=samples)


@get("/import/samples/{name:str}", opt=needs(Permission.IMPORT), include_in_schema=False)
async def sample(request: Asked, name: FromPath[str]) -> Response[bytes]:
    """A file that ships."""
    return attachment(await desk_of(request).ports.imports.sample(name), name)


@post(
    "/import",
    opt=needs(Permission.IMPORT),
    include_in_schema=False,
    request_max_body_size=IMPORT_BODY_MAX,
)
async def check(
    request: Asked,
    data: Annotated[dict[str, UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Redirect:
    """Read a file without taking it in."""
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput("no file was chosen", remedy="Choose a CSV or XLSX file")
    name = file.filename.replace("\\", "/").rpartition("/")[2][-FILE_NAME_MAX:]
    ports = desk_of(request).ports.imports
    report = await ports.check(name, await file.read(), by=me_of(request).name)
    return go(f"/import/{report.id}")


@get("/import/{id:str}", opt=needs(Permission.IMPORT), include_in_schema=False)
async def report(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """What a file holds: good rows, and bad ones with what to do."""
    return page(request, "report.html", report=await desk_of(request).ports.imports.one(id))


@post("/import/{id:str}", opt=needs(Permission.IMPORT), include_in_schema=False)
async def apply(request: Asked, id: FromPath[str]) -> Response[str]:  # noqa: A002
    """Take the good rows in."""
    done = await desk_of(request).ports.imports.apply(id, by=me_of(request).name)
    return page(request, "report.html", report=done)


HANDLERS = (
    connections,
    new,
    add,
    connection,
    act,
    browse,
    choose,
    imports,
    sample,
    check,
    report,
    apply,
)
