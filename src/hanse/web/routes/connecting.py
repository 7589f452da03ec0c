"""The first value without a specialist: an address or a look round, a mapping as a file, a code."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.model.errors import HanseError
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.drawing.qr import qr_path
from hanse.web.problems import Problem, problem_of
from hanse.web.reading import Asked, form_of, form_values, go, me_of, page
from hanse.web.routes.trade import attachment
from hanse.web.settings import CHOICE_BODY_MAX
from hanse.web.views.connecting import Answering

OPCUA = "opc.tcp://"


class AddressForm(Struct, frozen=True):
    """A device's address as a person knows it."""

    url: Annotated[str, Meta(min_length=3, max_length=1_000)]
    name: Annotated[str, Meta(max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^$")] = ""
    insecure: bool = False


class ScanForm(Struct, frozen=True):
    """A network a person says is theirs to look through."""

    network: Annotated[str, Meta(min_length=7, max_length=60)]


@get("/connect", opt=needs(Permission.CONNECTIONS_CHANGE), include_in_schema=False)
async def connect(request: Asked) -> Response[str]:
    """Enter an address, or look round."""
    return await _page(request)


@post("/connect", opt=needs(Permission.CONNECTIONS_CHANGE), include_in_schema=False)
async def add_url(request: Asked) -> Response[str] | Redirect:
    """Take an address; the device is looked at next."""
    form = None
    try:
        form = await form_of(request, AddressForm)
        url = form.url
        if form.insecure and url.startswith(OPCUA) and "insecure=" not in url:
            url += ("&" if "?" in url else "?") + "insecure=1"
        me = me_of(request).name
        done = await desk_of(request).ports.connections.add_url(url, name=form.name, by=me)
    except HanseError as error:
        return await _page(request, status=400, problem=problem_of(error), form=form)
    await note(request, "connection.added", done.href, done.text)
    return go(done.href)


@post("/connect/scan", opt=needs(Permission.CONNECTIONS_CHANGE), include_in_schema=False)
async def scan(request: Asked) -> Response[str]:
    """Look round in one network; only because a person asked."""
    form = await form_of(request, ScanForm)
    ports = desk_of(request).ports.connections
    try:
        answering, problem = await ports.scan(form.network), None
    except HanseError as error:
        answering, problem = (), problem_of(error)
    return await _page(request, answering=answering, scanned=form.network, problem=problem)


async def _page(
    request: Asked,
    *,
    status: int = 200,
    problem: Problem | None = None,
    form: AddressForm | None = None,
    answering: tuple[Answering, ...] = (),
    scanned: str = "",
) -> Response[str]:
    ports = desk_of(request).ports.connections
    context = {
        "networks": await ports.networks(),
        "kinds": await ports.kinds(),
        "problem": problem,
        "form": form,
        "answering": answering,
        "scanned": scanned,
    }
    return page(request, "connect.html", status=status, **context)


@get(
    "/connections/{name:str}/mapping",
    opt=needs(Permission.CONNECTIONS_CHANGE),
    include_in_schema=False,
)
async def mapping(request: Asked, name: FromPath[str]) -> Response[str]:
    """What is collected, as a text to change."""
    text = await desk_of(request).ports.connections.mapping(name)
    return page(request, "mapping.html", name=name, text=text, problem=None)


@get(
    "/connections/{name:str}/mapping.toml",
    opt=needs(Permission.CONNECTIONS_READ),
    include_in_schema=False,
)
async def mapping_file(request: Asked, name: FromPath[str]) -> Response[bytes]:
    """The same as a file."""
    text = await desk_of(request).ports.connections.mapping(name)
    return attachment(text.encode(), f"{name}.toml")


@post(
    "/connections/{name:str}/mapping",
    opt=needs(Permission.CONNECTIONS_CHANGE),
    include_in_schema=False,
    request_max_body_size=CHOICE_BODY_MAX,
)
async def put_mapping(request: Asked, name: FromPath[str]) -> Response[str]:
    """Collect what the text says; what is wrong in it is said and nothing is changed."""
    text = (await form_values(request)).get("text", [""])[0].replace("\r\n", "\n")
    ports = desk_of(request).ports.connections
    try:
        done = await ports.put_mapping(name, text, by=me_of(request).name)
    except HanseError as error:
        shown = {"name": name, "text": text, "problem": problem_of(error)}
        return page(request, "mapping.html", status=400, **shown)
    await note(request, "connection.mapped", name, done.text)
    return page(request, "done.html", done=done, back=f"/connections/{name}")


@get(
    "/connections/{name:str}/sheet",
    opt=needs(Permission.CONNECTIONS_CHANGE),
    include_in_schema=False,
)
async def sheet(request: Asked, name: FromPath[str]) -> Response[str]:
    """The code to print and put on a machine, or what a sender needs."""
    door = await desk_of(request).ports.connections.link(name)
    return page(request, "sheet.html", door=door, qr=qr_path(door.url))


HANDLERS = (connect, add_url, scan, mapping, mapping_file, put_mapping, sheet)
