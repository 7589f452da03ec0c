"""Who is asking."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hanse.model.door import Session, Token, User
from hanse.model.text import Language
from hanse.web.doors.permissions import ROLES, Permission


class Identity(Struct, frozen=True, kw_only=True):
    """A person behind a session or a token, or no one."""

    name: str
    title: str
    permissions: frozenset[Permission]
    kind: Literal["nobody", "session", "token"] = "nobody"
    role: str = ""
    language: Language | None = None
    key: str = ""

    def may(self, permission: str) -> bool:
        """Whether the person may; also how templates ask."""
        return permission in self.permissions

    @property
    def known(self) -> bool:
        """Whether anyone is signed in."""
        return self.kind != "nobody"


NOBODY = Identity(name="", title="", permissions=frozenset())


def of_session(user: User, session: Session) -> Identity:
    """The person of a session."""
    return Identity(
        name=user.name,
        title=user.title,
        permissions=ROLES[user.role],
        kind="session",
        role=user.role,
        language=user.language,
        key=session.hash,
    )


def of_token(user: User, token: Token) -> Identity:
    """The person of a token: what the role allows and the scopes name."""
    return Identity(
        name=user.name,
        title=user.title,
        permissions=frozenset(p for p in ROLES[user.role] if p.value in token.scopes),
        kind="token",
        role=user.role,
        language=user.language,
        key=token.hash,
    )
