"""Where messages about alarms go: channels, the mail server, a test button."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.response import Redirect

from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.reading import Asked, deed_of, form_values, go, me_of, page


@get("/notices", opt=needs(Permission.NOTICES_READ), include_in_schema=False)
async def notices(request: Asked) -> Response[str]:
    """Every channel and what waits."""
    view = await desk_of(request).ports.notices.view()
    return page(request, "notices.html", view=view)


@post("/notices", opt=needs(Permission.NOTICES_CHANGE), include_in_schema=False)
async def add(request: Asked) -> Redirect:
    """Set a channel."""
    values = {name: given[0].strip() for name, given in (await form_values(request)).items()}
    done = await desk_of(request).ports.notices.put(values, by=me_of(request).name)
    await note(request, "channel.set", values.get("key", ""), done.text)
    return go("/notices")


@post("/notices/mail", opt=needs(Permission.NOTICES_CHANGE), include_in_schema=False)
async def mail(request: Asked) -> Redirect:
    """Set the mail server."""
    values = {name: given[0].strip() for name, given in (await form_values(request)).items()}
    done = await desk_of(request).ports.notices.put_mail(values, by=me_of(request).name)
    await note(request, "mail.set", values.get("host", ""), done.text)
    return go("/notices")


@post("/notices/calls", opt=needs(Permission.NOTICES_CHANGE), include_in_schema=False)
async def calls(request: Asked) -> Redirect:
    """Set who is called, and who next while nobody acknowledges."""
    values = {name: given[0].strip() for name, given in (await form_values(request)).items()}
    done = await desk_of(request).ports.notices.put_calls(values, by=me_of(request).name)
    await note(request, "calls.set", "", done.text)
    return go("/notices")


@post("/notices/act", opt=needs(Permission.NOTICES_CHANGE), include_in_schema=False)
async def act(request: Asked) -> Response[str]:
    """Test, pause, resume or remove a channel."""
    deed, values = await deed_of(request)
    key = values.pop("channel", "")
    done = await desk_of(request).ports.notices.act(key, deed, by=me_of(request).name)
    await note(request, f"channel.{deed}", key, done.text)
    return page(request, "done.html", done=done, back="/notices")


HANDLERS = (notices, add, mail, calls, act)
