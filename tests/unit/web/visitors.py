"""Who comes to the door in tests: people of each role, tokens, strangers."""

import asyncio
import datetime as dt
from urllib.parse import urlsplit

from hanse.model.door import Role, Session, Token, User
from hanse.web.doors.secrets import TOKEN_MARK, hash_of

BASE = "https://one.sample:8443"
OWN = {"origin": BASE, "sec-fetch-site": "same-origin"}
HTML = {"accept": "text/html"}
COOKIE = f"__Host-hanse-{urlsplit(BASE).port}"


def now(node):
    return node.ports.clock.now()


def settle(node, coroutine):
    return asyncio.run(coroutine)


def add_user(node, role, **more):
    user = User(
        name=str(role), title=str(role).title(), role=Role(role), created_at=now(node), **more
    )
    settle(node, node.ports.accounts.put_user(user))
    return user


def session_for(node, user, **more):
    secret = f"secret-of-{user.name}"
    session = Session(
        hash=hash_of(secret),
        user=user.name,
        created_at=now(node),
        seen_at=now(node),
        **{"kind": "browser", "expires_at": now(node) + dt.timedelta(days=7), **more},
    )
    settle(node, node.ports.accounts.put_session(session))
    return secret


def admit(node, role):
    """The client, carrying the cookie of a person of this role."""
    if role != "owner":
        add_user(node, "owner")
    node.cookies.clear()
    node.headers["cookie"] = f"{COOKIE}={session_for(node, add_user(node, role))}"
    node.headers.update(OWN)
    return node


def token_for(node, role, *scopes, days=30):
    add_user(node, role)
    secret = f"{TOKEN_MARK}{role}-secret"
    token = Token(
        hash=hash_of(secret), prefix=secret[:10], user=str(role), title="a program", scopes=scopes,
        created_at=now(node), expires_at=now(node) + dt.timedelta(days=days),
    )  # fmt: skip
    settle(node, node.ports.accounts.put_token(token))
    return {"authorization": f"Bearer {secret}"}
