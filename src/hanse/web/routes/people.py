"""People, phones, tokens, sessions, the audit log, and each person's own page."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta, Struct, structs

from hanse.model.door import Role, Token, User, UserName
from hanse.model.errors import BadInput, Conflict, NotAllowed, NotFound
from hanse.model.text import Language, Text
from hanse.model.time import parse_instant
from hanse.web.desk import Desk, desk_of
from hanse.web.doors.links import make_enrol_link
from hanse.web.doors.permissions import ROLES, SCOPES, Permission, needs
from hanse.web.doors.secrets import TOKEN_MARK, check_password, hash_of, new_secret
from hanse.web.doors.signing_in import note
from hanse.web.drawing.qr import qr_path
from hanse.web.drawing.roles import DUTIES
from hanse.web.reading import Asked, form_of, form_values, go, me_of, page

USERS_MAX = 500
TOKENS_MAX = 20
TOKEN_DAYS_MAX = 366
AUDIT_ROWS = 100
PREFIX_CHARS = len(TOKEN_MARK) + 4


class UserForm(Struct, frozen=True):
    """A new person."""

    name: UserName
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    role: Role


class ChangeForm(Struct, frozen=True):
    """What may change about a person."""

    role: Role
    enabled: bool = False


class LinkForm(Struct, frozen=True):
    """What kind of device a link is for."""

    kind: Literal["browser", "phone", "kiosk"] = "phone"


class PasswordForm(Struct, frozen=True):
    """A new password, and the old one where there is one."""

    password: Annotated[str, Meta(max_length=200)]
    again: Annotated[str, Meta(max_length=200)]
    old: Annotated[str, Meta(max_length=200)] = ""


class TokenForm(Struct, frozen=True):
    """What a token is for, and for how long."""

    title: Annotated[str, Meta(min_length=1, max_length=80)]
    days: Annotated[int, Meta(ge=1, le=TOKEN_DAYS_MAX)] = 90


class OwnForm(Struct, frozen=True):
    """A person's own settings."""

    language: Language


@get("/people", opt=needs(Permission.PEOPLE), include_in_schema=False)
async def people(request: Asked) -> Response[str]:
    """All users and who is signed in."""
    accounts = desk_of(request).ports.accounts
    sessions = await accounts.sessions()
    return page(
        request,
        "people.html",
        users=await accounts.users(),
        sessions=sessions,
        roles=tuple(Role),
        duties=DUTIES,
    )


@post("/people", opt=needs(Permission.PEOPLE), include_in_schema=False)
async def add(request: Asked) -> Redirect:
    """A new person, who gets in by a link; no password is made up for them."""
    form, desk = await form_of(request, UserForm), desk_of(request)
    accounts = desk.ports.accounts
    if await accounts.user(form.name):
        raise Conflict("there is a person of this name", subject=form.name)
    if len(await accounts.users()) >= USERS_MAX:
        raise BadInput(f"at most {USERS_MAX} people")
    now = desk.ports.clock.now()
    user = User(name=form.name, title=form.title, role=form.role, created_at=now)
    await accounts.put_user(user)
    await note(request, "user.added", user.name, Text("added a person", "添加了人员"))
    return go(f"/people/{user.name}")


@get("/people/{name:str}", opt=needs(Permission.PEOPLE), include_in_schema=False)
async def person(request: Asked, name: FromPath[str]) -> Response[str]:
    """One person: role, devices, tokens."""
    return await show_person(request, await known(desk_of(request), name))


async def show_person(request: Asked, user: User, *, link: str = "") -> Response[str]:
    """The page of a person, with a fresh link as QR where one was made."""
    accounts = desk_of(request).ports.accounts
    return page(
        request,
        "person.html",
        user=user,
        sessions=await accounts.sessions(user.name),
        roles=tuple(Role),
        duties=DUTIES,
        link=link,
        qr=qr_path(link) if link else None,
        minutes=desk_of(request).settings.enrol_min,
    )


@post("/people/{name:str}", opt=needs(Permission.PEOPLE), include_in_schema=False)
async def change(request: Asked, name: FromPath[str]) -> Redirect:
    """Another role, or shut out. Both end what is open."""
    form, desk = await form_of(request, ChangeForm), desk_of(request)
    user = await known(desk, name)
    last = user.role is Role.OWNER and await owners(desk) == 1
    if last and not (form.enabled and form.role is Role.OWNER):
        raise Conflict("a node has an owner", remedy="Make another person owner first")
    await desk.ports.accounts.put_user(structs.replace(user, role=form.role, enabled=form.enabled))
    if name != me_of(request).name:
        await desk.ports.accounts.end_sessions(user=name)
    text = Text(f"changed to {form.role}", f"变更为 {form.role}")
    await note(request, "user.changed", name, text)
    return go(f"/people/{name}")


@post("/people/{name:str}/link", opt=needs(Permission.PEOPLE), include_in_schema=False)
async def link(request: Asked, name: FromPath[str]) -> Response[str]:
    """A one-time link that signs a device in, as text and QR."""
    form, desk = await form_of(request, LinkForm), desk_of(request)
    user = await known(desk, name)
    made = await make_enrol_link(
        desk.ports.accounts, name, kind=form.kind, clock=desk.ports.clock, settings=desk.settings
    )
    await note(request, "link.made", name, Text("made a sign-in link", "生成了登录链接"))
    return await show_person(request, user, link=made)


