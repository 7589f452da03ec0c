"""The page on which a person asks other firms: lines added, found, attached, and sent."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from msgspec import structs

from hanse.model.errors import BadInput, HanseError
from hanse.model.text import Text
from hanse.web.asking import (
    Typed,
    TypedLine,
    at,
    form_from,
    rows_of,
    typed_from,
    with_line,
    with_rows,
    without_line,
)
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.problems import problem_of
from hanse.web.reading import Asked, form_values, go, me_of, page, reader_of
from hanse.web.settings import FILE_BODY_MAX

WORDS_MAX = 400
Fields = dict[str, list[str]]
Files = dict[str, UploadFile]


@get("/trade/ask", opt=needs(Permission.TRADE_ACT), include_in_schema=False)
async def ask_page(request: Asked) -> Response[str]:
    """The form of a request; with words it shows what they may mean."""
    given = request.query_params
    words, drawing = given.get("words", "")[:WORDS_MAX], given.get("drawing", "")[:60]
    name = (await desk_of(request).ports.trade.file(drawing))[0] if drawing else ""
    line = TypedLine(words=words, drawing=drawing, drawing_name=name)
    return await _form(request, Typed(lines=(line,)))


@post(
    "/trade/ask",
    opt=needs(Permission.TRADE_ACT),
    include_in_schema=False,
    request_max_body_size=FILE_BODY_MAX,
)
async def ask(request: Asked) -> Response[str]:
    """Ask other firms, or change the form and show it again with all that was typed."""
    values, files = await _sent(request)
    typed, do = typed_from(values), (values.get("do") or [""])[0]
    if not do and any((values.get("table") or [""])[0].split()):
        do = "rows"  # what was pasted is looked at before it is sent
    try:
        typed = await _attached(request, typed, files)
        if do:
            return await _form(request, await _changed(request, typed, do, (values, files)))
        if any(line.is_unclear for line in typed.lines):
            return await _form(request, typed)
        ports = desk_of(request).ports
        form = form_from(typed, timezone=ports.firm.timezone)
        done = await ports.trade.ask(form, by=me_of(request).name)
    except HanseError as error:
        return await _form(request, typed, error)
    return page(request, "done.html", done=done, back="/trade")


async def _sent(request: Asked) -> tuple[Fields, Files]:
    """The fields and files of the form, however it was sent."""
    kind = request.content_type[0]
    if kind != RequestEncodingType.MULTI_PART:
        return await form_values(request), {}
    fields: Fields = {}
    files: Files = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            files |= {name: value} if value.filename else {}
        else:
            fields.setdefault(name, []).append(str(value))
    return fields, files


async def _changed(request: Asked, typed: Typed, do: str, sent: tuple[Fields, Files]) -> Typed:
    """The form after one of its buttons.

    Raises:
        BadInput: there is no such button.
    """
    what, _, place = do.partition("-")
    values, files = sent
    match what:
        case "add":
            return with_line(typed)
        case "remove" if place.isdecimal():
            return without_line(typed, int(place))
        case "find":
            return typed
        case "rows":
            text = "\n".join(values.get("table") or ())
            if "table_file" in files:
                chinese = reader_of(request).language == "zh"
                text += await _text_of(files["table_file"], chinese=chinese)
            return with_rows(typed, rows_of(text))
        case _:
            raise BadInput("there is no such deed", subject=do[:40])


async def _text_of(file: UploadFile, *, chinese: bool) -> str:
    """A CSV file's text: UTF-8, else as spreadsheets of the reader's language write it."""
    body = await file.read()
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("gb18030" if chinese else "cp1252", errors="replace")


async def _attached(request: Asked, typed: Typed, files: Files) -> Typed:
    """Drawings that came with the form are kept, each with its line."""
    lines = list(typed.lines)
    for n, line in enumerate(lines):
        file = files.get(at("file", n + 1))
        if file is not None:
            kept = await _keep(request, file)
            lines[n] = structs.replace(line, drawing=kept[0], drawing_name=kept[1])
    return structs.replace(typed, lines=tuple(lines))


async def _keep(request: Asked, file: UploadFile) -> tuple[str, str]:
    name = file.filename.replace("\\", "/").rpartition("/")[2][-120:]
    trade = desk_of(request).ports.trade
    kept = await trade.keep_file(name, await file.read(), by=me_of(request).name)
    await note(request, "trade.file", kept.digest, Text(f"kept {name}", f"已保存 {name}"))
    return kept.digest, name


async def _form(request: Asked, typed: Typed, error: HanseError | None = None) -> Response[str]:
    """The form with what was typed, what free words may mean, and what was wrong with it."""
    ports, lines = desk_of(request).ports, []
    for line in typed.lines:
        found = await ports.trade.candidates(line.words) if line.words and not line.item else ()
        lines.append(structs.replace(line, candidates=found))
    problem = problem_of(error) if error else None
    return page(
        request,
        "ask.html",
        status=problem.status if problem else 200,
        peers=await ports.peers.rows(),
        typed=structs.replace(typed, lines=tuple(lines)),
        at=at,
        problem=problem,
        capabilities=await ports.trade.capabilities(),
    )


@post(
    "/trade/files",
    opt=needs(Permission.TRADE_ACT),
    include_in_schema=False,
    request_max_body_size=FILE_BODY_MAX,
)
async def keep_file(
    request: Asked,
    data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Redirect:
    """Keep a drawing; the form of the request goes on with it."""
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput("no file was chosen", remedy="Choose a drawing")
    digest, _ = await _keep(request, file)
    words = str(data.get("words", ""))[:WORDS_MAX]
    return go(f"/trade/ask?{urlencode({'drawing': digest, 'words': words})}")


HANDLERS = (ask_page, ask, keep_file)
