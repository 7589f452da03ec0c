"""From a request to its reader and its form."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.response import Redirect

from hanse.model.errors import BadInput
from hanse.web.desk import desk_of
from hanse.web.doors.identity import NOBODY, Identity
from hanse.web.drawing.paper import Reader
from hanse.web.drawing.words import LANGUAGE_COOKIE, choose_language

FORM_FIELDS_MAX = 2_000
FormT = TypeVar("FormT")
Asked = Request[Any, Any, Any]


def me_of(request: Asked) -> Identity:
    """Who is asking; no one where the guard did not run (an unknown address)."""
    user = request.scope.get("user")
    return user if isinstance(user, Identity) else NOBODY


def reader_of(request: Asked) -> Reader:
    """Who reads the answer, and in which language."""
    me, desk = me_of(request), desk_of(request)
    language = choose_language(
        user=me.language,
        cookie=request.cookies.get(LANGUAGE_COOKIE, ""),
        accept=request.headers.get("accept-language", ""),
    )
    return Reader(
        language=language,
        me=me,
        path=request.url.path,
        now=desk.ports.clock.now(),
        has_chain=desk.ports.chain is not None,
    )


def wants_page(request: Asked) -> bool:
    """Whether a browser asks, not a program."""
    if request.url.path.startswith(("/api/", "/peer/", "/push/")):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def page(request: Asked, template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """A page for this reader."""
    html = desk_of(request).paper.render(template, reader_of(request), **context)
    return Response(html, status_code=status, media_type=MediaType.HTML)


def go(path: str) -> Redirect:
    """See another page (303), after something was done."""
    return Redirect(path, status_code=303)


async def form_values(request: Asked, *, fields_max: int = FORM_FIELDS_MAX) -> dict[str, list[str]]:
    """The fields of a posted form as they were typed; nothing is guessed to be a number.

    Raises:
        BadInput: not UTF-8, or more than ``fields_max`` fields.
    """
    body = await request.body()
    try:
        return parse_qs(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=fields_max,
        )
    except ValueError as error:
        raise BadInput("the form cannot be read", remedy="Send it again") from error


async def form_of(request: Asked, kind: type[FormT]) -> FormT:
    """A posted form as a checked Struct; empty fields count as not given.

    Raises:
        BadInput: a field is missing or cannot be used; the sentence names it.
    """
    values = {name: given[0].strip() for name, given in (await form_values(request)).items()}
    return convert({name: value for name, value in values.items() if value}, kind)


def convert(values: dict[str, Any], kind: type[FormT]) -> FormT:
    """Values as a checked Struct.

    Raises:
        BadInput: the sentence names the field.
    """
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(str(error)) from error


async def deed_of(request: Asked) -> tuple[str, dict[str, str]]:
    """The deed a form asks for and the values of its fields.

    Raises:
        BadInput: the form names no deed.
    """
    values = {name: given[0].strip() for name, given in (await form_values(request)).items()}
    deed = values.pop("deed", "")
    if not deed:
        raise BadInput("the form names no deed", remedy="Open the page again")
    return deed, values
