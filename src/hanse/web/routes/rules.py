"""Rules: the list, the way from a template to an armed rule, editing, trials, arming."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.model.errors import BadInput, HanseError
from hanse.model.ids import Key
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import note
from hanse.web.drawing.trials import charts
from hanse.web.problems import problem_of
from hanse.web.reading import Asked, convert, form_of, form_values, go, me_of, page
from hanse.web.views.rules import Toml

HOURS_MAX = 24 * 400
_Word = Annotated[str, QueryParameter(max_length=200)]


class DraftForm(Struct, frozen=True):
    """A file of rules as it is typed, and what is to be done with it."""

    key: Key
    text: Toml
    todo: Annotated[str, Meta(pattern=r"^(try|keep)$")]
    hours: Annotated[float, Meta(gt=0, le=HOURS_MAX)] = 24.0


class ArmForm(Struct, frozen=True):
    """A rule, and whether it is to count."""

    rule: Key
    armed: bool


class KeyForm(Struct, frozen=True):
    """A file of rules."""

    key: Key


@get("/rules", opt=needs(Permission.RULES_READ), include_in_schema=False)
async def rules(request: Asked) -> Response[str]:
    """Every rule, by the type of asset it is for."""
    rows = await desk_of(request).ports.rules.rows()
    return page(request, "rules.html", rows=rows)


@get("/rules/new", opt=needs(Permission.RULES_CHANGE), include_in_schema=False)
async def new(
    request: Asked, kind: _Word = "", signal: _Word = "", template: _Word = ""
) -> Response[str]:
    """From a template: a type of asset, a signal and what to see, then its limits."""
    ports = desk_of(request).ports.rules
    context: dict[str, Any] = {"kind": kind, "signal": signal, "chosen": template}
    if kind and signal and template:
        form = await ports.form(kind, signal, template)
        return page(request, "rule_fill.html", form=form, **context)
    return page(request, "rule_new.html", types=await ports.types(), **context)


@post("/rules/new", opt=needs(Permission.RULES_CHANGE), include_in_schema=False)
async def filled(request: Asked) -> Response[str]:
    """The filled-in template as a rule, tried on the last day."""
    values = {name: given[0].strip() for name, given in (await form_values(request)).items()}
    kind, signal, template = (values.pop(n, "") for n in ("kind", "signal", "template"))
    key, text = await desk_of(request).ports.rules.draft(kind, signal, template, values)
    return await _tried(request, DraftForm(key=key, text=text, todo="try"))


@get("/rules/edit", opt=needs(Permission.RULES_CHANGE), include_in_schema=False)
async def edit(request: Asked, key: _Word = "") -> Response[str]:
    """A file of rules to edit, with its versions; an empty one without a key."""
    view = await desk_of(request).ports.rules.file(key) if key else None
    text = view.text if view else ""
    return page(request, "rule_edit.html", **(_draft(key, text) | {"view": view}))


@post("/rules/edit", opt=needs(Permission.RULES_CHANGE), include_in_schema=False)
async def change(request: Asked) -> Response[str] | Redirect:
    """Try what is typed, or keep it; an error names the line and stays beside it."""
    values = {name: given[0] for name, given in (await form_values(request)).items()}
    try:
        form = convert({k: v for k, v in values.items() if v.strip()}, DraftForm)
        if form.todo == "try":
            return await _tried(request, form)
        done = await desk_of(request).ports.rules.keep(form.key, form.text, by=me_of(request).name)
    except BadInput as error:
        draft = _draft(values.get("key", ""), values.get("text", ""), values.get("hours", "24"))
        problem = problem_of(error)
        return page(
            request, "rule_edit.html", status=problem.status, **(draft | {"problem": problem})
        )
    await note(request, "rules.changed", form.key, done.text)
    return go("/rules")


async def _tried(request: Asked, form: DraftForm) -> Response[str]:
    desk = desk_of(request)
    end = desk.ports.clock.now()
    start = end - dt.timedelta(hours=form.hours)
    draft = _draft(form.key, form.text, f"{form.hours:g}")
    try:
        trial = await desk.ports.rules.trial(form.key, form.text, start=start, end=end)
    except HanseError as error:
        problem = problem_of(error)
        return page(
            request, "rule_edit.html", status=problem.status, **(draft | {"problem": problem})
        )
    drawn = charts(trial, timezone=desk.ports.firm.timezone)
    return page(request, "rule_edit.html", **(draft | {"trial": trial, "charts": drawn}))


def _draft(key: str, text: str, hours: str = "24") -> dict[str, Any]:
    draft = {"key": key, "text": text, "hours": hours}
    return {**draft, "view": None, "problem": None, "trial": None, "charts": ()}


@post("/rules/arm", opt=needs(Permission.RULES_CHANGE), include_in_schema=False)
async def arm(request: Asked) -> Redirect:
    """Let a rule count, or not."""
    form = await form_of(request, ArmForm)
    ports = desk_of(request).ports.rules
    done = await ports.arm(form.rule, armed=form.armed, by=me_of(request).name)
    await note(request, "rule.armed" if form.armed else "rule.disarmed", form.rule, done.text)
    return go("/rules")


@post("/rules/remove", opt=needs(Permission.RULES_CHANGE), include_in_schema=False)
async def remove(request: Asked) -> Redirect:
    """Take a file of rules away."""
    form = await form_of(request, KeyForm)
    done = await desk_of(request).ports.rules.remove(form.key, by=me_of(request).name)
    await note(request, "rules.removed", form.key, done.text)
    return go("/rules")


HANDLERS = (rules, new, filled, edit, change, arm, remove)
