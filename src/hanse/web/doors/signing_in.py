"""Claiming, signing in and out: the rules; rows are kept by the Accounts port."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Redirect

from hanse.model.door import AuditEntry, Link, Role, Session, SessionKind, User
from hanse.model.errors import NotAllowed
from hanse.model.text import Text
from hanse.web.desk import Desk, desk_of
from hanse.web.doors.guard import address_of
from hanse.web.doors.secrets import check_password, hash_of, new_secret

AGENT_MAX = 200
Asked = Request[Any, Any, Any]


async def claim(request: Asked, secret: str, *, name: str, title: str, password: str) -> Redirect:
    """Use the claim link up and make the first owner.

    Raises:
        NotAllowed: code ``used-link``: used, lapsed, of another kind, or there is an owner.
        BadInput: the password is refused (the link stays good).
    """
    desk = desk_of(request)
    accounts, now = desk.ports.accounts, desk.ports.clock.now()
    check_password(password, user=name)
    if await accounts.claimed() or not await take_link(desk, secret, purpose="claim"):
        raise NotAllowed("this claim link is not good", code="used-link")
    hashed = await desk.passwords.make(password)
    owner = User(name=name, title=title, role=Role.OWNER, password=hashed, created_at=now)
    await accounts.put_user(owner)
    await note(request, "node.claimed", owner.name, Text("claimed the node", "认领了节点"))
    return await open_session(request, owner, kind="browser", path="/start")


async def take_link(desk: Desk, secret: str, *, purpose: Literal["claim", "enrol"]) -> Link | None:
    """Use a link up, if it is good."""
    if await good_link(desk, secret, purpose=purpose) is None:
        return None
    return await desk.ports.accounts.take_link(hash_of(secret))


async def good_link(desk: Desk, secret: str, *, purpose: Literal["claim", "enrol"]) -> Link | None:
    """Look at a link without using it: None when it is not good."""
    link = await desk.ports.accounts.link(hash_of(secret))
    lapsed = link is None or link.expires_at <= desk.ports.clock.now()
    return None if link is None or lapsed or link.purpose != purpose else link


async def sign_in(request: Asked, *, name: str, password: str, path: str) -> Redirect:
    """Check a name and password and open a session.

    Raises:
        TooMuch: too many tries for the account or from the address.
        NotAllowed: code ``wrong-login``; the same for an unknown name and a wrong password.
    """
    desk = desk_of(request)
    address = address_of(request)
    desk.rates.use(f"login-from {address}", per_min=desk.settings.login_address_per_min)
    desk.rates.use(f"login {name}", per_min=desk.settings.login_per_min)
    user = await desk.ports.accounts.user(name)
    right = await desk.passwords.matches(password, user.password if user else "")
    if user is None or not right or not user.enabled:
        await note(request, "login.failed", name, Text("sign-in failed", "登录失败"))
        raise NotAllowed("the name or the password is wrong", code="wrong-login")
    desk.rates.forget(f"login {name}")
    await note(request, "login.done", name, Text("signed in", "已登录"))
    return await open_session(request, user, kind="browser", path=path)


async def enrol(request: Asked, secret: str) -> Redirect:
    """Use an enrolment link up and sign this device in.

    Raises:
        NotAllowed: code ``used-link``.
    """
    desk = desk_of(request)
    link = await take_link(desk, secret, purpose="enrol")
    user = await desk.ports.accounts.user(link.user) if link else None
    if link is None or user is None or not user.enabled:
        raise NotAllowed("this link is not good", code="used-link")
    await note(request, "device.enrolled", user.name, Text("enrolled a device", "登记了设备"))
    return await open_session(request, user, kind=link.kind, path="/start")


async def open_session(request: Asked, user: User, *, kind: SessionKind, path: str) -> Redirect:
    """A fresh session (never an old id kept), as a cookie on a redirect."""
    desk = desk_of(request)
    now, secret = desk.ports.clock.now(), new_secret()
    days = desk.settings.session_days if kind == "browser" else desk.settings.phone_days
    session = Session(
        hash=hash_of(secret),
        user=user.name,
        kind=kind,
        created_at=now,
        seen_at=now,
        expires_at=now + dt.timedelta(days=days),
        agent=request.headers.get("user-agent", "")[:AGENT_MAX],
        address=address_of(request)[:64],
    )
    await desk.ports.accounts.put_session(session)
    return Redirect(path, status_code=303, cookies=[cookie(desk, secret, days=days)])


async def sign_out(request: Asked, key: str) -> Redirect:
    """End the session of this browser."""
    desk = desk_of(request)
    await desk.ports.accounts.end_sessions(hash_=key)
    return Redirect("/login", status_code=303, cookies=[cookie(desk, "", days=0)])


def cookie(desk: Desk, value: str, *, days: int) -> Cookie:
    """The session cookie: HttpOnly, SameSite=Lax, ``__Host-`` over TLS."""
    return Cookie(
        key=desk.settings.cookie,
        value=value,
        path="/",
        max_age=days * 86_400,
        httponly=True,
        secure=desk.settings.secure,
        samesite="lax",
    )


async def note(request: Asked, what: str, subject: str, text: Text) -> None:
    """One line in the audit log, by whoever is signed in."""
    desk = desk_of(request)
    by = getattr(request.scope.get("user"), "name", "")
    entry = AuditEntry(
        at=desk.ports.clock.now(),
        by=by or subject[:400],
        what=what,
        subject=subject[:400],
        text=text,
        address=address_of(request)[:64],
    )
    await desk.ports.audit.note(entry)
