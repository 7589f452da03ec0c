"""Setting a signal from a machine's page, and what an owner allows on a connection's."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from hanse.model.setting import REASON_MAX
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, deed_of, form_of, me_of, page
from hanse.web.views.setting import SetRow


class SetForm(Struct, frozen=True):
    """A value for a signal as it was typed; ``id`` makes a form that is sent twice count once."""

    machine: Annotated[str, Meta(min_length=1, max_length=120)]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    value: Annotated[str, Meta(min_length=1, max_length=400)]
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_MAX)]
    id: Annotated[str, Meta(min_length=8, max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]


class WordForm(Struct, frozen=True):
    """A person's word on an attempt that waits."""

    id: Annotated[str, Meta(min_length=1, max_length=120)]
    word: Annotated[str, Meta(pattern=r"^(agree|decline)$")]


@post("/set", opt=needs(Permission.SIGNALS_SET), include_in_schema=False)
async def set_signal(request: Asked) -> Response[str]:
    """Set a signal; the page says what came of it."""
    form = await form_of(request, SetForm)
    row = await desk_of(request).ports.setting.set(
        form.machine,
        form.name,
        form.value,
        reason=form.reason,
        by=me_of(request).name,
        id_=form.id,
    )
    return await _told(request, row, "signal.set")


@post("/set/word", opt=needs(Permission.SIGNALS_SET), include_in_schema=False)
async def word(request: Asked) -> Response[str]:
    """Agree to an attempt that waits, or decline it."""
    form = await form_of(request, WordForm)
    ports, by = desk_of(request).ports.setting, me_of(request).name
    row = await ports.decide(form.id, agree=form.word == "agree", by=by)
    return await _told(request, row, f"signal.{form.word}")


async def _told(request: Asked, row: SetRow, what: str) -> Response[str]:
    await note(request, what, f"{row.machine} {row.name}", row.state.label)
    return page(request, "set.html", row=row)


@get(
    "/connections/{name:str}/writing",
    opt=needs(Permission.CONNECTIONS_CHANGE),
    include_in_schema=False,
)
async def writing(request: Asked, name: FromPath[str]) -> Response[str]:
    """What may be set and given over a connection."""
    view = await desk_of(request).ports.setting.writing(name)
    return page(request, "writing.html", view=view)


@post(
    "/connections/{name:str}/writing",
    opt=needs(Permission.CONNECTIONS_CHANGE),
    include_in_schema=False,
)
async def allow(request: Asked, name: FromPath[str]) -> Response[str]:
    """Allow, or forbid again."""
    deed, values = await deed_of(request)
    done = await desk_of(request).ports.setting.allow(name, deed, values, by=me_of(request).name)
    await note(request, f"connection.{deed}", name, done.text)
    return page(request, "done.html", done=done, back=f"/connections/{name}/writing")


HANDLERS = (set_signal, word, writing, allow)