@post("/sessions/{hash:str}/end", opt=needs(Permission.SELF), include_in_schema=False)
async def end_session(request: Asked, hash: FromPath[str]) -> Redirect:  # noqa: A002
    """End a session: one's own, or anyone's for those who manage people."""
    accounts, me = desk_of(request).ports.accounts, me_of(request)
    session = await accounts.session(hash)
    if session is None:
        raise NotFound("there is no such session")
    if session.user != me.name and not me.may(Permission.PEOPLE):
        raise NotAllowed("it is another person's session", remedy="Ask the owner")
    await accounts.end_sessions(hash_=hash)
    await note(request, "session.ended", session.user, Text("ended a session", "结束了会话"))
    return go("/me" if session.user == me.name else f"/people/{session.user}")


@get("/me", opt=needs(Permission.SELF), include_in_schema=False)
async def me_page(request: Asked) -> Response[str]:
    """One's own page: language, password, devices, tokens."""
    return await show_me(request)


async def show_me(request: Asked, *, secret: str = "") -> Response[str]:
    """One's own page, with a fresh token's secret shown once."""
    accounts, name = desk_of(request).ports.accounts, me_of(request).name
    user = await known(desk_of(request), name)
    return page(
        request,
        "me.html",
        user=user,
        sessions=await accounts.sessions(name),
        tokens=await accounts.tokens(name),
        scopes=sorted(ROLES[user.role]),
        secret=secret,
    )


@post("/me/language", opt=needs(Permission.SELF), include_in_schema=False)
async def own_language(request: Asked) -> Redirect:
    """One's own language, on every device."""
    form, desk = await form_of(request, OwnForm), desk_of(request)
    user = await known(desk, me_of(request).name)
    await desk.ports.accounts.put_user(structs.replace(user, language=form.language))
    return go("/me")


@post("/me/password", opt=needs(Permission.SELF), include_in_schema=False)
async def own_password(request: Asked) -> Redirect:
    """A new password; every other session ends."""
    form, desk = await form_of(request, PasswordForm), desk_of(request)
    me = me_of(request)
    desk.rates.use(f"password {me.name}", per_min=desk.settings.login_per_min)
    user = await known(desk, me.name)
    if user.password and not await desk.passwords.matches(form.old, user.password):
        raise NotAllowed("the old password is wrong", code="wrong-login")
    if form.password != form.again:
        raise BadInput("the two passwords differ", code="password-differs")
    check_password(form.password, user=user.name)
    hashed = await desk.passwords.make(form.password)
    await desk.ports.accounts.put_user(structs.replace(user, password=hashed))
    await end_others(desk, me.name, keep=me.key)
    await note(request, "password.changed", me.name, Text("changed the password", "修改了密码"))
    return go("/me")


@post("/me/tokens", opt=needs(Permission.SELF), include_in_schema=False)
async def make_token(request: Asked) -> Response[str]:
    """A token for a program; its secret is shown once."""
    form, desk = await form_of(request, TokenForm), desk_of(request)
    me, now = me_of(request), desk.ports.clock.now()
    if me.kind != "session":
        raise NotAllowed("a token cannot make a token", remedy="Sign in")
    if len(await desk.ports.accounts.tokens(me.name)) >= TOKENS_MAX:
        raise BadInput(f"at most {TOKENS_MAX} tokens", remedy="Remove one first")
    asked = (await form_values(request)).get("scope", [])
    secret = TOKEN_MARK + new_secret()
    token = Token(
        hash=hash_of(secret),
        prefix=secret[:PREFIX_CHARS],
        user=me.name,
        title=form.title,
        scopes=tuple(p.value for p in SCOPES if p.value in asked),
        created_at=now,
        expires_at=now + dt.timedelta(days=form.days),
    )
    await desk.ports.accounts.put_token(token)
    await note(request, "token.made", token.prefix, Text("made a token", "创建了令牌"))
    return await show_me(request, secret=secret)


@post("/me/tokens/{hash:str}/end", opt=needs(Permission.SELF), include_in_schema=False)
async def end_token(request: Asked, hash: FromPath[str]) -> Redirect:  # noqa: A002
    """Forget one of one's own tokens."""
    accounts, me = desk_of(request).ports.accounts, me_of(request)
    token = await accounts.token(hash)
    if token is None or token.user != me.name:
        raise NotFound("there is no such token")
    await accounts.end_token(hash)
    await note(request, "token.ended", token.prefix, Text("removed a token", "删除了令牌"))
    return go("/me")


@get("/audit", opt=needs(Permission.AUDIT_READ), include_in_schema=False)
async def audit(request: Asked) -> Response[str]:
    """Who did what, and whether the log is whole."""
    before = request.query_params.get("before")
    start = parse_instant(before) if before else None
    found = await desk_of(request).ports.audit.page(limit=AUDIT_ROWS, before=start)
    return page(request, "audit.html", audit=found)


async def known(desk: Desk, name: str) -> User:
    """A user that there is.

    Raises:
        NotFound: there is none of this name.
    """
    user = await desk.ports.accounts.user(name)
    if user is None:
        raise NotFound("there is no such person", subject=name[:40])
    return user


async def owners(desk: Desk) -> int:
    """How many owners may sign in."""
    users = await desk.ports.accounts.users()
    return sum(user.role is Role.OWNER and user.enabled for user in users)


async def end_others(desk: Desk, name: str, *, keep: str) -> None:
    """End all sessions of a person but one."""
    for session in await desk.ports.accounts.sessions(name):
        if session.hash != keep:
            await desk.ports.accounts.end_sessions(hash_=session.hash)


HANDLERS = (
    people,
    add,
    person,
    change,
    link,
    end_session,
    me_page,
    own_language,
    own_password,
    make_token,
    end_token,
    audit,
)
