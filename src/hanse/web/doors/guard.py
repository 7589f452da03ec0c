"""The one guard before every route."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from litestar.enums import ScopeType
from msgspec import structs

from hanse.model.errors import NotAllowed
from hanse.web.desk import Desk, desk_of
from hanse.web.doors.identity import NOBODY, Identity, of_session, of_token
from hanse.web.doors.permissions import DOOR, Permission
from hanse.web.doors.secrets import TOKEN_MARK, hash_of
from hanse.web.settings import LOOPBACK

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    Connection = ASGIConnection[Any, Any, Any, Any]

SEEN_EVERY_S = 300
_NAMELESS = frozenset({Permission.OPEN, Permission.PEER, Permission.DEVICE})
"""Where no session or token of a user counts: what is carried speaks for itself."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def door(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let a request in, or raise why not.

    Raises:
        NotAllowed: codes ``undeclared``, ``unclaimed``, ``not-signed-in``, ``foreign-origin``,
            ``not-allowed``.
        TooMuch: code ``too-often``.
    """
    desk = desk_of(connection)
    permission = handler.opt.get("permission")
    if permission is None:
        raise NotAllowed("this address declares no permission", code="undeclared")
    if permission is not Permission.OPEN and not await desk.ports.accounts.claimed():
        raise NotAllowed("this node has no owner yet", code="unclaimed")
    identity = await _identify(connection, desk, permission)
    connection.scope["user"] = identity
    _check_origin(connection, desk, identity)
    _check_rate(connection, desk, identity)
    _check_permission(connection, identity, permission)


async def _identify(connection: Connection, desk: Desk, permission: Permission) -> Identity:
    if permission in _NAMELESS:
        return NOBODY
    bearer = connection.headers.get("authorization", "")
    if bearer.startswith("Bearer "):
        return await _by_token(desk, bearer.removeprefix("Bearer "))
    secret = connection.cookies.get(desk.settings.cookie, "")
    return await _by_session(desk, secret) if secret else NOBODY


async def _by_token(desk: Desk, secret: str) -> Identity:
    accounts, now = desk.ports.accounts, desk.ports.clock.now()
    token = await accounts.token(hash_of(secret)) if secret.startswith(TOKEN_MARK) else None
    user = await accounts.user(token.user) if token and token.expires_at > now else None
    if token is None or user is None or not user.enabled:
        return NOBODY
    if token.used_at is None or (now - token.used_at).total_seconds() > SEEN_EVERY_S:
        await accounts.put_token(structs.replace(token, used_at=now))
    return of_token(user, token)


async def _by_session(desk: Desk, secret: str) -> Identity:
    accounts, now = desk.ports.accounts, desk.ports.clock.now()
    session = await accounts.session(hash_of(secret))
    if session is None:
        return NOBODY
    idle = now - session.seen_at > dt.timedelta(hours=desk.settings.idle_h)
    user = await accounts.user(session.user)
    if (
        session.expires_at <= now
        or (idle and session.kind == "browser")
        or not (user and user.enabled)
    ):
        await accounts.end_sessions(hash_=session.hash)
        return NOBODY
    if (now - session.seen_at).total_seconds() > SEEN_EVERY_S:
        await accounts.put_session(structs.replace(session, seen_at=now))
    return of_session(user, session)


def _check_origin(connection: Connection, desk: Desk, identity: Identity) -> None:
    """Calls that change something, and sockets, come from our own pages (or carry a token)."""
    is_socket = connection.scope["type"] == ScopeType.WEBSOCKET
    method = str(connection.scope.get("method", "GET"))
    if identity.kind == "token" or (not is_socket and method in SAFE):
        return
    if connection.scope["route_handler"].opt["permission"] in _NAMELESS - {Permission.OPEN}:
        return
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    own = desk.settings.is_own(origin) if origin else site == "same-origin"
    if not own or site not in {None, "same-origin"}:
        raise NotAllowed("the call does not come from this node's pages", code="foreign-origin")


def _check_rate(connection: Connection, desk: Desk, identity: Identity) -> None:
    permission = connection.scope["route_handler"].opt["permission"]
    if permission is Permission.PEER:
        desk.rates.use(f"peer {address_of(connection)}", per_min=desk.settings.peer_per_min)
    elif permission is Permission.DEVICE:
        desk.rates.use(f"device {address_of(connection)}", per_min=desk.settings.device_per_min)
    elif permission is not Permission.OPEN:
        who = identity.name or address_of(connection)
        desk.rates.use(f"api {who}", per_min=desk.settings.api_per_min)


def _check_permission(connection: Connection, identity: Identity, permission: Permission) -> None:
    if permission in _NAMELESS | {Permission.PUBLIC}:
        return
    if permission is Permission.SCRAPE:
        if address_of(connection) in LOOPBACK or identity.may(Permission.METRICS_READ):
            return
    elif (permission is Permission.SELF and identity.known) or (
        permission not in DOOR and identity.may(permission)
    ):
        return
    if not identity.known:
        raise NotAllowed("nobody is signed in", code="not-signed-in")
    raise NotAllowed(
        f"{identity.role} may not do this", subject=str(permission), remedy="Ask the owner"
    )


def address_of(connection: Connection) -> str:
    """The address a connection comes from; forwarding headers are not believed."""
    client = connection.client
    return client.host if client else ""
