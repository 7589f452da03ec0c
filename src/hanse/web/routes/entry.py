"""The way in: claim, sign in, enrol a phone, sign out, choose a language."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta, Struct

from hanse.model.door import UserName
from hanse.model.errors import BadInput, NotAllowed
from hanse.model.text import Language
from hanse.web.desk import desk_of
from hanse.web.doors.permissions import Permission, needs
from hanse.web.doors.signing_in import claim, enrol, good_link, sign_in, sign_out
from hanse.web.drawing.menu import first_page
from hanse.web.drawing.words import LANGUAGE_COOKIE
from hanse.web.problems import problem_of
from hanse.web.reading import Asked, form_of, go, me_of, page

PATH_MAX = 200
YEAR_S = 365 * 86_400

PasswordField = Annotated[str, Meta(max_length=200)]


class ClaimForm(Struct, frozen=True):
    """The first owner."""

    name: UserName
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    password: PasswordField
    again: PasswordField


class LoginForm(Struct, frozen=True):
    """A name, a password, and where to go on."""

    name: Annotated[str, Meta(max_length=40)]
    password: PasswordField
    next: Annotated[str, Meta(max_length=PATH_MAX)] = ""


class LanguageForm(Struct, frozen=True):
    """A language, and the page to come back to."""

    language: Language
    next: Annotated[str, Meta(max_length=PATH_MAX)] = "/"


def check_same(form: ClaimForm) -> None:
    """Refuse a password that was not typed twice the same."""
    if form.password != form.again:
        raise BadInput("the two passwords differ", code="password-differs")


def inside(path: str) -> str:
    """A path within this node, or the first page: never another site."""
    safe = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if safe else "/"


@get("/claim/{secret:str}", opt=needs(Permission.OPEN), include_in_schema=False)
async def claim_page(request: Asked, secret: FromPath[str]) -> Response[str]:
    """The form of the first owner."""
    desk = desk_of(request)
    taken = await desk.ports.accounts.claimed()
    if taken or not await good_link(desk, secret, purpose="claim"):
        raise NotAllowed("this claim link is not good", code="used-link")
    return page(request, "claim.html", secret=secret, problem=None, form=None)


@post("/claim/{secret:str}", opt=needs(Permission.OPEN), include_in_schema=False)
async def claim_post(request: Asked, secret: FromPath[str]) -> Response[str] | Redirect:
    """Make the first owner; a refused password leaves the link good."""
    desk_of(request).rates.use("claim", per_min=desk_of(request).settings.login_address_per_min)
    form = None
    try:
        form = await form_of(request, ClaimForm)
        check_same(form)
        return await claim(
            request, secret, name=form.name, title=form.title, password=form.password
        )
    except BadInput as error:
        context = {"secret": secret, "problem": problem_of(error), "form": form}
        return page(request, "claim.html", status=400, **context)


@get("/login", opt=needs(Permission.PUBLIC), include_in_schema=False)
async def login_page(request: Asked) -> Response[str] | Redirect:
    """The sign-in form."""
    path = inside(request.query_params.get("next", "/start"))
    if me_of(request).known:
        return go(path)
    return page(request, "login.html", next=path, problem=None)


@post("/login", opt=needs(Permission.PUBLIC), include_in_schema=False)
async def login_post(request: Asked) -> Response[str] | Redirect:
    """Sign in; one answer for all that is wrong."""
    form = await form_of(request, LoginForm)
    path = inside(form.next or "/start")
    try:
        return await sign_in(request, name=form.name, password=form.password, path=path)
    except NotAllowed as error:
        problem = problem_of(error)
        return page(request, "login.html", status=401, next=path, problem=problem)


@get("/enrol/{secret:str}", opt=needs(Permission.PUBLIC), include_in_schema=False)
async def enrol_page(request: Asked, secret: FromPath[str]) -> Response[str]:
    """Ask before the link is used: previews of messengers must not use it up."""
    link = await good_link(desk_of(request), secret, purpose="enrol")
    if link is None:
        raise NotAllowed("this link is not good", code="used-link")
    return page(request, "enrol.html", secret=secret, link=link)


@post("/enrol/{secret:str}", opt=needs(Permission.PUBLIC), include_in_schema=False)
async def enrol_post(request: Asked, secret: FromPath[str]) -> Redirect:
    """Sign this device in."""
    return await enrol(request, secret)


@post("/logout", opt=needs(Permission.SELF), include_in_schema=False)
async def logout(request: Asked) -> Redirect:
    """End this session."""
    return await sign_out(request, me_of(request).key)


@post("/language", opt=needs(Permission.OPEN), include_in_schema=False)
async def language(request: Asked) -> Redirect:
    """Keep a language in this browser."""
    form = await form_of(request, LanguageForm)
    kept = Cookie(
        key=LANGUAGE_COOKIE,
        value=form.language,
        path="/",
        max_age=YEAR_S,
        samesite="lax",
        secure=desk_of(request).settings.secure,
    )
    return Redirect(inside(form.next), status_code=303, cookies=[kept])


@get("/start", opt=needs(Permission.SELF), include_in_schema=False)
async def start(request: Asked) -> Redirect:
    """The first page of this role."""
    chain = desk_of(request).ports.chain
    return go(first_page(me_of(request), has_chain=chain is not None))


HANDLERS = (
    claim_page,
    claim_post,
    login_page,
    login_post,
    enrol_page,
    enrol_post,
    logout,
    language,
    start,
)
